import type { Value } from '@sheafdb/core'
import { getKey, isDocument } from './value.ts'

const INDEX = /^(0|[1-9]\d*)$/

/** Tells whether a part of a path may be the index of an array. */
export function isIndex(part: string): boolean {
  return INDEX.test(part)
}

/** Tells how the values at a path are visited: `stop` by returning true. */
export type Visit = (value: Value) => boolean

/**
 * Visits the values at a path as filters see them: through documents, through each document in an array, and by
 * index. Missing is visited as `undefined`. An array at the end is visited element by element and then whole, or only
 * whole where `whole` is true.
 *
 * @returns true where a visit did
 */
export function visitPath(root: Value, path: readonly string[], whole: boolean, visit: Visit): boolean {
  return visitFrom(root, path, 0, { whole, visit })
}

type Visitor = { readonly whole: boolean; readonly visit: Visit }

function visitFrom(root: Value, path: readonly string[], start: number, visitor: Visitor): boolean {
  let value = root
  for (let at = start; at < path.length; at += 1) {
    if (Array.isArray(value)) return visitArray(value, path, at, visitor)
    if (!isDocument(value)) return visitor.visit(undefined)
    value = getKey(value, path[at] as string)
  }
  if (!visitor.whole && Array.isArray(value)) {
    for (const item of value) if (visitor.visit(item)) return true
  }
  return visitor.visit(value)
}

function visitArray(array: readonly Value[], path: readonly string[], at: number, visitor: Visitor): boolean {
  const part = path[at] as string
  for (const item of array) {
    if (isDocument(item) && visitFrom(item, path, at, visitor)) return true
  }
  if (!isIndex(part) || Number(part) >= array.length) return false
  const item = array[Number(part)]
  if (at + 1 === path.length) return visitor.visit(item) || visitElements(item, visitor)
  return Array.isArray(item) || isDocument(item) ? visitFrom(item, path, at + 1, visitor) : false
}

function visitElements(item: Value, { whole, visit }: Visitor): boolean {
  return !whole && Array.isArray(item) && item.some((element) => visit(element))
}

/** Reads a path as expressions do: through documents, and through arrays as the list of what their documents hold. */
export function readPath(root: Value, path: readonly string[], start: number = 0): Value {
  let value = root
  for (let at = start; at < path.length; at += 1) {
    if (Array.isArray(value)) return readArray(value, path, at)
    if (!isDocument(value)) return undefined
    value = getKey(value, path[at] as string)
  }
  return value
}

function readArray(array: readonly Value[], path: readonly string[], at: number): Value[] {
  const found: Value[] = []
  for (const item of array) {
    if (!isDocument(item)) continue
    const value = readPath(item, path, at)
    if (value !== undefined) found.push(value)
  }
  return found
}

/**
 * Collects the values at a path for sorting and `distinct`: array elements one by one, missing as `undefined`, and so
 * an array of no elements, where nothing else is said.
 */
export function expandPath(root: Value, path: readonly string[], empty: Value = undefined): Value[] {
  const values: Value[] = []
  const visitLeaf: Visit = (value) => {
    if (Array.isArray(value)) values.push(...(value.length === 0 ? [empty] : value))
    else values.push(value)
    return false
  }
  visitPath(root, path, true, visitLeaf)
  return values
}
