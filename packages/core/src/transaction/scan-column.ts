import { type DataType, type Timestamp, Type } from 'apache-arrow'
import type { TableDefinition } from '../catalog/definition.ts'
import type { ScanColumnRequest, ScanPredicate } from '../catalog/table-source.ts'
import { CHUNK_ROWS, type Part, type PartField, type PathAccess, type ZoneMap } from '../storage/part.ts'
import { boxedColumn, type Column, columnReader, isBoxedType, type StructColumn } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import {
  elementType,
  isFloat,
  isInteger,
  isList,
  isWideInteger,
  typeName,
  types,
  typesEqual,
} from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import { compareValues, type Value, valueRank } from '../types/value.ts'
import { partField } from './table-view.ts'

/** Is a requested column, found in a table's definition. */
export type ResolvedColumn =
  | { readonly kind: 'system'; readonly name: '_row_id' | '_created' | '_deleted' }
  | { readonly kind: 'field'; readonly field: PartField }
  | { readonly kind: 'access'; readonly field: PartField; readonly request: ScanColumnRequest }

/** Is a run of positions of a part: a whole chunk or the visible beginning of it. */
export type ScanChunk = { readonly part: Part; readonly chunk: number; readonly length: number }

/** Finds a requested column. @throws `NOT_FOUND` */
export function resolveRequest(definition: TableDefinition, request: ScanColumnRequest): ResolvedColumn {
  const field = definition.fields.find((each) => each.name === request.field)
  if (field !== undefined) {
    const found = partField(field)
    return request.access === undefined
      ? { kind: 'field', field: found }
      : { kind: 'access', field: found, request }
  }
  const { field: name } = request
  if (name === '_row_id' || name === '_created' || name === '_deleted') return { kind: 'system', name }
  const known = definition.fields.map((each) => each.name).join(', ')
  throw new SheafError(
    'NOT_FOUND',
    `Table ${definition.name} has no field "${name}". Its fields are: ${known}`,
  )
}

/** Reads a requested column of a chunk. */
export function requestedColumn(column: ResolvedColumn, place: ScanChunk): Column {
  const { part, chunk, length } = place
  switch (column.kind) {
    case 'field':
      return part.column(column.field, chunk, length)
    case 'access':
      return (
        shreddedPath(part, chunk, column.field, column.request) ??
        accessColumn(part.column(column.field, chunk, length), column.request)
      )
    case 'system':
      return systemColumn(column.name, place)
  }
}

/** Reads a path of a chunk from its typed child; null where the part has no such thing. */
export function shreddedPath(
  part: Part,
  chunk: number,
  field: PartField,
  request: ScanColumnRequest,
): Column | null {
  const typed = !isBoxedType(request.type)
  const column = part.access(field, chunk, { ...(request.access as PathAccess), typed })
  return column === null || !typed ? column : fitColumn(column, request)
}

/** Gives a column the type that was asked for: values that do not fit it are left to the path's reader. */
function fitColumn(column: Column, request: ScanColumnRequest): Column {
  const { type, access } = request
  const fitted = retyped(column, type)
  if (fitted !== null) return fitted
  const read = columnReader(column)
  const values = Array.from({ length: column.length }, (_, index) =>
    (access as PathAccess).read(read(index), []),
  )
  return columnFromValues(type, values)
}

/** Gives a column another type where its buffers hold that type's values as they are; null where they do not. */
function retyped(column: Column, type: DataType): Column | null {
  if (column.layout === 'boxed') return isAllNull(column.values) ? nullsOf(type, column.length) : null
  if (column.layout === 'dictionary' && column.dictionary.layout === 'boxed') return null
  if (column.layout === 'list' && isList(type)) {
    const child = retyped(column.child, elementType(type))
    return child === null ? null : { ...column, type, child }
  }
  if (column.layout === 'struct' && type.typeId === Type.Struct) return retypedStruct(column, type)
  return holdsType(column.type, type) ? ({ ...column, type } as Column) : null
}

function retypedStruct(column: StructColumn, type: DataType): Column | null {
  const children: Column[] = []
  for (const field of type.children) {
    const at = column.type.children.findIndex(({ name }) => name === field.name)
    const child =
      at < 0 ? nullsOf(field.type, column.length) : retyped(column.children[at] as Column, field.type)
    if (child === null) return null
    children.push(child)
  }
  return { ...column, type, children }
}

