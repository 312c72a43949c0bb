import { compareNumbers, compareText } from '@sheafdb/core'
import { type LiteralTerm, type Term, termKey } from '../layout/term.ts'
import { compareDateTimes } from './date-time.ts'
import { compareDecimals } from './decimal.ts'
import { literalValue, type NumericValue, numericOf, toDecimal, toNumber } from './literal-value.ts'

/** Names a comparison of values. */
export type ComparisonOperator = '=' | '<' | '<=' | '>' | '>='

/** Compares numbers by value; `null` where one is NaN. */
export function compareNumeric(left: NumericValue, right: NumericValue): number | null {
  if (left.kind === 'integer' && right.kind === 'integer')
    return left.value < right.value ? -1 : left.value > right.value ? 1 : 0
  if (isExact(left) && isExact(right)) return compareDecimals(toDecimal(left), toDecimal(right))
  const [a, b] = [toNumber(left), toNumber(right)]
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : null
}

type Exact = Extract<NumericValue, { kind: 'integer' | 'decimal' }>
const isExact = (value: NumericValue): value is Exact => value.kind === 'integer' || value.kind === 'decimal'

/**
 * Tells whether two terms are equal as `=` says: literals of known types by value, everything else as terms.
 * Literals that differ as terms and whose values cannot be compared give `null`, an error.
 *
 * @see SPARQL 1.2 Query Language, section 17.4.1.8 (RDFterm-equal)
 */
export function equalTerms(left: Term, right: Term): boolean | null {
  if (left.termType === 'Quad' && right.termType === 'Quad') return equalTriples(left, right)
  if (left.termType !== 'Literal' || right.termType !== 'Literal') return termKey(left) === termKey(right)
  const order = literalOrder(left, right)
  if (order !== undefined) return order === null ? notANumber(left, right) : order === 0
  if (termKey(left) === termKey(right)) return true
  const [a, b] = [literalValue(left).kind, literalValue(right).kind]
  if ((a === 'language') !== (b === 'language')) return false
  const unknown = a === 'other' || b === 'other' || a === 'invalid' || b === 'invalid'
  if (unknown || isTimed(a) || isTimed(b)) return sameDatatypeFamily(a, b) || unknown ? null : false
  return false
}

/** NaN is equal to nothing; points in time may be neither equal nor different. */
function notANumber(left: LiteralTerm, right: LiteralTerm): boolean | null {
  return numericOf(left) === null || numericOf(right) === null ? null : false
}

const isTimed = (kind: string): boolean => kind === 'dateTime' || kind === 'date' || kind === 'time'
const sameDatatypeFamily = (a: string, b: string): boolean => a === b

function equalTriples(
  left: Extract<Term, { termType: 'Quad' }>,
  right: Extract<Term, { termType: 'Quad' }>,
): boolean | null {
  let unknown = false
  for (const place of ['subject', 'predicate', 'object'] as const) {
    const same = equalTerms(left[place] as Term, right[place] as Term)
    if (same === false) return false
    unknown ||= same === null
  }
  return unknown ? null : true
}

/**
 * Orders two literals of comparable types: a number below, at or above zero; `null` where values of these types have
 * no order (NaN, times with and without zone); `undefined` where the types cannot be compared.
 */
export function literalOrder(left: LiteralTerm, right: LiteralTerm): number | null | undefined {
  const a = literalValue(left)
  const b = literalValue(right)
  const numbers = [numericOf(left), numericOf(right)] as const
  if (numbers[0] !== null && numbers[1] !== null) return compareNumeric(numbers[0], numbers[1])
  if (a.kind !== b.kind) return undefined
  switch (a.kind) {
    case 'string':
      return compareText(left.value, right.value)
    case 'boolean':
      return Number(a.value) - Number((b as typeof a).value)
    case 'dateTime':
    case 'date':
    case 'time':
      return compareDateTimes(a.value, (b as typeof a).value)
    case 'duration':
      return compareDurations(a.value, (b as typeof a).value)
    default:
      return undefined
  }
}

