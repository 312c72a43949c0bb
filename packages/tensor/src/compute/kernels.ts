import { arrayWasm } from './array-wasm.ts'

/** Is elements that are computed with: in single or in double precision. */
export type Floats = Float32Array | Float64Array

/** Is the memory of a WebAssembly instance; `buffer` is another object once it has grown. */
type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number }

/** Is what is used of WebAssembly, which Node has and its type declarations leave to those of browsers. */
type WasmApi = {
  readonly Memory: new (options: { readonly initial: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

type Kernels = Readonly<Record<string, (...args: number[]) => number>>

const PAGE_BYTES = 65_536
/** Kernels read and write whole steps of this many bytes. */
const STEP_BYTES = 64
/** Arrays pass through the kernels' memory in parts that stay in the cache. */
const PART_BYTES = 1 << 18
/** Rows of a left matrix that are at hand at once take at most this much. */
const ROWS_BYTES = 1 << 25

let loaded: { readonly memory: WasmMemory; readonly kernels: Kernels } | undefined

function load(bytes: number): { readonly buffer: ArrayBuffer; readonly kernels: Kernels } {
  if (loaded === undefined) {
    const { Memory, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WasmApi })
      .WebAssembly
    const memory = new Memory({ initial: Math.ceil((3 * PART_BYTES) / PAGE_BYTES) })
    const module = new Module(Buffer.from(arrayWasm, 'base64'))
    const { exports } = new Instance(module, { store: { memory } })
    loaded = { memory, kernels: exports as Kernels }
  }
  const missing = Math.ceil((bytes - loaded.memory.buffer.byteLength) / PAGE_BYTES)
  if (missing > 0) loaded.memory.grow(missing)
  return { buffer: loaded.memory.buffer, kernels: loaded.kernels }
}

function viewOf(like: Floats, buffer: ArrayBuffer, address: number, length: number): Floats {
  return like instanceof Float32Array
    ? new Float32Array(buffer, address, length)
    : new Float64Array(buffer, address, length)
}

const suffixOf = (values: Floats): string => (values instanceof Float32Array ? 'f32' : 'f64')

const stepped = (bytes: number): number => Math.ceil(bytes / STEP_BYTES) * STEP_BYTES

/** Sums up elements from `start` up to `end`, in double precision. */
export function sumOf(values: Floats, start: number, end: number): number {
  return folded('sum', values, values, start, end)
}

/** Sums up the products of the elements of two arrays of one precision, in double precision. */
export function dotOf(left: Floats, right: Floats, start: number, end: number): number {
  return folded('dot', left, right, start, end)
}

function folded(name: 'sum' | 'dot', left: Floats, right: Floats, start: number, end: number): number {
  const { buffer, kernels } = load(2 * PART_BYTES)
  const kernel = kernels[`${name}_${suffixOf(left)}`] as (a: number, b: number, bytes: number) => number
  const itemBytes = left.BYTES_PER_ELEMENT
  const part = PART_BYTES / itemBytes
  const [a, b] = [viewOf(left, buffer, 0, part), viewOf(left, buffer, PART_BYTES, part)]
  let total = 0
  for (let at = start; at < end; at += part) {
    const count = Math.min(part, end - at)
    const bytes = stepped(count * itemBytes)
    a.set(left.subarray(at, at + count))
    a.fill(0, count, bytes / itemBytes)
    if (name === 'dot') {
      b.set(right.subarray(at, at + count))
      b.fill(0, count, bytes / itemBytes)
    }
    total += kernel(0, PART_BYTES, bytes)
  }
  return total
}

/** Names the arithmetic that there are kernels of. */
export type ArithmeticName = 'add' | 'sub' | 'mul' | 'div'

/** Computes element by element over two arrays of one precision and length, or over one and a number. */
export function arithmetic(
  name: ArithmeticName,
  left: Floats | number,
  right: Floats | number,
  result: Floats,
): void {
  const { buffer, kernels } = load(3 * PART_BYTES)
  const sides = typeof left === 'number' ? 'sv' : typeof right === 'number' ? 'vs' : 'vv'
  const kernel = kernels[`${name}_${suffixOf(result)}_${sides}`] as (...args: number[]) => number
  const itemBytes = result.BYTES_PER_ELEMENT
  const part = PART_BYTES / itemBytes
  const places = [0, PART_BYTES, 2 * PART_BYTES].map((address) => viewOf(result, buffer, address, part))
  const [a, b, out] = places as [Floats, Floats, Floats]
  const scalar = typeof left === 'number' ? left : typeof right === 'number' ? right : 0
  for (let at = 0; at < result.length; at += part) {
    const count = Math.min(part, result.length - at)
    if (typeof left !== 'number') a.set(left.subarray(at, at + count))
    if (typeof right !== 'number') b.set(right.subarray(at, at + count))
    kernel(0, PART_BYTES, scalar, 2 * PART_BYTES, stepped(count * itemBytes))
    result.set(count === part ? out : out.subarray(0, count), at)
  }
}

const ROWS_A_STEP = 4
const VECTOR_BYTES = 16
const PANEL_VECTORS = 2

/** Is sizes of matrices of `[rows, inner]` and `[inner, columns]`. */
export type ProductSize = { readonly rows: number; readonly inner: number; readonly columns: number }

/** Places of the inner axis that are multiplied at once. */
const MOST_INNER = 1 << 16

/** Multiplies two matrices of one precision: a few columns of the right one at a time, beside which rows stay in the cache. */
export function product(left: Floats, right: Floats, result: Floats, size: ProductSize): void {
  const { rows, inner, columns } = size
  if (rows === 1 && columns === 1) {
    result[0] = dotOf(left, right, 0, inner)
    return
  }
  result.fill(0)
  for (let from = 0; from < inner; from += MOST_INNER)
    addProduct(left, right, result, { rows, inner, columns, from, depth: Math.min(MOST_INNER, inner - from) })
}

/** Adds the product over some places of the inner axis. */
function addProduct(
  left: Floats,
  right: Floats,
  result: Floats,
  size: ProductSize & { readonly from: number; readonly depth: number },
): void {
  const { rows, inner, columns, from, depth } = size
  const itemBytes = result.BYTES_PER_ELEMENT
  const width = (PANEL_VECTORS * VECTOR_BYTES) / itemBytes
  const most = Math.max(ROWS_A_STEP, Math.floor(ROWS_BYTES / (itemBytes * depth)))
  const block = Math.min(most - (most % ROWS_A_STEP), Math.ceil(rows / ROWS_A_STEP) * ROWS_A_STEP)
  const panelAt = stepped(block * depth * itemBytes)
  const outAt = panelAt + stepped(depth * width * itemBytes)
  const { buffer, kernels } = load(outAt + block * width * itemBytes)
  const kernel = kernels[`panel_${suffixOf(result)}`] as (...args: number[]) => number
  const a = viewOf(result, buffer, 0, block * depth)
  const panel = viewOf(result, buffer, panelAt, depth * width)
  const out = viewOf(result, buffer, outAt, block * width)
  for (let first = 0; first < rows; first += block) {
    const count = Math.min(block, rows - first)
    for (let row = 0; row < count; row += 1) {
      const start = (first + row) * inner + from
      a.set(left.subarray(start, start + depth), row * depth)
    }
    for (let column = 0; column < columns; column += width) {
      const wide = Math.min(width, columns - column)
      packPanel(right, panel, { depth, columns, start: from * columns + column, wide, width })
      kernel(0, panelAt, outAt, Math.ceil(count / ROWS_A_STEP) * ROWS_A_STEP, depth, width * itemBytes)
      for (let row = 0; row < count; row += 1) {
        const to = (first + row) * columns + column
        for (let at = 0; at < wide; at += 1)
          result[to + at] = (result[to + at] as number) + (out[row * width + at] as number)
      }
    }
  }
}

function packPanel(
  right: Floats,
  panel: Floats,
  part: {
    readonly depth: number
    readonly columns: number
    readonly start: number
    readonly wide: number
    readonly width: number
  },
): void {
  const { depth, columns, start, wide, width } = part
  if (wide < width) panel.fill(0)
  for (let row = 0; row < depth; row += 1)
    for (let at = 0; at < wide; at += 1) panel[row * width + at] = right[start + row * columns + at] as number
}
