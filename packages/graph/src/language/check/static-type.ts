/** Names the kinds of values as far as they are known before a query runs. */
export type StaticKind =
  | 'any'
  | 'boolean'
  | 'integer'
  | 'float'
  | 'number'
  | 'string'
  | 'list'
  | 'map'
  | 'node'
  | 'relationship'
  | 'path'

/** Is what is known of a value before a query runs; `element` for lists. */
export type StaticType = { readonly kind: StaticKind; readonly element?: StaticType }

/** Holds one instance of each plain type. */
export const ANY: StaticType = { kind: 'any' }
/** Is the type of booleans. */
export const BOOLEAN: StaticType = { kind: 'boolean' }
/** Is the type of integers. */
export const INTEGER: StaticType = { kind: 'integer' }
/** Is the type of floats. */
export const FLOAT: StaticType = { kind: 'float' }
/** Is the type of numbers of either kind. */
export const NUMBER: StaticType = { kind: 'number' }
/** Is the type of text. */
export const STRING: StaticType = { kind: 'string' }
/** Is the type of maps. */
export const MAP: StaticType = { kind: 'map' }
/** Is the type of nodes. */
export const NODE: StaticType = { kind: 'node' }
/** Is the type of relationships. */
export const RELATIONSHIP: StaticType = { kind: 'relationship' }
/** Is the type of paths. */
export const PATH: StaticType = { kind: 'path' }

/** Makes the type of lists of a type. */
export function listOf(element: StaticType): StaticType {
  return { kind: 'list', element }
}

/** Gives the type of a list's elements. */
export function elementOf(type: StaticType): StaticType {
  return type.element ?? ANY
}

/** Finds the type that holds the values of both. */
export function commonStaticType(left: StaticType, right: StaticType): StaticType {
  if (left.kind === right.kind) {
    return left.kind === 'list' ? listOf(commonStaticType(elementOf(left), elementOf(right))) : left
  }
  return isNumber(left) && isNumber(right) ? NUMBER : ANY
}

/** Tells whether a type is a number of either kind. */
export function isNumber(type: StaticType): boolean {
  return type.kind === 'integer' || type.kind === 'float' || type.kind === 'number'
}

/** Tells whether a value of a type may be of one of the kinds. */
export function mayBe(type: StaticType, ...kinds: readonly StaticKind[]): boolean {
  if (type.kind === 'any') return true
  if (kinds.includes(type.kind)) return true
  if (type.kind === 'number') return kinds.includes('integer') || kinds.includes('float')
  return (type.kind === 'integer' || type.kind === 'float') && kinds.includes('number')
}
