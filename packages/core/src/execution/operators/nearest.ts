import type { ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import type { ScanColumnRequest, TableSource } from '../../catalog/table-source.ts'
import { columnsOf } from '../../expression/build.ts'
import { evaluateConstant, placesOf } from '../../expression/interpret.ts'
import { planField, scan } from '../../plan/build.ts'
import type { NearestPlan, ScanColumn, ScanPlan } from '../../plan/logical-plan.ts'
import {
  type Batch,
  batchRowCount,
  type Column,
  columnReader,
  type FixedListColumn,
  isNullAt,
  makeBatch,
} from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { concatColumns } from '../../types/concat.ts'
import { types } from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import { takeColumn } from '../../types/take.ts'
import type { EvaluationMode } from '../expression/evaluate.ts'
import { hasRoom } from '../kernels/has-room.ts'
import { cachedMatrix, keepMatrix, MATRIX_CACHE_BYTES } from '../kernels/matrix-cache.ts'
import { type MatrixView, matchRows, matrixView, NEW_ROW } from '../kernels/matrix-view.ts'
import { measures } from '../kernels/measure.ts'
import { nearRows } from '../kernels/near-rows.ts'
import { type ElementColumn, precisionOf } from '../kernels/row-format.ts'
import { TopK } from '../kernels/top-k.ts'
import { matrixBytes, VectorMatrix } from '../kernels/vector-matrix.ts'
import { rowCountOf } from './limit.ts'
import { requestOf, runScan } from './scan.ts'
import { isBatch } from './steps.ts'

type Search = { readonly query: ArrayLike<number>; readonly k: number }

/**
 * Gives the k rows whose vector is nearest to the query's, nearest first; rows without a vector, or whose distance is
 * not finite, are left out. Over a table the vectors are copied into WebAssembly memory, once and then as they change, and searched
 * by its kernels; the other columns are read for the rows found only. Over anything else, inside a transaction's own
 * writes and where memory does not suffice, batches are searched as they come.
 */
export function* runNearest(
  plan: NearestPlan,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const search = {
    query: evaluateConstant(plan.query, context.parameters) as ArrayLike<number>,
    k: rowCountOf(plan.k, context, 0),
  }
  const column = matrixColumn(plan)
  if (column !== null) {
    const scanned = plan.input as ScanPlan
    const source = context.snapshot.source(scanned.table)
    const view = yield* matrixOf(source, column, context)
    if (view !== null) {
      yield* searchMatrix(plan, source, view, { ...search, context, mode })
      return
    }
  }
  yield* searchBatches(plan, input, search, context)
}

/** Finds the column of a table that a search goes over; `null` where it goes over something else. */
function matrixColumn(plan: NearestPlan): ScanColumn | null {
  if (plan.input.kind !== 'scan') return null
  const column = plan.input.columns.find((candidate) => candidate.id === plan.vector.id)
  return column === undefined || column.access !== undefined ? null : column
}

/** Finds, brings up to date or builds the matrix of a column; `null` where there cannot be one. */
function* matrixOf(
  source: TableSource,
  column: ScanColumn,
  context: ExecutionContext,
): Generator<Step, MatrixView | null, undefined> {
  const { definition, version } = source
  const known = cachedMatrix(definition, column.field)
  if (known?.version === version) return fits(known.matrix.sizeBytes, context) ? known : null
  // The versions of a transaction with writes of its own end with it: a matrix would be used once.
  if (version.includes('+')) return null
  const refreshed = known === null ? null : refresh(known, source, column, context)
  const view = refreshed ?? (yield* build(source, column, context))
  if (view !== null) keepMatrix(definition, column.field, view)
  return view
}

const ROW_ID: ScanColumnRequest = { field: '_row_id', type: types.uint64 }
const CREATED: ScanColumnRequest = { field: '_created', type: types.uint64 }

function* build(
  source: TableSource,
  column: ScanColumn,
  context: ExecutionContext,
): Generator<Step, MatrixView | null, undefined> {
  const { rowCount } = source.statistics()
  const rows: number[] = []
  let matrix: VectorMatrix | null = null
  for (const batch of source.scan({ columns: [requestOf(column), ROW_ID, CREATED], predicates: [] })) {
    const [vectors, rowIds, created] = batch.columns as [Column, Column, Column]
    if (!isNumbers(vectors)) return null
    if (matrix === null) {
      const size = { rowCount, size: vectors.size, precision: precisionOf(vectors.child.type) }
      if (!fits(matrixBytes(size), context)) return null
      matrix = new VectorMatrix(size)
    }
    const [readId, readCreated] = [columnReader(rowIds), columnReader(created)]
    for (let at = 0; at < batchRowCount(batch); at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      if (isNullAt(vectors, index)) continue
      const row = { id: Number(readId(index)), created: Number(readCreated(index)) }
      rows.push(matrix.append(vectors, index, row))
    }
    yield null
  }
  return matrix === null ? null : matrixView(source.version, matrix, Uint32Array.from(rows))
}

/** Appends the rows that a version has beyond an earlier one; `null` where building anew is better. */
function refresh(
  view: MatrixView,
  source: TableSource,
  column: ScanColumn,
  context: ExecutionContext,
): MatrixView | null {
  const { ids, created } = scanIds(source)
  const { matrix } = view
  const rows = matchRows(view, ids, created)
  const fresh = Uint32Array.from(rows.keys()).filter((at) => rows[at] === NEW_ROW)
  const needed = matrix.rowCount + fresh.length
  if (fresh.length > ids.length / 2 || needed > 2 * ids.length + SPARE_ROWS) return null
  const capacity = needed <= matrix.capacity ? matrix.capacity : needed + (needed >> 2) + SPARE_ROWS
  const { size, precision } = matrix
  if (!fits(matrixBytes({ rowCount: capacity, size, precision }), context)) return null
  const [vectors] = source.gather(
    Array.from(fresh, (at) => ids[at] as number),
    [requestOf(column)],
  ).columns as [Column]
  if (fresh.length > 0) {
    if (!isNumbers(vectors) || vectors.size !== size) return null
    matrix.grow(capacity)
    fresh.forEach((at, index) => {
      if (isNullAt(vectors, index)) return
      rows[at] = matrix.append(vectors, index, { id: ids[at] as number, created: created[at] as number })
    })
  }
  return matrixView(source.version, matrix, Uint32Array.from(rows.filter((row) => row !== NEW_ROW)))
}

/** Rows that a matrix has room for beyond those that it needs. */
const SPARE_ROWS = 256

function scanIds(source: TableSource): { readonly ids: Float64Array; readonly created: Float64Array } {
  const { rowCount } = source.statistics()
  const ids = new Float64Array(rowCount)
  const created = new Float64Array(rowCount)
  let count = 0
  for (const batch of source.scan({ columns: [ROW_ID, CREATED], predicates: [] })) {
    const [readId, readCreated] = batch.columns.map(columnReader)
    for (let at = 0; at < batchRowCount(batch); at += 1, count += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      ids[count] = Number(readId?.(index))
      created[count] = Number(readCreated?.(index))
    }
  }
  return { ids: ids.subarray(0, count), created: created.subarray(0, count) }
}

type NumbersColumn = FixedListColumn & { readonly child: ElementColumn }

function isNumbers(column: Column): column is NumbersColumn {
  return (
    column.layout === 'fixed' &&
    (column.child.layout === 'flat' || column.child.layout === 'bit') &&
    column.child.validity === null
  )
}

/** Tells whether a query may hold a matrix. */
function fits(sizeBytes: number, context: ExecutionContext): boolean {
  return sizeBytes <= MATRIX_CACHE_BYTES && hasRoom(context, sizeBytes)
}

type MatrixSearch = Search & { readonly context: ExecutionContext; readonly mode: EvaluationMode }

function* searchMatrix(
  plan: NearestPlan,
  source: TableSource,
  view: MatrixView,
  search: MatrixSearch,
): Steps {
  const scanned = plan.input as ScanPlan
  const { matrix } = view
  checkLength(search.query, matrix.size)
  const isFiltered = scanned.filters.length > 0
  const visible = isFiltered ? yield* selectRows(scanned, view, search) : view.selection
  const selection = nearRows(plan, view, { ...search, visible, isFiltered }) ?? visible
  const options = { k: search.k, metric: plan.metric, selection, count: view.rows.length }
  const best = matrix.nearest(search.query, options)
  if (best.length === 0) return
  const ids = best.map(({ row }) => matrix.rowIds[row] as number)
  const { columns } = source.gather(ids, scanned.columns.map(requestOf))
  yield makeBatch([...columns, distanceColumn(plan, best)], best.length)
}

/** Finds the rows of a matrix that fulfil the filters of a scan, ascending. */
function* selectRows(
  scanned: ScanPlan,
  view: MatrixView,
  search: MatrixSearch,
): Generator<Step, Uint32Array, undefined> {
  const needed = new Set(scanned.filters.flatMap((filter) => [...columnsOf(filter)]))
  const rowId: ScanColumn = { ...planField('_row_id', types.uint64, false), field: '_row_id' }
  const columns = [...scanned.columns.filter((column) => needed.has(column.id)), rowId]
  const narrow = scan(scanned.table, columns, scanned.filters) as ScanPlan
  const rows: number[] = []
  for (const step of runScan(narrow, search.context, { mode: search.mode })) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const read = columnReader(step.columns[columns.length - 1] as Column)
    const count = batchRowCount(step)
    for (let at = 0; at < count; at += 1) {
      const row = view.rowOf(Number(read(step.selection === null ? at : (step.selection[at] as number))))
      if (row >= 0) rows.push(row)
    }
  }
  return Uint32Array.from(rows).sort()
}

