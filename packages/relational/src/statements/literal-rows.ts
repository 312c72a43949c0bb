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

type Target = {
  readonly columns: readonly ColumnOptions[]
  readonly options: TableOptions
  readonly collection: CollectionDefinition
}

/** Is what stands at a place of VALUES, or what a column is given by default. */
type Slot =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'sequence'; readonly name: string }

/** Is VALUES of one statement over one table, read once: constants, parameters and defaults that need no DuckDB. */
export type InsertTemplate = {
  readonly fields: readonly { readonly name: string; readonly type: DataType }[]
  readonly rows: readonly (readonly Slot[])[]
}

/** Says that a value needs DuckDB to read it. */
const UNKNOWN = Symbol('unknown')

const templates = new WeakMap<
  Insert,
  { readonly target: CollectionDefinition; readonly template: InsertTemplate | undefined }
>()

/** Reads VALUES of a statement, once for a table; `undefined` where anything in them needs DuckDB. */
export function insertTemplate(statement: Insert, target: Target): InsertTemplate | undefined {
  const known = templates.get(statement)
  if (known?.target === target.collection) return known.template
  const template = readTemplate(statement, target)
  templates.set(statement, { target: target.collection, template })
  return template
}

function readTemplate(statement: Insert, target: Target): InsertTemplate | undefined {
  if (statement.query === null || statement.with !== null || statement.byName) return undefined
  if (!/^\s*VALUES\b/i.test(statement.query.text) || !isPlain(target)) return undefined
  const named = new Set(target.columns.map((column) => column.name))
  const others = target.options.columns.filter(
    (column) => !named.has(column.name) && column.default !== undefined,
  )
  const fieldOf = ({ name }: ColumnOptions) =>
    (target.collection.tables[0] as TableDefinition).fields.find((field) => field.name === name)
  const fields = [...target.columns, ...others].map(fieldOf)
  if (fields.includes(undefined)) return undefined
  const types = fields.map((field) => field?.type as DataType)
  const given = readRows(statement.query.text, types.slice(0, target.columns.length))
  const defaults = others.map((column, at) =>
    readDefault(column, types[target.columns.length + at] as DataType),
  )
  if (given === undefined || defaults.includes(undefined)) return undefined
  return {
    fields: fields.map((field) => ({ name: field?.name as string, type: field?.type as DataType })),
    rows: given.map((row) => [...row, ...(defaults as Slot[])]),
  }
}

/** Gives the rows of a template for sets of parameters, one after the other; `undefined` where a value does not fit. */
export function templateRows(
  { fields, rows }: InsertTemplate,
  parameterSets: readonly ReadonlyMap<string, Value>[],
  next: (sequence: string) => bigint,
): RowBatch | undefined {
  const length = rows.length * parameterSets.length
  const columns: Column[] = []
  for (const [at, { type }] of fields.entries()) {
    const values = new Array<Value>(length)
    let place = 0
    for (const parameters of parameterSets) {
      for (const row of rows) {
        const value = slotValue(row[at] as Slot, type, parameters, next)
        if (value === UNKNOWN) return undefined
        values[place] = value
        place += 1
      }
    }
    columns.push(columnFromValues(type, values))
  }
  return { fields: fields.map(({ name }) => name), columns, length }
}

function slotValue(
  slot: Slot,
  type: DataType,
  parameters: ReadonlyMap<string, Value>,
  next: (sequence: string) => bigint,
): Value {
  switch (slot.kind) {
    case 'value':
      return slot.value
    case 'parameter':
      return parameters.has(slot.name) ? fitParameter(parameters.get(slot.name), type) : UNKNOWN
    case 'sequence': {
      const number = Number(next(slot.name))
      return Number.isSafeInteger(number) ? fitInteger(number, type) : UNKNOWN
    }
  }
}

const NEXT_NUMBER = /^nextval\('((?:[^']|'')*)'\)$/i

/** Reads the default of a column that is left out: a constant, or the next number of a sequence. */
function readDefault({ default: text = '' }: ColumnOptions, type: DataType): Slot | undefined {
  const sequence = NEXT_NUMBER.exec(text)?.[1]?.replaceAll("''", "'")
  if (sequence !== undefined) return isInteger(type) ? { kind: 'sequence', name: sequence } : undefined
  const [first, second, third] = tokenize(text)
  const sign = first?.key === '-' ? '-' : ''
  const [token, end] = sign === '' ? [first, second] : [second, third]
  if (token === undefined || token.kind === 'parameter' || end?.kind !== 'end') return undefined
  return readSlot(token, sign, type, 0)
}

/** Tells whether no column is computed, and none is of a type that only DuckDB reads. */
function isPlain({ columns, options }: Target): boolean {
  const named = new Set(columns.map((column) => column.name))
  return options.columns.every(
    (column) =>
      column.generated === undefined &&
      (named.has(column.name) || column.default !== undefined ? !column.held : true),
  )
}

function readRows(text: string, types: readonly DataType[]): Slot[][] | undefined {
  const tokens = tokenize(text)
  const rows: Slot[][] = []
  let at = 1
  let unnamed = 0
  for (;;) {
    if (tokens[at]?.key !== '(') return undefined
    const row: Slot[] = []
    do {
      at += 1
      const sign = tokens[at]?.key === '-' ? '-' : ''
      if (sign !== '') at += 1
      const token = tokens[at] as Token
      if (token.text === '?') unnamed += 1
      const slot = readSlot(token, sign, types[row.length], unnamed)
      if (slot === undefined) return undefined
      row.push(slot)
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

function readSlot(token: Token, sign: string, type: DataType | undefined, unnamed: number): Slot | undefined {
  if (type === undefined) return undefined
  if (token.kind === 'parameter')
    return sign === ''
      ? { kind: 'parameter', name: token.text === '?' ? String(unnamed) : token.text.slice(1) }
      : undefined
  const value = readValue(token, sign, type)
  return value === UNKNOWN ? undefined : { kind: 'value', value }
}

function readValue(token: Token, sign: string, type: DataType): Value {
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
