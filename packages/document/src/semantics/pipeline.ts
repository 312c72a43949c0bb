import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { checkVariableName, parseExpression, parsePath } from '../language/parser-expression.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { parsePipeline } from '../language/parser-pipeline.ts'
import { isPlain, typeWord } from '../language/parser-values.ts'
import type { StageSyntax } from '../language/syntax.ts'
import {
  type Binding,
  type CompileContext,
  compileExpression,
  REDACTION,
  type Scope,
  scopeOf,
  withVariables,
} from './expression.ts'
import { compileGroup, groupDocuments } from './group.ts'
import { compileFilter, type MatchSupport } from './match.ts'
import { expandPath, readPath } from './path.ts'
import { compileProjection } from './project.ts'
import { compileSchema } from './schema.ts'
import { parseSort, sortDocuments } from './sort.ts'
import { compileAddFields, setPath } from './stages/add-fields.ts'
import { compileDensify, compileFill } from './stages/densify.ts'
import { compileBucket, compileBucketAuto, type DocumentsToDocuments } from './stages/facets.ts'
import { compileWindow } from './stages/window.ts'
import { bsonType, type Document, getKey, isDocument, isNumber, isTruthy, keyOf, setKey } from './value.ts'

/** Is what stages need from outside: variables, and the documents of other collections. */
export type PipelineContext = {
  readonly context: CompileContext
  /** Reads a collection whole. */
  readonly collection: (name: string) => readonly Document[]
  /** True inside `$facet` and `$lookup`, where some stages are not allowed. */
  readonly nested: false | 'facet' | 'lookup'
}

/** Makes the functions that filters need. */
export function matchSupport(context: CompileContext, variables: Binding | null = null): MatchSupport {
  return {
    expression: (syntax) => {
      const evaluate = compileExpression(syntax, context)
      return (document) => isTruthy(evaluate(scopeOf(document, variables)))
    },
    schema: compileSchema,
  }
}

/** Compiles a pipeline over documents held in memory. */
export function compilePipeline(
  stages: readonly StageSyntax[],
  pipeline: PipelineContext,
): DocumentsToDocuments {
  const steps = stages.map((stage) => compileStage(stage, pipeline))
  return (documents, variables) =>
    steps.reduce<Document[]>((rows, step) => step(rows, variables), [...documents])
}

/** Compiles one stage. @throws MongoDB's error of an argument that the stage does not take */
export function compileStage(stage: StageSyntax, pipeline: PipelineContext): DocumentsToDocuments {
  const { name, argument } = stage
  const { context } = pipeline
  switch (name) {
    case '$match':
      return compileMatch(argument, context)
    case '$sort': {
      const fields = requireSort(argument)
      return (documents) => sortDocuments(documents, fields)
    }
    case '$limit': {
      const count = requireCount(name, argument, 1)
      return (documents) => documents.slice(0, count)
    }
    case '$skip': {
      const count = requireCount(name, argument, 0)
      return (documents) => documents.slice(count)
    }
    case '$group': {
      const grouping = compileGroup(argument, context)
      return (documents, variables) =>
        groupDocuments(
          documents.map((document) => scopeOf(document, variables)),
          grouping,
        )
    }
    case '$sortByCount':
      return compileSortByCount(argument, context)
    case '$count': {
      const field = requireCountName(argument)
      return (documents) => (documents.length === 0 ? [] : [{ [field]: documents.length }])
    }
    case '$unwind':
      return compileUnwind(argument)
    case '$lookup':
      return compileLookup(argument, pipeline)
    case '$graphLookup':
      return compileGraphLookup(argument, pipeline)
    case '$facet':
      return compileFacet(argument, pipeline)
    case '$bucket':
      return compileBucket(argument, context)
    case '$bucketAuto':
      return compileBucketAuto(argument, context)
    case '$setWindowFields':
      return compileWindow(argument, context)
    case '$sample':
      return compileSample(argument)
    case '$unionWith':
      return compileUnionWith(argument, pipeline)
    case '$densify':
      return compileDensify(argument)
    case '$fill':
      return compileFill(argument, context)
    case '$documents':
      return compileDocuments(argument, context)
    case '$out':
    case '$merge':
      return refuseWrite(name, pipeline)
    default: {
      const map = compileRowStage(stage, context)
      return (documents, variables) =>
        documents.flatMap((document) => {
          const result = map(scopeOf(document, variables))
          return result === undefined ? [] : [result]
        })
    }
  }
}