function* searchBatches(plan: NearestPlan, input: Steps, search: Search, context: ExecutionContext): Steps {
  const place = placesOf(plan.input.output).get(plan.vector.id) as number
  const parts: { readonly batch: Batch; readonly distances: Float64Array }[] = []
  const found = new TopK(search.k)
  let reserved = 0
  let first = 0
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const part = searchBatch(step, step.columns[place] as Column, { ...search, plan, found, first })
    if (part.distances.length > 0) {
      parts.push(part)
      first += part.distances.length
      const bytes = part.distances.length * BYTES_PER_ROW
      context.reserve(bytes)
      reserved += bytes
    }
    yield null
  }
  const best = found.sorted()
  if (best.length > 0) {
    const rows = Uint32Array.from(best, ({ row }) => row)
    const columns = plan.input.output.map((field, at) =>
      takeColumn(
        concatColumns(
          field.type,
          parts.map((part) => part.batch.columns[at] as Column),
        ),
        rows,
      ),
    )
    yield makeBatch([...columns, distanceColumn(plan, best)], best.length)
  }
  context.release(reserved)
}

/** Estimates what a row that may be among the nearest holds while others are searched. */
const BYTES_PER_ROW = 1024

/** Takes the rows of a batch that are nearer than those found so far, at most k; `first` numbers them on. */
function searchBatch(
  batch: Batch,
  column: Column,
  search: Search & { readonly plan: NearestPlan; readonly found: TopK; readonly first: number },
): { readonly batch: Batch; readonly distances: Float64Array } {
  const { plan, query, k, found, first } = search
  const read = columnReader(column)
  const own = new TopK(k)
  for (let at = 0; at < batchRowCount(batch); at += 1) {
    const index = batch.selection === null ? at : (batch.selection[at] as number)
    const vector = read(index) as ArrayLike<number | bigint | boolean> | null
    if (vector === null) continue
    checkLength(query, vector.length)
    const distance = measures[plan.metric](numbersOf(vector), query)
    if (Number.isFinite(distance) && distance < Math.min(own.threshold, found.threshold))
      own.add(index, distance)
  }
  const kept = own.sorted().sort((left, right) => left.row - right.row)
  const distances = Float64Array.from(kept, (item) => item.distance)
  for (let at = 0; at < kept.length; at += 1) {
    if ((distances[at] as number) < found.threshold) found.add(first + at, distances[at] as number)
  }
  const rows = Uint32Array.from(kept, (item) => item.row)
  return {
    batch: makeBatch(
      batch.columns.map((each) => takeColumn(each, rows)),
      rows.length,
    ),
    distances,
  }
}

function numbersOf(vector: ArrayLike<number | bigint | boolean>): ArrayLike<number> {
  return typeof vector[0] === 'number' ? (vector as ArrayLike<number>) : Array.from(vector, Number)
}

function checkLength(query: ArrayLike<number>, size: number): void {
  if (query.length === size) return
  throw new SheafError(
    'ARGUMENT',
    `The query vector must have as many numbers as the vectors stored: ${query.length} and ${size}`,
  )
}

function distanceColumn(plan: NearestPlan, best: readonly { readonly distance: number }[]): Column {
  return columnFromValues(
    plan.distance.type,
    best.map((item) => item.distance),
  )
}
