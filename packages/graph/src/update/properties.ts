import {
  columnFromValues,
  columnReader,
  defineMember,
  isExtensionValue,
  type RowBatch,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import {
  arrayOf,
  isListValue,
  isMap,
  kindName,
  NodeValue,
  type Properties,
  RelationshipValue,
} from '../values.ts'

/** Makes properties for storage of a map: keys without value are left out, lists are copied. @throws `TYPE` */
export function storedProperties(map: Value): Record<string, Value> {
  const properties: Record<string, Value> = {}
  if (map === null || map === undefined) return properties
  const source = map instanceof NodeValue || map instanceof RelationshipValue ? map.properties : map
  if (!isMap(source)) {
    throw new SheafError(
      'TYPE',
      `Properties are given as a map, a node or a relationship, not as a ${kindName(map)}.`,
      {
        phase: 'runtime',
        detail: 'InvalidArgumentType',
      },
    )
  }
  for (const [key, value] of Object.entries(source)) {
    if (value !== null && value !== undefined) defineMember(properties, key, storedValue(value))
  }
  return properties
}

/** Makes a value for storage. @throws `TYPE` for what cannot be a property: maps, nodes, relationships, paths */
export function storedValue(value: Value): Value {
  if (isListValue(value)) return arrayOf(value).map(storedItem)
  return storedItem(value)
}

function storedItem(value: Value): Value {
  if (isListValue(value)) return arrayOf(value).map(storedItem)
  if (isStorable(value)) return value
  throw new SheafError(
    'TYPE',
    `A property holds a number, text, boolean, date or a list of these. Store something else in place of this ${kindName(value)}.`,
    { phase: 'runtime', detail: 'InvalidPropertyType' },
  )
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

function isStorable(value: Value): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return true
    case 'bigint':
      return value >= INT64_MIN && value <= INT64_MAX
    case 'object':
      return value === null || value instanceof Uint8Array || isExtensionValue(value)
    default:
      return false
  }
}

/** Makes rows of one variant field. */
export function propertyRows(properties: readonly Properties[]): RowBatch {
  return {
    fields: ['properties'],
    columns: [columnFromValues(types.variant, properties)],
    length: properties.length,
  }
}

type Source = {
  gather(
    ids: ArrayLike<number>,
    columns: readonly { readonly field: string; readonly type: typeof types.variant }[],
  ): { readonly columns: readonly Parameters<typeof columnReader>[0][]; readonly found: Uint8Array }
}

/** Reads the properties of rows by id; `undefined` for rows that are gone. */
export function readProperties(
  source: Source,
  ids: Float64Array,
): ReadonlyMap<number, Record<string, Value>> {
  const result = new Map<number, Record<string, Value>>()
  if (ids.length === 0) return result
  const { columns, found } = source.gather(ids, [{ field: 'properties', type: types.variant }])
  const read = columnReader(columns[0] as Parameters<typeof columnReader>[0])
  for (let at = 0; at < ids.length; at += 1) {
    if (found[at] === 0) continue
    const copy: Record<string, Value> = {}
    for (const [key, value] of Object.entries(read(at) as Record<string, Value>))
      defineMember(copy, key, value)
    result.set(ids[at] as number, copy)
  }
  return result
}
