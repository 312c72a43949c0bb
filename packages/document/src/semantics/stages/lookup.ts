import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { checkVariableName, parseExpression, parsePath } from '../../language/parser-expression.ts'
import { parseFilter } from '../../language/parser-filter.ts'
import { parsePipeline } from '../../language/parser-pipeline.ts'
import { isPlain, typeWord } from '../../language/parser-values.ts'
import type { StageSyntax } from '../../language/syntax.ts'
import { compileExpression, scopeOf, withVariables } from '../expression.ts'
import { compileFilter } from '../match.ts'
import { matchSupport } from '../match-support.ts'
import { expandPath, readPath } from '../path.ts'
import type { Binding } from '../scope.ts'
import { type Document, isNumber, keyOf } from '../value.ts'
import { setPath } from './add-fields.ts'
import type { DocumentsToDocuments, PipelineContext } from './context.ts'

const LOOKUP_PARTS = ['from', 'as', 'localField', 'foreignField', 'let', 'pipeline']

/** Compiles `$lookup`, of both forms. */
export function compileLookup(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
  const parts = requireLookup(argument)
  const variables = Object.entries((parts.let ?? {}) as Document)
  for (const [name] of variables) checkVariableName(name)
  const bindings = variables.map(
    ([name, value]) => [name, compileExpression(parseExpression(value), pipeline.context)] as const,
  )
  const inner: PipelineContext = {
    ...pipeline,
    context: withVariables(pipeline.context, ...variables.map(([name]) => name)),
    nested: 'lookup',
  }
  const stages = parsePipeline(parts.pipeline ?? [])
  const run = pipeline.compile(stages, inner)
  const as = parsePath(parts.as as string)
  const local = parts.localField === undefined ? null : parsePath(parts.localField as string)
  const foreign = parts.foreignField === undefined ? null : parsePath(parts.foreignField as string)
  const equality = foreign === null ? equalityOf(stages[0], new Set(variables.map(([name]) => name))) : null
  const isSame = foreign === null && bindings.length === 0
  return (documents, outer) => {
    const other = parts.from === undefined ? [] : pipeline.collection(parts.from as string)
    const index = foreign === null ? null : indexBy(other, foreign)
    const equals =
      equality === null ? null : Map.groupBy(other, (item) => keyOf(readPath(item, equality.path)))
    let found = 0
    let same: Document[] | null = null
    return documents.map((document) => {
      const scope = scopeOf(document, outer)
      const bound = bindings.reduce<Binding | null>(
        (outerBinding, [name, evaluate]) => ({ name, value: evaluate(scope), outer: outerBinding }),
        outer,
      )
      const candidates = (): readonly Document[] => {
        if (index !== null && local !== null)
          return lookUp(index, localValues(readPath(document, local)), other)
        if (equals === null || equality === null) return other
        return equals.get(keyOf(boundValue(bound, equality.variable))) ?? []
      }
      const result = same ?? run(candidates(), bound)
      if (isSame) same = result
      found += result.length
      pipeline.requireRoom(documents.length + found / REFERENCES_PER_DOCUMENT)
      return setPath(document, as, 0, result) as Document
    })
  }
}

/** What is found is held by reference: so many of these take the room of a document. */
const REFERENCES_PER_DOCUMENT = 50

/** Is `{ $match: { $expr: { $eq: ['$path', '$$variable'] } } }`: what else a document fulfils, its path has this value. */
type Equality = { readonly path: readonly string[]; readonly variable: string }

/** Finds the equality that a pipeline starts with, alone or among those of `$and`; null where it has none. */
function equalityOf(stage: StageSyntax | undefined, variables: ReadonlySet<string>): Equality | null {
  if (stage?.name !== '$match' || !isPlain(stage.argument)) return null
  const { $expr } = stage.argument
  const conditions = isPlain($expr) && Array.isArray($expr.$and) ? $expr.$and : [$expr]
  for (const condition of conditions) {
    if (!isPlain(condition) || !Array.isArray(condition.$eq) || condition.$eq.length !== 2) continue
    const [left, right] = condition.$eq as [Value, Value]
    const equality = pairOf(left, right, variables) ?? pairOf(right, left, variables)
    if (equality !== null) return equality
  }
  return null
}

function pairOf(field: Value, variable: Value, variables: ReadonlySet<string>): Equality | null {
  if (typeof field !== 'string' || typeof variable !== 'string') return null
  if (!field.startsWith('$') || field.startsWith('$$') || !variable.startsWith('$$')) return null
  const name = variable.slice(2)
  return variables.has(name) ? { path: parsePath(field.slice(1)), variable: name } : null
}

function boundValue(binding: Binding | null, name: string): Value {
  for (let at = binding; at !== null; at = at.outer) if (at.name === name) return at.value
  return undefined
}

