import type { Part } from '../storage/part.ts'
import { isHidden, type RowPlace, type TableView } from './table-view.ts'

/** Marks in {@link RowPlaces} that a row stands nowhere. */
export const NOWHERE = -1

/** Is where rows stand, as arrays: row `i` at `positions[i]` of `parts[which[i]]`, nowhere where that is -1. */
export type RowPlaces = {
  readonly parts: readonly Part[]
  readonly which: Int32Array
  readonly positions: Uint32Array
  /** The row ids by which the places were found; `null` where they were found otherwise. */
  readonly rowIds: ArrayLike<number> | null
}

/** Finds the rows of row ids that a view sees. */
export function findRows(view: TableView, rowIds: ArrayLike<number>): RowPlaces {
  const { parts, commit } = view
  const which = new Int32Array(rowIds.length).fill(NOWHERE)
  const positions = new Uint32Array(rowIds.length)
  // Of a row id one version at most is visible: which part is asked first does not matter.
  let last = parts.length - 1
  for (let at = 0; at < rowIds.length; at += 1) {
    const rowId = rowIds[at] as number
    for (let tried = 0; tried < parts.length; tried += 1) {
      const number = last - tried < 0 ? last - tried + parts.length : last - tried
      const part = parts[number] as Part
      const position = part.findRow(rowId, commit)
      if (position < 0 || isHidden(view, part, position)) continue
      which[at] = number
      positions[at] = position
      last = number
      break
    }
  }
  return { parts, which, positions, rowIds }
}

/** Makes arrays of places. */
export function rowPlaces(places: readonly (RowPlace | null)[]): RowPlaces {
  const parts: Part[] = []
  const numbers = new Map<Part, number>()
  const which = new Int32Array(places.length).fill(NOWHERE)
  const positions = new Uint32Array(places.length)
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at]
    if (place === null || place === undefined) continue
    let number = numbers.get(place.part)
    if (number === undefined) {
      number = parts.push(place.part) - 1
      numbers.set(place.part, number)
    }
    which[at] = number
    positions[at] = place.position
  }
  return { parts, which, positions, rowIds: null }
}
