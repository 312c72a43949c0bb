import { type LiteralTerm, type Term, typedLiteral } from '../layout/term.ts'
import {
  RDF_DIR_LANG_STRING,
  RDF_LANG_STRING,
  XSD,
  XSD_BOOLEAN,
  XSD_DATE,
  XSD_DATE_TIME,
  XSD_DAY_TIME_DURATION,
  XSD_DECIMAL,
  XSD_DOUBLE,
  XSD_FLOAT,
  XSD_INTEGER,
  XSD_STRING,
  XSD_TIME,
  XSD_YEAR_MONTH_DURATION,
} from '../layout/vocabulary.ts'
import {
  type DateTime,
  type Duration,
  parseDate,
  parseDateTime,
  parseDuration,
  parseTime,
} from './date-time.ts'
import { type Decimal, decimalOfInteger, decimalToNumber, formatDecimal, parseDecimal } from './decimal.ts'

/** Is a number of one of the four types that arithmetic knows. */
export type NumericValue =
  | { readonly kind: 'integer'; readonly value: number | bigint }
  | { readonly kind: 'decimal'; readonly value: Decimal }
  | { readonly kind: 'float' | 'double'; readonly value: number }

/** Is what a literal means. `other` has a datatype that nothing is known of; `invalid` a form that its datatype lacks. */
export type LiteralValue =
  | NumericValue
  | { readonly kind: 'string' | 'language' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'dateTime' | 'date' | 'time'; readonly value: DateTime }
  | { readonly kind: 'duration'; readonly value: Duration }
  | { readonly kind: 'other' | 'invalid' }

const DERIVED_INTEGERS = new Map<string, readonly [bigint | null, bigint | null]>([
  ['long', [-(2n ** 63n), 2n ** 63n - 1n]],
  ['int', [-(2n ** 31n), 2n ** 31n - 1n]],
  ['short', [-32_768n, 32_767n]],
  ['byte', [-128n, 127n]],
  ['nonNegativeInteger', [0n, null]],
  ['positiveInteger', [1n, null]],
  ['nonPositiveInteger', [null, 0n]],
  ['negativeInteger', [null, -1n]],
  ['unsignedLong', [0n, 2n ** 64n - 1n]],
  ['unsignedInt', [0n, 2n ** 32n - 1n]],
  ['unsignedShort', [0n, 65_535n]],
  ['unsignedByte', [0n, 255n]],
])

const INVALID: LiteralValue = { kind: 'invalid' }
const OTHER: LiteralValue = { kind: 'other' }
const STRING: LiteralValue = { kind: 'string' }
const LANGUAGE: LiteralValue = { kind: 'language' }

/** Finds what a literal means; found once a literal. */
export function literalValue(literal: LiteralTerm): LiteralValue {
  return literal.meaning(parse)
}

function parse({ value, datatype }: LiteralTerm): LiteralValue {
  const iri = datatype.value
  switch (iri) {
    case XSD_STRING:
      return STRING
    case RDF_LANG_STRING:
    case RDF_DIR_LANG_STRING:
      return LANGUAGE
    case XSD_INTEGER:
      return integer(value, [null, null])
    case XSD_DECIMAL: {
      const found = parseDecimal(value.trim())
      return found === undefined ? INVALID : { kind: 'decimal', value: found }
    }
    case XSD_DOUBLE:
    case XSD_FLOAT: {
      const found = parseFloatingPoint(value.trim())
      if (found === undefined) return INVALID
      return iri === XSD_FLOAT
        ? { kind: 'float', value: Math.fround(found) }
        : { kind: 'double', value: found }
    }
    case XSD_BOOLEAN:
      if (value === 'true' || value === '1') return { kind: 'boolean', value: true }
      return value === 'false' || value === '0' ? { kind: 'boolean', value: false } : INVALID
    case XSD_DATE_TIME:
    case `${XSD}dateTimeStamp`:
      return timed('dateTime', parseDateTime(value.trim()))
    case XSD_DATE:
      return timed('date', parseDate(value.trim()))
    case XSD_TIME:
      return timed('time', parseTime(value.trim()))
    case `${XSD}duration`:
    case XSD_DAY_TIME_DURATION:
    case XSD_YEAR_MONTH_DURATION: {
      const found = parseDuration(value.trim())
      return found === undefined ? INVALID : { kind: 'duration', value: found }
    }
    default: {
      const limits = iri.startsWith(XSD) ? DERIVED_INTEGERS.get(iri.slice(XSD.length)) : undefined
      return limits === undefined ? OTHER : integer(value, limits)
    }
  }
}

function timed(kind: 'dateTime' | 'date' | 'time', value: DateTime | undefined): LiteralValue {
  return value === undefined ? INVALID : { kind, value }
}

function integer(text: string, [low, high]: readonly [bigint | null, bigint | null]): LiteralValue {
  const trimmed = text.trim()
  if (!/^[+-]?\d+$/.test(trimmed)) return INVALID
  const small = trimmed.length < 16
  const value = small ? Number(trimmed) : safeInteger(BigInt(trimmed.replace(/^\+/, '')))
  if ((low !== null && value < low) || (high !== null && value > high)) return INVALID
  return { kind: 'integer', value: value === 0 ? 0 : value }
}

/** Gives an integer as a `number` where it is safe as one. */
export function safeInteger(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** Reads the lexical form of an xsd:double; `undefined` where it is none. */
export function parseFloatingPoint(text: string): number | undefined {
  if (FLOAT.test(text)) return Number(text)
  if (text === 'INF' || text === '+INF') return Number.POSITIVE_INFINITY
  if (text === '-INF') return Number.NEGATIVE_INFINITY
  return text === 'NaN' ? Number.NaN : undefined
}

/** Gives the number that a term is, or `null`. */
export function numericOf(term: Term | null): NumericValue | null {
  if (term === null || term.termType !== 'Literal') return null
  const value = literalValue(term)
  switch (value.kind) {
    case 'integer':
    case 'decimal':
    case 'float':
    case 'double':
      return value
    default:
      return null
  }
}

/** Gives a number as floating point. */
export function toNumber(value: NumericValue): number {
  return value.kind === 'decimal' ? decimalToNumber(value.value) : Number(value.value)
}

/** Gives an integer or decimal as a decimal. */
export function toDecimal(value: Extract<NumericValue, { kind: 'integer' | 'decimal' }>): Decimal {
  return value.kind === 'decimal' ? value.value : decimalOfInteger(value.value)
}

/** Makes the literal of a number, in its canonical form. */
export function numericLiteral(number: NumericValue): LiteralTerm {
  switch (number.kind) {
    case 'integer':
      return typedLiteral(String(number.value), XSD_INTEGER)
    case 'decimal':
      return typedLiteral(formatDecimal(number.value), XSD_DECIMAL)
    case 'float':
      return typedLiteral(formatFloatingPoint(number.value), XSD_FLOAT)
    case 'double':
      return typedLiteral(formatFloatingPoint(number.value), XSD_DOUBLE)
  }
}

/** Writes a floating-point number in the canonical form of xsd:double: `1.5E3`. */
export function formatFloatingPoint(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF'
  if (Object.is(value, -0)) return '-0.0E0'
  const [digits = '0', exponent = '0'] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}
