import {
  call,
  type Expression,
  elementType,
  isList,
  isText,
  isVariant,
  literal,
  types,
  typesEqual,
} from '@sheafdb/core'
import { Type } from 'apache-arrow'
import { notNative } from './native.ts'
import { convert, familyOf, unify } from './types.ts'

type Lower = (args: readonly Expression[]) => Expression

/** Makes a list of values that are brought to one type. */
export function listOf(given: readonly Expression[]): Expression {
  const items = unify(given)
  const typed = items.find((item) => familyOf(item) !== 'null')
  if (typed === undefined) return call('sql.list_value', ...items.map(() => literal(null, types.int32)))
  const type = items.reduce((found, item) => wider(found, item.type), typed.type)
  if (items.some((item) => isList(item.type) && !typesEqual(item.type, type)))
    return notNative('lists of unlike types')
  const all = items.map((item) => (familyOf(item) === 'null' ? literal(null, type) : item))
  // The type is that of the first, so the widest stands for all.
  const aligned = all.map((item) => (familyOf(item) === 'integer' ? convert(item, type) : item))
  return call('sql.list_value', ...aligned)
}

function wider(left: Expression['type'], right: Expression['type']): Expression['type'] {
  const width = (type: Expression['type']) => (type as unknown as { bitWidth?: number }).bitWidth ?? 0
  return left.typeId === Type.Int && right.typeId === Type.Int && width(right) > width(left) ? right : left
}

function requireList(value: Expression | undefined): Expression {
  if (value === undefined || !isList(value.type)) return notNative('a list function of what is no list')
  return value
}

/** Functions of one list. */
const ofList =
  (name: string, changes = false): Lower =>
  (args) => {
    const list = requireList(args[0])
    if (args.length !== 1) return notNative(`${name} with options`)
    // A list of fixed length that another comes of has no fixed length.
    if (changes && list.type.typeId === Type.FixedSizeList) return notNative('an array')
    return call(`sql.${name}`, list)
  }

/** Functions of a list and one of its elements. */
const withElement =
  (name: string): Lower =>
  ([given, value, ...more]) => {
    const list = requireList(given)
    if (value === undefined || more.length > 0) return notNative(`${name} of other arguments`)
    const type = elementType(list.type)
    const same = familyOf({ type }) === familyOf(value) && familyOf(value) !== 'other'
    if (!same && !(familyOf(value) === 'null')) return notNative(`${name} of unlike types`)
    if (familyOf(value) === 'null') return notNative(`${name} of NULL`)
    return call(`sql.${name}`, list, value)
  }

const withList =
  (name: string): Lower =>
  (args) => {
    const [left, right] = [requireList(args[0]), requireList(args[1])]
    if (args.length !== 2 || !typesEqual(left.type, right.type)) return notNative(`${name} of unlike lists`)
    return call(`sql.${name}`, left, right)
  }

/** Takes an element of a list, a character of a text, or a field of a struct. */
export function extract(args: readonly Expression[]): Expression {
  const [value, key] = args
  if (value === undefined || key === undefined || args.length !== 2) return notNative('an extraction')
  if (isVariant(value.type)) return notNative('an element of a variant')
  if (value.type.typeId === Type.Struct) return structField(value, key)
  if (familyOf(key) !== 'integer' || !(isList(value.type) || isText(value.type)))
    return notNative('an element of what is no list')
  return call('sql.list_extract', value, key)
}

/** Takes a field of a struct by its name, letter case left out. */
export function structField(value: Expression, key: Expression): Expression {
  if (
    key.kind !== 'literal' ||
    typeof key.value !== 'string' ||
    value.type.typeId !== Type.Struct ||
    isVariant(value.type)
  )
    return notNative('a field of what is no struct')
  const wanted = key.value.toLowerCase()
  const field = value.type.children.find((child) => child.name.toLowerCase() === wanted)
  return field === undefined
    ? notNative(`the field ${key.value}`)
    : call('sql.struct_extract', value, literal(field.name, types.utf8))
}

/** Takes a part of a list or a text; a bound that is left out is open. */
export function slice(args: readonly Expression[]): Expression {
  const [value, from, to] = args
  if (value === undefined || args.length > 3) return notNative('a slice with steps')
  if (!isList(value.type) && !isText(value.type)) return notNative('a slice of what is no list')
  const bounds = [from, to].filter((bound): bound is Expression => bound !== undefined)
  if (bounds.length < 2 || bounds.some((bound) => familyOf(bound) !== 'integer'))
    return notNative('a slice with open bounds')
  if (value.type.typeId === Type.FixedSizeList) return notNative('an array')
  return call('sql.list_slice', value, ...bounds)
}

/** Makes a struct of named values. */
export function structOf(names: readonly string[], values: readonly Expression[]): Expression {
  const typed = values.map((value) => (familyOf(value) === 'null' ? literal(null, types.int32) : value))
  return call(
    'sql.struct_pack',
    ...names.flatMap((name, index) => [literal(name, types.utf8), typed[index] as Expression]),
  )
}

function concatLists(args: readonly Expression[]): Expression {
  const [first, ...rest] = args.map(requireList)
  if (first === undefined || rest.some((list) => !typesEqual(list.type, first.type)))
    return notNative('lists of unlike types')
  return first.type.typeId === Type.FixedSizeList
    ? notNative('an array')
    : call('sql.list_concat', first, ...rest)
}

const aliased = (names: readonly string[], lower: Lower): [string, Lower][] =>
  names.map((name) => [name, lower])

/** Maps DuckDB's functions of lists that SQL has here. */
export const LIST_FUNCTIONS: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ...aliased(['list_value', 'list_pack'], listOf),
  ...aliased(['list_extract', 'list_element', 'array_extract', 'element_at'], extract),
  ...aliased(['list_slice', 'array_slice'], slice),
  ...aliased(['list_contains', 'list_has', 'array_contains', 'array_has'], withElement('list_contains')),
  ...aliased(
    ['list_position', 'list_indexof', 'array_position', 'array_indexof'],
    withElement('list_position'),
  ),
  ...aliased(['list_concat', 'list_cat', 'array_concat', 'array_cat'], concatLists),
  ...aliased(['list_distinct', 'array_distinct'], ofList('list_distinct', true)),
  ...aliased(['list_unique', 'array_unique'], ofList('list_unique')),
  ...aliased(['list_sort', 'array_sort'], ofList('list_sort', true)),
  ...aliased(['list_reverse_sort', 'array_reverse_sort'], ofList('list_reverse_sort', true)),
  ...aliased(['list_reverse', 'array_reverse'], ofList('list_reverse', true)),
  ...aliased(['list_first', 'array_first'], ofList('list_first')),
  ...aliased(['list_last', 'array_last'], ofList('list_last')),
  ['list_any_value', ofList('list_any_value')],
  ['list_min', ofList('list_min')],
  ['list_max', ofList('list_max')],
  ['list_count', ofList('list_count')],
  ['array_length', ofList('list_length')],
  ...aliased(['list_has_any', 'array_has_any', '&&'], withList('list_has_any')),
  ...aliased(['list_has_all', 'array_has_all', '@>'], withList('list_has_all')),
  ['struct_extract', ([value, key]) => (value && key ? extract([value, key]) : notNative('struct_extract'))],
])
