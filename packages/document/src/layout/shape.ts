/**
 * Keeps what is known of a collection's documents: which kinds of values each path has ever held. It only grows, is
 * part of the collection's definition in the catalog, and lets a query of a path that always held numbers be planned
 * as a comparison of a number column.
 */
import { type DataType, isTemporal, makeField, types, type Value } from '@sheafdb/core'
import { type Field, List, Struct, Type } from 'apache-arrow'
import { bsonType, type Document, isDocument, isInt32 } from '../semantics/value.ts'

/** Holds a bit for each kind of value. */
export const Kind = {
  null: 1,
  boolean: 2,
  int: 4,
  double: 8,
  nan: 16,
  long: 32,
  text: 64,
  date: 128,
  bytes: 256,
  object: 512,
  array: 1024,
  objectId: 2048,
  other: 4096,
} as const

/** Describes the values at a path: the kinds seen, and for objects what lies below. */
export type Shape = {
  kinds: number
  readonly fields: Map<string, Shape>
  /** How many of the fields are not optional. */
  required: number
  /** True where an object at the path above lacked it. */
  optional: boolean
  /** True where all objects had their keys in the order of `fields`. */
  ordered: boolean
  /** True where objects had keys that are not among `fields`, of which nothing is known. */
  more: boolean
  /** What the elements of arrays are; `null` where nothing is known of them. */
  element: Shape | null
}

/** Is a shape as plain JSON: kinds, flags (1 more, 2 optional, 4 in another order), fields in order, elements. */
export type ShapeJson = readonly [
  kinds: number,
  flags: number,
  fields: readonly (readonly [string, ShapeJson])[],
  element?: ShapeJson,
]

/** Makes a shape of nothing seen. */
export function newShape(): Shape {
  return {
    kinds: 0,
    fields: new Map(),
    required: 0,
    optional: false,
    ordered: true,
    more: false,
    element: null,
  }
}

const MOST_PATHS = 1000
const MAX_DEPTH = 16

/** Adds documents to a shape. Gives true where that changed it. */
export function observeDocuments(shape: Shape, documents: readonly Document[]): boolean {
  const state = { changed: false, left: MOST_PATHS - countPaths(shape) }
  for (const document of documents) observe(shape, document, state, 0)
  return state.changed
}

type State = { changed: boolean; left: number }

/** Tells whether a shape says all that documents would add to it. */
export function isObserved(shape: Shape, documents: readonly Document[]): boolean {
  return documents.every((document) => covers(shape, document))
}

function covers(shape: Shape, value: Value): boolean {
  const kind = kindBit(value)
  if ((shape.kinds & kind) === 0) return false
  if (kind === Kind.array) return coversElements(shape.element, value as readonly Value[])
  if (kind !== Kind.object) return true
  const keys = Object.keys(value as Document)
  let required = 0
  for (const key of keys) {
    const field = shape.fields.get(key)
    if (field === undefined) {
      if (!shape.more) return false
      continue
    }
    if (!field.optional) required += 1
    if (!covers(field, (value as Document)[key])) return false
  }
  if (shape.ordered && !inOrder(shape, keys)) return false
  const hasAll = !shape.more && keys.length === shape.fields.size
  return hasAll || required === shape.required
}

function coversElements(element: Shape | null, values: readonly Value[]): boolean {
  if (element === null) return true
  for (const value of values) if (!covers(element, value)) return false
  return true
}

function countPaths(shape: Shape): number {
  let count = shape.element === null ? 0 : 1 + countPaths(shape.element)
  for (const field of shape.fields.values()) count += 1 + countPaths(field)
  return count
}

