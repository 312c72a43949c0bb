import {
  boxedColumn,
  type LogicalPlan,
  type ModelContext,
  planField,
  types,
  type Value,
  values,
  type WriteTransaction,
} from '@sheafdb/core'
import type { CallSettings } from '../functions/calls.ts'
import { bindingsOf, contextOf } from '../functions/functions.ts'
import { mongoError } from '../language/errors.ts'
import { asDocuments, lowerPipeline } from '../language/lower-pipeline.ts'
import { checkVariableName, parseExpression } from '../language/parser-expression.ts'
import { parseUpdate } from '../language/parser-update.ts'
import { isPlain, typeWord } from '../language/parser-values.ts'
import type { Filter, StageSyntax } from '../language/syntax.ts'
import { MODEL } from '../layout/table.ts'
import { compileExpression, scopeOf } from '../semantics/expression.ts'
import { mergeObjects } from '../semantics/operators/object.ts'
import { readPath } from '../semantics/path.ts'
import { type Document, getKey } from '../semantics/value.ts'
import { CollectionWriter, type Target } from './writer.ts'

/** Tells whether a pipeline ends in a stage that writes. */
export function writes(stages: readonly StageSyntax[]): boolean {
  const last = stages.at(-1)
  return last?.name === '$out' || last?.name === '$merge'
}

/** Gives a plan of no documents: the answer of a pipeline that writes. */
export function emptyPlan(): LogicalPlan {
  return values([planField('document', types.variant, false)], [boxedColumn(types.variant, [])], 0)
}

type WriteContext = {
  readonly context: ModelContext
  readonly source: string
  readonly call: CallSettings
}

/** Runs a pipeline that ends in `$out` or `$merge`, in one transaction. */
export async function runWriting(stages: readonly StageSyntax[], run: WriteContext): Promise<void> {
  const last = stages.at(-1) as StageSyntax
  const target = last.name === '$out' ? parseOut(last.argument) : null
  const merge = last.name === '$merge' ? parseMerge(last.argument, run) : null
  await run.context.write(async (transaction) => {
    const documents = await readDocuments(stages.slice(0, -1), run, transaction)
    if (target !== null) await replaceCollection(target, documents, run, transaction)
    if (merge !== null) await mergeDocuments(merge, documents, run, transaction)
  })
}

async function readDocuments(
  stages: readonly StageSyntax[],
  { context, source, call }: WriteContext,
  transaction: WriteTransaction,
): Promise<Document[]> {
  const { catalog } = transaction.snapshot
  const lowered = lowerPipeline(catalog.collection(MODEL, source), stages, {
    call,
    find: (name) => catalog.collection(MODEL, name),
    relation: (name) => context.relation(name),
  })
  const rows = await context.read(asDocuments(lowered).plan, { transaction })
  return rows.map(([document]) => document as Document)
}

function parseOut(argument: Value): string {
  const name = isPlain(argument) ? argument.coll : argument
  if (typeof name !== 'string')
    throw mongoError(16990, `$out takes the name of a collection. It got a ${typeWord(argument)}.`)
  return checkTarget(name)
}

const LONGEST_NAME = 235

function checkTarget(name: string): string {
  if (name === '' || name.startsWith('.') || name.includes('\0'))
    throw mongoError(73, `A collection cannot have this name. Use another: ${name}`)
  if (name.startsWith('$'))
    throw mongoError(20, `A collection cannot have a name that starts with '$'. Use another: ${name}`)
  if (Buffer.byteLength(name) > LONGEST_NAME)
    throw mongoError(20, 'The name of a collection is too long. Shorten it.')
  if (name.startsWith('system.'))
    throw mongoError(17385, `A collection of the system cannot be written to: ${name}`)
  return name
}

async function replaceCollection(
  name: string,
  documents: readonly Document[],
  { context }: WriteContext,
  transaction: WriteTransaction,
): Promise<void> {
  const writer = new CollectionWriter(context, transaction, { name, settings: {} })
  writer.ensure()
  await writer.clear()
  if (documents.length > 0) await writer.insert(documents)
}

type WhenMatched = 'replace' | 'keepExisting' | 'merge' | 'fail' | { readonly stages: readonly StageSyntax[] }

type Merge = {
  readonly into: string
  readonly on: readonly string[]
  readonly whenMatched: WhenMatched
  readonly whenNotMatched: 'insert' | 'discard' | 'fail'
  readonly variables: (document: Document) => CallSettings
}

const MERGE_PARTS = ['into', 'on', 'let', 'whenMatched', 'whenNotMatched']

function parseMerge(argument: Value, { call }: WriteContext): Merge {
  const parts = typeof argument === 'string' ? { into: argument } : argument
  if (!isPlain(parts))
    throw mongoError(51182, `$merge takes a name or an object. It got a ${typeWord(argument)}.`)
  for (const key of Object.keys(parts)) {
    if (!MERGE_PARTS.includes(key))
      throw mongoError(40415, `$merge has no such part. Check its spelling: ${key}`)
  }
  const { into, on, whenMatched = 'merge', whenNotMatched = 'insert' } = parts
  if (into === undefined) throw mongoError(40414, '$merge needs an into. Add it.')
  const name = isPlain(into) ? into.coll : into
  if (isPlain(into) && typeof name !== 'string')
    throw mongoError(14, "$merge's into.coll is a text. Give it a name.")
  if (typeof name !== 'string')
    throw mongoError(51178, `$merge's into is a name or an object. It is a ${typeWord(into)}.`)
  return {
    into: checkTarget(name),
    on: parseOn(on),
    whenMatched: parseWhenMatched(whenMatched, parts.let !== undefined),
    whenNotMatched: parseWhenNotMatched(whenNotMatched),
    variables: mergeVariables(parts.let, call),
  }
}

