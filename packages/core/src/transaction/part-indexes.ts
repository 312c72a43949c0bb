import type { IndexRange } from '../catalog/table-source.ts'
import type { MemoryHolder } from '../storage/memory-account.ts'
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
export class PartIndexes implements MemoryHolder {
  readonly #parts = new WeakMap<Part, Map<string, PartRuns>>()
  /** What is kept, the one not used for longest first; an index whose part is gone goes when its turn comes. */
  readonly #used = new Map<
    PartRuns,
    { readonly part: WeakRef<Part>; readonly identity: string; sizeBytes: number }
  >()
  readonly #limitBytes: number
  #sizeBytes = 0

  constructor(limitBytes: number = Number.POSITIVE_INFINITY) {
    this.#limitBytes = limitBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Which index was used last matters only where some may have to go. */
  get #isTight(): boolean {
    return this.#sizeBytes > this.#limitBytes / 2
  }

  release(bytes: number): void {
    this.#shrink(this.#sizeBytes - bytes, null)
  }

  /** Counts anew what an index takes, and makes it the last to be let go. */
  #touch(part: Part, identity: string, kept: PartRuns): void {
    const known = this.#used.get(kept)
    const sizeBytes = kept.runs.reduce(
      (sum, run) => sum + run.index.sizeBytes,
      kept.tail?.index.sizeBytes ?? 0,
    )
    this.#used.delete(kept)
    this.#used.set(kept, { part: known?.part ?? new WeakRef(part), identity, sizeBytes })
    this.#sizeBytes += sizeBytes - (known?.sizeBytes ?? 0)
    this.#shrink(this.#limitBytes, kept)
  }

  #shrink(sizeBytes: number, spared: PartRuns | null): void {
    for (const [kept, { part, identity, sizeBytes: size }] of this.#used) {
      if (this.#sizeBytes <= sizeBytes || kept === spared) return
      this.#used.delete(kept)
      this.#sizeBytes -= size
      const owner = part.deref()
      if (owner !== undefined) this.#parts.get(owner)?.delete(identity)
    }
  }

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
      if (pending > 0 || this.#isTight) this.#touch(part, index.identity, kept)
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
    const kept = this.#kept(index, part)
    kept.runs = [{ start: 0, end: part.rowCount, index: builder.finish() }]
    this.#touch(part, index.identity, kept)
  }
}

function buildRun(index: BoundIndex, part: Part, start: number, end: number): Run {
  const builder = new IndexBuilder(index.parts.length)
  const steps = readEntries(index, part, { start, end }, (key, position) => builder.add(key, position))
  while (steps.next().done !== true);
  return { start, end, index: builder.finish() }
}
