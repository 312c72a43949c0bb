import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { checkVariableName } from '../../language/parser-expression.ts'
import { bind, compileExpression, withVariables } from '../expression.ts'
import { requireSize, requireStepCount, spend } from '../limits.ts'
import { sortArray } from '../sort.ts'
import {
  bsonType,
  compareMongo,
  type Document,
  equalValues,
  getKey,
  isDocument,
  isNullish,
  isNumber,
  isTruthy,
  keyOf,
  setKey,
} from '../value.ts'
import {
  argumentList,
  compilePart,
  constantText,
  counted,
  evaluatedParts,
  fixed,
  namedParts,
  type Operator,
  type Operators,
  variadic,
} from './define.ts'

type List = readonly Value[]

function requireList(name: string, value: Value, code: number): List {
  if (Array.isArray(value)) return value
  throw mongoError(code, `${name} takes an array. It got a ${bsonType(value)}.`)
}

function requireIndex(name: string, value: Value, codes: readonly [number, number]): number {
  if (!isNumber(value))
    throw mongoError(codes[0], `${name} takes a number here. It got a ${bsonType(value)}.`)
  const number = Number(value)
  if (!Number.isInteger(number) || Math.abs(number) > 2 ** 31)
    throw mongoError(codes[1], `${name} takes a whole number of 32 bits here. It got ${value}.`)
  return number
}

function elementAt(list: Value, index: Value): Value {
  if (isNullish(list) || isNullish(index)) {
    if (!isNullish(list)) requireList('$arrayElemAt', list, 28689)
    return null
  }
  const items = requireList('$arrayElemAt', list, 28689)
  const at = requireIndex('$arrayElemAt', index, [28690, 28691])
  return items.at(at)
}

function ends(name: string, at: number) {
  return fixed(name, 1, (list) => (isNullish(list) ? null : requireList(name, list, 28689).at(at)))
}

/** Takes a part of a list as `$slice` does; null counts make null. */
export function sliceList(list: Value, first: Value, second?: Value): Value {
  if (isNullish(list) || isNullish(first) || second === null) return null
  const items = requireList('$slice', list, 28724)
  const from = requireIndex('$slice', first, [28725, 28726])
  if (second === undefined) return from >= 0 ? items.slice(0, from) : items.slice(from)
  const count = requireIndex('$slice', second, [28727, 28728])
  if (count <= 0) throw mongoError(28729, `$slice takes a positive count. It got ${count}.`)
  const start = from < 0 ? Math.max(0, items.length + from) : from
  return items.slice(start, start + count)
}

function concat(lists: readonly Value[]): Value {
  for (const list of lists) if (!isNullish(list)) requireList('$concatArrays', list, 28664)
  if (lists.some(isNullish)) return null
  requireStepCount(lists.reduce<number>((sum, list) => sum + (list as List).length, 0))
  return lists.flatMap((list) => list as List)
}

function indexOfArray(list: Value, value: Value, from?: Value, to?: Value): Value {
  if (isNullish(list)) return null
  const items = requireList('$indexOfArray', list, 40090)
  const bounds = searchBounds('$indexOfArray', [from, to], items.length)
  for (let at = bounds.start; at < bounds.end; at += 1) if (equalValues(items[at], value)) return at
  return -1
}

/** Reads the optional bounds of a search. */
export function searchBounds(
  name: string,
  [from, to]: readonly [Value, Value],
  length: number,
): { readonly start: number; readonly end: number } {
  const read = (bound: Value, otherwise: number): number => {
    if (bound === undefined) return otherwise
    const index = requireIndex(name, bound, [40096, 40096])
    if (index < 0) throw mongoError(40097, `${name} takes no negative index. Count from 0.`)
    return index
  }
  return { start: read(from, 0), end: Math.min(read(to, length), length) }
}

function range(start: Value, end: Value, step: Value = 1): Value {
  const read = (value: Value, codes: readonly [number, number]): number =>
    requireIndex('$range', value, codes)
  const from = read(start, [34443, 34444])
  const to = read(end, [34445, 34446])
  const by = read(step, [34447, 34448])
  if (by === 0) throw mongoError(34449, '$range takes a step that is not 0. Give another.')
  const count = Math.max(0, Math.ceil((to - from) / by))
  if (count > MOST_RANGE) throw mongoError(146, '$range would make too many numbers. Use a larger step.')
  return Array.from({ length: count }, (_, index) => from + index * by)
}

const MOST_RANGE = 10_000_000

function reverse(list: Value): Value {
  return isNullish(list) ? null : [...requireList('$reverseArray', list, 34435)].reverse()
}

function size(list: Value): Value {
  return requireList('$size', list, 17124).length
}

