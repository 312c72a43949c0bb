import {
  type BytesColumn,
  boxedColumn,
  type Column,
  type DictionaryColumn,
  type FlatColumn,
  type NumberArray,
  type Validity,
} from './column.ts'
import { loopFor } from './typed-loop.ts'
import type { Value } from './value.ts'

/** Marks, in the indexes of {@link takeColumn}, a row that is null because nothing stands there. */
export const MISSING = 0xffffffff

/** Copies rows of a column in the order of their indexes; {@link MISSING} gives null where `withMissing` is set. */
export function takeColumn(column: Column, indexes: Uint32Array, withMissing = false): Column {
  const length = indexes.length
  switch (column.layout) {
    case 'flat':
      return {
        ...column,
        length,
        validity: takeValidity(column.validity, indexes, withMissing),
        values: takeNumbers(column, indexes),
      }
    case 'bit':
      return {
        ...column,
        length,
        validity: takeValidity(column.validity, indexes, withMissing),
        values: takeBits(column.values, indexes),
      }
    case 'dictionary':
      return {
        ...column,
        length,
        validity: takeValidity(column.validity, indexes, withMissing),
        codes: takeCodes(column, indexes),
      }
    case 'bytes':
      return takeBytes(column, indexes, withMissing)
    case 'boxed': {
      const values = new Array<Value>(length)
      for (let index = 0; index < length; index += 1)
        values[index] = column.values[indexes[index] as number] ?? null
      return boxedColumn(column.type, values)
    }
    case 'struct':
      return {
        ...column,
        length,
        validity: takeValidity(column.validity, indexes, withMissing),
        children: column.children.map((child) => takeColumn(child, indexes, withMissing)),
      }
    case 'list': {
      const { offsets, items } = listIndexes(column.offsets, indexes)
      return {
        ...column,
        length,
        validity: takeValidity(column.validity, indexes, withMissing),
        offsets,
        child: takeColumn(column.child, items),
      }
    }
    case 'fixed': {
      const { size } = column
      const items = new Uint32Array(length * size)
      for (let index = 0; index < length; index += 1) {
        const at = indexes[index] as number
        for (let item = 0; item < size; item += 1)
          items[index * size + item] = at === MISSING ? 0 : at * size + item
      }
      return {
        ...column,
        length,
        validity: takeValidity(column.validity, indexes, withMissing),
        child: takeColumn(column.child, items),
      }
    }
  }
}

function takeValidity(validity: Validity, indexes: Uint32Array, withMissing: boolean): Validity {
  if (validity === null && !withMissing) return null
  const length = indexes.length
  const bits = new Uint8Array((length + 7) >> 3)
  for (let index = 0; index < length; index += 1) {
    const at = indexes[index] as number
    if (at === MISSING) continue
    if (validity === null || ((validity[at >> 3] as number) >> (at & 7)) & 1)
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7))
  }
  return bits
}

function takeNumbers(column: FlatColumn, indexes: Uint32Array): NumberArray {
  const { values } = column
  const taken = new (values.constructor as new (length: number) => NumberArray)(indexes.length)
  const copy = loopFor(copyNumbers, values)
  copy(values as Float64Array, taken as Float64Array, indexes)
  return taken
}

function copyNumbers(from: Float64Array, to: Float64Array, indexes: Uint32Array): void {
  const size = from.length
  const count = indexes.length
  for (let index = 0; index < count; index += 1) {
    const at = indexes[index] as number
    if (at < size) to[index] = from[at] as number
  }
}

function takeCodes(column: DictionaryColumn, indexes: Uint32Array): DictionaryColumn['codes'] {
  const { codes } = column
  const taken = new (codes.constructor as new (length: number) => Float64Array)(indexes.length)
  const copy = loopFor(copyNumbers, codes)
  copy(codes as unknown as Float64Array, taken, indexes)
  return taken as unknown as DictionaryColumn['codes']
}

function takeBits(values: Uint8Array, indexes: Uint32Array): Uint8Array {
  const bits = new Uint8Array((indexes.length + 7) >> 3)
  for (let index = 0; index < indexes.length; index += 1) {
    const at = indexes[index] as number
    if (at !== MISSING && ((values[at >> 3] as number) >> (at & 7)) & 1)
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7))
  }
  return bits
}

function takeBytes(column: BytesColumn, indexes: Uint32Array, withMissing: boolean): BytesColumn {
  const length = indexes.length
  const offsets = new Int32Array(length + 1)
  let sizeBytes = 0
  for (let index = 0; index < length; index += 1) {
    const at = indexes[index] as number
    if (at !== MISSING) sizeBytes += (column.offsets[at + 1] as number) - (column.offsets[at] as number)
    offsets[index + 1] = sizeBytes
  }
  const data = new Uint8Array(sizeBytes)
  copyTexts(column, indexes, offsets, data)
  return { ...column, length, validity: takeValidity(column.validity, indexes, withMissing), offsets, data }
}

/** Values that stand side by side in the source are copied at once. */
function copyTexts(
  { offsets: from, data: source }: BytesColumn,
  indexes: Uint32Array,
  offsets: Int32Array,
  data: Uint8Array,
): void {
  const count = indexes.length
  for (let index = 0; index < count; ) {
    const at = indexes[index] as number
    const first = index
    index += 1
    if (at === MISSING) continue
    let last = at
    while (index < count && indexes[index] === last + 1) {
      last += 1
      index += 1
    }
    const start = from[at] as number
    const end = from[last + 1] as number
    const place = offsets[first] as number
    if (end - start > BLOCK_BYTES) data.set(source.subarray(start, end), place)
    else for (let byte = start; byte < end; byte += 1) data[place + byte - start] = source[byte] as number
  }
}

/** Fewer bytes are copied one by one: a call costs more. */
const BLOCK_BYTES = 64

function listIndexes(
  offsets: Int32Array,
  indexes: Uint32Array,
): { readonly offsets: Int32Array; readonly items: Uint32Array } {
  const taken = new Int32Array(indexes.length + 1)
  let count = 0
  for (let index = 0; index < indexes.length; index += 1) {
    const at = indexes[index] as number
    if (at !== MISSING) count += (offsets[at + 1] as number) - (offsets[at] as number)
    taken[index + 1] = count
  }
  const items = new Uint32Array(count)
  let place = 0
  for (let index = 0; index < indexes.length; index += 1) {
    const at = indexes[index] as number
    if (at === MISSING) continue
    for (let item = offsets[at] as number; item < (offsets[at + 1] as number); item += 1) {
      items[place] = item
      place += 1
    }
  }
  return { offsets: taken, items }
}

/** Gives the first rows of a column without copying its buffers. */
export function headColumn(column: Column, length: number): Column {
  if (length === column.length) return column
  switch (column.layout) {
    case 'flat':
      return { ...column, length, values: column.values.subarray(0, length) }
    case 'dictionary':
      return { ...column, length, codes: column.codes.subarray(0, length) }
    case 'bytes':
    case 'list':
      return { ...column, length, offsets: column.offsets.subarray(0, length + 1) }
    case 'boxed':
      return boxedColumn(column.type, column.values.slice(0, length))
    case 'fixed':
      return { ...column, length, child: headColumn(column.child, length * column.size) }
    case 'struct':
      return { ...column, length, children: column.children.map((child) => headColumn(child, length)) }
    case 'bit':
      return { ...column, length }
  }
}