type Months = { readonly months: number; readonly seconds: number }

function compareDurations(left: Months, right: Months): number | null {
  const months = Math.sign(left.months - right.months)
  const seconds = Math.sign(left.seconds - right.seconds)
  if (months === 0 || seconds === 0 || months === seconds) return months === 0 ? seconds : months
  return null
}

/** Orders two terms as `<` and `>` do: literals of comparable types only; everything else is an error, `null`. */
export function orderTerms(left: Term, right: Term): number | null {
  if (left.termType !== 'Literal' || right.termType !== 'Literal') return null
  const order = literalOrder(left, right)
  if (order !== undefined) return order
  const [a, b] = [literalValue(left).kind, literalValue(right).kind]
  if (a !== 'language' || b !== 'language') return null
  return null
}

const Rank = { unbound: 0, blank: 1, iri: 2, literal: 3, triple: 4 } as const
const KIND_RANK: Readonly<Record<string, number>> = {
  integer: 0,
  decimal: 0,
  float: 0,
  double: 0,
  boolean: 1,
  dateTime: 2,
  date: 3,
  time: 4,
  duration: 5,
  string: 6,
  language: 7,
  other: 8,
  invalid: 9,
}

const RANK_STEP = 16

/**
 * Gives the first thing that a term sorts by in ORDER BY, its sort: unbound, blank nodes, IRIs, literals (numbers,
 * booleans, times, text, then the others), triple terms.
 *
 * @see SPARQL 1.2 Query Language, section 15.1
 */
export function orderRank(term: Term | null): number {
  if (term === null) return Rank.unbound
  switch (term.termType) {
    case 'BlankNode':
      return Rank.blank * RANK_STEP
    case 'NamedNode':
      return Rank.iri * RANK_STEP
    case 'Quad':
      return Rank.triple * RANK_STEP
    case 'Literal':
      return Rank.literal * RANK_STEP + (KIND_RANK[literalValue(term).kind] as number)
  }
}

/** Gives the second: the value of numbers, booleans, times and durations; 0 for everything else. */
export function orderNumber(term: Term | null): number {
  return term?.termType === 'Literal' ? orderValue(term) : 0
}

/** Gives the third: the text of what no number orders, and what tells terms of equal values apart. */
export function orderText(term: Term | null): string {
  if (term === null) return ''
  if (term.termType === 'Quad')
    return [term.subject, term.predicate, term.object]
      .map((part) => sortableText(part as Term))
      .join('\u0001')
  if (term.termType !== 'Literal' || literalValue(term).kind === 'string') return term.value
  return `${term.value}\u0000${term.datatype.value}\u0000${term.language}`
}

const float = new DataView(new ArrayBuffer(8))

/** Writes a term as one text that sorts as the term does: parts of triple terms. */
function sortableText(term: Term): string {
  float.setFloat64(0, orderNumber(term))
  const bits = float.getBigUint64(0)
  const sortable = bits >> 63n === 1n ? ~bits & 0xffffffffffffffffn : bits | (1n << 63n)
  const rank = String(orderRank(term)).padStart(3, '0')
  return `${rank}${sortable.toString(16).padStart(16, '0')}${orderText(term)}`
}

/** Compares terms as ORDER BY does. */
export function compareForOrder(left: Term | null, right: Term | null): number {
  return (
    orderRank(left) - orderRank(right) ||
    compareNumbers(orderNumber(left), orderNumber(right)) ||
    compareText(orderText(left), orderText(right))
  )
}

function orderValue(term: LiteralTerm): number {
  const value = literalValue(term)
  switch (value.kind) {
    case 'integer':
    case 'decimal':
    case 'float':
    case 'double':
      return toNumber(value)
    case 'boolean':
      return Number(value.value)
    case 'dateTime':
    case 'date':
    case 'time':
      return value.value.ms
    case 'duration':
      return value.value.months * 2_629_746 + value.value.seconds
    default:
      return 0
  }
}
