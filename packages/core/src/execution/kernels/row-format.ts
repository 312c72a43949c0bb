import { type DataType, Precision, Type } from 'apache-arrow'
import type { Column, NumberArray } from '../../types/column.ts'
import { halfEncodingOf } from '../../types/data-type.ts'
import { brainsToFloats, floatsToBrains, floatsToHalves, halvesToFloats } from '../../types/half.ts'

/** Names how the rows of a matrix are kept: as their elements are, without loss. */
export type RowPrecision = 'f32' | 'f64' | 'f16' | 'bf16' | 'i8' | 'bits'

/** Elements of a row are padded with zeros, which change no measure, to a multiple of these: the step of the kernels. */
const STEPS: Readonly<Record<RowPrecision, { readonly elements: number; readonly bytes: number }>> = {
  f32: { elements: 16, bytes: 64 },
  f64: { elements: 8, bytes: 64 },
  f16: { elements: 16, bytes: 32 },
  bf16: { elements: 16, bytes: 32 },
  i8: { elements: 16, bytes: 16 },
  bits: { elements: 512, bytes: 64 },
}

/** Counts the bytes from one row to the next. */
export function rowStride(precision: RowPrecision, size: number): number {
  const { elements, bytes } = STEPS[precision]
  return Math.ceil(size / elements) * bytes
}

/** Counts the bytes that a query takes: of bits where rows are, else of whole floats. */
export function queryBytes(precision: RowPrecision, size: number): number {
  const { elements } = STEPS[precision]
  const padded = Math.ceil(size / elements) * elements
  if (precision === 'bits') return padded / 8
  return padded * (precision === 'f64' ? 8 : 4)
}

/** Tells how numbers of a type are kept without loss; 64-bit integers round as `number` does. */
export function precisionOf(type: DataType): RowPrecision {
  if (type.typeId === Type.Bool) return 'bits'
  const half = halfEncodingOf(type)
  if (half !== undefined) return half === 'float16' ? 'f16' : 'bf16'
  if (type.typeId === Type.Float)
    return (type as unknown as { precision: Precision }).precision === Precision.DOUBLE ? 'f64' : 'f32'
  const { bitWidth, isSigned } = type as unknown as { bitWidth: number; isSigned: boolean }
  if (bitWidth === 8 && isSigned) return 'i8'
  return bitWidth <= 16 ? 'f32' : 'f64'
}

/** Is where a row stands. */
export type RowPlace = { readonly buffer: ArrayBuffer; readonly address: number; readonly size: number }

/** Is a column of the elements of vectors. */
export type ElementColumn = Extract<Column, { readonly layout: 'flat' | 'bit' }>

/** Writes `size` elements of a column from `start` on; what was in the padding is cleared. */
export function writeRow(
  precision: RowPrecision,
  place: RowPlace,
  column: ElementColumn,
  start: number,
): void {
  const { buffer, address, size } = place
  new Uint8Array(buffer, address, rowStride(precision, size)).fill(0)
  if (column.layout === 'bit') {
    const target = new Uint8Array(buffer, address)
    if (start % 8 === 0) copyBits(target, column.values.subarray(start >> 3), size)
    else
      for (let at = 0; at < size; at += 1)
        if ((((column.values[(start + at) >> 3] as number) >> ((start + at) & 7)) & 1) === 1)
          target[at >> 3] = (target[at >> 3] as number) | (1 << (at & 7))
    return
  }
  const part = column.values.subarray(start, start + size)
  if (precision === 'f16') new Uint16Array(buffer, address, size).set(floatsToHalves(part as Float32Array))
  else if (precision === 'bf16')
    new Uint16Array(buffer, address, size).set(floatsToBrains(part as Float32Array))
  else copyNumbers(numbersAt(precision, place), part)
}

function copyBits(target: Uint8Array, bits: Uint8Array, size: number): void {
  const whole = size >> 3
  target.set(bits.subarray(0, whole))
  if ((size & 7) !== 0) target[whole] = (bits[whole] as number) & ((1 << (size & 7)) - 1)
}

function copyNumbers(target: Float32Array | Float64Array | Int8Array, part: NumberArray): void {
  if (part instanceof BigInt64Array || part instanceof BigUint64Array)
    for (let at = 0; at < part.length; at += 1) target[at] = Number(part[at])
  else target.set(part)
}

function numbersAt(
  precision: RowPrecision,
  { buffer, address, size }: RowPlace,
): Float32Array | Float64Array | Int8Array {
  if (precision === 'f32') return new Float32Array(buffer, address, size)
  return precision === 'f64' ? new Float64Array(buffer, address, size) : new Int8Array(buffer, address, size)
}

/** Reads the elements of a row, bits as 0 and 1. */
export function readRow(precision: RowPrecision, place: RowPlace): ArrayLike<number> {
  const { buffer, address, size } = place
  if (precision === 'f16') return halvesToFloats(new Uint16Array(buffer, address, size))
  if (precision === 'bf16') return brainsToFloats(new Uint16Array(buffer, address, size))
  if (precision !== 'bits') return numbersAt(precision, place)
  const bytes = new Uint8Array(buffer, address, (size + 7) >> 3)
  return Uint8Array.from({ length: size }, (_, at) => ((bytes[at >> 3] as number) >> (at & 7)) & 1)
}

/** Writes a query; false where rows are bits and it is not. */
export function writeQuery(precision: RowPrecision, buffer: ArrayBuffer, query: ArrayLike<number>): boolean {
  const bytes = new Uint8Array(buffer, 0, queryBytes(precision, query.length)).fill(0)
  if (precision === 'f64') new Float64Array(buffer, 0, query.length).set(query)
  else if (precision !== 'bits') new Float32Array(buffer, 0, query.length).set(query)
  else
    for (let at = 0; at < query.length; at += 1) {
      const value = query[at]
      if (value !== 0 && value !== 1) return false
      if (value === 1) bytes[at >> 3] = (bytes[at >> 3] as number) | (1 << (at & 7))
    }
  return true
}
