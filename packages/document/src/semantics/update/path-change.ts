import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import type { Matcher } from '../match.ts'
import { isIndex } from '../path.ts'
import { type Document, getKey, isDocument, setKey } from '../value.ts'

/** Changes what lies at a path of a document. */
export type PathChange = (target: Document, place: Place) => Document
/** Tells where an operator is applied: in a document being made or not, and which element `$` stands for. */
export type Place = { readonly inserting: boolean; readonly position: number }

/** Computes the new value of a place; `undefined` removes it. The same value changes nothing. */
export type Change = (value: Value, place: Place) => Value

/** Holds what is applied at the end of a path, and how the way there is taken. */
export type Application = {
  readonly change: Change
  readonly place: Place
  readonly filters: ReadonlyMap<string, Matcher>
  /** True where missing objects on the way are made. */
  readonly creates: boolean
  readonly removes: boolean
  readonly path: string
}

const MOST_PADDING = 1_500_000

/** Applies a change at a path; gives the same value where nothing changed. */
export function applyAt(
  target: Value,
  parts: readonly string[],
  at: number,
  application: Application,
): Value {
  if (at === parts.length) return application.change(target, application.place)
  const part = parts[at] as string
  if (part === '$' || part.startsWith('$[')) return applyToElements(target, parts, at, application)
  if (Array.isArray(target)) return applyToIndex(target, parts, at, application)
  if (isDocument(target)) {
    const before = getKey(target, part)
    const after = applyAt(before, parts, at + 1, application)
    if (after === before) return target
    const changed = { ...target }
    if (after === undefined) delete changed[part]
    else setKey(changed, part, after)
    return changed
  }
  if (!application.creates) return target
  if (target !== undefined)
    throw mongoError(
      28,
      `An update cannot make a field inside a value that is no object. Check: ${application.path}`,
    )
  const inner = applyAt(undefined, parts, at + 1, application)
  if (inner === undefined) return target
  const made: Document = {}
  setKey(made, part, inner)
  return made
}

function applyToIndex(
  target: readonly Value[],
  parts: readonly string[],
  at: number,
  application: Application,
): Value {
  const part = parts[at] as string
  if (!isIndex(part)) {
    if (!application.creates) return target
    throw mongoError(
      28,
      `An update cannot make a field inside an array. Use an index or $[]: ${application.path}`,
    )
  }
  const index = Number(part)
  if (index >= target.length && !application.creates) return target
  if (index - target.length > MOST_PADDING)
    throw mongoError(2, `An array would become too long. Use a smaller index: ${index}`)
  const before = target[index]
  const after = applyAt(before, parts, at + 1, application)
  if (after === before && index < target.length) return target
  if (after === undefined && index >= target.length) return target
  const changed = [...target]
  while (changed.length < index) changed.push(null)
  changed[index] = after === undefined ? null : after
  return changed
}

function applyToElements(
  target: Value,
  parts: readonly string[],
  at: number,
  application: Application,
): Value {
  const part = parts[at] as string
  const { place, filters, path } = application
  if (part === '$') {
    if (place.inserting)
      throw mongoError(2, `A positional operator needs a document that was found. Correct: ${path}`)
    if (place.position === -1)
      throw mongoError(
        2,
        `A positional operator did not find its element. Put its array into the filter: ${path}`,
      )
    return applyAt(
      target,
      [...parts.slice(0, at), String(place.position), ...parts.slice(at + 1)],
      at,
      application,
    )
  }
  if (target === undefined && !application.creates) return target
  if (!Array.isArray(target))
    throw mongoError(2, `The path to a positional operator must lead to an array. Correct: ${path}`)
  const name = part.slice(2, -1)
  const matches = name === '' ? () => true : (filters.get(name) as Matcher)
  let changed = false
  const items = target.map((item: Value) => {
    if (!matches(item)) return item
    const after = applyAt(item, parts, at + 1, application)
    if (after !== item) changed = true
    return after === undefined ? null : after
  })
  return changed ? items : target
}
