import {
  type CollectionDefinition,
  type Column,
  columnFromValues,
  type Field,
  type RowBatch,
  SheafError,
  type TableDefinition,
  types,
  type Value,
} from '@sheafdb/core'
import { type DataType, type Decimal, Type } from 'apache-arrow'
import { type ColumnOptions, optionsOf, type TableOptions } from '../layout/options.ts'

type Row = Readonly<Record<string, unknown>>

/**
 * Makes batches of rows given as objects, with the columns that the rows name. Rows that leave out other columns with a
 * default stand in batches of their own, so that they get it.
 */
export function objectBatches(collection: CollectionDefinition, rows: readonly Row[]): RowBatch[] {
  const table = collection.tables[0] as TableDefinition
  const options = optionsOf(collection) as TableOptions
  const known = new Set(table.fields.map((field) => field.name))
  const filled = options.columns.filter((item) => item.default !== undefined).map((item) => item.name)
  const batches: RowBatch[] = []
  let run: Row[] = []
  let form = ''
  const finish = (): void => {
    if (run.length > 0) batches.push(batchOf(table, options, run))
    run = []
  }
  for (const row of rows) {
    for (const name of Object.keys(row))
      if (!known.has(name))
        throw new SheafError(
          'NOT_FOUND',
          `The table ${collection.name} has no column of this name. Add it first: ${name}`,
        )
    const own = filled.map((name) => (given(row, name) === undefined ? '-' : '+')).join('')
    if (own !== form) finish()
    form = own
    run.push(row)
  }
  finish()
  return batches
}

function given(row: Row, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : undefined
}

function batchOf(table: TableDefinition, options: TableOptions, rows: readonly Row[]): RowBatch {
  const fields = table.fields.filter((field) => rows.some((row) => given(row, field.name) !== undefined))
  const columns = fields.map((field): Column => {
    const cells = rows.map((row) => given(row, field.name) ?? null)
    const column = options.columns.find((item) => item.name === field.name)
    return column?.held ? heldColumn(column, field, cells) : plainColumn(field.type, cells)
  })
  return { fields: fields.map((field) => field.name), columns, length: rows.length }
}

function plainColumn(type: DataType, cells: readonly Value[]): Column {
  const isDecimal = type.typeId === Type.Decimal
  return columnFromValues(
    type,
    isDecimal
      ? cells.map((cell) => (cell === null ? null : unscaled(cell, (type as Decimal).scale)))
      : [...cells],
  )
}

/** Makes a column of what users give for types that are held as another: as that, or as text that SQL reads. */
function heldColumn(column: ColumnOptions, field: Field, cells: readonly Value[]): Column {
  if (field.type.typeId === Type.Decimal) return plainColumn(field.type, cells)
  if (field.type.typeId === Type.Utf8)
    return columnFromValues(
      types.utf8,
      cells.map((cell) => (cell === null ? null : textOf(cell))),
    )
  if (cells.some((cell) => typeof cell === 'string'))
    return columnFromValues(
      types.utf8,
      cells.map((cell) => (cell === null ? null : String(cell))),
    )
  const isMap = column.type.startsWith('MAP(') && column.type.endsWith(')')
  return columnFromValues(field.type, isMap ? cells.map(entriesOf) : [...cells])
}

function textOf(cell: Value): string {
  if (typeof cell === 'string') return cell
  return typeof cell === 'object' && !(cell instanceof Date) ? JSON.stringify(cell) : String(cell)
}

/** Gives the entries of a map: of a Map, of a plain object by its keys, or as they are. */
function entriesOf(cell: Value): Value {
  if (cell === null || Array.isArray(cell)) return cell
  const entries = cell instanceof Map ? [...cell] : Object.entries(cell as object)
  return entries.map(([key, value]) => ({ key: key as Value, value: (value ?? null) as Value }))
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?$/

/** Brings what users give for a decimal to what the column holds. @throws `TYPE` */
function unscaled(value: Value, scale: number): bigint {
  const parts = DECIMAL_TEXT.exec(String(value).trim())
  const [, sign = '', whole = '', fraction = ''] = parts ?? []
  if (parts === null || whole + fraction === '' || fraction.replace(/0+$/, '').length > scale)
    throw new SheafError(
      'TYPE',
      `A value does not fit a decimal of ${scale} digits after the point: ${String(value)}`,
    )
  const digits = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'))
  return sign === '-' ? -digits : digits
}
