import type { Metric } from '../../plan/logical-plan.ts'
import type { FixedListColumn } from '../../types/column.ts'
import { assert } from '../../types/errors.ts'
import { distanceWasm } from './distance-wasm.ts'
import { measures } from './measure.ts'
import {
  type ElementColumn,
  queryBytes,
  type RowPlace,
  type RowPrecision,
  readRow,
  rowStride,
  writeQuery,
  writeRow,
} from './row-format.ts'
import { TopK } from './top-k.ts'
import { type WasmMemory, wasm } from './web-assembly.ts'

/** A matrix's memory, from address 0: the query, the rows, a result a row, a 32-bit row index a row. */
const PAGE_BYTES = 65_536

/** Is a kernel: writes a measure of each row against the query to `out`; see `scripts/build-kernels.ts`. */
type Kernel = (rows: number, stride: number, count: number, query: number, out: number, index: number) => void

type FloatArray = Float32Array | Float64Array

let compiled: object | undefined

function kernels(memory: WasmMemory): Readonly<Record<string, Kernel | undefined>> {
  compiled ??= new wasm.Module(Buffer.from(distanceWasm, 'base64'))
  const instance = new wasm.Instance(compiled, { store: { memory } })
  return instance.exports as Readonly<Record<string, Kernel | undefined>>
}

/** Names the kernel that a metric is computed by. */
const KERNELS: Readonly<Record<Metric, string>> = {
  cosine: 'product',
  dot: 'product',
  l2: 'squares',
  l1: 'differences',
  hamming: 'unequal',
  jaccard: 'both',
}

/** Says how large a matrix is. */
export type MatrixSize = {
  readonly rowCount: number
  readonly size: number
  readonly precision: RowPrecision
}

/** Counts the bytes of a matrix. */
export function matrixBytes({ rowCount, size, precision }: MatrixSize): number {
  const perRow = rowStride(precision, size) + resultBytes(precision) + 4 + 24
  return queryBytes(precision, size) + rowCount * perRow
}

function resultBytes(precision: RowPrecision): number {
  return precision === 'f64' ? 8 : 4
}

/**
 * Holds vectors of one length in WebAssembly memory and finds the nearest of them. Rows are appended and never change,
 * so that what a search over earlier rows sees stays as it is.
 */
export class VectorMatrix {
  readonly size: number
  readonly precision: RowPrecision
  /** The id of each row, and the commit that wrote it. */
  rowIds: Float64Array
  created: Float64Array
  readonly #resultBytes: number
  readonly #rowsStart: number
  readonly #stride: number
  readonly #memory: WasmMemory
  readonly #kernels: Readonly<Record<string, Kernel | undefined>>
  readonly #inverseNorms = new RowFigures(inverseNorm)
  readonly #nonZeros = new RowFigures(countNonZero)
  #count = 0

  constructor(matrix: MatrixSize) {
    this.size = matrix.size
    this.precision = matrix.precision
    this.#resultBytes = resultBytes(matrix.precision)
    this.#stride = rowStride(matrix.precision, matrix.size)
    this.#rowsStart = queryBytes(matrix.precision, matrix.size)
    this.rowIds = new Float64Array(matrix.rowCount)
    this.created = new Float64Array(matrix.rowCount)
    this.#memory = new wasm.Memory({ initial: this.#pages(matrix.rowCount) })
    this.#kernels = kernels(this.#memory)
  }

  get rowCount(): number {
    return this.#count
  }

  /** Counts the rows that there is room for. */
  get capacity(): number {
    return this.rowIds.length
  }

  get sizeBytes(): number {
    return matrixBytes({ rowCount: this.capacity, size: this.size, precision: this.precision })
  }

