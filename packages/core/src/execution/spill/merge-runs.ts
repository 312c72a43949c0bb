import type { DataType } from 'apache-arrow'
import type { Steps } from '../../catalog/engine.ts'
import type { SortKey } from '../../plan/logical-plan.ts'
import { type Batch, type Column, type ColumnReader, columnReader, makeBatch } from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { takeColumn } from '../../types/take.ts'
import { isBatch } from '../operators/steps.ts'
import { compareByKey } from '../sort-keys.ts'
import type { RowsFile } from './rows-file.ts'

const OUTPUT_ROWS = 8192

/** Merges sorted runs: of rows with equal keys those of the earlier run come first. */
export function* mergeRuns(
  runs: readonly RowsFile[],
  keys: readonly SortKey[],
  keysOf: (batch: Batch) => readonly Column[],
  types: readonly DataType[],
): Steps {
  const cursors = runs.map((run) => new RunCursor(run, keysOf))
  const queue = new CursorQueue(keys)
  cursors.forEach((cursor, place) => {
    if (cursor.advance()) queue.add(cursor, place)
  })
  let picked: Picked = []
  const flush = (): Batch => {
    const batch = gather(picked, types)
    picked = []
    return batch
  }
  for (let next = queue.first(); next !== undefined; next = queue.first()) {
    picked.push({ batch: next.cursor.batch, row: next.cursor.row })
    if (picked.length >= OUTPUT_ROWS) yield flush()
    if (next.cursor.advance()) queue.moved()
    else queue.drop()
  }
  if (picked.length > 0) yield flush()
}

type Picked = { readonly batch: Batch; readonly row: number }[]

/** Copies rows of several batches together in the order in which they were picked. */
function gather(picked: Picked, types: readonly DataType[]): Batch {
  const rowsOf = new Map<Batch, number[]>()
  const places: number[] = []
  for (const { batch, row } of picked) {
    let rows = rowsOf.get(batch)
    if (rows === undefined) {
      rows = []
      rowsOf.set(batch, rows)
    }
    places.push(rows.length)
    rows.push(row)
  }
  const starts = new Map<Batch, number>()
  let start = 0
  for (const [batch, rows] of rowsOf) {
    starts.set(batch, start)
    start += rows.length
  }
  const order = Uint32Array.from(
    picked,
    ({ batch }, at) => (starts.get(batch) as number) + (places[at] as number),
  )
  const columns = types.map((type, at) => {
    const parts = [...rowsOf].map(([batch, rows]) =>
      takeColumn(batch.columns[at] as Column, Uint32Array.from(rows)),
    )
    return takeColumn(concatColumns(type, parts), order)
  })
  return makeBatch(columns, picked.length)
}

/** Stands on a row of a run. */
class RunCursor {
  batch: Batch = makeBatch([], 0)
  row = -1
  keys: readonly ColumnReader[] = []
  readonly #steps: Steps
  readonly #keysOf: (batch: Batch) => readonly Column[]

  constructor(run: RowsFile, keysOf: (batch: Batch) => readonly Column[]) {
    this.#steps = run.read()
    this.#keysOf = keysOf
  }

  /** Goes to the next row; `false` where there is none. */
  advance(): boolean {
    this.row += 1
    while (this.row >= this.batch.length) {
      const { done, value } = this.#steps.next()
      if (done === true) return false
      if (!isBatch(value)) continue
      this.batch = value
      this.row = 0
      this.keys = this.#keysOf(value).map(columnReader)
    }
    return true
  }
}

type Entry = { readonly cursor: RunCursor; readonly place: number }

/** Is a heap of cursors, the one on the least row on top. */
class CursorQueue {
  readonly #heap: Entry[] = []
  readonly #keys: readonly SortKey[]

  constructor(keys: readonly SortKey[]) {
    this.#keys = keys
  }

  first(): Entry | undefined {
    return this.#heap[0]
  }

  add(cursor: RunCursor, place: number): void {
    this.#heap.push({ cursor, place })
    let at = this.#heap.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  /** Is called after the first cursor has moved. */
  moved(): void {
    let at = 0
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  /** Drops the first cursor, which has ended. */
  drop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.moved()
  }

  #isBefore(left: number, right: number): boolean {
    const a = this.#heap[left] as Entry
    const b = this.#heap[right] as Entry
    for (let at = 0; at < this.#keys.length; at += 1) {
      const order = compareByKey(
        this.#keys[at] as SortKey,
        a.cursor.keys[at]?.(a.cursor.row),
        b.cursor.keys[at]?.(b.cursor.row),
      )
      if (order !== 0) return order < 0
    }
    return a.place < b.place
  }

  #swap(left: number, right: number): void {
    const kept = this.#heap[left] as Entry
    this.#heap[left] = this.#heap[right] as Entry
    this.#heap[right] = kept
  }
}
