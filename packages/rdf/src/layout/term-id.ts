/**
 * Term ids: integers of 0 to 2^51 that stand for terms in quads and in plans.
 *
 *   id = tag * 2^48 + payload
 *
 *   tag 0   a term of the dictionary: row id of the terms table + 1; payload 0 is the name of the default graph
 *   tag 1   xsd:integer in its canonical form, -2^47 <= value < 2^47: payload = value + 2^47
 *   tag 2   xsd:boolean, "false" 0 and "true" 1
 *   tag 3   xsd:date "YYYY-MM-DD" without time zone, years 0001 to 9999: payload = days since 1970 + 2^47
 *   tag 4   xsd:dateTime "YYYY-MM-DDThh:mm:ssZ", the same years: payload = seconds since 1970 + 2^47
 *
 * A literal has an inline id exactly when its lexical form is the one that the id gives back, so that same ids mean
 * same terms, and lexical forms survive. Within a tag, ids stand in the order of the values.
 */
import { datatypeNode, LiteralTerm, type Term } from './term.ts'
import { XSD_BOOLEAN, XSD_DATE, XSD_DATE_TIME, XSD_INTEGER } from './vocabulary.ts'

const TAG_SIZE = 2 ** 48
const ZERO = 2 ** 47
const TAG_INTEGER = 1
const TAG_BOOLEAN = 2
const TAG_DATE = 3
const TAG_DATE_TIME = 4

const INTEGER_NODE = datatypeNode(XSD_INTEGER)
const BOOLEAN_NODE = datatypeNode(XSD_BOOLEAN)
const DATE_NODE = datatypeNode(XSD_DATE)
const DATE_TIME_NODE = datatypeNode(XSD_DATE_TIME)

/** Is the id of the default graph's name. */
export const DEFAULT_GRAPH_ID = 0
/** Is the id of a term that the dictionary does not hold: equal to no stored id. */
export const UNKNOWN_ID = -1
/** Is the least id of a term that carries its value. */
export const FIRST_INLINE_ID: number = TAG_SIZE
/** Tells whether an id carries its value. */
export function isInlineId(id: number): boolean {
  return id >= FIRST_INLINE_ID
}

/** Gives the id of an integer, or `undefined` where it is too large to be carried. */
export function integerId(value: number): number | undefined {
  return value >= -ZERO && value < ZERO ? TAG_INTEGER * TAG_SIZE + ZERO + value : undefined
}

/** Gives the row of the terms table that an id of the dictionary stands for. */
export function rowOfTerm(id: number): number {
  return id - 1
}

/** Gives the id of the term in a row of the terms table. */
export function idOfRow(rowId: number): number {
  return rowId + 1
}

/** Gives the id that carries a term's value, or `undefined` where the term belongs into the dictionary. */
export function inlineId(term: Term): number | undefined {
  return term.termType === 'Literal' && term.language === ''
    ? inlineLiteralId(term.value, term.datatype.value)
    : undefined
}

/** Gives the id that carries a literal's value, or `undefined` where the literal belongs into the dictionary. */
export function inlineLiteralId(value: string, datatype: string): number | undefined {
  switch (datatype) {
    case XSD_INTEGER:
      return CANONICAL_INTEGER.test(value) ? integerId(Number(value)) : undefined
    case XSD_BOOLEAN:
      if (value === 'true') return TAG_BOOLEAN * TAG_SIZE + 1
      return value === 'false' ? TAG_BOOLEAN * TAG_SIZE : undefined
    case XSD_DATE:
      return dateId(value)
    case XSD_DATE_TIME:
      return dateTimeId(value)
    default:
      return undefined
  }
}

const CANONICAL_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/
const PLAIN_DATE = /^\d{4}-\d\d-\d\d$/
const PLAIN_DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const MS_PER_DAY = 86_400_000

function dateId(value: string): number | undefined {
  if (!PLAIN_DATE.test(value)) return undefined
  const ms = Date.parse(value)
  if (Number.isNaN(ms) || value.startsWith('0000') || dateText(ms) !== value) return undefined
  return TAG_DATE * TAG_SIZE + ZERO + ms / MS_PER_DAY
}

function dateTimeId(value: string): number | undefined {
  if (!PLAIN_DATE_TIME.test(value)) return undefined
  const ms = Date.parse(value)
  if (Number.isNaN(ms) || value.startsWith('0000') || dateTimeText(ms) !== value) return undefined
  return TAG_DATE_TIME * TAG_SIZE + ZERO + ms / 1000
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function dateTimeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** Gives the integer that an id carries; NaN where it carries a value of another type. */
export function inlineInteger(id: number): number {
  return id < (TAG_INTEGER + 1) * TAG_SIZE ? id - TAG_INTEGER * TAG_SIZE - ZERO : Number.NaN
}

/** Orders two ids that carry values of one ordered type: a number below, at or above zero; NaN for all others. */
export function compareInlineIds(left: number, right: number): number {
  if (left < FIRST_INLINE_ID || right < FIRST_INLINE_ID) return Number.NaN
  const tag = Math.floor(left / TAG_SIZE)
  return tag === Math.floor(right / TAG_SIZE) && tag !== TAG_BOOLEAN ? left - right : Number.NaN
}

const MAX_KNOWN = 2 ** 16
let known = new Map<number, LiteralTerm>()

/** Gives the term of an id that carries its value; terms that come again are not made again. */
export function inlineTerm(id: number): LiteralTerm {
  let term = known.get(id)
  if (term === undefined) {
    if (known.size >= MAX_KNOWN) known = new Map()
    term = makeInlineTerm(id)
    known.set(id, term)
  }
  return term
}

function makeInlineTerm(id: number): LiteralTerm {
  const tag = Math.floor(id / TAG_SIZE)
  const payload = id - tag * TAG_SIZE
  switch (tag) {
    case TAG_INTEGER:
      return new LiteralTerm(String(payload - ZERO), INTEGER_NODE)
    case TAG_BOOLEAN:
      return new LiteralTerm(payload === 1 ? 'true' : 'false', BOOLEAN_NODE)
    case TAG_DATE:
      return new LiteralTerm(dateText((payload - ZERO) * MS_PER_DAY), DATE_NODE)
    default:
      return new LiteralTerm(dateTimeText((payload - ZERO) * 1000), DATE_TIME_NODE)
  }
}
