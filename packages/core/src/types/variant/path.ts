/**
 * Reads the values under one path of a shredded column without reading the objects around them.
 *
 * The path is followed down the typed structs. Rows that leave the types on the way (an object encoded whole, an odd
 * value) are patches: their values are read one by one. Where the typed column at the end can take all patches, the
 * result is that column; else it is a boxed one.
 */
import {
  type BoxedColumn,
  type BytesColumn,
  boxedColumn,
  type Column,
  columnValues,
  type DictionaryColumn,
  type FlatColumn,
  isNullAt,
  type StructColumn,
  splitColumn,
  type Validity,
} from '../column.ts'
import { columnFromValues } from '../column-builder.ts'
import { isFloat, isTemporal, isText, isWideInteger, types } from '../data-type.ts'
import type { Value } from '../value.ts'
import { kindOf, ValueKind } from './kind.ts'
import { plainColumn } from './plain.ts'
import { childNamed, groupReader, type NamesOf, residualReader, shreddedNames } from './unshred.ts'

/** Reads the value under a path inside a value; what it gives for a path through objects is `variant.get`'s answer. */
export type PathReader = (root: Value, path: readonly (string | number)[]) => Value

/** Asks for the values under a path. */
export type PathRequest = {
  readonly path: readonly (string | number)[]
  /** Reads rows in which the path leads through an array. Without it such a column is not answered. */
  readonly read?: PathReader
  /**
   * True gives int64 and timestamps as columns of those types, which read as numbers. By default they come boxed, as
   * `bigint` and `Date`, so that values keep their kind.
   */
  readonly typed?: boolean
}

/**
 * Reads the values under a path: a typed column where all values fit one type, else a boxed column; missing is null.
 * The result is not kept: the caller caches it if it pays.
 *
 * @returns `undefined` where only `read` could tell, and it is not given
 */
export function readShreddedPath(column: StructColumn, request: PathRequest): Column | undefined {
  const names = shreddedNames(column)
  const read = request.read ?? readThroughObjects
  const patches: Patches = { rows: [], values: [] }
  try {
    return readAlong(column, { request, names, read, patches })
  } catch (error) {
    if (error === THROUGH_ARRAY) return undefined
    throw error
  }
}

const THROUGH_ARRAY = Symbol('a path through an array')

function readThroughObjects(root: Value, path: readonly (string | number)[]): Value {
  let value = root
  for (const key of path) {
    if (Array.isArray(value)) throw THROUGH_ARRAY
    if (kindOf(value) !== ValueKind.object || typeof key === 'number') return null
    value = Object.hasOwn(value as object, key) ? (value as Record<string, Value>)[key] : null
  }
  return value
}

/** Holds rows whose value did not come from the typed column; a row may appear once. */
type Patches = { readonly rows: number[]; readonly values: Value[] }

type Walk = {
  readonly request: PathRequest
  readonly names: NamesOf
  readonly read: PathReader
  readonly patches: Patches
}

function readAlong(column: StructColumn, walk: Walk): Column | undefined {
  const { path } = walk.request
  let group = column
  for (let depth = 0; depth < path.length; depth += 1) {
    const key = path[depth] as string | number
    const typed = childNamed(group, 'typed_value')
    const child = typed?.layout === 'struct' ? childNamed(typed, String(key)) : undefined
    patchFrom(group, typed, child !== undefined, path.slice(depth), walk)
    if (child === undefined || typeof key === 'number') {
      return readRest(group, typed, { ...walk, rest: path.slice(depth), length: column.length })
    }
    group = child as StructColumn
  }
  return readLeaf(group, walk)
}

/** Patches the rows of a group whose value, or a key that has no column, is encoded. */
function patchFrom(
  group: StructColumn,
  typed: Column | undefined,
  keyHasColumn: boolean,
  rest: readonly (string | number)[],
  { names, read, patches }: Walk,
): void {
  const value = childNamed(group, 'value') as BytesColumn | undefined
  if (value === undefined) return
  const decode = residualReader(value, names)
  for (let row = 0; row < value.length; row += 1) {
    if (value.offsets[row] === value.offsets[row + 1] || isNullAt(value, row)) continue
    if (keyHasColumn && typed !== undefined && !isNullAt(typed, row)) continue
    patches.rows.push(row)
    patches.values.push(read(decode(row), rest) ?? null)
  }
}

/** Reads where the typed structs end before the path does: what is left lies in lists, or is missing. */
function readRest(
  group: StructColumn,
  typed: Column | undefined,
  walk: Walk & { readonly rest: readonly (string | number)[]; readonly length: number },
): Column | undefined {
  const values = new Array<Value>(walk.length).fill(null)
  if (typed?.layout === 'list') {
    if (walk.request.read === undefined) return undefined
    const readGroup = groupReader(group, walk.names, {})
    for (let row = 0; row < walk.length; row += 1) {
      if (!isNullAt(typed, row)) values[row] = walk.read(readGroup(row), walk.rest) ?? null
    }
  }
  return boxedWith(values, walk.patches)
}

