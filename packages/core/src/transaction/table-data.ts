import { Memtable } from '../storage/memtable.ts'
import type { Part, PartField } from '../storage/part.ts'
import { AdjacencyCache } from './table-adjacency.ts'

/** Is what the store holds of one table: its parts, and the counters that go with it. Shared by all snapshots. */
export class TableData {
  readonly id: number
  /** Fields of the key. */
  key: readonly PartField[]
  /** The memtable that commits go to; the last of `parts`. */
  active: Memtable
  /** Segments, frozen memtables and the active one. Replaced as a whole, so that a reader keeps what it saw. */
  parts: readonly Part[]
  nextRowId = 0
  /** Commits that changed the table, ascending, as far back as anyone may ask. */
  readonly #changes: number[] = [0]
  readonly adjacencies: AdjacencyCache = new AdjacencyCache()

  constructor(id: number, key: readonly PartField[]) {
    this.id = id
    this.key = key
    this.active = new Memtable(key)
    this.parts = [this.active]
  }

  get lastChange(): number {
    return this.#changes[this.#changes.length - 1] as number
  }

  noteChange(commit: number): void {
    if (commit > this.lastChange) this.#changes.push(commit)
  }

  /** Says that the table was read back as of a commit: which commits before changed it is not known. */
  loadedAt(commit: number): void {
    this.#loadedAt = commit
    this.noteChange(commit)
  }

  #loadedAt = 0

  /** Finds the last commit up to the given one that changed the table, or may have. */
  changeUpTo(commit: number): number {
    if (commit < this.#loadedAt) return commit
    let index = this.#changes.length - 1
    while (index > 0 && (this.#changes[index] as number) > commit) index -= 1
    return this.#changes[index] as number
  }

  /** Forgets changes that no snapshot tells apart any more. */
  forgetChanges(oldestCommit: number): void {
    const kept = this.#changes.findLastIndex((change) => change <= oldestCommit)
    if (kept > 0) this.#changes.splice(0, kept)
  }

  /** Starts a new memtable; the former stays readable among the parts. */
  freeze(): Memtable {
    const frozen = this.active
    this.active = new Memtable(this.key)
    this.parts = [...this.parts, this.active]
    return frozen
  }

  /** Lets rows that come from now on go to a memtable of their own: the table's fields were changed. */
  renew(key: readonly PartField[]): void {
    this.key = key
    if (this.active.rowCount > 0) this.freeze()
    else {
      this.active = new Memtable(key)
      this.parts = [...this.parts.slice(0, -1), this.active]
    }
  }

  /** Adds a part before the active memtable. */
  addPart(part: Part): void {
    this.parts = [...this.parts.slice(0, -1), part, this.active]
  }

  /** Replaces parts by others. */
  replaceParts(removed: readonly Part[], added: readonly Part[]): void {
    const kept = this.parts.filter((part) => !removed.includes(part) && part !== this.active)
    this.parts = [...kept, ...added, this.active]
  }
}