/** Names the stages that make one document of one document, or none. */
export const ROW_STAGES: ReadonlySet<string> = new Set([
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
])

/** Compiles a stage that makes one document of one document, or none (`undefined`). */
export function compileRowStage(
  { name, argument }: StageSyntax,
  context: CompileContext,
): (scope: Scope) => Document | undefined {
  switch (name) {
    case '$project':
      return compileProjection(argument, { find: false, context, support: matchSupport(context) })
    case '$addFields':
    case '$set':
      return compileAddFields(name, argument, context)
    case '$unset':
      return compileUnset(argument, context)
    case '$replaceRoot':
      return compileReplace(requireNewRoot(argument), context, name)
    case '$replaceWith':
      return compileReplace(argument, context, name)
    case '$redact':
      return compileRedact(argument, context)
    default:
      throw mongoError(40324, `There is no stage of this name. Check its spelling: ${name}`)
  }
}

function compileMatch(argument: Value, context: CompileContext): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(15959, `$match takes an object. It got a ${typeWord(argument)}.`)
  const filter = parseFilter(argument)
  compileFilter(filter, matchSupport(context))
  return (documents, variables) => {
    const matches = compileFilter(filter, matchSupport(context, variables))
    return documents.filter(matches)
  }
}

/** Parses the argument of `$sort`, which needs a field. */
export function requireSort(argument: Value): ReturnType<typeof parseSort> {
  const fields = parseSort(argument)
  if (fields.length === 0) throw mongoError(15976, '$sort needs a field. Add one.')
  return fields
}

/** Reads the count of `$limit` or `$skip`. */
export function requireCount(name: '$limit' | '$skip', argument: Value, least: number): number {
  const code = name === '$limit' ? 2107201 : 5107200
  const count = Number(argument)
  if (!isNumber(argument) || !Number.isInteger(count) || count > 2 ** 63)
    throw mongoError(code, `${name} takes a whole number. It got a ${bsonType(argument)}.`)
  if (count < 0) throw mongoError(code, `${name} takes no negative number. It got ${argument}.`)
  if (count < least) throw mongoError(15958, `${name} takes a positive number. It got ${argument}.`)
  return Math.min(count, Number.MAX_SAFE_INTEGER)
}

/** Reads the name that `$count` gives its result. */
export function requireCountName(argument: Value): string {
  if (typeof argument !== 'string') throw mongoError(40156, '$count takes a name. Give it a text.')
  if (argument === '') throw mongoError(40157, '$count takes a name that is not empty. Give it one.')
  if (argument.startsWith('$'))
    throw mongoError(40158, `$count takes a name without '$'. Rename it: ${argument}`)
  if (argument.includes('\0')) throw mongoError(40159, '$count takes a name without null bytes. Rename it.')
  if (argument.includes('.'))
    throw mongoError(40160, `$count takes a name without dots. Rename it: ${argument}`)
  if (argument === '_id') throw mongoError(9039800, "$count cannot name its result '_id'. Rename it.")
  return argument
}

function compileSortByCount(argument: Value, context: CompileContext): DocumentsToDocuments {
  requireSortByCount(argument)
  const grouping = compileGroup({ _id: argument, count: { $sum: 1 } }, context)
  return (documents, variables) =>
    sortDocuments(
      groupDocuments(
        documents.map((document) => scopeOf(document, variables)),
        grouping,
      ),
      [{ path: ['count'], descending: true }],
    )
}

/** Checks the argument of `$sortByCount`. */
export function requireSortByCount(argument: Value): void {
  if (typeof argument === 'string') {
    if (!argument.startsWith('$'))
      throw mongoError(40148, "$sortByCount takes a path with '$' or an expression.")
  } else if (!isPlain(argument)) {
    throw mongoError(40149, "$sortByCount takes a path with '$' or an expression.")
  } else if (Object.keys(argument)[0]?.startsWith('$') !== true) {
    throw mongoError(40147, '$sortByCount takes an object that is an expression. Give it an operator.')
  }
}

