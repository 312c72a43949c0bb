import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import type { SortField } from '../language/syntax.ts'
import { expandPath } from './path.ts'
import { compareMongo, type Document, isDocument, isNullish } from './value.ts'

/**
 * Gives the value by which a document is sorted: of several (an array) the least for ascending order and the greatest
 * for descending. Missing and null are the same, an empty array stands before them.
 */
export function sortValue(document: Value, { path, descending }: SortField): Value {
  let best: Value
  let first = true
  for (const value of expandPath(document, path)) {
    if (first || (descending ? compareSorted(value, best) > 0 : compareSorted(value, best) < 0)) best = value
    first = false
  }
  return best
}

/** Compares values for sorting: missing like null. */
export function compareSorted(left: Value, right: Value): number {
  return compareMongo(left ?? null, right ?? null)
}

/** Sorts documents by fields; each document's keys are read once. */
export function sortDocuments<Item extends Value>(
  items: readonly Item[],
  fields: readonly SortField[],
): Item[] {
  const keyed = items.map((item) => ({ item, keys: fields.map((field) => sortValue(item, field)) }))
  keyed.sort((left, right) => {
    for (let at = 0; at < fields.length; at += 1) {
      const order = compareSorted(left.keys[at], right.keys[at])
      if (order !== 0) return (fields[at] as SortField).descending ? -order : order
    }
    return 0
  })
  return keyed.map(({ item }) => item)
}

/** Parses a sort specification. */
export function parseSort(specification: Value): SortField[] {
  if (!isDocument(specification)) throw mongoError(15973, 'A sort is an object of fields. Give it one.')
  return Object.entries(specification).map(([path, direction]) => ({
    path: checkSortPath(path).split('.'),
    descending: directionOf(direction) < 0,
  }))
}

const LONGEST_PATH = 200

function checkSortPath(path: string): string {
  if (path === '') throw mongoError(40352, 'A sort key must have a name. Give it one.')
  if (path.endsWith('.')) throw mongoError(40353, `A sort key must not end with a dot. Remove it: ${path}`)
  if (path.split('.').length > LONGEST_PATH)
    throw mongoError(15, `A sort key has too many steps. Use at most ${LONGEST_PATH}.`)
  for (const part of path.split('.')) {
    if (part === '') throw mongoError(15998, `A sort key has an empty name in it. Name each step: ${path}`)
    if (part.startsWith('$'))
      throw mongoError(16410, `A sort key must not start with '$'. Rename the field: ${path}`)
  }
  return path
}

function directionOf(direction: Value): number {
  if (typeof direction !== 'number' && typeof direction !== 'bigint')
    throw mongoError(15974, 'A sort direction is 1 or -1. Give one of them for each field.')
  const number = Math.trunc(Number(direction))
  if (number !== 1 && number !== -1) throw mongoError(15975, 'A sort direction is 1 or -1. Give one of them.')
  return number
}

/** Sorts a list by its values (1 or -1) or by fields of its documents. */
export function sortArray(list: readonly Value[], by: Value): Value[] {
  if (isDocument(by)) {
    if (Object.keys(by as Document).length === 0)
      throw mongoError(2942505, 'A sort of an array needs a field. Add one.')
    return sortDocuments(list, parseSort(by))
  }
  const direction = typeof by === 'bigint' ? Number(by) : by
  if (direction !== 1 && direction !== -1) {
    throw mongoError(isNullish(by) ? 2942507 : 2942506, 'A sort of an array is 1, -1 or an object of fields.')
  }
  return [...list].sort((left, right) => direction * compareSorted(left, right))
}
