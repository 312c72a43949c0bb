import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { parseFilter } from '../../language/parser-filter.ts'
import { isPlain } from '../../language/parser-values.ts'
import { compileFilter, type Matcher } from '../match.ts'
import { parseSort, sortArray, sortDocuments } from '../sort.ts'
import { bsonType, type Document, equalValues, isDocument, keyOf, wholeNumber } from '../value.ts'
import type { Change } from './path-change.ts'

function requireArrayAt(operator: string, value: Value, path: string): readonly Value[] {
  if (Array.isArray(value)) return value
  throw mongoError(2, `${operator} needs an array in the document. ${path} is a ${bsonType(value)}.`)
}

type Modifiers = {
  readonly each: readonly Value[]
  readonly position: number | undefined
  readonly slice: number | undefined
  readonly sort: Value
}

const MODIFIERS = new Set(['$each', '$position', '$slice', '$sort'])

function parsePush(argument: Value): Modifiers {
  if (!isPlain(argument) || !Object.hasOwn(argument, '$each')) {
    return { each: [argument ?? null], position: undefined, slice: undefined, sort: undefined }
  }
  const odd = Object.keys(argument).find((key) => !MODIFIERS.has(key))
  if (odd !== undefined) throw mongoError(2, `$push has no such modifier. Check its spelling: ${odd}`)
  if (!Array.isArray(argument.$each))
    throw mongoError(2, `$each takes an array. It got a ${bsonType(argument.$each)}.`)
  return {
    each: argument.$each,
    position: modifier('$position', argument),
    slice: modifier('$slice', argument),
    sort: checkPushSort(argument.$sort),
  }
}

function modifier(name: string, argument: Document): number | undefined {
  if (!Object.hasOwn(argument, name)) return undefined
  const number = wholeNumber(argument[name])
  if (number === undefined)
    throw mongoError(2, `${name} takes a whole number. It got a ${bsonType(argument[name])}.`)
  return number
}

function checkPushSort(sort: Value): Value {
  if (sort === undefined) return undefined
  if (isDocument(sort)) {
    if (Object.keys(sort).length === 0) throw mongoError(2, '$sort takes a field. Add one.')
    for (const [path, direction] of Object.entries(sort)) {
      const sign = wholeNumber(direction)
      if (sign !== 1 && sign !== -1) throw mongoError(2, `$sort takes 1 or -1 for a field. Correct: ${path}`)
      if (path === '' || path.split('.').includes(''))
        throw mongoError(2, `$sort takes paths without empty names: ${path}`)
    }
    return sort
  }
  const sign = wholeNumber(sort)
  if (sign !== 1 && sign !== -1)
    throw mongoError(2, '$sort takes 1, -1 or an object of fields. Give one of them.')
  return sign
}

/** Makes the change of `$push`. */
export function pushChange(argument: Value, path: string): Change {
  const { each, position, slice, sort } = parsePush(argument)
  return (value) => {
    const list = value === undefined ? [] : requireArrayAt('$push', value, path)
    const at =
      position === undefined ? list.length : position < 0 ? Math.max(0, list.length + position) : position
    let items = [...list.slice(0, at), ...each, ...list.slice(at)]
    if (sort !== undefined)
      items = isDocument(sort) ? sortDocuments(items, parseSort(sort)) : sortArray(items, sort)
    if (slice !== undefined) items = slice >= 0 ? items.slice(0, slice) : items.slice(slice)
    return each.length === 0 && equalValues(items, value) ? value : items
  }
}

/** Makes the change of `$addToSet`. */
export function addToSetChange(argument: Value, path: string): Change {
  let each: readonly Value[] = [argument ?? null]
  if (isPlain(argument) && Object.keys(argument)[0] === '$each') {
    if (!Array.isArray(argument.$each))
      throw mongoError(14, `$each takes an array. It got a ${bsonType(argument.$each)}.`)
    if (Object.keys(argument).length > 1)
      throw mongoError(2, '$addToSet takes no modifier but $each. Remove others.')
    each = argument.$each
  }
  return (value) => {
    const list = value === undefined ? [] : requireArrayAt('$addToSet', value, path)
    const keys = new Set(list.map(keyOf))
    const added = each.filter((item) => {
      const key = keyOf(item)
      if (keys.has(key)) return false
      keys.add(key)
      return true
    })
    return added.length === 0 && value !== undefined ? value : [...list, ...added]
  }
}

/** Makes the change of `$pop`. */
export function popChange(argument: Value, path: string): Change {
  const side = wholeNumber(argument)
  if (side !== 1 && side !== -1)
    throw mongoError(9, `$pop takes 1 or -1. It got a ${bsonType(argument)} for ${path}.`)
  return (value) => {
    if (value === undefined) return value
    if (!Array.isArray(value))
      throw mongoError(14, `$pop needs an array in the document. ${path} is a ${bsonType(value)}.`)
    if (value.length === 0) return value
    return side === 1 ? value.slice(0, -1) : value.slice(1)
  }
}

/** Makes the change of `$pull`. */
export function pullChange(argument: Value, path: string): Change {
  const matches = pullMatcher(argument)
  return (value) => {
    if (value === undefined) return value
    const list = requireArrayAt('$pull', value, path)
    const kept = list.filter((item) => !matches(item))
    return kept.length === list.length ? value : kept
  }
}

const NO_SUPPORT = {
  expression: () => {
    throw mongoError(2, '$expr cannot stand in $pull. Use an update pipeline.')
  },
  schema: () => {
    throw mongoError(2, '$jsonSchema cannot stand in $pull. Use an update pipeline.')
  },
}

function pullMatcher(argument: Value): Matcher {
  if (isPlain(argument)) {
    const [first] = Object.keys(argument)
    if (first?.startsWith('$') && !['$and', '$or', '$nor', '$expr'].includes(first)) {
      const matches = compileFilter(parseFilter({ item: argument }), NO_SUPPORT)
      return (item) => matches({ item })
    }
    const matches = compileFilter(parseFilter(argument), NO_SUPPORT)
    return (item) => isDocument(item) && matches(item)
  }
  if (argument instanceof RegExp) return (item) => typeof item === 'string' && argument.test(item)
  return (item) => equalValues(item, argument)
}

/** Makes the change of `$pullAll`. */
export function pullAllChange(argument: Value, path: string): Change {
  if (!Array.isArray(argument))
    throw mongoError(2, `$pullAll takes an array. It got a ${bsonType(argument)} for ${path}.`)
  const keys = new Set(argument.map(keyOf))
  return (value) => {
    if (value === undefined) return value
    const list = requireArrayAt('$pullAll', value, path)
    const kept = list.filter((item) => !keys.has(keyOf(item)))
    return kept.length === list.length ? value : kept
  }
}
