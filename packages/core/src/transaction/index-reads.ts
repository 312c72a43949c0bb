import type { IndexRange, ScanColumnRequest, ScanCounters } from '../catalog/table-source.ts'
import { columnBytes } from '../storage/column-slice.ts'
import type { Part } from '../storage/part.ts'
import { type Batch, makeBatch } from '../types/column.ts'
import { SheafError } from '../types/errors.ts'
import { type Value, valueRank } from '../types/value.ts'
import { type BoundIndex, bindIndex } from './index-entries.ts'
import type { PartIndexes } from './part-indexes.ts'
import { readRows } from './read-rows.ts'
import type { RowPlace, TableView } from './table-view.ts'

/** Rows are read from an index in batches of this many. */
const BATCH_ROWS = 8192

/** Is a view of a table and the indexes of its parts. */
export type IndexedView = { readonly view: TableView; readonly indexes: PartIndexes }

const boundIndexes = new WeakMap<TableView['definition'], Map<string, BoundIndex>>()

/** Finds an index of a table by name, ready to be read. @throws `NOT_FOUND` */
export function boundIndex({ definition }: TableView, name: string): BoundIndex {
  let known = boundIndexes.get(definition)
  if (known === undefined) {
    known = new Map()
    boundIndexes.set(definition, known)
  }
  let bound = known.get(name)
  if (bound === undefined) {
    const found = definition.indexes.find((index) => index.name === name)
    if (found === undefined)
      throw new SheafError('NOT_FOUND', `Table ${definition.name} has no index of this name: ${name}`)
    bound = bindIndex(definition, found)
    known.set(name, bound)
  }
  return bound
}

/** Counts entries in ranges; `null` where a value is of another kind than those of a typed part. */
export function countInIndex(
  { view, indexes }: IndexedView,
  name: string,
  ranges: readonly IndexRange[],
): number | null {
  const index = boundIndex(view, name)
  if (!ranges.every((range) => answers(index, range))) return null
  let count = 0
  for (const part of view.parts)
    for (const range of ranges)
      for (const run of indexes.find(index, part, part.rowCountAt(view.commit), range)) count += run.length
  return count
}

function answers({ parts }: BoundIndex, { equal, lower, upper }: IndexRange): boolean {
  const fits = (at: number, value: Value): boolean => {
    const rank = parts[at]?.rank ?? null
    return rank === null || value === null || valueRank(value) === rank
  }
  if (!equal.every((value, at) => fits(at, value))) return false
  return [lower, upper].every((bound) => bound === undefined || fits(equal.length, bound.value))
}

/** Reads the rows of ranges, part by part, in the order of their positions. */
export function* scanIndex(
  { view, indexes }: IndexedView,
  request: {
    readonly index: string
    readonly ranges: readonly IndexRange[]
    readonly columns: readonly ScanColumnRequest[]
    readonly counters?: ScanCounters | undefined
  },
): Generator<Batch> {
  const index = boundIndex(view, request.index)
  let places: RowPlace[] = []
  for (const part of view.parts) {
    const rowCount = part.rowCountAt(view.commit)
    if (rowCount === 0) continue
    const runs = request.ranges.flatMap((range) => indexes.find(index, part, rowCount, range))
    for (const position of distinctPositions(runs)) {
      if (!isSeen(view, part, position)) continue
      places.push({ part, position })
      if (places.length < BATCH_ROWS) continue
      yield readBatch(view, places, request)
      places = []
    }
  }
  if (places.length > 0) yield readBatch(view, places, request)
}

function readBatch(
  view: TableView,
  places: readonly RowPlace[],
  {
    columns,
    counters,
  }: { readonly columns: readonly ScanColumnRequest[]; readonly counters?: ScanCounters | undefined },
): Batch {
  const read = readRows(view, places, columns)
  if (counters !== undefined) {
    counters.rowsRead += places.length
    counters.bytesRead += read.reduce((sum, column) => sum + columnBytes(column), 0)
  }
  return makeBatch(read, places.length)
}

function isSeen(view: TableView, part: Part, position: number): boolean {
  return part.isVisible(position, view.commit) && view.hidden.get(part)?.has(position) !== true
}

/** Puts the positions of runs together, ascending and each once. */
function distinctPositions(runs: readonly Uint32Array[]): Uint32Array {
  const [first, ...others] = runs
  if (first === undefined) return new Uint32Array(0)
  const positions = new Uint32Array(runs.reduce((sum, run) => sum + run.length, 0))
  let count = 0
  for (const run of [first, ...others]) {
    positions.set(run, count)
    count += run.length
  }
  positions.sort()
  let kept = 0
  for (let at = 0; at < positions.length; at += 1) {
    if (at > 0 && positions[at] === positions[at - 1]) continue
    positions[kept] = positions[at] as number
    kept += 1
  }
  return positions.subarray(0, kept)
}

/** Finds the places of the rows that have each of some keys, as `take(which key, place)`. */
export function findInIndex(
  { view, indexes }: IndexedView,
  name: string,
  keys: readonly (readonly Value[])[],
  take: (key: number, place: RowPlace) => void,
): void {
  const index = boundIndex(view, name)
  for (const part of view.parts) {
    const rowCount = part.rowCountAt(view.commit)
    if (rowCount === 0) continue
    for (let key = 0; key < keys.length; key += 1) {
      const range = { equal: keys[key] as readonly Value[] }
      if (!answers(index, range)) continue
      for (const run of indexes.find(index, part, rowCount, range))
        for (const position of run) if (isSeen(view, part, position)) take(key, { part, position })
    }
  }
}

/** Reads the rows that have each of some keys; a null in a key finds nothing. */
export function lookupInIndex(
  from: IndexedView,
  name: string,
  keys: readonly (readonly Value[])[],
  columns: readonly ScanColumnRequest[],
): { readonly batch: Batch; readonly index: Uint32Array } {
  const asked = new Map<number, readonly Value[]>()
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at] as readonly Value[]
    if (!key.some((value) => value === null || value === undefined)) asked.set(at, key)
  }
  const numbers = [...asked.keys()]
  const found: { readonly key: number; readonly place: RowPlace }[] = []
  findInIndex(from, name, [...asked.values()], (key, place) =>
    found.push({ key: numbers[key] as number, place }),
  )
  found.sort((left, right) => left.key - right.key)
  const batch = makeBatch(
    readRows(
      from.view,
      found.map((each) => each.place),
      columns,
    ),
    found.length,
  )
  return { batch, index: Uint32Array.from(found, (each) => each.key) }
}
