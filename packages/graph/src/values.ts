import type { Value } from '@sheafdb/core'

/** Is the properties of a node or relationship: plain data by key. */
export type Properties = Readonly<Record<string, Value>>

/** Is a node as users see it. */
export class NodeValue {
  readonly id: number
  readonly labels: readonly string[]
  readonly properties: Properties

  constructor(id: number, labels: readonly string[], properties: Properties) {
    this.id = id
    this.labels = labels
    this.properties = properties
  }
}

/** Is a relationship as users see it; `source` and `target` are ids of nodes. */
export class RelationshipValue {
  readonly id: number
  readonly type: string
  readonly source: number
  readonly target: number
  readonly properties: Properties

  constructor(
    id: number,
    type: string,
    ends: { readonly source: number; readonly target: number },
    properties: Properties,
  ) {
    this.id = id
    this.type = type
    this.source = ends.source
    this.target = ends.target
    this.properties = properties
  }
}

/** Is a path as users see it: one node more than relationships. */
export class PathValue {
  readonly nodes: readonly NodeValue[]
  readonly relationships: readonly RelationshipValue[]

  constructor(nodes: readonly NodeValue[], relationships: readonly RelationshipValue[]) {
    this.nodes = nodes
    this.relationships = relationships
  }
}

/** Tells whether a value is a map: an object that is no node, relationship, path or other special value. */
export function isMap(value: Value): value is Record<string, Value> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Tells whether a value is a list, an array or a typed array. */
export function isListValue(value: Value): value is ArrayLike<Value> {
  return (
    Array.isArray(value) ||
    (ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof Uint8Array))
  )
}

/** Makes a plain array of a list. */
export function arrayOf(list: ArrayLike<Value>): readonly Value[] {
  return Array.isArray(list) ? list : Array.from(list)
}

/** Tells whether a value is a number of either kind. */
export function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Tells whether a value is a whole number. */
export function isIntegerValue(value: Value): value is number | bigint {
  return (
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isInteger(value) && !Object.is(value, -0))
  )
}

/** Names the kind of a value as openCypher does, for messages. */
export function kindName(value: Value): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (isNumeric(value)) return isIntegerValue(value) ? 'integer' : 'float'
  if (value instanceof NodeValue) return 'node'
  if (value instanceof RelationshipValue) return 'relationship'
  if (value instanceof PathValue) return 'path'
  if (isListValue(value)) return 'list'
  return isMap(value) ? 'map' : 'value'
}
