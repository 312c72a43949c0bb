import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseExpression, parsePath } from '../../language/parser-expression.ts'
import { isPlain } from '../../language/parser-values.ts'
import type { SortField } from '../../language/syntax.ts'
import { UTC } from '../date/timezone.ts'
import { addUnits, unitOf } from '../date/units.ts'
import { type Binding, type CompileContext, compileExpression, scopeOf } from '../expression.ts'
import { compileAccumulator, type GroupField } from '../group.ts'
import { hasOperatorNamed } from '../operators/registry.ts'
import { compareSorted, parseSort, sortDocuments, sortValue } from '../sort.ts'
import { type Document, isNullish, isNumber, keyOf } from '../value.ts'
import { setPath } from './add-fields.ts'

type Bounds = { readonly lower: Value; readonly upper: Value }
type Window =
  | { readonly kind: 'all' }
  | { readonly kind: 'documents'; readonly bounds: Bounds }
  | { readonly kind: 'range'; readonly bounds: Bounds; readonly unit: string | null }

type Output = { readonly path: readonly string[]; readonly compute: (partition: Partition) => Value[] }
type Partition = { readonly documents: readonly Document[]; readonly sortBy: readonly SortField[] }

/** Compiles `$setWindowFields`. */
export function compileWindow(
  argument: Value,
  context: CompileContext,
): (documents: readonly Document[], variables: Binding | null) => Document[] {
  if (!isPlain(argument)) throw mongoError(9, '$setWindowFields takes an object. Give it its parts.')
  for (const key of Object.keys(argument)) {
    if (!['partitionBy', 'sortBy', 'output'].includes(key))
      throw mongoError(40415, `$setWindowFields has no such part. Check its spelling: ${key}`)
  }
  if (!Object.hasOwn(argument, 'output')) throw mongoError(40414, '$setWindowFields needs an output. Add it.')
  if (!isPlain(argument.output))
    throw mongoError(14, "$setWindowFields's output is an object. Give it fields.")
  if (argument.sortBy !== undefined && !isPlain(argument.sortBy))
    throw mongoError(14, "$setWindowFields's sortBy is an object. Give it fields.")
  const sortBy = argument.sortBy === undefined ? [] : parseSort(argument.sortBy)
  const partitionBy = compileExpression(parseExpression(argument.partitionBy ?? null), context)
  let variablesNow: Binding | null = null
  const outputs = Object.entries(argument.output).map(([path, specification]): Output => {
    const own = compileOutput(path, specification, { sortBy, context, variables: () => variablesNow })
    return { path: parsePath(path), compute: own }
  })
  return (documents, variables) => {
    variablesNow = variables
    const partitions = new Map<Value, Document[]>()
    for (const document of documents) {
      const by = partitionBy(scopeOf(document, variables))
      if (Array.isArray(by))
        throw mongoError(14, 'A partition cannot be by an array. Use another expression.')
      const key = keyOf(by ?? null)
      const list = partitions.get(key)
      if (list === undefined) partitions.set(key, [document])
      else list.push(document)
    }
    const ordered =
      argument.partitionBy === undefined ? [...partitions.values()] : orderPartitions(partitions)
    return ordered.flatMap((list) =>
      runPartition({ documents: sortDocuments(list, sortBy), sortBy }, outputs),
    )
  }

  function orderPartitions(partitions: ReadonlyMap<Value, Document[]>): Document[][] {
    const keyed = [...partitions.values()].map((list) => ({
      list,
      by: partitionBy(scopeOf(list[0] as Document, variablesNow)) ?? null,
    }))
    return keyed.sort((left, right) => compareSorted(left.by, right.by)).map(({ list }) => list)
  }
}

function runPartition(partition: Partition, outputs: readonly Output[]): Document[] {
  let documents = [...partition.documents]
  for (const { path, compute } of outputs) {
    const values = compute(partition)
    documents = documents.map((document, index) => setPath(document, path, 0, values[index]) as Document)
  }
  return documents
}

