import { call, type Expression, hasFunction, isList, isText, literal, types } from '@sheafdb/core'
import {
  type ArgumentKind,
  registryName,
  SIMPLE_FUNCTIONS,
  type SimpleFunction,
} from '../../functions/simple.ts'
import { castToText } from './casts.ts'
import { condition } from './condition.ts'
import { LIST_FUNCTIONS } from './list-functions.ts'
import { notNative } from './native.ts'
import { arithmetic, coalesce, like, negative } from './operators.ts'
import { dateDiff, dateTrunc, unitNamed } from './temporal.ts'
import { comparable, convert, decimalAsFloat, familyOf, unify } from './types.ts'

type Lower = (args: readonly Expression[]) => Expression

const [one, two, three] = [1, 2, 3].map(
  (count) =>
    (name: string, args: readonly Expression[]): readonly Expression[] =>
      args.length === count ? args : notNative(`${name} of ${args.length} arguments`),
) as [Check, Check, Check]

type Check = (name: string, args: readonly Expression[]) => readonly Expression[]

function allText(args: readonly Expression[]): readonly Expression[] {
  return args.map((arg) => {
    if (familyOf(arg) === 'null') return literal(null, types.utf8)
    return isText(arg.type) ? arg : notNative('a function of what is no text')
  })
}

const text =
  (name: string, check: Check = one): Lower =>
  (args) =>
    call(name, ...allText(check(name, args)))

/** Keeps the type of its argument. */
const sameType =
  (name: string): Lower =>
  (args) => {
    const [value] = one(name, args) as [Expression]
    const family = familyOf(value)
    if (family === 'null') return literal(null, types.int32)
    if (family === 'integer' || family === 'float64') return call(name, value)
    return family === 'float32'
      ? convert(call(name, value), types.float32)
      : notNative(`${name} of other types`)
  }

const operator =
  (name: string): Lower =>
  (args) =>
    arithmetic(name, ...(two(name, args) as [Expression, Expression]))

const negated =
  (lower: Lower): Lower =>
  (args) =>
    call('not', lower(args))

const likeWith =
  (name: 'like' | 'ilike'): Lower =>
  (args) =>
    like(name, ...(two(name, args) as [Expression, Expression]))

function minus(args: readonly Expression[]): Expression {
  return args.length === 1 ? negative(args[0] as Expression) : operator('-')(args)
}

function plus(args: readonly Expression[]): Expression {
  const [value] = args as [Expression]
  if (args.length !== 1) return operator('+')(args)
  return ['integer', 'float32', 'float64'].includes(familyOf(value))
    ? value
    : notNative('a plus sign before what is no number')
}

function nullif(args: readonly Expression[]): Expression {
  const [value, other] = two('nullif', args) as [Expression, Expression]
  const [a, b] = comparable(value, other)
  if (familyOf(value) === 'null' || familyOf(other) === 'null') return notNative('nullif with NULL')
  return call('case', call('eq', a, b), literal(null, value.type), value)
}

function replace(args: readonly Expression[]): Expression {
  const [value, from, to] = allText(three('replace', args)) as [Expression, Expression, Expression]
  if (from.kind !== 'literal' || from.value === '') return notNative('replace of what may be empty')
  return call('replace', value, from, to)
}

function round(args: readonly Expression[]): Expression {
  const [value, digits] = args
  if (value === undefined || familyOf(value) !== 'float64' || args.length > 2)
    return notNative('round of other types')
  if (digits !== undefined && (digits.kind !== 'literal' || familyOf(digits) !== 'integer'))
    return notNative('round')
  return call('round', ...args)
}

function power(args: readonly Expression[]): Expression {
  const [base, exponent] = two('power', args) as [Expression, Expression]
  return call('power', asDouble(base), asDouble(exponent))
}

function length(args: readonly Expression[]): Expression {
  const [value] = one('length', args) as [Expression]
  if (isList(value.type)) return call('sql.list_length', value)
  return call('length', ...allText(one('length', args)))
}

/** Other names of the parts of a date, as DuckDB reads them. */
const PART_NAMES: Readonly<Record<string, string>> = {
  dayofweek: 'dow',
  weekday: 'dow',
  dayofmonth: 'day',
  dayofyear: 'doy',
  weekofyear: 'week',
  isoyear: 'isoyear',
  y: 'year',
  yr: 'year',
  m: 'minute',
  h: 'hour',
  d: 'day',
  s: 'second',
  w: 'week',
}

