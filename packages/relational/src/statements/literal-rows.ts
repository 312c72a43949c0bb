import {
  type CollectionDefinition,
  type Column,
  columnFromValues,
  type DataType,
  isFloat,
  isInteger,
  type RowBatch,
  type TableDefinition,
  typeName,
  type Value,
} from '@sheafdb/core'
import { Type } from 'apache-arrow'
import { type Token, tokenize } from '../language/lexer.ts'
import { parseDate, parseTimestamp } from '../language/lower/types.ts'
import type { Insert } from '../language/statement.ts'
import type { ColumnOptions, TableOptions } from '../layout/options.ts'

type Given = {
  readonly columns: readonly ColumnOptions[]
  readonly options: TableOptions
  readonly collection: CollectionDefinition
  readonly parameters: ReadonlyMap<string, Value>
  /** Takes the next number of a sequence. */
  readonly next: (sequence: string) => bigint
}

/** Says that a value needs DuckDB to read it. */
const UNKNOWN = Symbol('unknown')

/**
 * Reads VALUES that consist of constants and parameters alone, without DuckDB: the way of single-row inserts.
 *
 * @returns the rows, or `undefined` where anything in them needs DuckDB
 */
export function constantRows(statement: Insert, given: Given): RowBatch | undefined {
  const { columns, collection } = given
  if (statement.query === null || statement.with !== null || statement.byName) return undefined
  if (!/^\s*VALUES\b/i.test(statement.query.text) || !isPlain(given)) return undefined
  const fields = (collection.tables[0] as TableDefinition).fields
  const types = columns.map((column) => fields.find((field) => field.name === column.name)?.type as DataType)
  const rows = readRows(statement.query.text, types, given.parameters)
  if (rows === undefined) return undefined
  const defaults = defaultColumns(given, rows.length)
  if (defaults === undefined) return undefined
  return {
    fields: [...columns.map((column) => column.name), ...defaults.map(({ name }) => name)],
    columns: [
      ...types.map((type, index) =>
        columnFromValues(
          type,
          rows.map((row) => row[index]),
        ),
      ),
      ...defaults.map(({ column }) => column),
    ],
    length: rows.length,
  }
}

const NEXT_NUMBER = /^nextval\('((?:[^']|'')*)'\)$/i

/** Makes the columns that are left out and have a constant or the next number of a sequence as their default. */
function defaultColumns(
  { columns, options, collection, next }: Given,
  count: number,
): { readonly name: string; readonly column: Column }[] | undefined {
  const named = new Set(columns.map((column) => column.name))
  const made: { readonly name: string; readonly column: Column }[] = []
  for (const { name, default: text } of options.columns) {
    if (named.has(name) || text === undefined) continue
    const field = (collection.tables[0] as TableDefinition).fields.find((item) => item.name === name)
    if (field === undefined) return undefined
    const sequence = NEXT_NUMBER.exec(text)?.[1]?.replaceAll("''", "'")
    if (sequence !== undefined && isInteger(field.type)) {
      const values = Array.from({ length: count }, () => fitInteger(Number(next(sequence)), field.type))
      if (values.includes(UNKNOWN) || !values.every(Number.isSafeInteger)) return undefined
      made.push({ name, column: columnFromValues(field.type, values) })
      continue
    }
    const [first, second, third] = tokenize(text)
    const sign = first?.key === '-' ? '-' : ''
    const [token, end] = sign === '' ? [first, second] : [second, third]
    if (token === undefined || end?.kind !== 'end') return undefined
    const value = readValue(token, sign, field.type, { parameters: new Map(), unnamed: 0 })
    if (value === UNKNOWN) return undefined
    made.push({ name, column: columnFromValues(field.type, new Array<Value>(count).fill(value)) })
  }
  return made
}

/** Tells whether no column is computed, and none is of a type that only DuckDB reads. */
function isPlain({ columns, options }: Given): boolean {
  const named = new Set(columns.map((column) => column.name))
  return options.columns.every(
    (column) =>
      column.generated === undefined &&
      (named.has(column.name) || column.default !== undefined ? !column.held : true),
  )
}