/** Checks the argument of `$lookup`. @throws FailedToParse, TypeMismatch */
export function requireLookup(argument: Value): Document {
  if (!isPlain(argument)) throw mongoError(9, '$lookup takes an object. Give it from and as.')
  for (const [key, value] of Object.entries(argument)) {
    if (!LOOKUP_PARTS.includes(key))
      throw mongoError(9, `$lookup has no such part. Check its spelling: ${key}`)
    if (['from', 'as', 'localField', 'foreignField'].includes(key) && typeof value !== 'string') {
      const code = key === 'as' || key === 'localField' || key === 'foreignField' ? 14 : 9
      throw mongoError(code, `$lookup's ${key} is a text. It is a ${typeWord(value)}.`)
    }
  }
  if (argument.let !== undefined && argument.let !== null && !isPlain(argument.let))
    throw mongoError(14, `$lookup's let is an object. It is a ${typeWord(argument.let)}.`)
  if (argument.pipeline !== undefined && !Array.isArray(argument.pipeline))
    throw mongoError(14, `$lookup's pipeline is an array. It is a ${typeWord(argument.pipeline)}.`)
  if (argument.as === undefined) throw mongoError(9, "$lookup needs 'as'. Add it.")
  if (argument.from === undefined && argument.pipeline === undefined)
    throw mongoError(9, "$lookup needs 'from'. Add it.")
  const hasLocal = argument.localField !== undefined
  const hasForeign = argument.foreignField !== undefined
  if (hasLocal !== hasForeign)
    throw mongoError(9, '$lookup takes localField and foreignField together. Give both.')
  if (!hasLocal && argument.pipeline === undefined)
    throw mongoError(9, '$lookup needs localField and foreignField, or a pipeline. Add them.')
  if (isPlain(argument.let) && argument.pipeline === undefined)
    throw mongoError(9, "$lookup's let needs a pipeline. Add it.")
  return argument
}

type ForeignIndex = ReadonlyMap<Value, readonly number[]>

/** Indexes documents by the values at a path, elements of arrays too; missing counts as null. */
function indexBy(documents: readonly Document[], path: readonly string[]): ForeignIndex {
  const index = new Map<Value, number[]>()
  documents.forEach((document, at) => {
    const whole = readPath(document, path)
    const values = Array.isArray(whole) ? [...whole, whole] : expandPath(document, path)
    const keys = new Set((values.length === 0 ? [null] : values).map((value) => keyOf(value ?? null)))
    for (const key of keys) {
      const list = index.get(key)
      if (list === undefined) index.set(key, [at])
      else list.push(at)
    }
  })
  return index
}

function localValues(value: Value): Value[] {
  if (Array.isArray(value) && value.length > 0) return [...value]
  return [Array.isArray(value) ? null : (value ?? null)]
}

function lookUp(index: ForeignIndex, values: readonly Value[], documents: readonly Document[]): Document[] {
  const found = new Set<number>()
  for (const value of values) for (const at of index.get(keyOf(value ?? null)) ?? []) found.add(at)
  return [...found].sort((left, right) => left - right).map((at) => documents[at] as Document)
}

const GRAPH_PARTS = [
  'from',
  'as',
  'startWith',
  'connectFromField',
  'connectToField',
  'maxDepth',
  'depthField',
  'restrictSearchWithMatch',
]

/** Compiles `$graphLookup`. */
export function compileGraphLookup(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(40327, '$graphLookup takes an object. Give it its parts.')
  for (const key of Object.keys(argument)) {
    if (!GRAPH_PARTS.includes(key))
      throw mongoError(40104, `$graphLookup has no such part. Check its spelling: ${key}`)
  }
  const { from, as, startWith, connectFromField, connectToField, maxDepth, depthField } = argument
  for (const part of [from, as, connectFromField, connectToField]) {
    if (typeof part !== 'string')
      throw mongoError(40105, '$graphLookup needs from, as, startWith, connectFromField and connectToField.')
  }
  if (startWith === undefined) throw mongoError(40105, '$graphLookup needs a startWith. Add it.')
  if (maxDepth !== undefined && (!isNumber(maxDepth) || Number(maxDepth) < 0))
    throw mongoError(40101, "$graphLookup's maxDepth is a number that is not negative.")
  const start = compileExpression(parseExpression(startWith), pipeline.context)
  const matches =
    argument.restrictSearchWithMatch === undefined
      ? () => true
      : compileFilter(parseFilter(argument.restrictSearchWithMatch), matchSupport(pipeline.context))
  const fromPath = parsePath(connectFromField as string)
  const toPath = parsePath(connectToField as string)
  const deepest = maxDepth === undefined ? Number.POSITIVE_INFINITY : Number(maxDepth)
  return (documents, variables) => {
    const other = pipeline.collection(from as string).filter(matches)
    const index = indexBy(other, toPath)
    return documents.map((document) => {
      const seen = new Map<number, number>()
      let frontier = localValues(start(scopeOf(document, variables)))
      for (let depth = 0; depth <= deepest && frontier.length > 0; depth += 1) {
        const next: Value[] = []
        for (const value of frontier) {
          for (const at of index.get(keyOf(value ?? null)) ?? []) {
            if (seen.has(at)) continue
            seen.set(at, depth)
            next.push(...localValues(readPath(other[at], fromPath)))
          }
        }
        frontier = next
      }
      const found = Array.from(seen, ([at, depth]) =>
        typeof depthField === 'string'
          ? (setPath(other[at], parsePath(depthField), 0, BigInt(depth)) as Document)
          : (other[at] as Document),
      )
      return setPath(document, parsePath(as as string), 0, found) as Document
    })
  }
}
