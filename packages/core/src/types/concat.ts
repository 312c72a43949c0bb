import type { DataType } from 'apache-arrow'
import {
  type BytesColumn,
  boxedColumn,
  type Column,
  columnReader,
  type DictionaryColumn,
  type FlatColumn,
  isNullAt,
  type NumberArray,
  type Validity,
} from './column.ts'
import type { Value } from './value.ts'

/** Joins columns of one type end to end. Like layouts keep their buffers' form, unlike ones become boxed. */
export function concatColumns(type: DataType, columns: readonly Column[]): Column {
  if (columns.length === 1) return columns[0] as Column
  if (columns.length === 0) return boxedColumn(type, [])
  const length = columns.reduce((total, column) => total + column.length, 0)
  const first = columns[0]
  if (first !== undefined && columns.every((column) => column.layout === first.layout)) {
    const same = concatLike(type, columns, length)
    if (same !== undefined) return same
  }
  return concatBoxed(type, columns, length)
}

function concatLike(type: DataType, columns: readonly Column[], length: number): Column | undefined {
  switch ((columns[0] as Column).layout) {
    case 'flat':
      return concatFlat(type, columns as readonly FlatColumn[], length)
    case 'dictionary':
      return concatDictionary(type, columns as readonly DictionaryColumn[], length)
    case 'bytes':
      return concatBytes(type, columns as readonly BytesColumn[], length)
    case 'fixed': {
      const fixed = columns as readonly Extract<Column, { layout: 'fixed' }>[]
      const [{ size, child }] = fixed as [Extract<Column, { layout: 'fixed' }>]
      return {
        layout: 'fixed',
        type,
        length,
        validity: concatValidity(columns, length),
        size,
        child: concatColumns(
          child.type,
          fixed.map((column) => column.child),
        ),
      }
    }
    default:
      return undefined
  }
}

function concatFlat(type: DataType, columns: readonly FlatColumn[], length: number): Column | undefined {
  const constructors = new Set(columns.map((column) => column.values.constructor))
  const isWide = columns.some(
    (column) => column.values instanceof BigInt64Array || column.values instanceof BigUint64Array,
  )
  if (constructors.size > 1 && isWide) return undefined
  const make = (
    constructors.size === 1 ? (columns[0] as FlatColumn).values.constructor : Float64Array
  ) as new (
    length: number,
  ) => NumberArray
  const values = new make(length)
  let at = 0
  for (const column of columns) {
    ;(values as Float64Array).set(column.values.subarray(0, column.length) as Float64Array, at)
    at += column.length
  }
  return { layout: 'flat', type, length, validity: concatValidity(columns, length), values }
}

function concatDictionary(
  type: DataType,
  columns: readonly DictionaryColumn[],
  length: number,
): Column | undefined {
  const [first] = columns as [DictionaryColumn]
  if (columns.some((column) => column.dictionary !== first.dictionary)) return undefined
  const codes = new Int32Array(length)
  let at = 0
  for (const column of columns) {
    codes.set(column.codes.subarray(0, column.length), at)
    at += column.length
  }
  return {
    layout: 'dictionary',
    type,
    length,
    validity: concatValidity(columns, length),
    codes,
    dictionary: first.dictionary,
  }
}

const MAX_BYTES = 2 ** 31 - 1

function concatBytes(type: DataType, columns: readonly BytesColumn[], length: number): Column | undefined {
  const sizeBytes = columns.reduce(
    (total, column) => total + (column.offsets[column.length] as number) - (column.offsets[0] as number),
    0,
  )
  if (sizeBytes > MAX_BYTES) return undefined
  const offsets = new Int32Array(length + 1)
  const data = new Uint8Array(sizeBytes)
  let row = 0
  let end = 0
  for (const column of columns) {
    const start = column.offsets[0] as number
    data.set(column.data.subarray(start, column.offsets[column.length] as number), end)
    for (let index = 0; index < column.length; index += 1)
      offsets[row + index + 1] = end + (column.offsets[index + 1] as number) - start
    row += column.length
    end = offsets[row] as number
  }
  return { layout: 'bytes', type, length, validity: concatValidity(columns, length), offsets, data }
}

function concatValidity(columns: readonly Column[], length: number): Validity {
  if (columns.every((column) => column.layout !== 'boxed' && column.validity === null)) return null
  const bits = new Uint8Array((length + 7) >> 3)
  let at = 0
  for (const column of columns) {
    for (let index = 0; index < column.length; index += 1) {
      if (!isNullAt(column, index))
        bits[(at + index) >> 3] = (bits[(at + index) >> 3] as number) | (1 << ((at + index) & 7))
    }
    at += column.length
  }
  return bits
}

function concatBoxed(type: DataType, columns: readonly Column[], length: number): Column {
  const values = new Array<Value>(length)
  let at = 0
  for (const column of columns) {
    const read = columnReader(column)
    for (let index = 0; index < column.length; index += 1) values[at + index] = read(index)
    at += column.length
  }
  return boxedColumn(type, values)
}
