import {
  call,
  type DataType,
  type Expression,
  isBytes,
  isDecimal,
  isFloat,
  isInteger,
  isTemporal,
  isText,
  isVariant,
  literal,
  typeName,
  types,
  typesEqual,
} from '@sheafdb/core'
import { type Decimal, Type } from 'apache-arrow'
import { dateOfTimestamp, timestampOfDate } from '../../functions/calendar.ts'
import { notNative } from './native.ts'

/** Tells the families of types whose rules of conversion differ. */
export type Family =
  | 'null'
  | 'integer'
  | 'float32'
  | 'float64'
  | 'decimal'
  | 'text'
  | 'bool'
  | 'date'
  | 'timestamp'
  | 'variant'
  | 'other'

/** Finds the family of an expression's type. */
export function familyOf({ type }: { readonly type: DataType }): Family {
  if (type.typeId === Type.Null) return 'null'
  if (isVariant(type)) return 'variant'
  if (isInteger(type)) return 'integer'
  if (isFloat(type)) return typeName(type) === 'float32' ? 'float32' : 'float64'
  if (isDecimal(type)) return 'decimal'
  if (isText(type)) return 'text'
  if (type.typeId === Type.Bool) return 'bool'
  if (typesEqual(type, types.date)) return 'date'
  return typesEqual(type, types.timestamp) ? 'timestamp' : 'other'
}

/** Tells whether values of a type of the family `other` are ordered as in DuckDB: bytes, and points in time. */
export function isOrdered({ type }: { readonly type: DataType }): boolean {
  return isBytes(type) || isTemporal(type)
}

/** Converts an expression to a type by the core's conversion; the same where it has that type. */
export function convert(expression: Expression, type: DataType): Expression {
  if (typesEqual(expression.type, type)) return expression
  if (expression.kind === 'literal' && expression.value === null) return literal(null, type)
  return call(`cast.${typeName(type)}`, expression)
}

/** Gives a decimal constant as a double, or as a float where `narrow` is set. */
export function decimalAsFloat(expression: Expression, narrow: boolean): Expression {
  if (expression.kind !== 'literal') notNative('a decimal that is no constant')
  if (expression.value === null) return literal(null, narrow ? types.float32 : types.float64)
  const { scale } = expression.type as Decimal
  const value = Number(`${expression.value as bigint}e-${scale}`)
  return narrow ? literal(Math.fround(value), types.float32) : literal(value, types.float64)
}

const DATE_TEXT = /^(\d{4})-(\d{2})-(\d{2})$/
const TIMESTAMP_TEXT = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$/
const MS_PER_DAY = 86_400_000

/** Reads a date as days since the epoch; `undefined` for other forms than `YYYY-MM-DD`. */
export function parseDate(text: string): number | undefined {
  const parts = DATE_TEXT.exec(text)
  if (parts === null) return undefined
  const ms = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]))
  return new Date(ms).toISOString().startsWith(text) ? ms / MS_PER_DAY : undefined
}