type OutputContext = {
  readonly sortBy: readonly SortField[]
  readonly context: CompileContext
  readonly variables: () => Binding | null
}

function compileOutput(
  path: string,
  specification: Value,
  output: OutputContext,
): (partition: Partition) => Value[] {
  if (!isPlain(specification))
    throw mongoError(9, `An output of $setWindowFields is an object. Correct: ${path}`)
  const entries = Object.entries(specification)
  const functions = entries.filter(([key]) => key !== 'window')
  const [first] = functions
  if (first === undefined)
    throw mongoError(9, `An output of $setWindowFields needs a function. Add one: ${path}`)
  if (functions.length > 1)
    throw mongoError(9, `An output of $setWindowFields has one function. Correct: ${path}`)
  const [name, argument] = first
  if (!name.startsWith('$')) throw mongoError(9, `A window function starts with '$'. Correct: ${name}`)
  const hasWindow = Object.hasOwn(specification, 'window')
  const ranking = RANKINGS.get(name)
  if (ranking !== undefined) return compileRanking(name, argument, { ...output, hasWindow, rank: ranking })
  if (name === '$shift') return compileShift(argument, output)
  if (name === '$locf' || name === '$linearFill') return compileFilling(name, argument, output)
  const window = compileBounds(specification.window, hasWindow, output.sortBy)
  if (name === '$covariancePop' || name === '$covarianceSamp')
    return compileCovariance(name === '$covarianceSamp', argument, output, window)
  if (name === '$derivative' || name === '$integral') return compileChange(name, argument, output, window)
  if (name === '$expMovingAvg') return compileMovingAverage(argument, output)
  if (name === '$mergeObjects' || (!isAccumulator(name) && hasOperatorNamed(name)))
    throw mongoError(9, `This operator is no window function. Use one such as $sum: ${name}`)
  if (!isAccumulator(name))
    throw mongoError(9, `There is no window function of this name. Check its spelling: ${name}`)
  const compute = windowAccumulator(path, name, argument, output)
  return (partition) => overWindows(partition, window, compute, output.variables())
}

const ACCUMULATORS = new Set(
  '$sum $avg $min $max $first $last $push $addToSet $stdDevPop $stdDevSamp $count $firstN $lastN $minN $maxN $top $bottom $topN $bottomN $percentile $median $concatArrays $setUnion $minMaxScaler'.split(
    ' ',
  ),
)

function isAccumulator(name: string): boolean {
  return ACCUMULATORS.has(name)
}

function windowAccumulator(path: string, name: string, argument: Value, output: OutputContext): GroupField {
  if (
    Array.isArray(argument) &&
    [
      '$first',
      '$last',
      '$sum',
      '$avg',
      '$min',
      '$max',
      '$push',
      '$addToSet',
      '$stdDevPop',
      '$stdDevSamp',
    ].includes(name)
  ) {
    const evaluate = compileExpression(parseExpression(argument), output.context)
    const literal = compileAccumulator(path, { [name]: '$v' }, output.context)
    return (scopes) => literal(scopes.map((scope) => scopeOf({ v: evaluate(scope) })))
  }
  return compileAccumulator(path, { [name]: argument }, output.context)
}