function contains(value: Value, list: Value): Value {
  return requireList('$in', list, 40081).some((item) => equalValues(item, value))
}

const filter = namedParts(
  '$filter',
  {
    required: ['input', 'cond'],
    optional: ['as', 'limit', 'arrayIndexAs'],
    codes: { object: 28646, unknown: 28647, missing: 28648 },
  },
  (parts, context) => {
    const name = constantText(parts, 'as', 9) ?? 'this'
    checkVariableName(name)
    const input = compilePart(parts, 'input', context)
    const limit = compilePart(parts, 'limit', context)
    const hasLimit = parts.has('limit')
    const test = compilePart(parts, 'cond', withVariables(context, name))
    return (scope) => {
      const list = input(scope)
      if (isNullish(list)) return null
      const items = requireList('$filter', list, 28651)
      spend(scope, items.length)
      const most = hasLimit ? limitOf(limit(scope)) : Number.POSITIVE_INFINITY
      const kept: Value[] = []
      for (const item of items) {
        if (kept.length >= most) break
        if (isTruthy(test(bind(scope, name, item)))) kept.push(item)
      }
      return kept
    }
  },
)

function limitOf(limit: Value): number {
  if (isNullish(limit)) return Number.POSITIVE_INFINITY
  const count = requireIndex('$filter', limit, [327391, 327391])
  if (count <= 0) throw mongoError(327392, `$filter takes a positive limit. It got ${count}.`)
  return count
}

const map = namedParts(
  '$map',
  {
    required: ['input', 'in'],
    optional: ['as', 'arrayIndexAs'],
    codes: { object: 16878, unknown: 16879, missing: 16880 },
  },
  (parts, context) => {
    const name = constantText(parts, 'as', 9) ?? 'this'
    checkVariableName(name)
    const input = compilePart(parts, 'input', context)
    const body = compilePart(parts, 'in', withVariables(context, name))
    return (scope) => {
      const list = input(scope)
      if (isNullish(list)) return null
      const items = requireList('$map', list, 16883)
      spend(scope, items.length)
      return items.map((item) => body(bind(scope, name, item)) ?? null)
    }
  },
)

const reduce = namedParts(
  '$reduce',
  {
    required: ['input', 'initialValue', 'in'],
    codes: { object: 40075, unknown: 40076, missing: 40077 },
  },
  (parts, context) => {
    const input = compilePart(parts, 'input', context)
    const initial = compilePart(parts, 'initialValue', context)
    const body = compilePart(parts, 'in', withVariables(context, 'this', 'value'))
    return (scope) => {
      const list = input(scope)
      if (isNullish(list)) return null
      const items = requireList('$reduce', list, 40080)
      spend(scope, items.length)
      return items.reduce<Value>((value, item, at) => {
        const next = body(bind(bind(scope, 'this', item), 'value', value))
        // Looked at from time to time: a value that doubles each time is then at most some hundred times too large.
        return at % CHECK_EVERY === CHECK_EVERY - 1 ? requireSize(next) : next
      }, initial(scope))
    }
  },
)

/** So many steps of `$reduce` pass between two looks at the size of its value. */
const CHECK_EVERY = 8

const letOperator = namedParts(
  '$let',
  { required: ['vars', 'in'], codes: { object: 16874, unknown: 16875, missing: 16877 } },
  (parts, context) => {
    const vars = parts.get('vars')
    if (vars?.kind !== 'object') throw mongoError(10065, '$let takes an object of variables. Give it names.')
    const bindings = vars.entries.map(([name, value]) => {
      if (name !== 'CURRENT') checkVariableName(name)
      return [name, compileExpression(value, context)] as const
    })
    const body = compilePart(
      parts,
      'in',
      withVariables(context, ...bindings.map(([name]) => name).filter((name) => name !== 'CURRENT')),
    )
    return (scope) =>
      body(bindings.reduce((inner, [name, evaluate]) => bind(inner, name, evaluate(scope)), scope))
  },
)