function isAllNull(values: readonly Value[]): boolean {
  for (let index = 0; index < values.length; index += 1)
    if (values[index] !== null && values[index] !== undefined) return false
  return true
}

const MOST_NULL_COLUMNS = 64
const nullColumns = new Map<string, Column>()

/** Gives a column of a type that holds nothing but nulls: what a path is in a chunk that has it nowhere. */
function nullsOf(type: DataType, length: number): Column {
  const key = `${typeName(type)} ${length}`
  let column = nullColumns.get(key)
  if (column === undefined) {
    if (nullColumns.size >= MOST_NULL_COLUMNS) nullColumns.clear()
    column = columnFromValues(type, new Array<Value>(length).fill(null))
    nullColumns.set(key, column)
  }
  return column
}

/** Tells whether values of one type are values of another as they are: the same, or numbers in a wider type. */
function holdsType(from: DataType, to: DataType): boolean {
  if (typesEqual(from, to)) return true
  if (from.typeId === Type.Timestamp && to.typeId === Type.Timestamp)
    return (from as Timestamp).unit === (to as Timestamp).unit
  if (isInteger(to) && isInteger(from)) return isWideInteger(to) && !isWideInteger(from)
  return isFloat(to) && (isFloat(from) || (isInteger(from) && !isWideInteger(from)))
}

/** Reads the values under a path in the values of a column. */
export function accessColumn(root: Column, request: ScanColumnRequest): Column {
  const { access } = request
  if (access === undefined) return root
  const read = columnReader(root)
  const values: Value[] = new Array(root.length)
  for (let index = 0; index < root.length; index += 1) {
    const value = read(index)
    values[index] = value === null ? null : access.read(value, access.path)
  }
  return isBoxedType(request.type)
    ? boxedColumn(request.type, values)
    : columnFromValues(request.type, values)
}

function systemColumn(name: '_row_id' | '_created' | '_deleted', place: ScanChunk): Column {
  const { part, chunk, length } = place
  const start = chunk * CHUNK_ROWS
  if (name === '_deleted') return columnFromValues(types.uint64, new Array<Value>(length).fill(null))
  const first = name === '_row_id' ? part.firstRowId : null
  if (first !== null && first + start + length <= 2 ** 32) {
    const values = new Uint32Array(length)
    for (let index = 0; index < length; index += 1) values[index] = first + start + index
    return { layout: 'flat', type: types.uint64, length, validity: null, values }
  }
  const numbers = new Float64Array(length)
  if (name === '_row_id')
    for (let index = 0; index < length; index += 1) numbers[index] = part.rowIdAt(start + index)
  else for (let index = 0; index < length; index += 1) numbers[index] = part.createdAt(start + index)
  return idColumn(numbers)
}

/** Makes a UInt64 column of ids, as narrow as they allow. */
export function idColumn(ids: Float64Array): Column {
  let maximum = 0
  for (let index = 0; index < ids.length; index += 1)
    if ((ids[index] as number) > maximum) maximum = ids[index] as number
  const values = maximum < 2 ** 32 ? new Uint32Array(ids) : BigUint64Array.from(ids, (id) => BigInt(id))
  return { layout: 'flat', type: types.uint64, length: ids.length, validity: null, values }
}

/** Tells whether no row of a chunk can match a predicate. */
export function zoneRejects(zone: ZoneMap | null, predicate: ScanPredicate): boolean {
  if (zone === null || zone.minimum === undefined || zone.maximum === undefined) return false
  const { minimum, maximum } = zone
  if (minimum === null) return true
  const { operator, value } = predicate
  // A value of another kind than the column's is for the caller to compare: it may convert one of them.
  const values = operator === 'in' ? (value as readonly Value[]) : [value]
  if (operator !== 'is-not-null' && values.some((each) => valueRank(each) !== valueRank(minimum)))
    return false
  switch (operator) {
    case 'eq':
      return compareValues(value, minimum) < 0 || compareValues(value, maximum) > 0
    case 'lt':
      return compareValues(minimum, value) >= 0
    case 'le':
      return compareValues(minimum, value) > 0
    case 'gt':
      return compareValues(maximum, value) <= 0
    case 'ge':
      return compareValues(maximum, value) < 0
    case 'in':
      return values.every((each) => compareValues(each, minimum) < 0 || compareValues(each, maximum) > 0)
    case 'is-not-null':
      return false
  }
}