function parseOn(on: Value): readonly string[] {
  if (on === undefined) return ['_id']
  if (typeof on === 'string') return [on]
  if (!Array.isArray(on)) throw mongoError(51186, `$merge's on is a name or names. It is a ${typeWord(on)}.`)
  if (on.length === 0) throw mongoError(51187, "$merge's on needs a name. Add one.")
  for (const path of on) {
    if (typeof path !== 'string')
      throw mongoError(51134, `$merge's on holds names. It has a ${typeWord(path)}.`)
  }
  if (new Set(on).size !== on.length) throw mongoError(31465, "$merge's on names a field twice. Remove one.")
  return on as readonly string[]
}

function parseWhenMatched(value: Value, hasLet: boolean): WhenMatched {
  if (Array.isArray(value)) {
    const update = parseUpdate(value)
    if (update.kind !== 'pipeline') throw mongoError(51191, "$merge's whenMatched is a name or a pipeline.")
    return { stages: update.stages }
  }
  if (typeof value !== 'string')
    throw mongoError(51191, `$merge's whenMatched is a name or a pipeline. It is a ${typeWord(value)}.`)
  if (!['replace', 'keepExisting', 'merge', 'fail'].includes(value))
    throw mongoError(2, `$merge's whenMatched is replace, keepExisting, merge or fail. It is ${value}.`)
  if (hasLet) throw mongoError(51199, '$merge takes let only with a pipeline in whenMatched. Remove it.')
  return value as 'replace'
}

function parseWhenNotMatched(value: Value): 'insert' | 'discard' | 'fail' {
  if (typeof value !== 'string')
    throw mongoError(14, `$merge's whenNotMatched is a text. It is a ${typeWord(value)}.`)
  if (!['insert', 'discard', 'fail'].includes(value))
    throw mongoError(2, `$merge's whenNotMatched is insert, discard or fail. It is ${value}.`)
  return value as 'insert'
}

function mergeVariables(let_: Value, call: CallSettings): (document: Document) => CallSettings {
  if (let_ === undefined) {
    return (document) => ({ ...call, variables: [...call.variables, ['new', document]] })
  }
  if (!isPlain(let_)) throw mongoError(14, `$merge's let is an object. It is a ${typeWord(let_)}.`)
  const evaluators = Object.entries(let_).map(([name, value]) => {
    checkVariableName(name)
    if (name === 'new' && value !== '$$ROOT')
      throw mongoError(51273, "$merge's let cannot set the variable 'new'. Rename it.")
    return [name, compileExpression(parseExpression(value), contextOf(call))] as const
  })
  return (document) => ({
    ...call,
    variables: [
      ...call.variables,
      ['new', document] as const,
      ...evaluators.map(([name, evaluate]) => [name, evaluate(scopeOf(document, bindingsOf(call)))] as const),
    ],
  })
}

async function mergeDocuments(
  merge: Merge,
  documents: readonly Document[],
  { context, call }: WriteContext,
  transaction: WriteTransaction,
): Promise<void> {
  const writer = new CollectionWriter(context, transaction, { name: merge.into, settings: {} })
  writer.ensure()
  for (const document of documents) {
    const filter = matchOn(merge.on, document)
    const [found] = filter === null ? [] : await writer.find({ filter, limit: 1, call })
    if (found !== undefined) await mergeInto(writer, merge, found, document)
    else if (merge.whenNotMatched === 'insert') await writer.insert([document])
    else if (merge.whenNotMatched === 'fail')
      throw mongoError(13113, '$merge found no document to merge with. Use whenNotMatched: insert.')
  }
}

function matchOn(on: readonly string[], document: Document): Filter | null {
  const filters = on.map((path): Filter => {
    const value = readPath(document, path.split('.'))
    if (value === undefined && path !== '_id')
      throw mongoError(51132, `$merge needs the fields of its on in each document. One misses: ${path}`)
    if (Array.isArray(value))
      throw mongoError(51185, `$merge takes no arrays in the fields of its on: ${path}`)
    return { kind: 'field', path: path.split('.'), condition: { kind: 'eq', value: value ?? null } }
  })
  return on.includes('_id') && getKey(document, '_id') === undefined ? null : { kind: 'and', filters }
}

async function mergeInto(
  writer: CollectionWriter,
  merge: Merge,
  found: Target,
  document: Document,
): Promise<void> {
  const { whenMatched } = merge
  if (whenMatched === 'keepExisting') return
  if (whenMatched === 'fail')
    throw mongoError(11000, '$merge found a document of the same key. Use another whenMatched.')
  const filter: Filter = {
    kind: 'field',
    path: ['_id'],
    condition: { kind: 'eq', value: getKey(found.document, '_id') },
  }
  const call = merge.variables(document)
  if (typeof whenMatched === 'object') {
    await writer.update({
      filter,
      update: { kind: 'pipeline', stages: whenMatched.stages },
      upsert: false,
      call,
    })
    return
  }
  const next = whenMatched === 'replace' ? document : mergeObjects([found.document, document])
  await writer.update({ filter, update: { kind: 'replacement', document: next }, upsert: false, call })
}