function compileBounds(value: Value, present: boolean, sortBy: readonly SortField[]): Window {
  if (!present) return { kind: 'all' }
  if (!isPlain(value)) throw mongoError(9, "A 'window' is an object. Give it documents or range.")
  const keys = Object.keys(value)
  const odd = keys.find((key) => !['documents', 'range', 'unit'].includes(key))
  if (odd !== undefined) throw mongoError(9, `A 'window' has no such part. Check its spelling: ${odd}`)
  if (keys.includes('documents') && (keys.includes('range') || keys.includes('unit')))
    throw mongoError(9, "A 'window' has documents or range, not both. Remove one.")
  if (keys.includes('documents')) {
    const bounds = boundsOf(value.documents)
    for (const bound of [bounds.lower, bounds.upper]) {
      if (isNumber(bound) && !Number.isInteger(Number(bound)))
        throw mongoError(9, `A bound of documents is a whole number. It is ${bound}.`)
    }
    if (sortBy.length === 0 && (bounds.lower !== 'unbounded' || bounds.upper !== 'unbounded'))
      throw mongoError(5339901, 'A window of documents needs a sortBy. Add it.')
    return { kind: 'documents', bounds }
  }
  if (keys.includes('range')) {
    if (sortBy.length !== 1)
      throw mongoError(5339902, 'A window of a range needs a sortBy of one field. Add it.')
    if (sortBy[0]?.descending) throw mongoError(8947401, 'A window of a range needs an ascending sortBy.')
    const unit = keys.includes('unit') ? unitOf(value.unit, 9) : null
    return { kind: 'range', bounds: boundsOf(value.range), unit }
  }
  if (keys.includes('unit')) throw mongoError(9, "A 'unit' needs a range beside it. Add it.")
  return { kind: 'all' }
}

function boundsOf(value: Value): Bounds {
  if (!Array.isArray(value) || value.length !== 2)
    throw mongoError(9, 'The bounds of a window are an array of two. Give it a lower and an upper one.')
  const [lower, upper] = value.map((bound: Value) => {
    if (bound === 'unbounded' || bound === 'current' || isNumber(bound)) return bound
    throw mongoError(9, "A bound is 'unbounded', 'current' or a number. Give one of them.")
  }) as [Value, Value]
  const number = (bound: Value, unbounded: number): number =>
    bound === 'unbounded' ? unbounded : bound === 'current' ? 0 : Number(bound)
  if (number(lower, Number.NEGATIVE_INFINITY) > number(upper, Number.POSITIVE_INFINITY))
    throw mongoError(5339900, 'The lower bound of a window is above its upper one. Swap them.')
  return { lower, upper }
}

function overWindows(
  partition: Partition,
  window: Window,
  compute: GroupField,
  variables: Binding | null,
): Value[] {
  const { documents } = partition
  const scopes = documents.map((document) => scopeOf(document, variables))
  if (window.kind === 'all') {
    const value = compute(scopes)
    return documents.map(() => value)
  }
  return documents.map((_, index) => {
    const [start, end] =
      window.kind === 'documents'
        ? documentRange(window.bounds, index, documents.length)
        : valueRange(window, partition, index)
    return compute(scopes.slice(start, end))
  })
}

function documentRange({ lower, upper }: Bounds, index: number, length: number): [number, number] {
  const place = (bound: Value, unbounded: number): number =>
    bound === 'unbounded' ? unbounded : index + (bound === 'current' ? 0 : Number(bound))
  const start = Math.max(0, place(lower, 0))
  const end = Math.min(length, place(upper, length - 1) + 1)
  return [start, Math.max(start, end)]
}

function valueRange(
  window: Window & { readonly kind: 'range' },
  { documents, sortBy }: Partition,
  index: number,
): [number, number] {
  const field = sortBy[0] as SortField
  const own = sortValue(documents[index], field)
  const values = documents.map((document) => sortValue(document, field))
  if (window.unit !== null && !(own instanceof Date)) {
    if (!isNullish(own))
      throw mongoError(5429513, 'A window with a unit needs dates to sort by. Remove the unit.')
  } else if (window.unit === null && !isNumber(own) && !isNullish(own)) {
    throw mongoError(5429414, 'A window of a range needs numbers to sort by. Give dates a unit.')
  }
  const edge = (bound: Value): Value => {
    if (bound === 'current' || isNullish(own)) return own
    if (own instanceof Date) return addUnits(own, window.unit as string, Number(bound), UTC)
    return Number(own) + Number(bound)
  }
  const { lower, upper } = window.bounds
  const start =
    lower === 'unbounded'
      ? 0
      : values.findIndex((value) => sameKind(value, own) && compareSorted(value, edge(lower)) >= 0)
  let end = documents.length
  if (upper !== 'unbounded') {
    end = 0
    values.forEach((value, at) => {
      if (sameKind(value, own) && compareSorted(value, edge(upper)) <= 0) end = at + 1
    })
  }
  return start === -1 ? [0, 0] : [start, Math.max(start, end)]
}

