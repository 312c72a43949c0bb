import { type DataType, type FixedSizeList, type Float, type Int, Precision, Type } from 'apache-arrow'
import { boxedColumn, type Column, isBoxedType, type NumberArray } from './column.ts'
import { elementType, isNumeric, isTemporal, isText, typeName, valueType } from './data-type.ts'
import { SheafError } from './errors.ts'
import { type Value, ValueRank, valueRank } from './value.ts'

/** Makes a column of a type out of JavaScript values. @throws `TYPE` where a value does not fit the type. */
export function columnFromValues(type: DataType, values: readonly Value[]): Column {
  const inner = valueType(type)
  if (isBoxedType(inner)) return boxedColumn(inner, values)
  if (inner.typeId === Type.Bool) return bitColumn(inner, values)
  if (isText(inner)) return textColumn(inner, values)
  switch (inner.typeId) {
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return bytesColumn(inner, values)
    case Type.List:
    case Type.LargeList:
      return listColumn(inner, values)
    case Type.FixedSizeList:
      return fixedListColumn(inner as FixedSizeList, values)
    case Type.Struct:
      return structColumn(inner, values)
    default:
      return flatColumn(inner, values)
  }
}

/** Makes the validity bitmap of values, or `null` where none is null. */
export function validityOf(values: readonly Value[]): Uint8Array | null {
  let bits: Uint8Array | null = null
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value !== null && value !== undefined) continue
    bits ??= new Uint8Array((values.length + 7) >> 3).fill(255)
    bits[index >> 3] = (bits[index >> 3] as number) & ~(1 << (index & 7))
  }
  return bits
}

/** Makes an empty array of the width that a type has in Arrow. @throws `TYPE` for a type that is not fixed-width. */
export function makeNumberArray(type: DataType, length: number): NumberArray {
  switch (type.typeId) {
    case Type.Int: {
      const { bitWidth, isSigned } = type as Int
      if (bitWidth === 64) return isSigned ? new BigInt64Array(length) : new BigUint64Array(length)
      if (bitWidth === 32) return isSigned ? new Int32Array(length) : new Uint32Array(length)
      if (bitWidth === 16) return isSigned ? new Int16Array(length) : new Uint16Array(length)
      return isSigned ? new Int8Array(length) : new Uint8Array(length)
    }
    case Type.Float: {
      const { precision } = type as Float
      return precision === Precision.DOUBLE ? new Float64Array(length) : new Float32Array(length)
    }
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
      return type.ArrayType === Int32Array ? new Int32Array(length) : new BigInt64Array(length)
    default:
      throw new SheafError('TYPE', `A column of type ${typeName(type)} has no fixed width. Use another type.`)
  }
}

function flatColumn(type: DataType, values: readonly Value[]): Column {
  const array = makeNumberArray(type, values.length)
  const wide = array instanceof BigInt64Array || array instanceof BigUint64Array
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value === null || value === undefined) continue
    if (wide) array[index] = toWide(type, array, value)
    else array[index] = toNarrow(type, array, value)
  }
  return { layout: 'flat', type, length: values.length, validity: validityOf(values), values: array }
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

function toWide(type: DataType, array: BigInt64Array | BigUint64Array, value: Value): bigint {
  const number = isTemporal(type) && value instanceof Date ? dateToUnits(type, value) : value
  if (typeof number === 'number' && !Number.isInteger(number)) throw valueError(type, value)
  if (typeof number !== 'number' && typeof number !== 'bigint') throw valueError(type, value)
  const wide = BigInt(number)
  const [low, high] = array instanceof BigInt64Array ? [INT64_MIN, INT64_MAX] : [0n, UINT64_MAX]
  if (wide < low || wide > high) throw rangeError(type, value)
  return wide
}

function toNarrow(
  type: DataType,
  array: Exclude<NumberArray, BigInt64Array | BigUint64Array>,
  value: Value,
): number {
  const number = value instanceof Date && isTemporal(type) ? Number(dateToUnits(type, value)) : value
  const plain = typeof number === 'bigint' ? Number(number) : number
  if (typeof plain !== 'number') throw valueError(type, value)
  if (array instanceof Float64Array || array instanceof Float32Array) return plain
  if (!Number.isInteger(plain)) throw valueError(type, value)
  if (!fitsWidth(array, plain)) throw rangeError(type, value)
  return plain
}

const WIDTH_LIMITS = new Map<unknown, readonly [number, number]>([
  [Int8Array, [-128, 127]],
  [Int16Array, [-32_768, 32_767]],
  [Int32Array, [-2_147_483_648, 2_147_483_647]],
  [Uint8Array, [0, 255]],
  [Uint16Array, [0, 65_535]],
  [Uint32Array, [0, 4_294_967_295]],
])

function fitsWidth(array: NumberArray, value: number): boolean {
  const [low, high] = WIDTH_LIMITS.get(array.constructor) as readonly [number, number]
  return value >= low && value <= high
}

const MS_PER_DAY = 86_400_000
const UNITS_PER_SECOND = [1n, 1000n, 1_000_000n, 1_000_000_000n]

