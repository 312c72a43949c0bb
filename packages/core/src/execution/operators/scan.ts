import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type {
  ScanBatch,
  ScanColumnRequest,
  ScanCounters,
  ScanPredicate,
  ScanRequest,
  TableSource,
} from '../../catalog/table-source.ts'
import { columnsOf } from '../../expression/build.ts'
import type { ColumnExpression, Expression } from '../../expression/expression.ts'
import { evaluateConstant, placesOf } from '../../expression/interpret.ts'
import { functionNamed } from '../../expression/registry.ts'
import type { ScanColumn, ScanPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { isText, isVariant, typeName, types } from '../../types/data-type.ts'
import { takeColumn } from '../../types/take.ts'
import type { Value } from '../../types/value.ts'
import { batchFilter, type EvaluationMode } from '../expression/evaluate.ts'
import { applyRuntimeFilters, type RuntimeFilters } from '../runtime-filters.ts'
import { indexRanges } from './index-access.ts'

const OPERATORS = new Map<string, ScanPredicate['operator']>([
  ['eq', 'eq'],
  ['lt', 'lt'],
  ['le', 'le'],
  ['gt', 'gt'],
  ['ge', 'ge'],
  ['in', 'in'],
  ['is_not_null', 'is-not-null'],
])
const FLIPPED = new Map([
  ['lt', 'gt'],
  ['le', 'ge'],
  ['gt', 'lt'],
  ['ge', 'le'],
  ['eq', 'eq'],
])

/** Tunes a scan. */
export type ScanOptions = {
  readonly mode: EvaluationMode
  readonly counters?: ScanCounters | undefined
  /** True where the operator above applies the filters itself: here they only skip what cannot match. */
  readonly skipOnly?: boolean
  /** Filters that joins above have found by the time that the scan starts. */
  readonly filters?: RuntimeFilters
}

/** Reads a table: by key where the filters fix the key, by an index where that reads little, else by a scan that skips what cannot match. */
export function* runScan(plan: ScanPlan, context: ExecutionContext, options: ScanOptions): Steps {
  const { mode, counters } = options
  const source = context.snapshot.source(plan.table)
  const late = latePlaces(plan, options)
  const columns = plan.columns.map((column, place) =>
    late.includes(place) ? { ...requestOf(column), late: true as const } : requestOf(column),
  )
  const filter = batchFilter(options.skipOnly === true ? [] : plan.filters, {
    places: placesOf(plan.output),
    parameters: context.parameters,
    mode,
  })
  const keys = keyLookup(plan, source, context)
  if (keys !== null) {
    const { batch } = source.lookup(keys, columns)
    const kept = filter(batch)
    if (counters !== undefined) counters.rowsRead += batchRowCount(batch)
    if (batchRowCount(kept) > 0) yield kept
    return
  }
  const ranges = indexRanges(plan, source, context)
  const predicates = plan.filters.flatMap((expression) =>
    predicateOf(expression, plan.columns, context.parameters),
  )
  const batches =
    ranges === null
      ? source.scan({ columns, predicates }, counters)
      : source.indexScan(plan.index as string, ranges, columns, counters)
  const reduce = applyRuntimeFilters(
    plan.columns.flatMap(({ id }, place) =>
      [...(options.filters?.get(id)?.values() ?? [])].map((found) => ({ place, filter: found })),
    ),
  )
  const unread = options.skipOnly === true ? new Set<number>() : unreadPlaces(plan)
  for (const batch of batches) {
    const kept = filter(reduce(batch))
    if (batchRowCount(kept) > 0) yield withoutColumns(withLate(kept, late, batch), unread)
    else yield null
  }
}

/** Gives the places of the columns that are read after the filters: values of any type, which the filters do not read. */
function latePlaces(plan: ScanPlan, { skipOnly, filters }: ScanOptions): readonly number[] {
  if (skipOnly === true || (plan.filters.length === 0 && (filters?.size ?? 0) === 0)) return []
  const read = new Set<number>(filters?.keys())
  for (const expression of plan.filters) for (const id of columnsOf(expression)) read.add(id)
  return plan.columns.flatMap(({ id, type, access }, place) =>
    access === undefined && isVariant(type) && !read.has(id) ? [place] : [],
  )
}

/** Reads the late columns of the rows that are left; where these are few, the batch then holds them alone. */
function withLate(kept: Batch, late: readonly number[], { readLate }: ScanBatch): Batch {
  if (readLate === undefined || late.length === 0) return kept
  const { selection } = kept
  const columns = kept.columns.map((column, place) => {
    if (late.includes(place)) return readLate(place, selection)
    return selection === null ? column : takeColumn(column, selection)
  })
  return makeBatch(columns, batchRowCount(kept))
}

/** Gives the places of the columns that nothing reads once the filters were applied. */
function unreadPlaces(plan: ScanPlan): ReadonlySet<number> {
  const ids = new Set(plan.filterOnly?.map(({ id }) => id))
  return new Set(plan.columns.flatMap((column, place) => (ids.has(column.id) ? [place] : [])))
}

/** Puts columns that cost little to copy in the place of those that nothing reads. */
function withoutColumns(batch: Batch, places: ReadonlySet<number>): Batch {
  if (places.size === 0) return batch
  const columns = batch.columns.map((column, place) => (places.has(place) ? unreadColumn(column) : column))
  return { ...batch, columns }
}

const EMPTY_TEXT = columnFromValues(types.utf8, [''])

/** Gives a column of the same type whose values say nothing: a byte a row at most. */
function unreadColumn(column: Column): Column {
  const { type, length } = column
  if (column.layout === 'flat')
    return { layout: 'flat', type, length, validity: null, values: new Uint8Array(length) }
  if (isText(type) && (column.layout === 'bytes' || column.layout === 'dictionary'))
    return {
      layout: 'dictionary',
      type,
      length,
      validity: null,
      codes: new Uint8Array(length),
      dictionary: EMPTY_TEXT,
    }
  return column
}

/** Asks a table for a column of a scan. */
export function requestOf(column: ScanColumn): ScanColumnRequest {
  if (column.access === undefined) return { field: column.field, type: column.type }
  const evaluate = functionNamed(column.access.function).evaluator([], column.type)
  return {
    field: column.field,
    type: column.type,
    access: {
      path: column.access.path,
      read: (root, path) => evaluate(root, ...path),
      reader: `${column.access.function} ${typeName(column.type)}`,
    },
  }
}

/** Gives the comparisons of a column with constants that a filter consists of. */
function predicateOf(
  expression: Expression,
  columns: readonly ScanColumn[],
  parameters: ReadonlyMap<string, Value>,
): ScanPredicate[] {
  const comparison = comparisonOf(expression, parameters)
  if (comparison === null) return []
  const column = columns.findIndex((candidate) => candidate.id === comparison.column.id)
  return column < 0 ? [] : [{ column, operator: comparison.operator, value: comparison.value }]
}

type Comparison = {
  readonly column: ColumnExpression
  readonly operator: ScanPredicate['operator']
  readonly value: Value
}

/** Reads an expression as the comparison of a column with a constant, whichever side the column stands on. */
function comparisonOf(expression: Expression, parameters: ReadonlyMap<string, Value>): Comparison | null {
  if (expression.kind !== 'call' || !OPERATORS.has(expression.function)) return null
  const [left, right] = expression.args
  if (left?.kind === 'column' && right === undefined)
    return { column: left, operator: 'is-not-null', value: null }
  if (left?.kind === 'column' && isConstant(right))
    return comparison(left, expression.function, evaluateConstant(right, parameters))
  const flipped = FLIPPED.get(expression.function)
  if (right?.kind === 'column' && isConstant(left) && flipped !== undefined)
    return comparison(right, flipped, evaluateConstant(left, parameters))
  return null
}

function comparison(column: ColumnExpression, name: string, value: Value): Comparison | null {
  if (value === null || value === undefined) return null
  return { column, operator: OPERATORS.get(name) as ScanPredicate['operator'], value }
}

function isConstant(expression: Expression | undefined): expression is Expression {
  return expression !== undefined && (expression.kind === 'literal' || expression.kind === 'parameter')
}

const MAX_KEYS = 100_000

/** Finds the keys to look up where the filters fix every field of the key by `eq` or `in`; `null` where they do not. */
function keyLookup(
  plan: ScanPlan,
  source: TableSource,
  context: Pick<ExecutionContext, 'parameters'>,
): Value[][] | null {
  const { key } = source.definition
  if (key.length === 0 || plan.filters.length === 0) return null
  const candidates: Value[][] = []
  for (const field of key) {
    const column = plan.columns.find(
      (candidate) => candidate.field === field && candidate.access === undefined,
    )
    if (column === undefined) return null
    const values = valuesFor(column, plan.filters, context.parameters)
    if (values === null) return null
    candidates.push(values)
  }
  const total = candidates.reduce((product, values) => product * values.length, 1)
  if (total > MAX_KEYS) return null
  return candidates.reduce<Value[][]>(
    (keys, values) => keys.flatMap((prefix) => values.map((value) => [...prefix, value])),
    [[]],
  )
}

function valuesFor(
  column: ScanColumn,
  filters: readonly Expression[],
  parameters: ReadonlyMap<string, Value>,
): Value[] | null {
  for (const filter of filters) {
    const found = comparisonOf(filter, parameters)
    if (found === null || found.column.id !== column.id) continue
    if (found.operator === 'eq') return [found.value]
    if (found.operator === 'in')
      return [...new Set(found.value as Iterable<Value>)].filter(
        (value) => value !== null && value !== undefined,
      )
  }
  return null
}

/** Makes the request of a scan plan, for tests and estimates. */
export function scanRequest(plan: ScanPlan, parameters: ReadonlyMap<string, Value>): ScanRequest {
  return {
    columns: plan.columns.map(requestOf),
    predicates: plan.filters.flatMap((expression) => predicateOf(expression, plan.columns, parameters)),
  }
}
