import { windowCount, windowDistance } from '../../expression/window-functions.ts'
import type { WindowExpression } from '../../plan/logical-plan.ts'
import { boxedColumn, type Column, columnReader, isNullAt } from '../../types/column.ts'
import { typesEqual } from '../../types/data-type.ts'
import { MISSING, takeColumn } from '../../types/take.ts'
import { type FrameParts, type Frames, makeParts, partsOf } from './frames.ts'
import type { WindowLayout } from './layout.ts'

/** Computes lag and lead: which row each row looks at, then their values all at once. The column is by row. */
export function offsetColumn(item: WindowExpression, layout: WindowLayout, args: readonly Column[]): Column {
  const [value, distances, otherwise] = args as [Column, Column, Column]
  const direction = item.function === 'lag' ? -1 : 1
  const distanceAt = columnReader(distances)
  const kept = item.ignoreNulls ? keptPlaces(layout, value) : null
  const found = new Uint32Array(layout.rows.length).fill(MISSING)
  const isOutside = new Uint8Array(layout.rows.length)
  for (let at = 0; at + 1 < layout.starts.length; at += 1) {
    const from = layout.starts[at] as number
    const to = layout.starts[at + 1] as number
    for (let place = from; place < to; place += 1) {
      const row = layout.rows[place] as number
      const distance = windowDistance(item.function, distanceAt(row))
      if (distance === null) continue
      const signed = distance * direction
      const target =
        kept === null ? within(place + signed, from, to) : keptAt(kept, place, signed, [from, to])
      if (target === MISSING) isOutside[row] = 1
      else found[row] = layout.rows[target] as number
    }
  }
  return withOtherwise(item, takeColumn(value, found, true), otherwise, isOutside)
}

function within(place: number, from: number, to: number): number {
  return place >= from && place < to ? place : MISSING
}

/** Finds the n-th place of a value before or after a place, by counting in the list of them. */
function keptAt(
  { places, before }: KeptPlaces,
  place: number,
  distance: number,
  [from, to]: readonly [number, number],
): number {
  if (distance === 0) return place
  const index =
    distance < 0 ? (before[place] as number) + distance : (before[place + 1] as number) + distance - 1
  return index < 0 || index >= (before[before.length - 1] as number)
    ? MISSING
    : within(places[index] as number, from, to)
}

function withOtherwise(
  item: WindowExpression,
  taken: Column,
  otherwise: Column,
  isOutside: Uint8Array,
): Column {
  const fallback = item.args[2]
  if (fallback?.kind === 'literal' && fallback.value === null && typesEqual(taken.type, item.type))
    return taken
  const read = columnReader(taken)
  const readOther = columnReader(otherwise)
  const values = Array.from(isOutside, (outside, row) => (outside === 1 ? readOther(row) : read(row)) ?? null)
  return boxedColumn(item.type, values)
}

/** Computes first_value, last_value and nth_value; `undefined` for another function. The column is by row. */
export function frameValueColumn(
  item: WindowExpression,
  layout: WindowLayout,
  frames: Frames,
  args: readonly Column[],
): Column | undefined {
  const wanted = wantedRow(item.function, args)
  if (wanted === undefined) return undefined
  const value = args[0] as Column
  const kept = item.ignoreNulls ? keptPlaces(layout, value) : null
  const parts = makeParts()
  const found = new Uint32Array(layout.rows.length).fill(MISSING)
  for (let place = 0; place < layout.rows.length; place += 1) {
    const row = layout.rows[place] as number
    partsOf(frames, layout, place, parts)
    const target = kept === null ? nth(parts, wanted(row)) : nthKept(parts, wanted(row), kept)
    if (target !== MISSING) found[row] = layout.rows[target] as number
  }
  return takeColumn(value, found, true)
}

/** Gives which row of the frame is wanted, counted from 0, from the end where negative; `null` for none. */
function wantedRow(name: string, args: readonly Column[]): ((row: number) => number | null) | undefined {
  if (name === 'first_value') return () => 0
  if (name === 'last_value') return () => -1
  if (name !== 'nth_value') return undefined
  const read = columnReader(args[1] as Column)
  return (row) => {
    const count = read(row)
    return count === null || count === undefined ? null : windowCount(name, count, 1) - 1
  }
}

function nth({ bounds, count }: FrameParts, wanted: number | null): number {
  if (wanted === null || count === 0) return MISSING
  if (wanted < 0) return (bounds[2 * count - 1] as number) - 1
  let left = wanted
  for (let part = 0; part < count; part += 1) {
    const from = bounds[2 * part] as number
    const size = (bounds[2 * part + 1] as number) - from
    if (left < size) return from + left
    left -= size
  }
  return MISSING
}

/** Lists the places whose value is not null, and how many of them stand before each place. */
type KeptPlaces = { readonly places: Uint32Array; readonly before: Uint32Array }

function keptPlaces(layout: WindowLayout, value: Column): KeptPlaces {
  const places = new Uint32Array(layout.rows.length)
  const before = new Uint32Array(layout.rows.length + 1)
  let count = 0
  for (let place = 0; place < layout.rows.length; place += 1) {
    before[place] = count
    if (isNullAt(value, layout.rows[place] as number)) continue
    places[count] = place
    count += 1
  }
  before[layout.rows.length] = count
  return { places, before }
}

function nthKept({ bounds, count }: FrameParts, wanted: number | null, kept: KeptPlaces): number {
  if (wanted === null) return MISSING
  if (wanted < 0) {
    for (let part = count - 1; part >= 0; part -= 1) {
      const first = kept.before[bounds[2 * part] as number] as number
      const end = kept.before[bounds[2 * part + 1] as number] as number
      if (end > first) return kept.places[end - 1] as number
    }
    return MISSING
  }
  let left = wanted
  for (let part = 0; part < count; part += 1) {
    const first = kept.before[bounds[2 * part] as number] as number
    const size = (kept.before[bounds[2 * part + 1] as number] as number) - first
    if (left < size) return kept.places[first + left] as number
    left -= size
  }
  return MISSING
}
