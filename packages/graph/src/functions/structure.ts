import {
  type DataType,
  defineMember,
  elementType,
  type FunctionDefinition,
  groupKey,
  isFloat,
  isList,
  makeField,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import {
  arrayOf,
  isIntegerValue,
  isListValue,
  isMap,
  NodeValue,
  PathValue,
  type Properties,
  RelationshipValue,
} from '../values.ts'
import { custom, strict } from './define.ts'
import { runtimeArgumentError, runtimeTypeError } from './errors.ts'
import { testLabel } from './label-test.ts'

const textList = new List(makeField('item', types.utf8))
const integerList = new List(makeField('item', types.int64))

/** Is a value that has fields of its own, such as a date. */
type Fielded = { field(name: string): Value | undefined }

/** Reads a property of a node, relationship or map, or a field of a special value. */
export function readProperty(value: Value, key: Value): Value {
  if (value === null || value === undefined || key === null || key === undefined) return null
  if (typeof key !== 'string') {
    throw runtimeTypeError('The key of a map is text.', key, 'MapElementAccessByNonString')
  }
  if (value instanceof NodeValue || value instanceof RelationshipValue) return member(value.properties, key)
  if (isMap(value)) return member(value, key)
  if (typeof value === 'object' && typeof (value as Partial<Fielded>).field === 'function') {
    return (value as Fielded).field(key) ?? null
  }
  throw runtimeTypeError('Only nodes, relationships and maps have properties.', value, 'InvalidArgumentType')
}

function member(object: Properties, key: string): Value {
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null
}

function readIndex(value: Value, index: Value): Value {
  if (isListValue(value)) {
    if (!isIntegerValue(index))
      throw runtimeTypeError('The index of a list is a whole number.', index, 'InvalidArgumentType')
    const at = Number(index)
    return value[at < 0 ? value.length + at : at] ?? null
  }
  if (typeof value !== 'object')
    throw runtimeTypeError('Only lists and maps have elements.', value, 'InvalidArgumentType')
  return readProperty(value, index)
}

function slice(list: Value, from: Value, to: Value): Value {
  if (list === null || list === undefined || from === null || to === null) return null
  if (!isListValue(list)) throw runtimeTypeError('Only lists have parts.', list, 'InvalidArgumentType')
  return arrayOf(list).slice(
    from === undefined ? 0 : Number(from),
    to === undefined ? list.length : Number(to),
  )
}

function propertiesOf(value: Value): Properties {
  if (value instanceof NodeValue || value instanceof RelationshipValue) return value.properties
  if (isMap(value)) return value
  throw runtimeTypeError('Only nodes, relationships and maps have properties.', value, 'InvalidArgumentType')
}

function nodeOf(value: Value): NodeValue {
  if (value instanceof NodeValue) return value
  throw runtimeTypeError('A node is needed here.', value)
}

function relationshipOf(value: Value): RelationshipValue {
  if (value instanceof RelationshipValue) return value
  throw runtimeTypeError('A relationship is needed here.', value)
}

function pathOf(value: Value): PathValue {
  if (value instanceof PathValue) return value
  throw runtimeTypeError('A path is needed here.', value)
}

function listArgument(name: string, value: Value): readonly Value[] {
  if (isListValue(value)) return arrayOf(value)
  throw runtimeTypeError(`The function ${name} takes a list.`, value)
}

function size(value: Value): Value {
  if (typeof value === 'string') return Array.from(value).length
  if (isListValue(value)) return value.length
  if (isMap(value)) return Object.keys(value).length
  throw runtimeTypeError('Only lists, maps and text have a size.', value)
}

function reverse(value: Value): Value {
  if (typeof value === 'string') return Array.from(value).reverse().join('')
  return [...listArgument('reverse', value)].reverse()
}

const MAX_RANGE = 100_000_000

function range(start: Value, end: Value, step: Value = 1): Value {
  for (const bound of [start, end, step]) {
    if (!isIntegerValue(bound)) {
      throw runtimeArgumentError('The function range takes whole numbers.', 'InvalidArgumentType')
    }
  }
  const [from, to, by] = [Number(start), Number(end), Number(step)]
  if (by === 0) throw runtimeArgumentError('The step of range cannot be zero.', 'NumberOutOfRange')
  const count = Math.max(0, Math.floor((to - from) / by) + 1)
  if (count > MAX_RANGE)
    throw runtimeArgumentError(`A range has over ${MAX_RANGE} numbers. Ask for fewer.`, 'NumberOutOfRange')
  return Array.from({ length: count }, (_, at) => from + at * by)
}

/** Reads the id of a node or relationship whose kind is known at run time only. */
function entityId(value: Value): Value {
  if (value instanceof NodeValue || value instanceof RelationshipValue) return value.id
  throw runtimeTypeError('A node or relationship is needed here.', value)
}

/** Makes a map of parts: keys and values in turn, or a whole map's entries where the key is null. */
function mapProjection(...parts: Value[]): Value {
  const result: Record<string, Value> = {}
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [key, value] = [parts[at], parts[at + 1]]
    if (key !== null) defineMember(result, key as string, value ?? null)
    else if (value !== null && value !== undefined) {
      for (const [name, item] of Object.entries(propertiesOf(value))) defineMember(result, name, item)
    }
  }
  return result
}

function elementRule(argumentTypes: readonly DataType[]): DataType {
  const [list] = argumentTypes
  return list !== undefined && isList(list) ? elementType(list) : types.variant
}