function observe(shape: Shape, value: Value, state: State, depth: number): void {
  const kind = kindBit(value)
  const known = (shape.kinds & Kind.object) !== 0
  if ((shape.kinds & kind) === 0) {
    // Elements are known from the first array on, or never.
    if (kind === Kind.array && state.left > 0 && depth < MAX_DEPTH) {
      shape.element = newShape()
      state.left -= 1
    }
    shape.kinds |= kind
    state.changed = true
  }
  if (kind === Kind.array && shape.element !== null)
    for (const item of value as readonly Value[]) observe(shape.element, item, state, depth + 1)
  if (kind !== Kind.object) return
  const isFirst = !known
  let required = 0
  const keys = Object.keys(value as Document)
  for (const key of keys) {
    let field = shape.fields.get(key)
    if (field === undefined) {
      if (state.left <= 0 || depth >= MAX_DEPTH) {
        state.changed ||= !shape.more
        shape.more = true
        continue
      }
      state.left -= 1
      state.changed = true
      field = newShape()
      field.optional = !isFirst
      if (isFirst) shape.required += 1
      shape.fields.set(key, field)
    }
    if (!field.optional) required += 1
    observe(field, (value as Document)[key], state, depth + 1)
  }
  if (shape.ordered && !inOrder(shape, keys)) {
    shape.ordered = false
    state.changed = true
  }
  // An object of as many keys as there are fields has them all.
  const mayMiss = shape.more || keys.length < shape.fields.size
  if (mayMiss && required < shape.required) noteMissing(shape, value as Document, state)
}

/** Tells whether keys stand in the order of a shape's fields; keys that it does not know break the order. */
function inOrder({ fields }: Shape, keys: readonly string[]): boolean {
  let at = 0
  for (const name of fields.keys()) if (name === keys[at]) at += 1
  return at === keys.length
}

function noteMissing(shape: Shape, object: Document, state: State): void {
  for (const [key, field] of shape.fields) {
    if (field.optional || Object.hasOwn(object, key)) continue
    field.optional = true
    shape.required -= 1
    state.changed = true
  }
}

function kindBit(value: Value): number {
  switch (typeof value) {
    case 'number':
      if (isInt32(value)) return Kind.int
      return Number.isNaN(value) ? Kind.nan : Kind.double
    case 'string':
      return value.isWellFormed() ? Kind.text : Kind.other
    case 'boolean':
      return Kind.boolean
    case 'bigint':
      return value >= -(2n ** 63n) && value < 2n ** 63n ? Kind.long : Kind.other
    case 'undefined':
      return Kind.null
    default:
      return value === null ? Kind.null : objectBit(value as object)
  }
}

function objectBit(value: object): number {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return Kind.object
  if (Array.isArray(value)) return Kind.array
  switch (bsonType(value)) {
    case 'date':
      return Number.isNaN((value as Date).getTime()) ? Kind.other : Kind.date
    case 'binData':
      return Kind.bytes
    case 'object':
      return isDocument(value) ? Kind.object : Kind.other
    case 'objectId':
      return Kind.objectId
    default:
      return Kind.other
  }
}

/** Gives a shape as JSON. */
export function shapeToJson(shape: Shape): ShapeJson {
  const own: ShapeJson = [
    shape.kinds,
    (shape.more ? 1 : 0) | (shape.optional ? 2 : 0) | (shape.ordered ? 0 : 4),
    [...shape.fields].map(([key, field]) => [key, shapeToJson(field)] as const),
  ]
  return shape.element === null ? own : [own[0], own[1], own[2], shapeToJson(shape.element)]
}

/** Reads a shape from JSON. */
export function shapeFromJson(json: ShapeJson | undefined): Shape {
  if (json === undefined) return newShape()
  const [kinds, flags, entries, element] = json
  const fields = new Map(entries.map(([key, field]) => [key, shapeFromJson(field)]))
  return {
    kinds,
    more: (flags & 1) !== 0,
    optional: (flags & 2) !== 0,
    ordered: (flags & 4) === 0,
    fields,
    element: element === undefined ? null : shapeFromJson(element),
    required: [...fields.values()].filter(({ optional }) => !optional).length,
  }
}