/** Reads a timestamp without zone as microseconds since the epoch; `undefined` for other forms than ISO. */
export function parseTimestamp(text: string): number | undefined {
  const day = parseDate(text)
  if (day !== undefined) return day * MS_PER_DAY * 1000
  const parts = TIMESTAMP_TEXT.exec(text)
  if (parts === null) return undefined
  const date = parseDate(text.slice(0, 10))
  const [hour, minute, second] = [Number(parts[4]), Number(parts[5]), Number(parts[6] ?? 0)]
  if (date === undefined || hour > 23 || minute > 59 || second > 59) return undefined
  const micros = Number((parts[7] ?? '').padEnd(6, '0'))
  return ((date * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + micros
}

/** Brings two operands of a comparison to types that compare as in DuckDB. */
export function comparable(left: Expression, right: Expression): readonly [Expression, Expression] {
  const a = familyOf(left)
  const b = familyOf(right)
  // What a variant holds is known only at run time: it compares with values of its own kind.
  if (a === 'null' || b === 'null' || a === 'variant' || b === 'variant') return [left, right]
  if (a === b) {
    if (a === 'decimal') return comparedDecimals(left, right)
    if (a !== 'other' || (isOrdered(left) && typesEqual(left.type, right.type))) return [left, right]
    return notNative('these types are compared in DuckDB')
  }
  if (a === 'date' && b === 'timestamp') return dateAndTimestamp(left, right)
  if (a === 'timestamp' && b === 'date') {
    const [date, timestamp] = dateAndTimestamp(right, left)
    return [timestamp, date]
  }
  const [first, second] = [commonOperand(left, a, right, b), commonOperand(right, b, left, a)]
  return [first, second]
}

/** A constant midnight is compared as its date, so that the column stays as it is and its bounds are of use. */
function dateAndTimestamp(date: Expression, timestamp: Expression): readonly [Expression, Expression] {
  if (timestamp.kind === 'literal' && typeof timestamp.value === 'number') {
    const days = dateOfTimestamp(timestamp.value)
    if (timestampOfDate(days) === timestamp.value) return [date, literal(days, types.date)]
  }
  return [call('sql.cast.date.timestamp', date), timestamp]
}

/** Decimals of one scale compare as they are; constants are brought to the scale of the other side where they fit. */
function comparedDecimals(left: Expression, right: Expression): readonly [Expression, Expression] {
  const [a, b] = [left.type as Decimal, right.type as Decimal]
  if (a.scale === b.scale) return [left, right]
  if (left.kind === 'literal' && a.scale < b.scale) return [rescaled(left, b), right]
  if (right.kind === 'literal' && b.scale < a.scale) return [left, rescaled(right, a)]
  return notNative('decimals of unlike scales')
}

function rescaled(constant: Extract<Expression, { kind: 'literal' }>, type: Decimal): Expression {
  if (constant.value === null) return literal(null, type)
  const factor = 10n ** BigInt(type.scale - (constant.type as Decimal).scale)
  return literal(BigInt(constant.value as bigint) * factor, type)
}

function commonOperand(self: Expression, family: Family, other: Expression, otherFamily: Family): Expression {
  if (family === 'decimal') {
    if (otherFamily === 'float32') return decimalAsFloat(self, true)
    if (otherFamily === 'float64' || (otherFamily === 'integer' && isNarrow(other)))
      return decimalAsFloat(self, false)
  }
  if (otherFamily === 'decimal' && (family === 'integer' || family === 'float32' || family === 'float64'))
    return self
  if (family === 'integer' && otherFamily === 'float64') return self
  if (family === 'integer' && otherFamily === 'float32') return convert(self, types.float32)
  if (
    (family === 'float64' || family === 'float32') &&
    (otherFamily === 'integer' || otherFamily.startsWith('float'))
  )
    return self
  if (self.kind === 'literal' && family === 'text') return textConstantAs(self.value as string, other)
  if (other.kind === 'literal' && otherFamily === 'text') return self
  return notNative(`types that only DuckDB compares: ${typeName(self.type)} and ${typeName(other.type)}`)
}

/** Tells whether all values of an integer type are exact as doubles. */
function isNarrow({ type }: Expression): boolean {
  return (type as unknown as { bitWidth: number }).bitWidth < 64
}

const INTEGER_TEXT = /^-?\d{1,15}$/

function textConstantAs(text: string, other: Expression): Expression {
  switch (familyOf(other)) {
    case 'date': {
      const days = parseDate(text)
      if (days !== undefined) return literal(days, types.date)
      break
    }
    case 'timestamp': {
      const micros = parseTimestamp(text)
      if (micros !== undefined) return literal(micros, types.timestamp)
      break
    }
    case 'integer':
      if (INTEGER_TEXT.test(text)) return literal(Number(text), types.int64)
      break
    default:
  }
  return notNative('a text constant that only DuckDB converts')
}

/** Brings the branches of CASE, COALESCE and the like to one type. */
export function unify(branches: readonly Expression[]): Expression[] {
  const families = new Set(branches.map(familyOf).filter((family) => family !== 'null'))
  if (families.has('variant')) return [...branches]
  if (families.has('other') || families.has('decimal')) return ofOneType(branches)
  if (families.size <= 1) return [...branches]
  const all = (...known: Family[]) => [...families].every((family) => known.includes(family))
  if (all('integer', 'float64'))
    return widened(branches, 'integer', (branch) => convert(branch, types.float64))
  if (all('integer', 'bool')) return widened(branches, 'bool', (branch) => convert(branch, types.int32))
  if (all('date', 'timestamp'))
    return widened(branches, 'date', (branch) => call('sql.cast.date.timestamp', branch))
  return notNative('branches of unlike types')
}

function widened(
  branches: readonly Expression[],
  from: Family,
  widen: (branch: Expression) => Expression,
): Expression[] {
  return branches.map((branch) => (familyOf(branch) === from ? widen(branch) : branch))
}

/** Takes branches of types that are not converted here, where they are all of one. */
function ofOneType(branches: readonly Expression[]): Expression[] {
  const typed = branches.filter((branch) => familyOf(branch) !== 'null')
  const [first] = typed
  if (first === undefined || typed.some((branch) => !typesEqual(branch.type, first.type)))
    return notNative('branches of types that only DuckDB brings together')
  return branches.map((branch) => (familyOf(branch) === 'null' ? literal(null, first.type) : branch))
}
