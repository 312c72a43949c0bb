import { compareNumbers, compareText, compareValues, type Value } from '@sheafdb/core'
import { arrayOf, isListValue, isMap, isNumeric, NodeValue, PathValue, RelationshipValue } from '../values.ts'

/** Is a truth value of three-valued logic. */
export type Ternary = boolean | null

/** Compares for equality as openCypher does: unknown where null takes part, inside lists and maps too. */
export function cypherEquals(left: Value, right: Value): Ternary {
  if (left === null || left === undefined || right === null || right === undefined) return null
  if (isNumeric(left))
    return isNumeric(right) ? compareNumbers(left, right) === 0 && !Number.isNaN(left) : false
  if (typeof left !== 'object' || typeof right !== 'object') return left === right
  if (isListValue(left)) return isListValue(right) ? listEquals(arrayOf(left), arrayOf(right)) : false
  if (left instanceof NodeValue) return right instanceof NodeValue && left.id === right.id
  if (left instanceof RelationshipValue) return right instanceof RelationshipValue && left.id === right.id
  if (left instanceof PathValue) return right instanceof PathValue && pathEquals(left, right)
  if (isMap(left)) return isMap(right) ? mapEquals(left, right) : false
  return comparable(left)?.equals(right) ?? false
}

/** Is a value that brings its own comparison, such as a date. */
type Comparable = { equals(other: Value): boolean; compare(other: Value): number | null }

function comparable(value: object): Comparable | undefined {
  return typeof (value as Partial<Comparable>).equals === 'function' ? (value as Comparable) : undefined
}

function listEquals(left: readonly Value[], right: readonly Value[]): Ternary {
  if (left.length !== right.length) return false
  let result: Ternary = true
  for (let at = 0; at < left.length; at += 1) {
    const equal = cypherEquals(left[at], right[at])
    if (equal === false) return false
    if (equal === null) result = null
  }
  return result
}

function mapEquals(left: Record<string, Value>, right: Record<string, Value>): Ternary {
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  if (keys.some((key) => !Object.hasOwn(right, key))) return false
  let result: Ternary = true
  for (const key of keys) {
    const equal = cypherEquals(left[key], right[key])
    if (equal === false) return false
    if (equal === null) result = null
  }
  return result
}

function pathEquals(left: PathValue, right: PathValue): boolean {
  return (
    left.relationships.length === right.relationships.length &&
    left.nodes[0]?.id === right.nodes[0]?.id &&
    left.relationships.every((relationship, at) => relationship.id === right.relationships[at]?.id)
  )
}

/** Orders two values for `<` and its like: null where they cannot be compared, NaN where a NaN takes part. */
export function cypherCompare(left: Value, right: Value): number | null {
  if (isNumeric(left) && isNumeric(right)) {
    return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : compareNumbers(left, right)
  }
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if (isListValue(left) && isListValue(right)) return compareLists(arrayOf(left), arrayOf(right))
  if (typeof left === 'object' && left !== null) return comparable(left)?.compare(right) ?? null
  return null
}

function compareLists(left: readonly Value[], right: readonly Value[]): number | null {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const equal = cypherEquals(left[at], right[at])
    if (equal === null) return null
    if (!equal) return cypherCompare(left[at], right[at])
  }
  return left.length - right.length
}

/** Tells whether a list holds a value: unknown where an element or the value is unknown. */
export function cypherIn(value: Value, list: readonly Value[]): Ternary {
  let result: Ternary = false
  for (const item of list) {
    const equal = cypherEquals(value, item)
    if (equal === true) return true
    if (equal === null) result = null
  }
  return result
}

const RANK_OTHER = 6
const RANK_NAN = 10
const RANK_NULL = 11

/** Ranks the kinds of values in openCypher's orderability, ascending. */
export function orderRank(value: Value): number {
  if (value === null || value === undefined) return RANK_NULL
  switch (typeof value) {
    case 'string':
      return 7
    case 'boolean':
      return 8
    case 'number':
      return Number.isNaN(value) ? RANK_NAN : 9
    case 'bigint':
      return 9
    default:
      return objectRank(value as object)
  }
}

function objectRank(value: object): number {
  if (value instanceof NodeValue) return 2
  if (value instanceof RelationshipValue) return 3
  if (isListValue(value)) return 4
  if (value instanceof PathValue) return 5
  return isMap(value) ? 1 : RANK_OTHER
}

/** Orders any two values as ORDER BY, min and max do. */
export function orderValues(left: Value, right: Value): number {
  const rank = orderRank(left)
  const byRank = rank - orderRank(right)
  if (byRank !== 0) return byRank
  switch (rank) {
    case 1:
      return orderMaps(left as Record<string, Value>, right as Record<string, Value>)
    case 2:
    case 3:
      return (left as NodeValue).id - (right as NodeValue).id
    case 4:
      return orderLists(arrayOf(left as ArrayLike<Value>), arrayOf(right as ArrayLike<Value>))
    case 5:
      return orderLists(pathElements(left as PathValue), pathElements(right as PathValue))
    case RANK_NAN:
    case RANK_NULL:
      return 0
    default:
      return cypherCompare(left, right) ?? compareValues(left, right)
  }
}

function pathElements(path: PathValue): readonly Value[] {
  return path.nodes.flatMap((node, at) => (at === 0 ? [node] : [path.relationships[at - 1], node]))
}

function orderLists(left: readonly Value[], right: readonly Value[]): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const order = orderValues(left[at], right[at])
    if (order !== 0) return order
  }
  return left.length - right.length
}

function orderMaps(left: Record<string, Value>, right: Record<string, Value>): number {
  const leftKeys = Object.keys(left).sort(compareText)
  const rightKeys = Object.keys(right).sort(compareText)
  const byKeys = orderLists(leftKeys, rightKeys)
  if (byKeys !== 0) return byKeys
  return orderLists(
    leftKeys.map((key) => left[key]),
    rightKeys.map((key) => right[key]),
  )
}

/** Makes a value whose place in the core's total order is that of another in openCypher's order, given equal ranks. */
export function orderKey(value: Value): Value {
  if (typeof value !== 'object' || value === null) return Number.isNaN(value) ? null : value
  if (value instanceof NodeValue || value instanceof RelationshipValue) return value.id
  if (isListValue(value)) return arrayOf(value).map(nestedKey)
  if (value instanceof PathValue) return pathElements(value).map(nestedKey)
  if (!isMap(value)) return value
  const keys = Object.keys(value).sort(compareText)
  return [keys, keys.map((key) => nestedKey(value[key]))]
}

function nestedKey(value: Value): Value {
  return [orderRank(value), orderKey(value)]
}
