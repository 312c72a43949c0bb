import type { DataType } from 'apache-arrow'
import {
  type BytesColumn,
  boxedColumn,
  type Column,
  columnReader,
  type DictionaryColumn,
  type FixedListColumn,
  type FlatColumn,
  isBoxedType,
  isNullAt,
  type ListColumn,
  type NumberArray,
  type StructColumn,
} from '../types/column.ts'
import { columnFromValues, makeNumberArray } from '../types/column-builder.ts'
import { valueType } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'

/** Says where each row of a column to be made comes from: `sources[which[i]]`, row `index[i]`; null where that is -1. */
export type TakePlan = {
  readonly which: Uint32Array
  readonly index: Int32Array
}

/** Makes a column of rows taken from columns of one type. */
export function takeColumn(type: DataType, sources: readonly Column[], plan: TakePlan): Column {
  const inner = valueType(type)
  const layouts = new Set(sources.map((source) => source.layout))
  const layout = layouts.size === 1 ? sources[0]?.layout : undefined
  if (layout === 'flat') return takeFlat(inner, sources as readonly FlatColumn[], plan)
  if (layout === 'fixed') return takeFixed(inner, sources as readonly FixedListColumn[], plan)
  if (layout === 'struct') return takeStruct(inner, sources as readonly StructColumn[], plan)
  if (layout === 'list') return takeList(inner, sources as readonly ListColumn[], plan)
  if (layout === 'dictionary' && sameDictionary(sources as readonly DictionaryColumn[]))
    return takeCodes(inner, sources as readonly DictionaryColumn[], plan)
  if ([...layouts].every((each) => each === 'bytes' || each === 'dictionary') && layouts.size > 0)
    return takeBytes(inner, sources as readonly (BytesColumn | DictionaryColumn)[], plan)
  return takeValues(inner, sources, plan)
}

function takeValues(type: DataType, sources: readonly Column[], plan: TakePlan): Column {
  const readers = sources.map(columnReader)
  const values = Array.from(
    plan.index,
    (at, row): Value => (at < 0 ? null : (readers[plan.which[row] as number]?.(at) ?? null)),
  )
  return isBoxedType(type) ? boxedColumn(type, values) : columnFromValues(type, values)
}

/** Makes the validity of taken rows; `null` where none is null. */
function takeValidity(sources: readonly Column[], plan: TakePlan): Uint8Array | null {
  const { which, index } = plan
  const nullable = sources.some((source) => source.layout === 'boxed' || source.validity !== null)
  let bits: Uint8Array | null = null
  for (let row = 0; row < index.length; row += 1) {
    const at = index[row] as number
    if (at >= 0 && (!nullable || !isNullAt(sources[which[row] as number] as Column, at))) continue
    bits ??= new Uint8Array((index.length + 7) >> 3).fill(255)
    bits[row >> 3] = (bits[row >> 3] as number) & ~(1 << (row & 7))
  }
  return bits
}

/** Finds an array kind that holds the numbers of all sources. */
function widestArray(type: DataType, sources: readonly FlatColumn[], length: number): NumberArray {
  const kinds = new Set(sources.map((source) => source.values.constructor))
  const first = sources[0]
  if (kinds.size === 1 && first !== undefined)
    return new (first.values.constructor as new (length: number) => NumberArray)(length)
  const widths = sources.map((source) => source.values.BYTES_PER_ELEMENT)
  const signed = sources.every((source) => /^Int/.test(source.values.constructor.name))
  if (signed && Math.max(...widths) === 4) return new Int32Array(length)
  if (signed && Math.max(...widths) === 2) return new Int16Array(length)
  return makeNumberArray(type, length)
}

function takeFlat(type: DataType, sources: readonly FlatColumn[], plan: TakePlan): Column {
  const { which, index } = plan
  const values = widestArray(type, sources, index.length)
  const wide = values instanceof BigInt64Array || values instanceof BigUint64Array
  const arrays = sources.map((source) => source.values)
  for (let row = 0; row < index.length; row += 1) {
    const at = index[row] as number
    if (at < 0) continue
    const value = (arrays[which[row] as number] as NumberArray)[at] as number | bigint
    values[row] = (wide && typeof value === 'number' ? BigInt(value) : value) as never
  }
  return { layout: 'flat', type, length: index.length, validity: takeValidity(sources, plan), values }
}

function sameDictionary(sources: readonly DictionaryColumn[]): boolean {
  return sources.every((source) => source.dictionary === sources[0]?.dictionary)
}

