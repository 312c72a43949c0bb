import {
  compareValues,
  type DataType,
  defineMember,
  elementType,
  type FunctionDefinition,
  groupKey,
  isText,
  makeField,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { List, Struct } from 'apache-arrow'
import { checkTextOffset } from './simple.ts'

const first = ([type]: readonly DataType[]): DataType => type as DataType

function items(value: Value): Value[] {
  if (Array.isArray(value)) return value
  return Array.from(value as ArrayLike<Value>)
}

/** Gives its first argument as the type of its second, which holds the same values. */
const retype: FunctionDefinition = {
  name: 'sql.retype',
  nulls: 'custom',
  nullable: ([value]) => value?.nullable ?? true,
  type: ([, type]) => type as DataType,
  evaluator: () => (value) => value,
}

/** Makes a list of its arguments, which are of one type. */
const listValue: FunctionDefinition = {
  name: 'sql.list_value',
  nulls: 'custom',
  nullable: () => false,
  type: ([type]) => new List(makeField('item', type ?? types.int32)),
  evaluator:
    () =>
    (...values) =>
      values,
}

/** Makes a struct: names and values by turns. */
const structPack: FunctionDefinition = {
  name: 'sql.struct_pack',
  nulls: 'custom',
  nullable: () => false,
  type: (argumentTypes, args) =>
    new Struct(
      args.flatMap((arg, index) =>
        index % 2 === 0 && arg.kind === 'literal'
          ? [makeField(String(arg.value), argumentTypes[index + 1] as DataType)]
          : [],
      ),
    ),
  evaluator:
    () =>
    (...entries) => {
      const struct: Record<string, Value> = {}
      for (let at = 0; at + 1 < entries.length; at += 2)
        defineMember(struct, entries[at] as string, entries[at + 1])
      return struct
    },
}

/** Takes an element by its place from 1, from the end where negative; null past either end. A text gives a character. */
const listExtract: FunctionDefinition = {
  name: 'sql.list_extract',
  nulls: 'strict',
  nullable: () => true,
  type: ([type]) => (isText(type as DataType) ? types.utf8 : elementType(type as DataType)),
  evaluator: () => (value, place) => {
    const isString = typeof value === 'string'
    const all = isString ? Array.from(value) : items(value)
    const index = Number(place)
    if (isString) checkTextOffset(index)
    const at = index < 0 ? all.length + index : index - 1
    if (isString) return index === 0 ? '' : (all[at] ?? '')
    return index === 0 ? null : (all[at] ?? null)
  },
}

/** Takes the elements from one place to another, both from 1 and included; null bounds are open. */
const listSlice: FunctionDefinition = {
  name: 'sql.list_slice',
  nulls: 'custom',
  type: first,
  evaluator: () => (value, from, to) => {
    if (value === null || value === undefined) return null
    if (from === null || to === null) return null
    const isString = typeof value === 'string'
    const all = isString ? Array.from(value) : items(value)
    const place = (bound: Value, open: number): number => {
      if (bound === undefined) return open
      const number = Number(bound)
      return number < 0 ? all.length + number + 1 : number
    }
    const start = Math.max(1, place(from, 1))
    const end = Math.min(all.length, place(to, all.length))
    const taken = start > end ? [] : all.slice(start - 1, end)
    return isString ? taken.join('') : taken
  },
}

function sameValue(left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right
  return compareValues(left, right) === 0
}

const listFunction = (
  name: string,
  type: FunctionDefinition['type'],
  run: (list: Value[], ...args: Value[]) => Value,
  nullable = false,
): FunctionDefinition => ({
  name: `sql.${name}`,
  nulls: 'strict',
  ...(nullable ? { nullable: () => true } : {}),
  type,
  evaluator:
    () =>
    (list, ...args) =>
      run(items(list), ...args),
})

const toBool = () => types.bool
const toInt64 = () => types.int64
const element = ([type]: readonly DataType[]): DataType => elementType(type as DataType)

function distinctOf(list: readonly Value[]): Value[] {
  const seen = new Map<unknown, Value>()
  for (const item of list) {
    if (item === null || item === undefined) continue
    const key = groupKey(item)
    if (!seen.has(key)) seen.set(key, item)
  }
  return [...seen.values()]
}

function ordered(list: readonly Value[], descending: boolean, nullsFirst: boolean): Value[] {
  const present = list.filter((item) => item !== null && item !== undefined).sort(compareValues)
  if (descending) present.reverse()
  const nulls = new Array<Value>(list.length - present.length).fill(null)
  return nullsFirst ? [...nulls, ...present] : [...present, ...nulls]
}

const presentOf = (list: readonly Value[]): Value[] =>
  list.filter((item) => item !== null && item !== undefined)

/** Takes the members of a struct or the fields of a variant by name. */
const structExtract: FunctionDefinition = {
  name: 'sql.struct_extract',
  nulls: 'strict',
  nullable: () => true,
  type: ([type], args) => {
    const [, name] = args
    const field = (type as DataType).children?.find(
      (child) => name?.kind === 'literal' && child.name === name.value,
    )
    if (field !== undefined) return field.type
    throw new SheafError('TYPE', 'The struct has no such field. Check its name.')
  },
  evaluator: () => (struct, name) =>
    Object.hasOwn(struct as object, name as string)
      ? ((struct as Record<string, Value>)[name as string] ?? null)
      : null,
}

/** Holds SQL's functions of lists and structs. */
export const nestedFunctions: readonly FunctionDefinition[] = [
  retype,
  listValue,
  structPack,
  structExtract,
  listExtract,
  listSlice,
  listFunction('list_length', toInt64, (list) => list.length),
  listFunction('list_contains', toBool, (list, value) => list.some((item) => sameValue(item, value))),
  {
    name: 'sql.list_position',
    nulls: 'custom',
    nullable: () => true,
    type: () => types.int32,
    evaluator: () => (list, value) => {
      if (list === null || list === undefined) return null
      const at = items(list).findIndex((item) => sameValue(item, value))
      return at < 0 ? null : at + 1
    },
  },
  {
    name: 'sql.list_concat',
    nulls: 'custom',
    type: first,
    evaluator:
      () =>
      (...lists) => {
        const present = lists.filter((list) => list !== null && list !== undefined)
        return present.length === 0 ? null : present.flatMap(items)
      },
  },
  listFunction('list_distinct', first, distinctOf),
  listFunction(
    'list_unique',
    () => types.uint64,
    (list) => distinctOf(list).length,
  ),
  listFunction('list_sort', first, (list) => ordered(list, false, false)),
  listFunction('list_reverse_sort', first, (list) => ordered(list, true, false)),
  listFunction('list_reverse', first, (list) => [...list].reverse()),
  listFunction('list_first', element, (list) => list[0] ?? null, true),
  listFunction('list_last', element, (list) => list[list.length - 1] ?? null, true),
  listFunction('list_any_value', element, (list) => presentOf(list)[0] ?? null, true),
  listFunction('list_min', element, (list) => ordered(presentOf(list), false, false)[0] ?? null, true),
  listFunction('list_max', element, (list) => ordered(presentOf(list), true, false)[0] ?? null, true),
  listFunction('list_count', toInt64, (list) => presentOf(list).length),
  listFunction('list_has_any', toBool, (list, other) => {
    const keys = new Set(presentOf(list).map(groupKey))
    return presentOf(items(other)).some((item) => keys.has(groupKey(item)))
  }),
  listFunction('list_has_all', toBool, (list, other) => {
    const keys = new Set(presentOf(list).map(groupKey))
    return presentOf(items(other)).every((item) => keys.has(groupKey(item)))
  }),
]