function boxedWith(values: Value[], { rows, values: patched }: Patches): BoxedColumn {
  rows.forEach((row, index) => {
    values[row] = patched[index]
  })
  return boxedColumn(types.variant, values)
}

function readLeaf(group: StructColumn, walk: Walk): Column {
  const typed = childNamed(group, 'typed_value')
  const { patches } = walk
  const before = patches.rows.length
  const boxed = (): Column => {
    patches.rows.length = before
    patches.values.length = before
    const read = groupReader(group, walk.names, {})
    const values = Array.from({ length: group.length }, (_, row) => read(row) ?? null)
    return boxedWith(values, patches)
  }
  if (
    typed?.layout === 'list' &&
    walk.request.typed === true &&
    patches.values.every((value) => value === null)
  )
    return plainColumn(group) ?? boxed()
  if (typed === undefined || !staysTyped(typed, walk.request.typed === true)) return boxed()
  patchFrom(group, typed, true, [], walk)
  return patchColumn(typed, patches) ?? splitWith(typed, patches) ?? boxed()
}

function staysTyped(column: Column, wide: boolean): boolean {
  if (column.layout === 'struct' || column.layout === 'list' || column.layout === 'boxed') return false
  return wide || !(isWideInteger(column.type) || isTemporal(column.type))
}

/** Keeps patches beside a typed column; `undefined` where its values alone do not tell what they were. */
function splitWith(typed: Column, { rows, values }: Patches): Column | undefined {
  if (!staysTyped(typed, false) || (typed.layout === 'bytes' && !isText(typed.type))) return undefined
  const order = Uint32Array.from(rows.keys())
    .filter((at) => values[at] !== null && values[at] !== undefined)
    .sort((left, right) => (rows[left] as number) - (rows[right] as number))
  return splitColumn(types.variant, {
    typed,
    oddRows: Uint32Array.from(order, (at) => rows[at] as number),
    oddValues: Array.from(order, (at) => values[at]),
  })
}

/** Puts patches into a copy of a typed column; `undefined` where one does not fit. Nulls need no patch. */
function patchColumn(column: Column, patches: Patches): Column | undefined {
  const real = patches.rows.flatMap((row, index) => {
    const value = patches.values[index]
    return value === null ? [] : [{ row, value }]
  })
  if (real.length === 0) return column
  const kinds = new Set(real.map(({ value }) => kindOf(value)))
  const validity = markRows(column, real)
  if (column.layout === 'flat') return patchFlat(column, real, kinds, validity)
  if (column.layout === 'dictionary' && isText(column.type) && only(kinds, ValueKind.text)) {
    return patchDictionary(column, real, validity)
  }
  if (column.layout === 'bit' && only(kinds, ValueKind.boolean)) {
    const values = copyBytes(column.values)
    for (const { row, value } of real)
      if (value) values[row >> 3] = (values[row >> 3] as number) | (1 << (row & 7))
    return { ...column, values, validity }
  }
  return undefined
}

type Patch = { readonly row: number; readonly value: Value }

function only(kinds: ReadonlySet<number>, ...allowed: number[]): boolean {
  return [...kinds].every((kind) => allowed.includes(kind))
}

/** Copies bytes. `slice` of a Buffer, which mapped columns have, would share them. */
function copyBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}

function markRows(column: Column, patches: readonly Patch[]): Validity {
  if (column.layout === 'boxed' || column.validity === null) return null
  const validity = copyBytes(column.validity)
  for (const { row } of patches) validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7))
  return validity
}

function patchFlat(
  column: FlatColumn,
  patches: readonly Patch[],
  kinds: ReadonlySet<number>,
  validity: Validity,
): Column | undefined {
  if (isTemporal(column.type) || isWideInteger(column.type)) return undefined
  if (!only(kinds, ValueKind.int32, ValueKind.double)) return undefined
  const whole = only(kinds, ValueKind.int32) && !isFloat(column.type)
  const values = whole
    ? Int32Array.from(column.values as Int32Array)
    : Float64Array.from(column.values as Float64Array)
  for (const { row, value } of patches) values[row] = value as number
  return {
    layout: 'flat',
    type: whole ? types.int32 : types.float64,
    length: column.length,
    validity,
    values,
  }
}

function patchDictionary(column: DictionaryColumn, patches: readonly Patch[], validity: Validity): Column {
  const texts = [...columnValues(column.dictionary)]
  const codeOf = new Map(texts.map((text, code) => [text, code]))
  const codes = Int32Array.from(column.codes)
  for (const { row, value } of patches) {
    let code = codeOf.get(value)
    if (code === undefined) {
      code = texts.push(value) - 1
      codeOf.set(value, code)
    }
    codes[row] = code
  }
  return { ...column, codes, validity, dictionary: columnFromValues(column.type, texts) }
}
