import { call, type Expression, hasFunction, isText, literal, types } from '@sheafdb/core'
import { notNative } from './native.ts'
import { arithmetic, like, negative } from './operators.ts'
import { comparable, convert, familyOf } from './types.ts'

type Lower = (args: readonly Expression[]) => Expression

const [one, two, three] = [1, 2, 3].map(
  (count) =>
    (name: string, args: readonly Expression[]): readonly Expression[] =>
      args.length === count ? args : notNative(`${name} of ${args.length} arguments`),
) as [Check, Check, Check]

type Check = (name: string, args: readonly Expression[]) => readonly Expression[]

function allText(args: readonly Expression[]): readonly Expression[] {
  return args.every((arg) => isText(arg.type)) ? args : notNative('a function of what is no text')
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

function substring(args: readonly Expression[]): Expression {
  const [value, start, count] = args
  if (value === undefined || !isText(value.type) || args.length > 3)
    return notNative('substring of other types')
  for (const part of [start, count]) {
    if (part === undefined && part === count) continue
    if (part?.kind !== 'literal' || !(Number(part.value) >= (part === start ? 1 : 0)))
      return notNative('substring from the end')
  }
  return call('substring', ...args)
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
  const known = (value: Expression) => familyOf(value) === 'integer' || familyOf(value) === 'float64'
  return known(base) && known(exponent) ? call('power', base, exponent) : notNative('power of other types')
}

function length(args: readonly Expression[]): Expression {
  return call('length', ...allText(one('length', args)))
}

function datePart(part: string, value: Expression): Expression {
  const name = `sql.${part.toLowerCase()}`
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
  ['power', power],
  ['pow', power],
  ['length', length],
  ['len', length],
  ['lower', text('lower')],
  ['lcase', text('lower')],
  ['upper', text('upper')],
  ['ucase', text('upper')],
  ['substring', substring],
  ['substr', substring],
  ['replace', replace],
  ['starts_with', text('starts_with', two)],
  ['prefix', text('starts_with', two)],
  ['suffix', text('ends_with', two)],
  ['ends_with', text('ends_with', two)],
  ['contains', text('contains', two)],
  ['date_part', datePartOf],
  ['datepart', datePartOf],
  ...['year', 'month', 'day', 'hour', 'minute', 'second', 'dayofweek', 'isodow', 'quarter'].map(
    (name): [string, Lower] => [name, part(name === 'dayofweek' ? 'dow' : name)],
  ),
])

function floatOnly(name: string): Lower {
  return (args) => {
    const [value] = one(name, args) as [Expression]
    return familyOf(value) === 'float64' ? call(name, value) : notNative(`${name} of other numbers`)
  }
}

/** Lowers a call of a scalar function. */
export function lowerFunction(name: string, args: readonly Expression[]): Expression {
  const lower = FUNCTIONS.get(name.toLowerCase())
  return lower === undefined ? notNative(`the function ${name}`) : lower(args)
}
