import type { Metric } from '../../plan/logical-plan.ts'
import type { FixedListColumn, NumberArray } from '../../types/column.ts'
import { assert } from '../../types/errors.ts'
import { distanceWasm } from './distance-wasm.ts'
import { measures } from './measure.ts'
import { TopK } from './top-k.ts'
import { type WasmMemory, wasm } from './web-assembly.ts'

/**
 * A matrix's memory, from address 0: the query, the rows, a result a row, a 32-bit row index a row. The query and each
 * row are padded with zeros, which change no measure, to a multiple of 64 bytes, the step of the kernels.
 */
const STEP_BYTES = 64
const PAGE_BYTES = 65_536

/** Is a kernel: writes a measure of each row against the query to `out`; see `scripts/build-kernels.ts`. */
type Kernel = (rows: number, stride: number, count: number, query: number, out: number, index: number) => void

type KernelName = 'product_f32' | 'squares_f32' | 'product_f64' | 'squares_f64'
type FloatArray = Float32Array | Float64Array

let compiled: object | undefined

function kernels(memory: WasmMemory): Record<KernelName, Kernel> {
  compiled ??= new wasm.Module(Buffer.from(distanceWasm, 'base64'))
  const instance = new wasm.Instance(compiled, { store: { memory } })
  return instance.exports as Record<KernelName, Kernel>
}

/** Says how large a matrix is. */
export type MatrixSize = {
  readonly rowCount: number
  readonly size: number
  readonly precision: 'f32' | 'f64'
}

/** Counts the bytes of a matrix. */
export function matrixBytes({ rowCount, size, precision }: MatrixSize): number {
  const itemBytes = precision === 'f32' ? 4 : 8
  const stride = Math.ceil((size * itemBytes) / STEP_BYTES) * STEP_BYTES
  return stride * (rowCount + 1) + rowCount * (itemBytes + 4 + 24)
}

/** Tells in which precision the elements of an array are kept without loss; 64-bit integers round as `number` does. */
export function precisionOf(values: NumberArray): 'f32' | 'f64' {
  const wide =
    values instanceof Float64Array ||
    values instanceof Int32Array ||
    values instanceof Uint32Array ||
    values instanceof BigInt64Array ||
    values instanceof BigUint64Array
  return wide ? 'f64' : 'f32'
}

/**
 * Holds vectors of one length in WebAssembly memory and finds the nearest of them. Rows are appended and never change,
 * so that what a search over earlier rows sees stays as it is.
 */
export class VectorMatrix {
  readonly size: number
  readonly precision: 'f32' | 'f64'
  /** The id of each row, and the commit that wrote it. */
  rowIds: Float64Array
  created: Float64Array
  readonly #itemBytes: number
  readonly #stride: number
  readonly #memory: WasmMemory
  readonly #kernels: Record<KernelName, Kernel>
  /** 1 / norm of each row, 0 for a row of zeros; made by searches by cosine for the rows that there are. */
  #inverseNorms: Float64Array = new Float64Array(0)
  #normCount = 0
  #count = 0

  constructor(matrix: MatrixSize) {
    this.size = matrix.size
    this.precision = matrix.precision
    this.#itemBytes = matrix.precision === 'f32' ? 4 : 8
    this.#stride = Math.ceil((matrix.size * this.#itemBytes) / STEP_BYTES) * STEP_BYTES
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
    const bytes = this.#stride * (capacity + 1) + capacity * (this.#itemBytes + 4)
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
    const { size } = this
    const number = this.#count
    assert(number < this.capacity, 'a matrix has no room for another row')
    const values = (column.child as { readonly values: NumberArray }).values
    const part = values.subarray(index * size, (index + 1) * size)
    // Results of searches before the matrix grew may stand where the padding is.
    const target = this.#floats(this.#stride * (number + 1), this.#stride / this.#itemBytes)
    target.fill(0, size)
    if (part instanceof BigInt64Array || part instanceof BigUint64Array)
      for (let at = 0; at < size; at += 1) target[at] = Number(part[at])
    else target.set(part as Float64Array)
    this.rowIds[number] = row.id
    this.created[number] = row.created
    this.#count += 1
    return number
  }

  #row(row: number): FloatArray {
    return this.#floats(this.#stride * (row + 1), this.size)
  }

  #floats(address: number, length: number): FloatArray {
    const { buffer } = this.#memory
    return this.precision === 'f32'
      ? new Float32Array(buffer, address, length)
      : new Float64Array(buffer, address, length)
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
    if (!hasKernel(metric)) return this.#measureAll(query, search, count)
    const rough = this.#rough(query, metric, selection, count)
    const found = new TopK(Math.min(count, k + MARGIN + (k >> 3)))
    const exact = (row: number) => measures[metric](this.#row(row), query)
    const scales = metric === 'cosine' ? this.#scales() : null
    // A measure m becomes the distance base + factor * m, by cosine with the row's own factor beside it.
    const base = metric === 'l2' ? 0 : 1
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
      .sort((left, right) => left.distance - right.distance || left.row - right.row)
      .slice(0, k)
  }

  /** Measures row after row, for metrics that there is no kernel of. */
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

  /** Gives 1 / norm of each row. */
  #scales(): Float64Array {
    if (this.#inverseNorms.length < this.#count)
      this.#inverseNorms = longer(this.#inverseNorms, this.capacity)
    for (; this.#normCount < this.#count; this.#normCount += 1)
      this.#inverseNorms[this.#normCount] = inverseNorm(this.#row(this.#normCount))
    return this.#inverseNorms
  }

  /** Runs the kernel: products, or squares of differences (which sort as their roots do). */
  #rough(query: ArrayLike<number>, metric: Metric, selection: Uint32Array | null, count: number): FloatArray {
    const out = this.#stride * (this.capacity + 1)
    const index = out + this.capacity * this.#itemBytes
    this.#floats(0, this.size).set(query)
    if (selection !== null) new Uint32Array(this.#memory.buffer, index, count).set(selection)
    const name: KernelName = `${metric === 'l2' ? 'squares' : 'product'}_${this.precision}`
    this.#kernels[name](this.#stride, this.#stride, count, 0, out, selection === null ? 0 : index)
    return this.#floats(out, count)
  }
}

function hasKernel(metric: Metric): boolean {
  return metric === 'l2' || metric === 'dot' || metric === 'cosine'
}

function longer(array: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length)
  longer.set(array)
  return longer
}

/** Rows found beyond k, for those that rounding puts out of order. */
const MARGIN = 16

function inverseNorm(vector: ArrayLike<number>): number {
  let total = 0
  for (let at = 0; at < vector.length; at += 1) total += (vector[at] as number) ** 2
  return total === 0 ? 0 : 1 / Math.sqrt(total)
}

/** Offers a row whose measure left the range of its precision; where that is not finite either it is not ranked. */
function offer(found: TopK, row: number, distance: number): void {
  if (Number.isFinite(distance) && distance < found.threshold) found.add(row, distance)
}
