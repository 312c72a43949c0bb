import { type DataType, List } from 'apache-arrow'
import type { Column, Validity } from '../../types/column.ts'
import { commonType, elementType, isList, isVariant, makeField, types } from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import { compareValues, type Value } from '../../types/value.ts'
import type { FunctionDefinition } from '../registry.ts'
import { requireCount, requireType } from './signature.ts'

/** Reads an own member of an object or an element of an array; null where there is none. */
export function readMember(value: Value, key: Value): Value {
  if (typeof value !== 'object' || value === null) return null
  if (value instanceof Map) return (value.get(key) as Value) ?? null
  if (typeof key === 'number') {
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return null
    return (value as ArrayLike<Value>)[key] ?? null
  }
  if (typeof key !== 'string' || Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Date)
    return null
  return Object.hasOwn(value, key) ? ((value as Record<string, Value>)[key] ?? null) : null
}

/** Reads the value under a path of keys and indexes (`variant.get(value, 'address', 'city')`). */
const variantGet: FunctionDefinition = {
  name: 'variant.get',
  nulls: 'custom',
  nullable: () => true,
  pathAccess: true,
  type: (argumentTypes, args) => {
    requireCount('variant.get', argumentTypes, 1, Number.POSITIVE_INFINITY)
    return memberType(
      argumentTypes[0] as DataType,
      args.slice(1).map((arg) => (arg.kind === 'literal' ? arg.value : null)),
    )
  },
  evaluator:
    () =>
    (root: Value, ...path: Value[]) =>
      path.reduce<Value>(readMember, root),
  kernel: structMember,
}

/** Reads a path of keys in a column of structs: the column of the last. */
function structMember(column: Column, path: readonly Value[]): Column | undefined {
  let current = column
  for (const key of path) {
    if (current.layout !== 'struct') return undefined
    const { type, children, validity } = current
    const child = children[type.children.findIndex(({ name }) => name === key)]
    if (child === undefined || child.layout === 'boxed') return undefined
    current = validity === null ? child : { ...child, validity: bothValid(validity, child.validity) }
  }
  return current
}

function bothValid(left: Uint8Array, right: Validity): Uint8Array {
  return right === null ? left : left.map((bits, at) => bits & (right[at] ?? 0))
}

function memberType(type: DataType, path: readonly Value[]): DataType {
  let current = type
  for (const key of path) {
    if (isVariant(current)) return types.variant
    if (isList(current) && typeof key === 'number') current = elementType(current)
    else current = current.children?.find((child) => child.name === key)?.type ?? types.variant
  }
  return current
}

/** Makes a list of its arguments. */
const list: FunctionDefinition = {
  name: 'list',
  nulls: 'custom',
  nullable: () => false,
  type: (argumentTypes) =>
    new List(makeField('item', argumentTypes.reduce(commonType, types.null as DataType))),
  evaluator:
    () =>
    (...items: Value[]) =>
      items,
}

/** Makes an object: `object(key, value, key, value, …)`, keys in the order given. */
const object: FunctionDefinition = {
  name: 'object',
  nulls: 'custom',
  nullable: () => false,
  type: () => types.variant,
  evaluator:
    () =>
    (...entries: Value[]) => {
      const result: Record<string, Value> = {}
      for (let index = 0; index + 1 < entries.length; index += 2)
        defineMember(result, entries[index] as string, entries[index + 1])
      return result
    },
}