function datePart(part: string, value: Expression): Expression {
  const name = `sql.${PART_NAMES[part.toLowerCase()] ?? unitNamed(part) ?? part.toLowerCase()}`
  const family = familyOf(value)
  if ((family !== 'date' && family !== 'timestamp') || !hasFunction(name))
    return notNative(`the date part ${part}`)
  return call(name, value)
}

const part =
  (name: string): Lower =>
  (args) =>
    datePart(name, one(name, args)[0] as Expression)

function datePartOf(args: readonly Expression[]): Expression {
  const [name, value] = two('date_part', args) as [Expression, Expression]
  if (name.kind !== 'literal' || typeof name.value !== 'string')
    return notNative('a date part that is no constant')
  return datePart(name.value, value)
}

/** Computes in floats; `floor` and `ceil` of integers are the integers themselves. */
function floatOnly(name: string): Lower {
  return (args) => {
    const [value] = one(name, args) as [Expression]
    if ((name === 'floor' || name === 'ceil') && familyOf(value) === 'integer') return value
    return call(name, asDouble(value))
  }
}

function asDouble(value: Expression): Expression {
  switch (familyOf(value)) {
    case 'null':
      return literal(null, types.float64)
    case 'decimal':
      return decimalAsFloat(value, false)
    case 'integer':
    case 'float32':
    case 'float64':
      return convert(value, types.float64)
    default:
      return notNative('a number of another kind')
  }
}

/** Brings an argument to a kind that a simple function takes. */
function asKind(value: Expression, kind: ArgumentKind): Expression {
  const family = familyOf(value)
  if (kind === 'double') return asDouble(value)
  const type = { text: types.utf8, integer: types.int64, bool: types.bool }[kind]
  if (family === 'null') return literal(null, type)
  return family === kind ? value : notNative('an argument that only DuckDB converts')
}

function lowerSimple(simple: SimpleFunction, args: readonly Expression[]): Expression {
  const least = simple.takes.length - (simple.optional ?? 0)
  if (args.length < least || args.length > simple.takes.length)
    return notNative(`${simple.names[0]} of ${args.length} arguments`)
  return call(
    registryName(simple),
    ...args.map((arg, index) => asKind(arg, simple.takes[index] as ArgumentKind)),
  )
}

const bits =
  (name: string): Lower =>
  (args) => {
    const [left, right] = two(name, args) as [Expression, Expression]
    const known = familyOf(left) === 'integer' && familyOf(right) === 'integer'
    return known ? call(`sql.${name}`, ...widest(left, right)) : notNative('bits of what is no integer')
  }

/** Puts the wider of two integers first, whose type the result has. */
function widest(left: Expression, right: Expression): readonly [Expression, Expression] {
  const width = ({ type }: Expression) => (type as unknown as { bitWidth: number }).bitWidth
  return width(right) > width(left) ? [right, left] : [left, right]
}

const extreme =
  (name: string): Lower =>
  (args) => {
    const unified = unify(args)
    const families = new Set(unified.map(familyOf))
    families.delete('null')
    const [family] = families
    if (families.size !== 1 || family === undefined || !COMPARED.has(family))
      return notNative(`${name} of these types`)
    const typed = unified.find((arg) => familyOf(arg) === family) as Expression
    const all = unified.map((arg) => (familyOf(arg) === 'null' ? literal(null, typed.type) : arg))
    return call(`sql.${name}`, ...[typed, ...all.filter((arg) => arg !== typed)])
  }

const COMPARED: ReadonlySet<string> = new Set(['integer', 'float64', 'text', 'date', 'timestamp'])

/** Joins texts; nulls count as nothing, and other values as their text. */
function concat(args: readonly Expression[]): Expression {
  const texts = args.map((arg) => {
    const text = asText(arg)
    return text.nullable ? call('coalesce', text, literal('', types.utf8)) : text
  })
  return texts.length === 0 ? notNative('concat of nothing') : call('concat', ...texts)
}

function asText(value: Expression): Expression {
  return familyOf(value) === 'text' || familyOf(value) === 'null'
    ? convert(value, types.utf8)
    : castToText(value)
}