/** Converts a JavaScript date to the count of a temporal type's units since the epoch. */
export function dateToUnits(type: DataType, date: Date): number | bigint {
  const ms = date.getTime()
  if (Number.isNaN(ms)) throw valueError(type, 'Invalid Date')
  if (type.typeId === Type.Date) return type.ArrayType === Int32Array ? Math.floor(ms / MS_PER_DAY) : ms
  const perSecond = UNITS_PER_SECOND[(type as unknown as { unit: number }).unit] as bigint
  if (perSecond === 1n) return Math.floor(ms / 1000)
  return (BigInt(ms) * perSecond) / 1000n
}

function bitColumn(type: DataType, values: readonly Value[]): Column {
  const bits = new Uint8Array((values.length + 7) >> 3)
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value === null || value === undefined) continue
    if (typeof value !== 'boolean') throw valueError(type, value)
    if (value) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7))
  }
  return { layout: 'bit', type, length: values.length, validity: validityOf(values), values: bits }
}

function textColumn(type: DataType, values: readonly Value[]): Column {
  const parts: Uint8Array[] = new Array(values.length)
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value === null || value === undefined) parts[index] = EMPTY
    else if (typeof value === 'string') parts[index] = Buffer.from(value)
    else throw valueError(type, value)
  }
  return joinBytes(type, parts, values)
}

const EMPTY = new Uint8Array(0)

function bytesColumn(type: DataType, values: readonly Value[]): Column {
  const parts = values.map((value) => {
    if (value === null || value === undefined) return EMPTY
    if (!(value instanceof Uint8Array)) throw valueError(type, value)
    return value
  })
  return joinBytes(type, parts, values)
}

function joinBytes(type: DataType, parts: readonly Uint8Array[], values: readonly Value[]): Column {
  const offsets = new Int32Array(parts.length + 1)
  let sizeBytes = 0
  for (let index = 0; index < parts.length; index += 1) {
    sizeBytes += (parts[index] as Uint8Array).length
    if (sizeBytes > 2 ** 31 - 1)
      throw new SheafError('LIMIT', 'A batch holds over 2 GiB in one column. Write it in smaller batches.')
    offsets[index + 1] = sizeBytes
  }
  const data = new Uint8Array(sizeBytes)
  for (let index = 0; index < parts.length; index += 1) data.set(parts[index] as Uint8Array, offsets[index])
  return { layout: 'bytes', type, length: parts.length, validity: validityOf(values), offsets, data }
}

function listColumn(type: DataType, values: readonly Value[]): Column {
  const offsets = new Int32Array(values.length + 1)
  const items: Value[] = []
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value !== null && value !== undefined) {
      if (valueRank(value) !== ValueRank.array) throw valueError(type, value)
      for (const item of value as Iterable<Value>) items.push(item)
    }
    offsets[index + 1] = items.length
  }
  const child = columnFromValues(elementType(type), items)
  return { layout: 'list', type, length: values.length, validity: validityOf(values), offsets, child }
}

function fixedListColumn(type: FixedSizeList, values: readonly Value[]): Column {
  const size = type.listSize
  const element = elementType(type)
  // A null list still has room for its elements: zeros where a number array can hold them, so that vectors stay plain.
  const filler = isNumeric(element) ? 0 : null
  const items: Value[] = []
  for (const value of values) {
    if (value === null || value === undefined) for (let at = 0; at < size; at += 1) items.push(filler)
    else if ((value as ArrayLike<Value>).length !== size) throw valueError(type, value)
    else for (const item of value as Iterable<Value>) items.push(item)
  }
  const child = columnFromValues(element, items)
  return { layout: 'fixed', type, length: values.length, validity: validityOf(values), size, child }
}

function structColumn(type: DataType, values: readonly Value[]): Column {
  const children = type.children.map((field) =>
    columnFromValues(
      field.type,
      values.map((value) => {
        if (value === null || value === undefined) return null
        if (valueRank(value) !== ValueRank.object) throw valueError(type, value)
        return value instanceof Map ? (value.get(field.name) ?? null) : ownValue(value as object, field.name)
      }),
    ),
  )
  return { layout: 'struct', type, length: values.length, validity: validityOf(values), children }
}

function ownValue(object: object, name: string): Value {
  return Object.hasOwn(object, name) ? ((object as Record<string, Value>)[name] ?? null) : null
}

function valueError(type: DataType, value: Value): SheafError {
  return new SheafError(
    'TYPE',
    `A value does not fit its column. Give a ${typeName(type)}: ${describeValue(value)}`,
  )
}

function rangeError(type: DataType, value: Value): SheafError {
  return new SheafError(
    'OVERFLOW',
    `A number is out of the range of its column. Use a wider type than ${typeName(type)}: ${describeValue(value)}`,
  )
}

const SHOWN_LENGTH = 60

/** Renders a value for an error message or a plan, cut to a short length. */
export function describeValue(value: Value): string {
  const text = describeWhole(value)
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text
}

function describeWhole(value: Value): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return String(value.getTime())
  if (ArrayBuffer.isView(value) && 'length' in value) return `${value.constructor.name}(${value.length})`
  return Object.prototype.toString.call(value)
}