/** Tells whether every document has a value at a path, and none of them is null. */
export function isNeverNull(shape: Shape, path: readonly string[]): boolean {
  let current = shape
  for (const name of path) {
    const field = current.fields.get(name)
    if (field === undefined || field.optional || current.kinds !== Kind.object) return false
    current = field
  }
  return current.kinds !== 0 && (current.kinds & (Kind.null | Kind.nan)) === 0
}

/** Says what is known of a path. */
export type PathKnowledge = {
  /** Kinds of the values at the path; 0 where it was never there. `null` where it is not known. */
  readonly kinds: number | null
  /** True where all values on the way were objects, so that no array multiplies the path. */
  readonly direct: boolean
  /** The count of leading names up to which no array was met. */
  readonly directLength: number
}

/** Looks up a path. */
export function knowPath(shape: Shape, path: readonly string[]): PathKnowledge {
  let current = shape
  for (let at = 0; at < path.length; at += 1) {
    if ((current.kinds & Kind.array) !== 0) return { kinds: null, direct: false, directLength: at }
    const field = current.fields.get(path[at] as string)
    if (field === undefined) {
      return current.more
        ? { kinds: null, direct: false, directLength: at }
        : { kinds: 0, direct: true, directLength: path.length }
    }
    current = field
  }
  return { kinds: current.kinds, direct: true, directLength: path.length }
}

/** Finds what is known of the values at a path through objects alone; `null` where an array lies on the way. */
export function shapeAt(shape: Shape, path: readonly string[]): Shape | null {
  let current: Shape | undefined = shape
  for (const name of path) {
    if ((current.kinds & Kind.array) !== 0) return null
    const field: Shape | undefined = current.fields.get(name)
    if (field === undefined) return null
    current = field
  }
  return current
}

/** Is how a list is read as a column: its type, and whether its elements are objects, read as structs. */
export type ListShape = { readonly type: DataType; readonly element: Shape; readonly ofObjects: boolean }

/** Gives the column type of lists of which all elements are of one type of scalar, or objects of such fields. */
export function listShape(shape: Shape): ListShape | null {
  const { element } = shape
  if ((shape.kinds & ~Kind.null) !== Kind.array || element === null) return null
  const type = memberType(element)
  if (type === null) return null
  return { type: new List(makeField('item', type)), element, ofObjects: type.typeId === Type.Struct }
}

/** Gives the type of an element, or of a field of one: a scalar's, or a struct of the fields that have one. */
function memberType(shape: Shape): DataType | null {
  const scalar = scalarType(shape.kinds)
  if (scalar !== null) return isTemporal(scalar) ? null : scalar
  if ((shape.kinds & ~Kind.null) !== Kind.object) return null
  const fields = [...shape.fields].flatMap(([name, field]) => {
    const type = memberType(field)
    return type === null ? [] : [makeField(name, type)]
  })
  return fields.length === 0 ? null : new Struct(fields)
}

/** Gives the struct or list that objects or arrays are as a column; null where one of their values has no type. */
export function nestedType(shape: Shape): DataType | null {
  const kinds = shape.kinds & ~Kind.null
  if (kinds === Kind.array && shape.element !== null) {
    const type = scalarType(shape.element.kinds) ?? nestedType(shape.element)
    return type === null ? null : new List(makeField('item', type))
  }
  if (kinds !== Kind.object || shape.more || shape.fields.size === 0) return null
  const fields: Field[] = []
  for (const [name, field] of shape.fields) {
    const type = scalarType(field.kinds) ?? nestedType(field)
    if (type === null) return null
    fields.push(makeField(name, type))
  }
  return new Struct(fields)
}

const NUMBER = Kind.int | Kind.double

/** Gives the column type that holds all values of these kinds, nulls aside; `null` for none but variant. */
export function scalarType(kinds: number): DataType | null {
  const real = kinds & ~Kind.null
  if (real === 0) return null
  if (real === Kind.int) return types.int32
  if ((real & ~NUMBER) === 0) return types.float64
  switch (real) {
    case Kind.boolean:
      return types.bool
    case Kind.text:
      return types.utf8
    case Kind.date:
      return types.timestamp
    default:
      return null
  }
}