const zip = namedParts(
  '$zip',
  {
    required: ['inputs'],
    optional: ['useLongestLength', 'defaults'],
    codes: { object: 34460, unknown: 34464, missing: 34465 },
  },
  (parts, context) => {
    const inputs = parts.get('inputs')
    if (inputs?.kind !== 'array') throw mongoError(34461, '$zip takes an array of inputs. Give it lists.')
    if (inputs.items.length === 0) throw mongoError(34465, '$zip needs an input. Add one.')
    const longest = parts.get('useLongestLength')
    if (longest !== undefined && !(longest.kind === 'literal' && typeof longest.value === 'boolean'))
      throw mongoError(34463, "$zip's useLongestLength is true or false. Give it one of them.")
    const useLongest = longest?.kind === 'literal' && longest.value === true
    const defaults = parts.get('defaults')
    if (defaults !== undefined && defaults.kind !== 'array')
      throw mongoError(34462, '$zip takes an array of defaults. Give it one value a list.')
    if (defaults !== undefined && !useLongest)
      throw mongoError(34466, '$zip takes defaults only with useLongestLength. Set it, or leave them out.')
    if (defaults?.kind === 'array' && defaults.items.length !== inputs.items.length)
      throw mongoError(34467, '$zip takes as many defaults as inputs. Give one each.')
    const lists = inputs.items.map((item) => compileExpression(item, context))
    const fills =
      defaults?.kind === 'array' ? defaults.items.map((item) => compileExpression(item, context)) : []
    return (scope) => {
      const values = lists.map((list) => list(scope))
      for (const value of values) if (!isNullish(value)) requireList('$zip', value, 34468)
      if (values.some(isNullish)) return null
      const lengths = (values as List[]).map((list) => list.length)
      const length = useLongest ? Math.max(...lengths) : Math.min(...lengths)
      const filled = fills.map((fill) => fill(scope) ?? null)
      return Array.from({ length }, (_, at) =>
        (values as List[]).map((list, index) => (at < list.length ? list[at] : (filled[index] ?? null))),
      )
    }
  },
)

function arrayToObject(list: Value): Value {
  if (isNullish(list)) return null
  const items = requireList('$arrayToObject', list, 40386)
  const object: Document = {}
  const pairs = items.length > 0 && Array.isArray(items[0])
  for (const item of items) {
    const [key, value] = pairs ? pairOf(item) : entryOf(item)
    setKey(object, key, value)
  }
  return object
}

function pairOf(item: Value): readonly [string, Value] {
  if (!Array.isArray(item))
    throw mongoError(40396, '$arrayToObject takes only pairs, or only objects. Do not mix them.')
  if (item.length !== 2)
    throw mongoError(40397, `$arrayToObject takes pairs. It got ${item.length} elements.`)
  const [key, value] = item as [Value, Value]
  if (typeof key !== 'string')
    throw mongoError(40395, `$arrayToObject takes keys that are text. It got a ${bsonType(key)}.`)
  return [checkNull(key), value]
}

function entryOf(item: Value): readonly [string, Value] {
  if (!isDocument(item)) {
    throw Array.isArray(item)
      ? mongoError(40391, '$arrayToObject takes only pairs, or only objects. Do not mix them.')
      : mongoError(40398, `$arrayToObject takes pairs or objects. It got a ${bsonType(item)}.`)
  }
  if (Object.keys(item).length !== 2)
    throw mongoError(40392, "$arrayToObject takes objects of 'k' and 'v' alone. Remove other keys.")
  const key = getKey(item, 'k')
  const value = getKey(item, 'v')
  if (key === undefined || value === undefined)
    throw mongoError(40393, "$arrayToObject takes objects of 'k' and 'v'. Add what is missing.")
  if (typeof key !== 'string')
    throw mongoError(40394, `$arrayToObject takes keys that are text. It got a ${bsonType(key)}.`)
  return [checkNull(key), value]
}

function checkNull(key: string): string {
  if (key.includes('\0')) throw mongoError(4940400, 'A key must not hold a null byte. Remove it.')
  return key
}

function objectToArray(object: Value): Value {
  if (isNullish(object)) return null
  if (!isDocument(object))
    throw mongoError(40390, `$objectToArray takes an object. It got a ${bsonType(object)}.`)
  return Object.entries(object).map(([k, v]) => ({ k, v }))
}

const sortArrayOperator = evaluatedParts(
  '$sortArray',
  { required: ['input', 'sortBy'], codes: { object: 2942500, unknown: 2942501, missing: 2942502 } },
  (values) => {
    const list = values.get('input')
    if (isNullish(list)) return null
    return sortArray(requireList('$sortArray', list, 2942504), values.get('sortBy'))
  },
)

function firstOrLast(name: '$firstN' | '$lastN') {
  return evaluatedParts(
    name,
    { required: ['input', 'n'], codes: { object: 5787801, unknown: 5787901, missing: 5787906 } },
    (values) => {
      const count = countOf(values.get('n'))
      const list = requireList(name, values.get('input'), 5788200)
      return name === '$firstN' ? list.slice(0, count) : list.slice(-count)
    },
  )
}

function extremes(name: '$minN' | '$maxN') {
  return evaluatedParts(
    name,
    { required: ['input', 'n'], codes: { object: 5787900, unknown: 5787901, missing: 5787906 } },
    (values) => {
      const count = countOf(values.get('n'))
      const list = requireList(name, values.get('input'), 5788200).filter((item) => !isNullish(item))
      const sign = name === '$minN' ? 1 : -1
      return [...list].sort((left, right) => sign * compareMongo(left, right)).slice(0, count)
    },
  )
}