/** Holds the parts of `$unwind`. */
export type Unwind = {
  readonly path: readonly string[]
  readonly keepEmpty: boolean
  readonly index: readonly string[] | null
}

/** Parses the argument of `$unwind`. */
export function parseUnwind(argument: Value): Unwind {
  const parts = typeof argument === 'string' ? { path: argument } : argument
  if (!isPlain(parts))
    throw mongoError(15981, `$unwind takes a path or an object. It got a ${typeWord(argument)}.`)
  for (const key of Object.keys(parts)) {
    if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(key))
      throw mongoError(28811, `$unwind has no such part. Check its spelling: ${key}`)
  }
  const { path, preserveNullAndEmptyArrays: keep = false, includeArrayIndex: index } = parts
  if (path === undefined) throw mongoError(28812, '$unwind needs a path. Add it.')
  if (typeof path !== 'string')
    throw mongoError(28808, `$unwind's path is a text. It is a ${typeWord(path)}.`)
  if (path === '') throw mongoError(28812, '$unwind needs a path. Give it one.')
  if (!path.startsWith('$')) throw mongoError(28818, `$unwind's path starts with '$'. Correct it: ${path}`)
  if (typeof keep !== 'boolean')
    throw mongoError(
      28809,
      `$unwind's preserveNullAndEmptyArrays is true or false. It is a ${typeWord(keep)}.`,
    )
  if (index !== undefined && (typeof index !== 'string' || index === ''))
    throw mongoError(28810, `$unwind's includeArrayIndex is a name. It is a ${typeWord(index)}.`)
  if (typeof index === 'string' && index.startsWith('$'))
    throw mongoError(28822, `$unwind's includeArrayIndex has no '$'. Rename it: ${index}`)
  return {
    path: parsePath(path.slice(1)),
    keepEmpty: keep,
    index: typeof index === 'string' ? parsePath(index) : null,
  }
}

/** Gives the documents that `$unwind` makes of one. */
export function unwindDocument(document: Document, { path, keepEmpty, index }: Unwind): Document[] {
  const value = readThrough(document, path)
  const withIndex = (made: Document, at: Value): Document =>
    index === null ? made : (setPath(made, index, 0, at) as Document)
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item: Value, at: number) =>
      withIndex(setPath(document, path, 0, item) as Document, BigInt(at)),
    )
  }
  if (value === undefined || value === null || Array.isArray(value)) {
    if (!keepEmpty) return []
    const kept = Array.isArray(value) ? (setPath(document, path, 0, undefined) as Document) : document
    return [withIndex(kept, null)]
  }
  return [withIndex(document, null)]
}

function readThrough(document: Document, path: readonly string[]): Value {
  let value: Value = document
  for (const part of path) {
    if (!isDocument(value)) return undefined
    value = getKey(value, part)
  }
  return value
}

function compileUnwind(argument: Value): DocumentsToDocuments {
  const unwind = parseUnwind(argument)
  return (documents) => documents.flatMap((document) => unwindDocument(document, unwind))
}

function compileUnset(argument: Value, context: CompileContext): (scope: Scope) => Document {
  const paths: readonly Value[] = Array.isArray(argument) ? argument : [argument]
  if (Array.isArray(argument) && argument.length === 0)
    throw mongoError(31119, '$unset needs a field. Name one.')
  if (!Array.isArray(argument) && typeof argument !== 'string')
    throw mongoError(31002, `$unset takes a name or a list of names. It got a ${typeWord(argument)}.`)
  const specification: Document = {}
  for (const path of paths) {
    if (typeof path !== 'string') throw mongoError(31120, `$unset takes names. It got a ${typeWord(path)}.`)
    parsePath(path)
    if (Object.hasOwn(specification, path))
      throw mongoError(31250, `A field is unset twice. Name it once: ${path}`)
    setKey(specification, path, 0)
  }
  return compileProjection(specification, { find: false, context, support: matchSupport(context) })
}