/** Holds the functions of nodes, relationships, paths, lists and maps. */
export const structureFunctions: readonly FunctionDefinition[] = [
  custom('property', types.variant, readProperty),
  strict('index', elementRule, readIndex),
  custom('slice', (args) => args[0] ?? types.variant, slice),
  custom('map', types.variant, mapProjection),
  strict(
    'make_node',
    types.variant,
    (id, labels, properties) => new NodeValue(id as number, labels as string[], properties as Properties),
  ),
  strict(
    'make_relationship',
    types.variant,
    (id, type, source, target, properties) =>
      new RelationshipValue(
        id as number,
        type as string,
        { source: source as number, target: target as number },
        properties as Properties,
      ),
  ),
  strict('labels', textList, (value) => nodeOf(value).labels),
  strict('type', types.utf8, (value) => relationshipOf(value).type),
  strict('id', types.int64, entityId),
  strict('node_id', types.int64, (value) => nodeOf(value).id),
  strict('relationship_id', types.int64, (value) => relationshipOf(value).id),
  strict('relationship_ids', integerList, (list) =>
    listArgument('relationships', list).map((item) => relationshipOf(item).id),
  ),
  strict('source_id', types.int64, (value) => relationshipOf(value).source),
  strict('target_id', types.int64, (value) => relationshipOf(value).target),
  strict('properties', types.variant, propertiesOf),
  strict('keys', textList, (value) => Object.keys(propertiesOf(value))),
  strict('nodes', types.variant, (value) => pathOf(value).nodes),
  strict('relationships', types.variant, (value) => pathOf(value).relationships),
  strict('length', types.int64, (value) => pathOf(value).relationships.length),
  strict('size', types.int64, size),
  strict('is_empty', types.bool, (value) => size(value) === 0),
  strict('head', elementRule, (value) => listArgument('head', value)[0] ?? null),
  strict('last', elementRule, (value) => listArgument('last', value).at(-1) ?? null),
  strict(
    'tail',
    (args) => args[0] ?? types.variant,
    (value) => listArgument('tail', value).slice(1),
  ),
  strict('reverse', (args) => args[0] ?? types.variant, reverse),
  {
    ...strict('range', integerList, range),
    evaluator: (argumentTypes) => (argumentTypes.some(isFloat) ? () => range(0, Number.NaN) : range),
  },
  custom('row', types.variant, (...items) => items),
  custom('pair', types.variant, (key, value) => [key, value]),
  custom('lookup', types.variant, (pairs, key) => {
    const wanted = groupKey(key)
    for (const pair of arrayOf(pairs as ArrayLike<Value>)) {
      const [element, value] = pair as readonly [Value, Value]
      if (groupKey(element) === wanted) return value
    }
    return null
  }),
  custom('deleted', types.variant, (id) => {
    if (id === null || id === undefined) return null
    throw runtimeArgumentError(
      'A node or relationship was deleted before in this statement. Read it before deleting it.',
      'DeletedEntityAccess',
    )
  }),
  strict('as_list', types.variant, (value) => (isListValue(value) ? value : [value])),
  {
    ...strict('has_label', types.bool, (labels, label) => {
      for (let at = 0; at < (labels as readonly Value[]).length; at += 1)
        if ((labels as readonly Value[])[at] === label) return true
      return false
    }),
    kernel: testLabel,
  },
  strict('has_labels', types.bool, (value, label) => {
    if (value instanceof NodeValue) return value.labels.includes(label as string)
    return relationshipOf(value).type === label
  }),
  strict('has_names', types.bool, (value, names, any) => {
    const wanted = namesOf(names)
    const own = namesOfEntity(value)
    return any === true
      ? wanted.some((name) => own.includes(name))
      : wanted.every((name) => own.includes(name))
  }),
  strict('in_edges', types.bool, (edges, edge) => Array.prototype.includes.call(edges, edge)),
  strict('disjoint_edges', types.bool, (left, right) => {
    const known = new Set(arrayOf(left as ArrayLike<Value>))
    return !arrayOf(right as ArrayLike<Value>).some((edge) => known.has(edge))
  }),
  strict('path_nodes', integerList, (...parts) => pathNodes(parts)),
  strict('path_edges', integerList, (...parts) =>
    parts.flatMap((part) => (isListValue(part) ? arrayOf(part) : [part])),
  ),
  strict('reverse_ids', integerList, (list) => [...arrayOf(list as ArrayLike<Value>)].reverse()),
]

/** Reads the names of labels that are computed: one text, or a list of texts. */
function namesOf(value: Value): readonly string[] {
  const names = isListValue(value) ? arrayOf(value) : [value]
  for (const name of names)
    if (typeof name !== 'string')
      throw runtimeTypeError('A dynamic label is text, or a list of texts.', name, 'InvalidArgumentType')
  return names as readonly string[]
}

/** Gives the labels of a node or the type of a relationship, whole or as the column that holds them. */
function namesOfEntity(value: Value): readonly Value[] {
  if (value instanceof NodeValue) return value.labels
  if (value instanceof RelationshipValue) return [value.type]
  return isListValue(value) ? arrayOf(value) : [value]
}

/** Joins the nodes of a path's parts: a node, or the nodes of a stretch, whose first is the last of the part before. */
function pathNodes(parts: readonly Value[]): Value {
  const nodes: Value[] = []
  for (const part of parts) {
    if (!isListValue(part)) nodes.push(part)
    else nodes.push(...arrayOf(part).slice(nodes.length === 0 ? 0 : 1))
  }
  return nodes
}
