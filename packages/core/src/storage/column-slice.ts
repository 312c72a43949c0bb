import { boxedColumn, type Column, type Validity } from '../types/column.ts'

/** Gives rows `start` up to `end` of a column, sharing its buffers where these can be cut. */
export function sliceColumn(column: Column, start: number, end: number): Column {
  if (start === 0 && end === column.length) return column
  const length = end - start
  switch (column.layout) {
    case 'flat':
      return {
        ...column,
        length,
        validity: sliceBits(column.validity, start, end),
        values: column.values.subarray(start, end),
      }
    case 'bit':
      return {
        ...column,
        length,
        validity: sliceBits(column.validity, start, end),
        values: sliceBits(column.values, start, end) as Uint8Array,
      }
    case 'bytes':
    case 'list':
      return {
        ...column,
        length,
        validity: sliceBits(column.validity, start, end),
        offsets: column.offsets.subarray(start, end + 1),
      }
    case 'dictionary':
      return {
        ...column,
        length,
        validity: sliceBits(column.validity, start, end),
        codes: column.codes.subarray(start, end),
      }
    case 'fixed':
      return {
        ...column,
        length,
        validity: sliceBits(column.validity, start, end),
        child: sliceColumn(column.child, start * column.size, end * column.size),
      }
    case 'struct':
      return {
        ...column,
        length,
        validity: sliceBits(column.validity, start, end),
        children: column.children.map((child) => sliceColumn(child, start, end)),
      }
    case 'boxed':
      return boxedColumn(column.type, column.values.slice(start, end))
  }
}

/** Cuts bits `start` up to `end` out of a bitmap: a view where they start at a byte, else a copy. */
export function sliceBits(bits: Validity, start: number, end: number): Validity {
  if (bits === null) return null
  if ((start & 7) === 0) return bits.subarray(start >> 3, (end + 7) >> 3)
  const cut = new Uint8Array((end - start + 7) >> 3)
  const shift = start & 7
  const first = start >> 3
  for (let index = 0; index < cut.length; index += 1) {
    const low = (bits[first + index] as number) >> shift
    const high = ((bits[first + index + 1] ?? 0) << (8 - shift)) & 255
    cut[index] = low | high
  }
  return cut
}

/** Counts the bytes that a column's rows take; a dictionary counts as its codes. */
export function columnBytes(column: Column): number {
  if (column.layout === 'boxed') return column.length * 8
  const bits = column.validity?.byteLength ?? 0
  switch (column.layout) {
    case 'flat':
    case 'bit':
      return bits + column.values.byteLength
    case 'bytes':
      return (
        bits + column.offsets.byteLength + (column.offsets[column.length] ?? 0) - (column.offsets[0] ?? 0)
      )
    case 'dictionary':
      return bits + column.codes.byteLength
    case 'list':
      return bits + column.offsets.byteLength + columnBytes(column.child)
    case 'fixed':
      return bits + columnBytes(column.child)
    case 'struct':
      return column.children.reduce((sum, child) => sum + columnBytes(child), bits)
  }
}