/** Sets an own member, `__proto__` like any other name. */
export function defineMember(object: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** Takes an element by 0-based index; a negative index counts from the end; null past either end. */
const listGet: FunctionDefinition = {
  name: 'list.get',
  nulls: 'strict',
  nullable: () => true,
  type: (argumentTypes) => {
    requireCount('list.get', argumentTypes, 2)
    requireType('list.get', argumentTypes[0], isList, 'a list')
    return elementType(argumentTypes[0] as DataType)
  },
  evaluator: () => (items, index) => {
    const array = requireArray('list.get', items)
    const at = Number(index)
    return array[at < 0 ? array.length + at : at] ?? null
  },
}

/** Takes the elements from one 0-based index up to another; null bounds are open, negative ones count from the end. */
const listSlice: FunctionDefinition = {
  name: 'list.slice',
  nulls: 'custom',
  type: (argumentTypes) => {
    requireCount('list.slice', argumentTypes, 3)
    return argumentTypes[0] as DataType
  },
  evaluator: () => (items, start, end) => {
    if (items === null || items === undefined) return null
    const array = requireArray('list.slice', items)
    return Array.prototype.slice.call(
      array,
      start === null ? 0 : Number(start),
      end === null ? array.length : Number(end),
    )
  },
}

/** Tells whether a list holds a value; unknown where it holds null and not the value. */
const listContains: FunctionDefinition = {
  name: 'list.contains',
  nulls: 'strict',
  nullable: () => true,
  type: (argumentTypes) => {
    requireCount('list.contains', argumentTypes, 2)
    return types.bool
  },
  evaluator: () => (items, value) => {
    let hasNull = false
    for (const item of Array.from(requireArray('list.contains', items))) {
      if (item === null || item === undefined) hasNull = true
      else if (compareValues(item, value) === 0) return true
    }
    return hasNull ? null : false
  },
}

/** Joins lists end to end. */
const listConcat: FunctionDefinition = {
  name: 'list.concat',
  nulls: 'strict',
  type: (argumentTypes) => argumentTypes.reduce(commonType, types.null as DataType),
  evaluator:
    () =>
    (...lists: Value[]) =>
      lists.flatMap((items) => Array.from(requireArray('list.concat', items))),
}

type Callback = (...args: Value[]) => Value

/** Applies a lambda to each element. */
const listMap: FunctionDefinition = {
  name: 'list.map',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('list.map', argumentTypes, 2)
    return new List(makeField('item', argumentTypes[1] as DataType))
  },
  evaluator: () => (items, each) =>
    Array.from(requireArray('list.map', items), (item, index) => (each as Callback)(item, index)),
}

/** Keeps the elements for which a lambda is true. */
const listFilter: FunctionDefinition = {
  name: 'list.filter',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('list.filter', argumentTypes, 2)
    return argumentTypes[0] as DataType
  },
  evaluator: () => (items, keep) =>
    Array.from(requireArray('list.filter', items)).filter(
      (item, index) => (keep as Callback)(item, index) === true,
    ),
}

/** Folds a list: `list.reduce(items, initial, (state, item) -> …)`. */
const listReduce: FunctionDefinition = {
  name: 'list.reduce',
  nulls: 'custom',
  nullable: () => true,
  type: (argumentTypes) => {
    requireCount('list.reduce', argumentTypes, 3)
    return commonType(argumentTypes[1] as DataType, argumentTypes[2] as DataType)
  },
  evaluator: () => (items, initial, step) => {
    if (items === null || items === undefined) return null
    return Array.from(requireArray('list.reduce', items)).reduce<Value>(
      (state, item) => (step as Callback)(state, item),
      initial,
    )
  },
}

/** Sorts a list in the one total order; nulls last. */
const listSort: FunctionDefinition = {
  name: 'list.sort',
  nulls: 'strict',
  type: (argumentTypes) => argumentTypes[0] as DataType,
  evaluator: () => (items) =>
    Array.from(requireArray('list.sort', items)).sort((left, right) =>
      left === null || right === null
        ? Number(left === null) - Number(right === null)
        : compareValues(left, right),
    ),
}

function requireArray(name: string, value: Value): ArrayLike<Value> {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)))
    return value as ArrayLike<Value>
  throw new SheafError('TYPE', `The function ${name} needs a list. It got a ${typeof value}.`)
}

/** Holds the functions of variants, lists and objects. */
export const nestedFunctions: readonly FunctionDefinition[] = [
  variantGet,
  list,
  object,
  listGet,
  listSlice,
  listContains,
  listConcat,
  listMap,
  listFilter,
  listReduce,
  listSort,
]