function sameKind(left: Value, right: Value): boolean {
  return isNullish(left) === isNullish(right)
}

const RANKINGS: ReadonlyMap<string, (index: number, ties: readonly number[]) => number> = new Map([
  ['$documentNumber', (index: number) => index + 1],
  ['$rank', (index: number, ties: readonly number[]) => ties.indexOf(ties[index] as number) + 1],
  ['$denseRank', (index: number, ties: readonly number[]) => (ties[index] as number) + 1],
])

function compileRanking(
  name: string,
  argument: Value,
  {
    sortBy,
    hasWindow,
    rank,
  }: OutputContext & {
    readonly hasWindow: boolean
    readonly rank: (index: number, ties: readonly number[]) => number
  },
): (partition: Partition) => Value[] {
  if (hasWindow) throw mongoError(5371601, `${name} takes no window. Remove it.`)
  if (sortBy.length === 0) throw mongoError(5371602, `${name} needs a sortBy. Add it.`)
  if (!isPlain(argument) || Object.keys(argument).length > 0)
    throw mongoError(5371603, `${name} takes an empty object. Give it {}.`)
  if (name !== '$documentNumber' && sortBy.length !== 1)
    throw mongoError(5371602, `${name} needs a sortBy of one field. Give it so.`)
  return ({ documents }) => {
    let group = -1
    const ties = documents.map((document, index) => {
      const before = documents[index - 1]
      const tied =
        before !== undefined &&
        sortBy.every((field) => compareSorted(sortValue(before, field), sortValue(document, field)) === 0)
      if (!tied) group += 1
      return group
    })
    return documents.map((_, index) => rank(index, ties))
  }
}

function compileShift(
  argument: Value,
  { sortBy, context, variables }: OutputContext,
): (partition: Partition) => Value[] {
  if (!isPlain(argument)) throw mongoError(9, '$shift takes an object. Give it output and by.')
  if (sortBy.length === 0) throw mongoError(9, '$shift needs a sortBy. Add it.')
  const { output, by, default: otherwise = null } = argument
  if (!isNumber(by) || !Number.isInteger(Number(by))) throw mongoError(9, "$shift's 'by' is a whole number.")
  if (output === undefined) throw mongoError(9, "$shift needs an 'output'. Add it.")
  const evaluate = compileExpression(parseExpression(output), context)
  const fallback = compileExpression(parseExpression(otherwise), context)
  return ({ documents }) =>
    documents.map((document, index) => {
      const other = documents[index + Number(by)]
      return other === undefined
        ? fallback(scopeOf(document, variables()))
        : (evaluate(scopeOf(other, variables())) ?? null)
    })
}

function compileFilling(
  name: string,
  argument: Value,
  { sortBy, context, variables }: OutputContext,
): (partition: Partition) => Value[] {
  const evaluate = compileExpression(parseExpression(argument), context)
  return ({ documents }) => {
    const values = documents.map((document) => evaluate(scopeOf(document, variables())))
    if (name === '$locf') {
      let last: Value = null
      return values.map((value) => {
        if (!isNullish(value)) last = value
        return last
      })
    }
    const field = sortBy[0]
    if (field === undefined || sortBy.length !== 1)
      throw mongoError(605001, '$linearFill needs a sortBy of one field.')
    const places = documents.map((document) => numberOf(sortValue(document, field)))
    return values.map((value, index) => (isNullish(value) ? interpolate(values, places, index) : value))
  }
}

function numberOf(value: Value): number {
  return value instanceof Date ? value.getTime() : Number(value)
}