function trunc(args: readonly Expression[]): Expression {
  const [value] = one('trunc', args) as [Expression]
  const family = familyOf(value)
  if (family === 'integer') return value
  return family === 'float64' || family === 'float32'
    ? call('sql.trunc', value)
    : notNative('trunc of other types')
}

function sign(args: readonly Expression[]): Expression {
  const [value] = one('sign', args) as [Expression]
  const family = familyOf(value)
  if (family !== 'integer' && family !== 'float64') return notNative('the sign of other types')
  return call('cast.int8', call('sql.sign', value))
}

function ifElse(args: readonly Expression[]): Expression {
  const [test, yes, no] = three('if', args) as [Expression, Expression, Expression]
  const [a, b] = unify([yes, no]) as [Expression, Expression]
  return call('case', condition(test), a, b)
}

function makeDate(args: readonly Expression[]): Expression {
  const parts = three('make_date', args)
  if (parts.some((arg) => familyOf(arg) !== 'integer')) return notNative('make_date of other types')
  return call('sql.make_date', ...parts)
}

const DATE_PARTS = [
  ...['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond', 'microsecond', 'quarter', 'week'],
  ...['dayofweek', 'weekday', 'dayofmonth', 'dayofyear', 'weekofyear', 'isodow', 'isoyear'],
  ...['decade', 'century', 'millennium'],
]

/** Maps DuckDB's scalar functions whose meaning the common plan has exactly. What is not here runs in DuckDB. */
const FUNCTIONS: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ['+', plus],
  ['-', minus],
  ...['*', '/', '//', '%'].map((name): [string, Lower] => [name, operator(name)]),
  ['mod', operator('%')],
  ['||', text('concat', two)],
  ['~~', likeWith('like')],
  ['!~~', negated(likeWith('like'))],
  ['~~*', likeWith('ilike')],
  ['!~~*', negated(likeWith('ilike'))],
  ['nullif', nullif],
  ['abs', sameType('abs')],
  ['round', round],
  ...['floor', 'ceil', 'exp', 'cbrt', 'degrees', 'radians'].map((name): [string, Lower] => [
    name,
    floatOnly(name),
  ]),
  ['ceiling', floatOnly('ceil')],
  ['trunc', trunc],
  ['sign', sign],
  ['power', power],
  ['pow', power],
  ['**', power],
  ['^', power],
  ['&', bits('bit_and')],
  ['|', bits('bit_or')],
  ['xor', bits('xor')],
  ['greatest', extreme('greatest')],
  ['least', extreme('least')],
  ['if', ifElse],
  ['iff', ifElse],
  ['ifnull', (args) => coalesce(two('ifnull', args))],
  ['concat', concat],
  ['^@', text('starts_with', two)],
  ['length', length],
  ['len', length],
  ['lower', text('lower')],
  ['lcase', text('lower')],
  ['upper', text('upper')],
  ['ucase', text('upper')],
  ['replace', replace],
  ['starts_with', text('starts_with', two)],
  ['prefix', text('starts_with', two)],
  ['suffix', text('ends_with', two)],
  ['ends_with', text('ends_with', two)],
  ['contains', text('contains', two)],
  ['date_part', datePartOf],
  ['datepart', datePartOf],
  ...DATE_PARTS.map((name): [string, Lower] => [name, part(name)]),
  ['date_trunc', dateTrunc],
  ['datetrunc', dateTrunc],
  ['date_diff', dateDiff],
  ['datediff', dateDiff],
  ['monthname', part('monthname')],
  ['dayname', part('dayname')],
  ['last_day', part('last_day')],
  ['make_date', makeDate],
])

/** Lowers a call of a scalar function. */
export function lowerFunction(name: string, args: readonly Expression[]): Expression {
  const key = name.toLowerCase()
  const lower = FUNCTIONS.get(key) ?? LIST_FUNCTIONS.get(key)
  if (lower !== undefined) return lower(args)
  const simple = SIMPLE_FUNCTIONS.get(key)
  if (simple !== undefined) return lowerSimple(simple, args)
  // Functions that models offer to all languages.
  const shared = `shared.${key}`
  return hasFunction(shared) ? call(shared, ...args) : notNative(`the function ${name}`)
}