function readRows(
  text: string,
  types: readonly DataType[],
  parameters: ReadonlyMap<string, Value>,
): Value[][] | undefined {
  const tokens = tokenize(text)
  const rows: Value[][] = []
  let at = 1
  let unnamed = 0
  for (;;) {
    if (tokens[at]?.key !== '(') return undefined
    const row: Value[] = []
    do {
      at += 1
      const sign = tokens[at]?.key === '-' ? '-' : ''
      if (sign !== '') at += 1
      const token = tokens[at] as Token
      if (token.text === '?') unnamed += 1
      const value = readValue(token, sign, types[row.length], { parameters, unnamed })
      if (value === UNKNOWN) return undefined
      row.push(value)
      at += 1
    } while (tokens[at]?.key === ',')
    if (tokens[at]?.key !== ')' || row.length !== types.length) return undefined
    rows.push(row)
    at += 1
    if (tokens[at]?.kind === 'end') return rows
    if (tokens[at]?.key !== ',') return undefined
    at += 1
  }
}

function readValue(
  token: Token,
  sign: string,
  type: DataType | undefined,
  given: { readonly parameters: ReadonlyMap<string, Value>; readonly unnamed: number },
): Value {
  if (type === undefined) return UNKNOWN
  switch (token.kind) {
    case 'number':
      return fitNumber(`${sign}${token.text}`, type)
    case 'string':
      return sign === '' && token.text.startsWith("'")
        ? fitText(token.text.slice(1, -1).replaceAll("''", "'"), type)
        : UNKNOWN
    case 'word':
      if (sign !== '') return UNKNOWN
      if (token.key === 'NULL') return null
      return type.typeId === Type.Bool && (token.key === 'TRUE' || token.key === 'FALSE')
        ? token.key === 'TRUE'
        : UNKNOWN
    case 'parameter': {
      if (sign !== '') return UNKNOWN
      const name = token.text === '?' ? String(given.unnamed) : token.text.slice(1)
      return given.parameters.has(name) ? fitParameter(given.parameters.get(name), type) : UNKNOWN
    }
    default:
      return UNKNOWN
  }
}

const INTEGER = /^-?\d{1,15}$/
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

function fitNumber(text: string, type: DataType): Value {
  if (isInteger(type)) return INTEGER.test(text) ? fitInteger(Number(text), type) : UNKNOWN
  if (isFloat(type) && NUMBER.test(text)) return fitFloat(Number(text), type)
  return UNKNOWN
}

function fitInteger(value: number, type: DataType): Value {
  const { bitWidth, isSigned } = type as unknown as { bitWidth: number; isSigned: boolean }
  const high = 2 ** (isSigned ? bitWidth - 1 : bitWidth)
  return value < high && value >= (isSigned ? -high : 0) ? value : UNKNOWN
}

function fitFloat(value: number, type: DataType): Value {
  return typeName(type) === 'float32' ? Math.fround(value) : value
}

function fitText(text: string, type: DataType): Value {
  if (type.typeId === Type.Utf8) return text
  if (type.typeId === Type.Date) return parseDate(text) ?? UNKNOWN
  if (typeName(type) === 'timestamp(us)') return parseTimestamp(text) ?? UNKNOWN
  return UNKNOWN
}

function fitParameter(value: Value, type: DataType): Value {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') {
    if (isFloat(type)) return fitFloat(value, type)
    return isInteger(type) && Number.isSafeInteger(value) ? fitInteger(value, type) : UNKNOWN
  }
  if (typeof value === 'string') return fitText(value, type)
  if (typeof value === 'boolean') return type.typeId === Type.Bool ? value : UNKNOWN
  if (typeof value === 'bigint') return typeName(type) === 'int64' ? value : UNKNOWN
  if (value instanceof Uint8Array) return type.typeId === Type.Binary ? value : UNKNOWN
  if (value instanceof Date && typeName(type) === 'timestamp(us)') return value.getTime() * 1000
  return UNKNOWN
}