function requireNewRoot(argument: Value): Value {
  if (!isPlain(argument)) throw mongoError(40229, '$replaceRoot takes an object. Give it a newRoot.')
  for (const key of Object.keys(argument)) {
    if (key !== 'newRoot')
      throw mongoError(40415, `$replaceRoot has no such part. Check its spelling: ${key}`)
  }
  if (!Object.hasOwn(argument, 'newRoot')) throw mongoError(40414, '$replaceRoot needs a newRoot. Add it.')
  return argument.newRoot
}

function compileReplace(root: Value, context: CompileContext, name: string): (scope: Scope) => Document {
  const evaluate = compileExpression(parseExpression(root), context)
  return (scope) => {
    const value = evaluate(scope)
    if (!isDocument(value))
      throw mongoError(40228, `${name} needs an object to put in place. It got a ${bsonType(value)}.`)
    return value
  }
}

function compileRedact(argument: Value, context: CompileContext): (scope: Scope) => Document | undefined {
  const decide = compileExpression(parseExpression(argument), context)
  const redact = (scope: Scope, document: Document): Document | undefined => {
    const decision = decide({ ...scope, current: document })
    if (decision === REDACTION.get('KEEP')) return document
    if (decision === REDACTION.get('PRUNE')) return undefined
    if (decision !== REDACTION.get('DESCEND'))
      throw mongoError(17053, '$redact needs $$KEEP, $$PRUNE or $$DESCEND. Decide for one of them.')
    const result: Document = {}
    for (const key of Object.keys(document)) {
      const value = redactValue(scope, document[key], redact)
      if (value !== undefined) result[key] = value
    }
    return result
  }
  return (scope) => redact(scope, scope.root as Document)
}

function redactValue(
  scope: Scope,
  value: Value,
  redact: (scope: Scope, document: Document) => Document | undefined,
): Value {
  if (isDocument(value)) return redact(scope, value)
  if (!Array.isArray(value)) return value
  return value.map((item: Value) => redactValue(scope, item, redact)).filter((item) => item !== undefined)
}

function refuseWrite(name: string, { nested }: PipelineContext): DocumentsToDocuments {
  if (nested === 'facet') throw mongoError(40600, `${name} cannot stand inside $facet. Put it at the end.`)
  if (nested === 'lookup') throw mongoError(51047, `${name} cannot stand inside $lookup. Put it at the end.`)
  throw mongoError(40601, `${name} must be the last stage. Move it to the end.`)
}

const LOOKUP_PARTS = ['from', 'as', 'localField', 'foreignField', 'let', 'pipeline']

function compileLookup(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
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
  const run = compilePipeline(stages, inner)
  const as = parsePath(parts.as as string)
  const local = parts.localField === undefined ? null : parsePath(parts.localField as string)
  const foreign = parts.foreignField === undefined ? null : parsePath(parts.foreignField as string)
  return (documents, outer) => {
    const other = parts.from === undefined ? [] : pipeline.collection(parts.from as string)
    const index = foreign === null ? null : indexBy(other, foreign)
    return documents.map((document) => {
      const scope = scopeOf(document, outer)
      const candidates =
        index === null || local === null
          ? other
          : lookUp(index, localValues(readPath(document, local)), other)
      const bound = bindings.reduce<Binding | null>(
        (outerBinding, [name, evaluate]) => ({ name, value: evaluate(scope), outer: outerBinding }),
        outer,
      )
      return setPath(document, as, 0, run(candidates, bound)) as Document
    })
  }
}

