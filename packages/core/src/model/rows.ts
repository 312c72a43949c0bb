import { type DataType, type Field, Type } from 'apache-arrow'
import { type Batch, type Column, type ColumnReader, columnReader } from '../types/column.ts'
import { valueType } from '../types/data-type.ts'
import { decimalText } from '../types/decimal.ts'
import { canGenerate } from '../types/generation.ts'
import { canonicalInteger, type Value } from '../types/value.ts'

/**
 * Makes a row of the values of a result row, which stand in the order of the plan's output. `own` is true where nobody
 * else holds the values, so that the row may be made of them as they are.
 */
export type RowDecoder<Row> = (values: readonly Value[], own: boolean) => Row

const MS_PER_DAY = 86_400_000

/**
 * Gives the function that reads a column as users see its values: dates and timestamps as `Date`, 64-bit integers as
 * `number` where safe and else `bigint`, decimals as exact text (those without a fraction as integers), everything else as it is.
 */
export function readColumn(column: Column): ColumnReader {
  const read = columnReader(column)
  const convert = conversion(column.type)
  if (convert === undefined) return read
  return (index) => {
    const value = read(index)
    return value === null ? null : convert(value)
  }
}

function conversion(columnType: DataType): ((value: Value) => Value) | undefined {
  const type = valueType(columnType)
  switch (type.typeId) {
    case Type.Date:
      return type.ArrayType === Int32Array
        ? (days) => new Date((days as number) * MS_PER_DAY)
        : (ms) => new Date(Number(ms))
    case Type.Timestamp: {
      const { unit } = type as unknown as { unit: 0 | 1 | 2 | 3 }
      return (units) => new Date(timestampMs(units as number | bigint, unit))
    }
    case Type.Decimal: {
      const { scale } = type as unknown as { scale: number }
      // A decimal without a fraction is an integer: SQL's HUGEINT, such as the sum of integers.
      return scale === 0
        ? (unscaled) => canonicalInteger(BigInt(unscaled as bigint))
        : (unscaled) => decimalText(unscaled as bigint, scale)
    }
    case Type.List:
    case Type.FixedSizeList: {
      const convert = conversion((type.children[0] as Field).type)
      if (convert === undefined) return undefined
      return (items) =>
        Array.from(items as ArrayLike<Value>, (item) => (item === null ? null : convert(item)))
    }
    case Type.Struct:
      return structConversion(type.children)
    default:
      return undefined
  }
}

/** Converts the fields of structs that have a conversion; `undefined` where none has. */
function structConversion(fields: readonly Field[]): ((value: Value) => Value) | undefined {
  const conversions = fields.flatMap(({ name, type }) => {
    const convert = conversion(type)
    return convert === undefined ? [] : [[name, convert] as const]
  })
  if (conversions.length === 0) return undefined
  return (struct) => {
    const copy = Object.assign(Object.create(null), struct) as Record<string, Value>
    for (const [name, convert] of conversions) {
      const value = copy[name]
      if (value !== null && value !== undefined) copy[name] = convert(value)
    }
    return copy
  }
}

function timestampMs(units: number | bigint, unit: 0 | 1 | 2 | 3): number {
  if (unit === 0) return Number(units) * 1000
  return unit === 1 ? Number(units) : Math.floor(Number(units) / (unit === 2 ? 1000 : 1_000_000))
}

type RowMaker = (readers: readonly ColumnReader[], index: number) => Record<string, Value>

const rowMakers = new Map<string, RowMaker>()
const MAX_ROW_MAKERS = 1000

/** Makes a function that builds row objects of given names; generated once a set of names, so that rows share a shape. */
function rowMaker(names: readonly string[]): RowMaker {
  const key = JSON.stringify(names)
  let maker = rowMakers.get(key)
  if (maker === undefined) {
    maker = canGenerate() ? generateRowMaker(names) : plainRowMaker(names)
    if (rowMakers.size >= MAX_ROW_MAKERS) rowMakers.clear()
    rowMakers.set(key, maker)
  }
  return maker
}

/** Computed keys keep a column named `__proto__` an ordinary one. */
function generateRowMaker(names: readonly string[]): RowMaker {
  const members = names.map((name, at) => `[${JSON.stringify(name)}]: r${at}(i)`)
  const locals = names.map((_, at) => `r${at} = readers[${at}]`)
  const head = locals.length === 0 ? '' : `const ${locals.join(', ')};`
  return new Function('readers', 'i', `${head} return { ${members.join(', ')} }`) as RowMaker
}

function plainRowMaker(names: readonly string[]): RowMaker {
  return (readers, index) =>
    Object.fromEntries(names.map((name, at) => [name, (readers[at] as ColumnReader)(index)]))
}

/** Gives the rows of a batch as objects by column name. */
export function rowsOfBatch(batch: Batch, names: readonly string[]): Record<string, Value>[] {
  const readers = batch.columns.map(readColumn)
  const make = rowMaker(names)
  const { selection } = batch
  const count = selection === null ? batch.length : selection.length
  const rows = new Array<Record<string, Value>>(count)
  for (let index = 0; index < count; index += 1)
    rows[index] = make(readers, selection === null ? index : (selection[index] as number))
  return rows
}

/** Gives the rows of a batch through a decoder. */
export function decodeBatch<Row>(batch: Batch, decode: RowDecoder<Row>): Row[] {
  const readers = batch.columns.map(readColumn)
  const { selection } = batch
  const count = selection === null ? batch.length : selection.length
  const rows = new Array<Row>(count)
  const own = batch.columns.every((column) => column.layout !== 'boxed' || column.own === true)
  for (let index = 0; index < count; index += 1) {
    const at = selection === null ? index : (selection[index] as number)
    rows[index] = decode(
      readers.map((read) => read(at)),
      own,
    )
  }
  return rows
}
