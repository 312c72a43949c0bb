import type { ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import type { ScanColumnRequest, TableSource } from '../../catalog/table-source.ts'
import { columnsOf } from '../../expression/build.ts'
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
import { isSheafError, SheafError } from '../../types/errors.ts'
import { takeColumn } from '../../types/take.ts'
import type { EvaluationMode } from '../expression/evaluate.ts'
import { evaluateConstant, placesOf } from '../expression/interpret.ts'
import { cachedMatrix, keepMatrix, MATRIX_CACHE_BYTES } from '../kernels/matrix-cache.ts'
import { measures } from '../kernels/measure.ts'
import { TopK } from '../kernels/top-k.ts'
import { matrixBytes, precisionOf, VectorMatrix } from '../kernels/vector-matrix.ts'
import { rowCountOf } from './limit.ts'
import { requestOf, runScan } from './scan.ts'
import { isBatch } from './steps.ts'

type Search = { readonly query: ArrayLike<number>; readonly k: number }

/**
 * Gives the k rows whose vector is nearest to the query's, nearest first; rows without a vector, or whose distance is
 * not finite, are left out. Over a table the vectors are copied once a version into WebAssembly memory and searched by
 * its kernels; the other columns are read for the rows found only. Over anything else, inside a transaction's own
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
    const matrix = yield* matrixOf(source, column, context)
    if (matrix !== null) {
      yield* searchMatrix(plan, source, matrix, { ...search, context, mode })
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

/** Finds or builds the matrix of a column; `null` where there cannot be one. */
function* matrixOf(
  source: TableSource,
  column: ScanColumn,
  context: ExecutionContext,
): Generator<Step, VectorMatrix | null, undefined> {
  const { definition, version } = source
  const known = cachedMatrix(definition, column.field, version)
  if (known !== undefined) return fits(known.sizeBytes, context) ? known : null
  // The versions of a transaction with writes of its own end with it: a matrix would be used once.
  if (version.includes('+')) return null
  const { rowCount } = source.statistics()
  const request: ScanColumnRequest[] = [requestOf(column), { field: '_row_id', type: types.uint64 }]
  let matrix: VectorMatrix | null = null
  for (const batch of source.scan({ columns: request, predicates: [] })) {
    const [vectors, rowIds] = batch.columns as [Column, Column]
    if (!isNumbers(vectors)) return null
    const precision = precisionOf(vectors.child.values)
    if (matrix === null) {
      const size = { rowCount, size: vectors.size, precision }
      if (!fits(matrixBytes(size), context)) return null
      matrix = new VectorMatrix(size)
    }
    appendRows(matrix, batch, vectors, columnReader(rowIds))
    yield null
  }
  if (matrix !== null) keepMatrix(definition, column.field, version, matrix)
  return matrix
}

type NumbersColumn = FixedListColumn & { readonly child: Extract<Column, { readonly layout: 'flat' }> }

function isNumbers(column: Column): column is NumbersColumn {
  return column.layout === 'fixed' && column.child.layout === 'flat' && column.child.validity === null
}

/** Tells whether a query may hold a matrix. */
function fits(sizeBytes: number, context: ExecutionContext): boolean {
  if (sizeBytes > MATRIX_CACHE_BYTES) return false
  try {
    context.reserve(sizeBytes)
    return true
  } catch (error) {
    if (!isSheafError(error, 'MEMORY_LIMIT')) throw error
    return false
  } finally {
    context.release(sizeBytes)
  }
}

function appendRows(
  matrix: VectorMatrix,
  batch: Batch,
  vectors: NumbersColumn,
  readId: (index: number) => unknown,
): void {
  const count = batchRowCount(batch)
  for (let at = 0; at < count; at += 1) {
    const index = batch.selection === null ? at : (batch.selection[at] as number)
    if (!isNullAt(vectors, index)) matrix.append(vectors, index, Number(readId(index)))
  }
}

type MatrixSearch = Search & { readonly context: ExecutionContext; readonly mode: EvaluationMode }

function* searchMatrix(
  plan: NearestPlan,
  source: TableSource,
  matrix: VectorMatrix,
  search: MatrixSearch,
): Steps {
  const scanned = plan.input as ScanPlan
  checkLength(search.query, matrix.size)
  const selection = scanned.filters.length === 0 ? null : yield* selectRows(scanned, matrix, search)
  const { metric } = plan
  const best = matrix.nearest(search.query, { k: search.k, metric, selection })
  if (best.length === 0) return
  const ids = best.map(({ row }) => matrix.rowIds[row] as number)
  const { columns } = source.gather(ids, scanned.columns.map(requestOf))
  yield makeBatch([...columns, distanceColumn(plan, best)], best.length)
}

/** Finds the rows of a matrix that fulfil the filters of a scan, ascending. */
function* selectRows(
  scanned: ScanPlan,
  matrix: VectorMatrix,
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
      const row = matrix.rowOf(Number(read(step.selection === null ? at : (step.selection[at] as number))))
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
    const vector = read(index) as ArrayLike<number | bigint> | null
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

function numbersOf(vector: ArrayLike<number | bigint>): ArrayLike<number> {
  return typeof vector[0] === 'bigint' ? Array.from(vector, Number) : (vector as ArrayLike<number>)
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