function takeCodes(type: DataType, sources: readonly DictionaryColumn[], plan: TakePlan): Column {
  const { which, index } = plan
  const codes = new Int32Array(index.length)
  for (let row = 0; row < index.length; row += 1) {
    const at = index[row] as number
    if (at >= 0) codes[row] = (sources[which[row] as number] as DictionaryColumn).codes[at] as number
  }
  const { dictionary } = sources[0] as DictionaryColumn
  const validity = takeValidity(sources, plan)
  return { layout: 'dictionary', type, length: index.length, validity, codes, dictionary }
}

type Slice = { readonly data: Uint8Array; readonly start: number; readonly end: number }

function bytesAt(column: BytesColumn | DictionaryColumn, row: number): Slice {
  const bytes = column.layout === 'bytes' ? column : (column.dictionary as BytesColumn)
  const at = column.layout === 'bytes' ? row : (column.codes[row] as number)
  return { data: bytes.data, start: bytes.offsets[at] as number, end: bytes.offsets[at + 1] as number }
}

function takeBytes(
  type: DataType,
  sources: readonly (BytesColumn | DictionaryColumn)[],
  plan: TakePlan,
): Column {
  const { which, index } = plan
  const validity = takeValidity(sources, plan)
  const offsets = new Int32Array(index.length + 1)
  const present = (row: number): boolean =>
    validity === null || (((validity[row >> 3] as number) >> (row & 7)) & 1) === 1
  for (let row = 0; row < index.length; row += 1) {
    const slice = present(row)
      ? bytesAt(sources[which[row] as number] as BytesColumn, index[row] as number)
      : null
    offsets[row + 1] = (offsets[row] as number) + (slice === null ? 0 : slice.end - slice.start)
  }
  const data = new Uint8Array(offsets[index.length] as number)
  for (let row = 0; row < index.length; row += 1) {
    if (!present(row)) continue
    const slice = bytesAt(sources[which[row] as number] as BytesColumn, index[row] as number)
    const target = offsets[row] as number
    for (let at = slice.start; at < slice.end; at += 1)
      data[target + at - slice.start] = slice.data[at] as number
  }
  return { layout: 'bytes', type, length: index.length, validity, offsets, data }
}

function takeFixed(type: DataType, sources: readonly FixedListColumn[], plan: TakePlan): Column {
  const size = (sources[0] as FixedListColumn).size
  const which = new Uint32Array(plan.index.length * size)
  const index = new Int32Array(plan.index.length * size)
  for (let row = 0; row < plan.index.length; row += 1) {
    const at = plan.index[row] as number
    for (let item = 0; item < size; item += 1) {
      which[row * size + item] = plan.which[row] as number
      index[row * size + item] = at < 0 ? -1 : at * size + item
    }
  }
  const elementType = (type.children[0] as { type: DataType }).type
  const child = takeColumn(
    elementType,
    sources.map((source) => source.child),
    { which, index },
  )
  return {
    layout: 'fixed',
    type,
    length: plan.index.length,
    validity: takeValidity(sources, plan),
    size,
    child,
  }
}

function takeStruct(type: DataType, sources: readonly StructColumn[], plan: TakePlan): Column {
  const children = type.children.map((field, at) =>
    takeColumn(
      field.type,
      sources.map((source) => source.children[at] as Column),
      plan,
    ),
  )
  return {
    layout: 'struct',
    type,
    length: plan.index.length,
    validity: takeValidity(sources, plan),
    children,
  }
}

function takeList(type: DataType, sources: readonly ListColumn[], plan: TakePlan): Column {
  const offsets = new Int32Array(plan.index.length + 1)
  for (let row = 0; row < plan.index.length; row += 1) {
    const at = plan.index[row] as number
    const source = sources[plan.which[row] as number] as ListColumn
    const count = at < 0 ? 0 : (source.offsets[at + 1] as number) - (source.offsets[at] as number)
    offsets[row + 1] = (offsets[row] as number) + count
  }
  const total = offsets[plan.index.length] as number
  const which = new Uint32Array(total)
  const index = new Int32Array(total)
  for (let row = 0; row < plan.index.length; row += 1) {
    const from = offsets[row] as number
    const count = (offsets[row + 1] as number) - from
    if (count === 0) continue
    const source = plan.which[row] as number
    const first = (sources[source] as ListColumn).offsets[plan.index[row] as number] as number
    for (let item = 0; item < count; item += 1) {
      which[from + item] = source
      index[from + item] = first + item
    }
  }
  const elementType = (type.children[0] as { type: DataType }).type
  const child = takeColumn(
    elementType,
    sources.map((source) => source.child),
    { which, index },
  )
  return {
    layout: 'list',
    type,
    length: plan.index.length,
    validity: takeValidity(sources, plan),
    offsets,
    child,
  }
}