  #pages(capacity: number): number {
    const bytes = this.#rowsStart + capacity * (this.#stride + this.#resultBytes + 4)
    return Math.max(1, Math.ceil(bytes / PAGE_BYTES))
  }

  /** Makes room for more rows. Results and indexes stand behind the rows and are written anew by each search. */
  grow(capacity: number): void {
    if (capacity <= this.capacity) return
    const missing = this.#pages(capacity) - this.#memory.buffer.byteLength / PAGE_BYTES
    if (missing > 0) this.#memory.grow(missing)
    this.rowIds = longer(this.rowIds, capacity)
    this.created = longer(this.created, capacity)
  }

  /** Appends a row of a column of lists of numbers, for which there is room; gives its number. */
  append(
    column: FixedListColumn,
    index: number,
    row: { readonly id: number; readonly created: number },
  ): number {
    const number = this.#count
    assert(number < this.capacity, 'a matrix has no room for another row')
    // Results of searches before the matrix grew may stand where the row will be.
    writeRow(this.precision, this.#place(number), column.child as ElementColumn, index * this.size)
    this.rowIds[number] = row.id
    this.created[number] = row.created
    this.#count += 1
    return number
  }

  #place(row: number): RowPlace {
    const address = this.#rowsStart + this.#stride * row
    return { buffer: this.#memory.buffer, address, size: this.size }
  }

  #row(row: number): ArrayLike<number> {
    return readRow(this.precision, this.#place(row))
  }

  /**
   * Finds the k nearest rows, nearest first, among those that `selection` names in ascending order, or
   * the first `count`, or all. The kernel
   * finds somewhat more than k in the precision of the elements; of these the k are found in double precision.
   */
  nearest(
    query: ArrayLike<number>,
    search: {
      readonly k: number
      readonly metric: Metric
      readonly selection: Uint32Array | null
      readonly count?: number
    },
  ): { readonly row: number; readonly distance: number }[] {
    const { k, metric, selection } = search
    const count = selection?.length ?? search.count ?? this.#count
    const rough = this.#rough(query, metric, selection, count)
    if (rough === null) return this.#measureAll(query, search, count)
    const found = new TopK(Math.min(count, k + MARGIN + (k >> 3)))
    const exact = (row: number) => measures[metric](this.#row(row), query)
    const scales = metric === 'cosine' ? this.#inverseNorms.of(this) : null
    if (metric === 'jaccard') this.#jaccard(rough, query, selection, count)
    // A measure m becomes the distance base + factor * m, by cosine with the row's own factor beside it.
    const base = metric === 'dot' || metric === 'cosine' ? 1 : 0
    const factor = metric === 'cosine' ? -inverseNorm(query) : metric === 'dot' ? -1 : 1
    let { threshold } = found
    for (let at = 0; at < count; at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      const scale = scales === null ? factor : factor * (scales[row] as number)
      const distance = base + scale * (rough[at] as number)
      if (distance >= threshold && distance !== Number.POSITIVE_INFINITY) continue
      if (Number.isFinite(distance)) found.add(row, distance)
      else offer(found, row, metric === 'l2' ? exact(row) ** 2 : exact(row))
      threshold = found.threshold
    }
    return found
      .sorted()
      .map(({ row }) => ({ row, distance: exact(row) }))
      .filter(({ distance }) => Number.isFinite(distance))
      .sort((left, right) => left.distance - right.distance || left.row - right.row)
      .slice(0, k)
  }

  /** Makes distances of the counts of elements that are not 0 in a row and the query. */
  #jaccard(both: FloatArray, query: ArrayLike<number>, selection: Uint32Array | null, count: number): void {
    const nonZeros = this.#nonZeros.of(this)
    const own = countNonZero(query)
    for (let at = 0; at < count; at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      const either = own + (nonZeros[row] as number) - (both[at] as number)
      both[at] = either === 0 ? 0 : 1 - (both[at] as number) / either
    }
  }

  /** Measures row after row, where there is no kernel for the rows and the query. */
  #measureAll(
    query: ArrayLike<number>,
    { k, metric, selection }: { k: number; metric: Metric; selection: Uint32Array | null },
    count: number,
  ): { readonly row: number; readonly distance: number }[] {
    const found = new TopK(Math.min(count, k))
    const numbers = Float64Array.from(query)
    for (let at = 0; at < count; at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      offer(found, row, measures[metric](this.#row(row), numbers))
    }
    return [...found.sorted()]
  }

  /** Copies rows, one after the other. */
  copyRows(from: number, to: number): Float32Array {
    const copied = new Float32Array((to - from) * this.size)
    for (let row = from; row < to; row += 1) copied.set(this.#row(row), (row - from) * this.size)
    return copied
  }

  /** Reads the elements of a row. */
  rowAt(row: number): ArrayLike<number> {
    return this.#row(row)
  }

  /** Runs the kernel; `null` where there is none: squares of differences sort as their roots do. */
  #rough(
    query: ArrayLike<number>,
    metric: Metric,
    selection: Uint32Array | null,
    count: number,
  ): FloatArray | null {
    const kernel = this.#kernels[`${KERNELS[metric]}_${this.precision}`]
    // What is compared for equality must not be rounded.
    const isExact = this.precision === 'f64' || !(metric === 'hamming' || metric === 'jaccard')
    if (!isExact && !Array.prototype.every.call(query, (value) => Math.fround(value) === value)) return null
    if (kernel === undefined || !writeQuery(this.precision, this.#memory.buffer, query)) return null
    const out = this.#rowsStart + this.#stride * this.capacity
    const index = out + this.capacity * this.#resultBytes
    if (selection !== null) new Uint32Array(this.#memory.buffer, index, count).set(selection)
    kernel(this.#rowsStart, this.#stride, count, 0, out, selection === null ? 0 : index)
    const { buffer } = this.#memory
    return this.precision === 'f64'
      ? new Float64Array(buffer, out, count)
      : new Float32Array(buffer, out, count)
  }
}

/** Keeps a figure of each row, made for the rows that there are when it is first needed. */
class RowFigures {
  readonly #figure: (row: ArrayLike<number>) => number
  #figures: Float64Array = new Float64Array(0)
  #count = 0

  constructor(figure: (row: ArrayLike<number>) => number) {
    this.#figure = figure
  }

  of(matrix: VectorMatrix): Float64Array {
    if (this.#figures.length < matrix.rowCount) this.#figures = longer(this.#figures, matrix.capacity)
    for (; this.#count < matrix.rowCount; this.#count += 1)
      this.#figures[this.#count] = this.#figure(matrix.rowAt(this.#count))
    return this.#figures
  }
}

function longer(array: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length)
  longer.set(array)
  return longer
}

/** Rows found beyond k, for those that rounding puts out of order. */
const MARGIN = 16

/** Gives 1 / norm of a vector, 0 for one of zeros. */
function inverseNorm(vector: ArrayLike<number>): number {
  let total = 0
  for (let at = 0; at < vector.length; at += 1) total += (vector[at] as number) ** 2
  return total === 0 ? 0 : 1 / Math.sqrt(total)
}

/** Offers a row whose measure left the range of its precision; where that is not finite either it is not ranked. */
function offer(found: TopK, row: number, distance: number): void {
  if (Number.isFinite(distance) && distance < found.threshold) found.add(row, distance)
}

function countNonZero(vector: ArrayLike<number>): number {
  let count = 0
  for (let at = 0; at < vector.length; at += 1) if (vector[at] !== 0) count += 1
  return count
}