/** Reads the `n` of operators that keep the first so many. */
export function countOf(value: Value): number {
  if (!isNumber(value)) throw mongoError(7548606, `'n' must be a number. It is a ${bsonType(value)}.`)
  const count = Number(value)
  if (!Number.isInteger(count)) throw mongoError(7548606, `'n' must be a whole number. It is ${value}.`)
  if (count <= 0) throw mongoError(7548606, `'n' must be positive. It is ${value}.`)
  return count
}

function requireSets(name: string, args: readonly Value[], code: number): readonly List[] | null {
  for (const arg of args) {
    if (isNullish(arg)) return null
    requireList(name, arg, code)
  }
  return args as readonly List[]
}

/** Gives each distinct value once, in order of first appearance. */
export function distinctValues(items: Iterable<Value>): Value[] {
  const seen = new Map<Value, Value>()
  for (const item of items) {
    const key = keyOf(item)
    if (!seen.has(key)) seen.set(key, item)
  }
  return [...seen.values()]
}

function sorted(items: Iterable<Value>): Value[] {
  return distinctValues(items).sort(compareMongo)
}

function keysOf(items: Iterable<Value>): Set<Value> {
  return new Set(Array.from(items, keyOf))
}

function union(args: readonly Value[]): Value {
  const sets = requireSets('$setUnion', args, 17043)
  return sets === null ? null : sorted(sets.flat())
}

function intersection(args: readonly Value[]): Value {
  const sets = requireSets('$setIntersection', args, 17047)
  if (sets === null) return null
  const [first = [], ...rest] = sets
  const others = rest.map(keysOf)
  return sorted(first.filter((item) => others.every((other) => other.has(keyOf(item)))))
}

function difference(left: Value, right: Value): Value {
  if (!isNullish(left)) requireList('$setDifference', left, 17048)
  if (isNullish(left) || isNullish(right)) return null
  const other = keysOf(requireList('$setDifference', right, 17049))
  return distinctValues(left as List).filter((item) => !other.has(keyOf(item)))
}

function setEquals(args: readonly Value[]): Value {
  if (args.length < 2) throw mongoError(17045, `$setEquals takes 2 arrays or more. It got ${args.length}.`)
  const [first, ...rest] = args.map((arg) => keysOf(requireList('$setEquals', arg, 17044))) as [
    Set<Value>,
    ...Set<Value>[],
  ]
  return rest.every((other) => other.size === first.size && [...first].every((key) => other.has(key)))
}

/** Refuses constants that are no arrays before anything runs. */
const setEqualsOperator: Operator = (argument, context) => {
  for (const arg of argumentList(argument))
    if (arg.kind === 'literal' && !Array.isArray(arg.value))
      throw mongoError(5887502, `$setEquals takes arrays. It got a ${bsonType(arg.value)}.`)
  return variadic('$setEquals', setEquals)[1](argument, context)
}

function isSubset(left: Value, right: Value): Value {
  const items = keysOf(requireList('$setIsSubset', left, 17046))
  const other = keysOf(requireList('$setIsSubset', right, 17042))
  return [...items].every((key) => other.has(key))
}

/** Holds the operators of arrays and sets, and those that bind variables. */
export const arrayOperators: Operators = [
  fixed('$arrayElemAt', 2, elementAt),
  ends('$first', 0),
  ends('$last', -1),
  fixed('$slice', [2, 3], sliceList),
  counted(variadic('$concatArrays', concat)),
  fixed('$indexOfArray', [2, 4], indexOfArray),
  fixed('$isArray', 1, (value) => Array.isArray(value)),
  counted(fixed('$range', [2, 3], range)),
  fixed('$reverseArray', 1, reverse),
  fixed('$size', 1, size),
  fixed('$in', 2, contains),
  filter,
  map,
  reduce,
  letOperator,
  zip,
  fixed('$arrayToObject', 1, arrayToObject),
  fixed('$objectToArray', 1, objectToArray),
  sortArrayOperator,
  firstOrLast('$firstN'),
  firstOrLast('$lastN'),
  extremes('$minN'),
  extremes('$maxN'),
  variadic('$setUnion', union),
  variadic('$setIntersection', intersection),
  fixed('$setDifference', 2, difference),
  ['$setEquals', setEqualsOperator],
  fixed('$setIsSubset', 2, isSubset),
  fixed('$anyElementTrue', 1, (list) => requireList('$anyElementTrue', list, 17041).some(isTruthy)),
  fixed('$allElementsTrue', 1, (list) => requireList('$allElementsTrue', list, 17040).every(isTruthy)),
]