function requireLookup(argument: Value): Document {
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

function compileGraphLookup(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
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

const NOT_IN_FACET = new Set(['$facet', '$out', '$merge', '$documents'])

function compileFacet(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
  if (!isPlain(argument) || Object.keys(argument).length === 0)
    throw mongoError(40169, '$facet takes an object that is not empty. Give it pipelines.')
  const facets = Object.entries(argument).map(([name, stages]) => {
    if (name.startsWith('$')) throw mongoError(16410, `A facet must not start with '$'. Rename it: ${name}`)
    if (name.includes('.')) throw mongoError(16412, `A facet must not hold a dot. Rename it: ${name}`)
    if (!Array.isArray(stages)) throw mongoError(40170, `A facet is an array of stages. Correct: ${name}`)
    for (const stage of stages)
      if (!isPlain(stage)) throw mongoError(40171, `A stage of a facet is an object: ${name}`)
    const parsed = parsePipeline(stages)
    const odd = parsed.find((stage) => NOT_IN_FACET.has(stage.name))
    if (odd !== undefined) throw mongoError(40600, `${odd.name} cannot stand inside $facet. Move it out.`)
    return [name, compilePipeline(parsed, { ...pipeline, nested: 'facet' })] as const
  })
  return (documents, variables) => [
    Object.fromEntries(facets.map(([name, run]) => [name, run(documents, variables)])),
  ]
}

function compileSample(argument: Value): DocumentsToDocuments {
  if (!isPlain(argument)) throw mongoError(28745, '$sample takes an object. Give it a size.')
  for (const key of Object.keys(argument)) {
    if (key !== 'size') throw mongoError(28748, `$sample has no such part. Check its spelling: ${key}`)
  }
  const { size } = argument
  if (size === undefined) throw mongoError(28749, '$sample needs a size. Add it.')
  if (!isNumber(size)) throw mongoError(28746, `$sample's size is a number. It is a ${bsonType(size)}.`)
  const count = Math.trunc(Number(size))
  if (!(count > 0)) throw mongoError(28747, `$sample's size is positive. It is ${size}.`)
  return (documents) => {
    const pool = [...documents]
    for (let at = 0; at < pool.length && at < count; at += 1) {
      const other = at + Math.floor(Math.random() * (pool.length - at))
      const moved = pool[at] as Document
      pool[at] = pool[other] as Document
      pool[other] = moved
    }
    return pool.slice(0, count)
  }
}

function compileUnionWith(argument: Value, pipeline: PipelineContext): DocumentsToDocuments {
  const parts = typeof argument === 'string' ? { coll: argument } : argument
  if (!isPlain(parts)) throw mongoError(9, '$unionWith takes a name or an object. Give it a coll.')
  for (const key of Object.keys(parts)) {
    if (key !== 'coll' && key !== 'pipeline') throw mongoError(40415, `$unionWith has no such part: ${key}`)
  }
  const { coll, pipeline: stages = [] } = parts
  if (coll !== undefined && typeof coll !== 'string') throw mongoError(14, "$unionWith's coll is a text.")
  const run = compilePipeline(parsePipeline(stages), { ...pipeline, nested: pipeline.nested || 'lookup' })
  return (documents, variables) => [
    ...documents,
    ...run(coll === undefined ? [] : pipeline.collection(coll), variables),
  ]
}

function compileDocuments(argument: Value, context: CompileContext): DocumentsToDocuments {
  const evaluate = compileExpression(parseExpression(argument), context)
  return (_, variables) => {
    const list = evaluate(scopeOf({}, variables))
    if (!Array.isArray(list))
      throw mongoError(5858203, '$documents takes an array of documents. Give it one.')
    for (const item of list) {
      if (!isDocument(item))
        throw mongoError(40228, `$documents takes documents. It got a ${bsonType(item)}.`)
    }
    return list as Document[]
  }
}

/** Names the other collections that a pipeline reads. */
export function collectionsOf(stages: readonly StageSyntax[], into: Set<string> = new Set()): Set<string> {
  for (const { name, argument } of stages) {
    if (name === '$unionWith' && typeof argument === 'string') into.add(argument)
    if (!isPlain(argument)) continue
    if (name === '$facet') {
      for (const inner of Object.values(argument)) collectNested(inner, into)
      continue
    }
    const { from, coll, pipeline } = argument
    if ((name === '$lookup' || name === '$graphLookup') && typeof from === 'string') into.add(from)
    if (name === '$unionWith' && typeof coll === 'string') into.add(coll)
    collectNested(pipeline, into)
  }
  return into
}

function collectNested(pipeline: Value, into: Set<string>): void {
  if (!Array.isArray(pipeline)) return
  const stages = pipeline
    .filter(isPlain)
    .flatMap((stage) => Object.entries(stage).map(([name, argument]) => ({ name, argument })))
  collectionsOf(stages, into)
}