/** Gives the value on the line between the nearest known values before and after. */
export function interpolate(values: readonly Value[], places: readonly number[], index: number): Value {
  let before = index - 1
  while (before >= 0 && isNullish(values[before])) before -= 1
  let after = index + 1
  while (after < values.length && isNullish(values[after])) after += 1
  if (before < 0 || after >= values.length) return null
  const [x0, x1, x] = [places[before], places[after], places[index]] as [number, number, number]
  const [y0, y1] = [Number(values[before]), Number(values[after])]
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
}

function compileCovariance(
  sample: boolean,
  argument: Value,
  { context, variables }: OutputContext,
  window: Window,
): (partition: Partition) => Value[] {
  const evaluate = compileExpression(parseExpression(argument), context)
  const compute: GroupField = (scopes) => {
    const pairs = scopes
      .map((scope) => evaluate(scope))
      .filter(
        (pair): pair is (number | bigint)[] =>
          Array.isArray(pair) && pair.length === 2 && pair.every(isNumber),
      )
      .map(([x, y]) => [Number(x), Number(y)] as const)
    const divisor = pairs.length - (sample ? 1 : 0)
    if (divisor <= 0) return null
    const meanX = pairs.reduce((sum, [x]) => sum + x, 0) / pairs.length
    const meanY = pairs.reduce((sum, [, y]) => sum + y, 0) / pairs.length
    return pairs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / divisor
  }
  return (partition) => overWindows(partition, window, compute, variables())
}

const UNIT_MS: Readonly<Record<string, number>> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
}

function compileChange(
  name: string,
  argument: Value,
  { sortBy, context, variables }: OutputContext,
  window: Window,
): (partition: Partition) => Value[] {
  if (!isPlain(argument) || argument.input === undefined)
    throw mongoError(9, `${name} takes an object with an input.`)
  const field = sortBy[0]
  if (field === undefined) throw mongoError(9, `${name} needs a sortBy. Add it.`)
  const unit = argument.unit === undefined ? 1 : UNIT_MS[argument.unit as string]
  if (unit === undefined) throw mongoError(5490704, `${name} takes a unit of week or shorter. Give it one.`)
  const input = compileExpression(parseExpression(argument.input), context)
  const compute: GroupField = (scopes) => {
    const points = scopes.map(
      (scope) => [numberOf(sortValue(scope.root, field)) / unit, input(scope)] as const,
    )
    if (name === '$derivative') {
      const [first, last] = [points[0], points.at(-1)]
      if (first === undefined || last === undefined || points.length < 2) return null
      if (!isNumber(first[1]) || !isNumber(last[1]) || last[0] === first[0]) return null
      return (Number(last[1]) - Number(first[1])) / (last[0] - first[0])
    }
    let area = 0
    for (let at = 1; at < points.length; at += 1) {
      const [[x0, y0], [x1, y1]] = [points[at - 1], points[at]] as [[number, Value], [number, Value]]
      area += ((Number(y0) + Number(y1)) / 2) * (x1 - x0)
    }
    return area
  }
  return (partition) => overWindows(partition, window, compute, variables())
}

function compileMovingAverage(
  argument: Value,
  { sortBy, context, variables }: OutputContext,
): (partition: Partition) => Value[] {
  if (!isPlain(argument) || argument.input === undefined)
    throw mongoError(9, '$expMovingAvg takes an object with an input.')
  if (sortBy.length === 0) throw mongoError(9, '$expMovingAvg needs a sortBy. Add it.')
  const { N, alpha } = argument
  if ((N === undefined) === (alpha === undefined))
    throw mongoError(9, '$expMovingAvg takes N or alpha. Give one.')
  const weight = N === undefined ? Number(alpha) : 2 / (Number(N) + 1)
  if (!(weight > 0 && weight < 1) && N === undefined)
    throw mongoError(9, "$expMovingAvg's alpha is between 0 and 1.")
  const input = compileExpression(parseExpression(argument.input), context)
  return ({ documents }) => {
    let state: number | null = null
    return documents.map((document) => {
      const value = input(scopeOf(document, variables()))
      if (isNumber(value))
        state = state === null ? Number(value) : Number(value) * weight + state * (1 - weight)
      return state
    })
  }
}
