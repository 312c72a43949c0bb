import type { IndexRange } from '../catalog/table-source.ts'
import { Memtable } from '../storage/memtable.ts'
import type { Part } from '../storage/part.ts'
import { IndexBuilder, type SortedIndex } from '../storage/sorted-index.ts'
import { type BoundIndex, readEntries } from './index-entries.ts'

/** Rows of a memtable that came last are sorted in when they are this many; then runs of like size are put together. */
const TAIL_ROWS = 64
const RUN_FACTOR = 4

/** Is an index over the positions of a part from `start` up to `end`. */
type Run = { readonly start: number; readonly end: number; readonly index: SortedIndex }

/** Is the runs of a part, and one of the rows that came last and are too few to be sorted in. */
type PartRuns = { runs: Run[]; tail: Run | null }

/**
 * Keeps the indexes of a table's parts, each built when it is first asked for and dropped with its part. A segment
 * has one run; a memtable, whose rows come one after the other, has several, and the newest rows are sorted each time.
 */
export class PartIndexes {
  readonly #parts = new WeakMap<Part, Map<string, PartRuns>>()

  /** Finds the positions of a part in an index among its first `rowCount` rows, run by run. */
  find(index: BoundIndex, part: Part, rowCount: number, range: IndexRange): Uint32Array[] {
    const found: Uint32Array[] = []
    for (const run of this.runs(index, part, rowCount)) {
      const { start, end } = run.index.find(range)
      if (start < end) found.push(run.index.positions.subarray(start, end))
    }
    return found
  }

  /** Gives the indexes that together hold the entries of the first `rowCount` rows, and perhaps of later ones. */
  runs(index: BoundIndex, part: Part, rowCount: number): readonly Run[] {
    const kept = this.#kept(index, part)
    const sorted = kept.runs.at(-1)?.end ?? 0
    const pending = part.rowCount - sorted
    if (!(part instanceof Memtable) || pending >= TAIL_ROWS) {
      if (pending > 0) this.#extend(index, part, kept.runs)
      return kept.runs
    }
    if (sorted >= rowCount) return kept.runs
    if (kept.tail?.start !== sorted || kept.tail.end !== part.rowCount)
      kept.tail = buildRun(index, part, sorted, part.rowCount)
    return [...kept.runs, kept.tail]
  }

  #kept(index: BoundIndex, part: Part): PartRuns {
    let indexes = this.#parts.get(part)
    if (indexes === undefined) {
      indexes = new Map()
      this.#parts.set(part, indexes)
    }
    let kept = indexes.get(index.identity)
    if (kept === undefined) {
      kept = { runs: [], tail: null }
      indexes.set(index.identity, kept)
    }
    return kept
  }

  /** Sorts in the rows that came since, together with runs that are not much longer. */
  #extend(index: BoundIndex, part: Part, runs: Run[]): void {
    let start = runs.at(-1)?.end ?? 0
    while (runs.length > 0) {
      const last = runs[runs.length - 1] as Run
      if (last.end - last.start > (part.rowCount - start) * RUN_FACTOR) break
      start = last.start
      runs.pop()
    }
    runs.push(buildRun(index, part, start, part.rowCount))
  }

  /** Builds the index of a part step by step, so that the first query finds it there. */
  *prepare(index: BoundIndex, part: Part): Generator<void> {
    const builder = new IndexBuilder(index.parts.length)
    yield* readEntries(index, part, { start: 0, end: part.rowCount }, (key, position) =>
      builder.add(key, position),
    )
    this.#kept(index, part).runs = [{ start: 0, end: part.rowCount, index: builder.finish() }]
  }
}

function buildRun(index: BoundIndex, part: Part, start: number, end: number): Run {
  const builder = new IndexBuilder(index.parts.length)
  const steps = readEntries(index, part, { start, end }, (key, position) => builder.add(key, position))
  while (steps.next().done !== true);
  return { start, end, index: builder.finish() }
}
