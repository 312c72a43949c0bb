import type { CsrIndex } from '../../catalog/csr.ts'
import type { NodeIds } from './expand.ts'
import { lists, unmarked } from './kept-arrays.ts'
import { type Counted, edgeCount, OUTPUT_ROWS } from './way-counts.ts'

/** Gathers the nodes that edges lead to where nobody asks how many ways there are: a mark a node, and a list of them. */
export class ReachedNodes {
  readonly #size: number
  readonly #marks: Uint8Array
  #found: Uint32Array
  #count = 0

  /** Takes a number past every node. */
  constructor(size: number) {
    this.#size = size
    this.#marks = unmarked.take(size)
    this.#found = lists.take(0)
  }

  /** Follows the edges of nodes. */
  follow(index: CsrIndex, from: NodeIds): void {
    this.#makeRoom(edgeCount(index, from))
    this.#count = markEdges(this.#marks, this.#found, this.#count, index, from)
  }

  /** Adds the nodes that counts of edges stand for. */
  addAll(counts: Uint32Array): void {
    this.#makeRoom(counts.length)
    for (let node = 0; node < counts.length; node += 1) if (counts[node] !== 0) this.#mark(node)
  }

  add(node: number, count: number): void {
    if (count <= 0) return
    this.#makeRoom(1)
    this.#mark(node)
  }

  /** Leaves out how a node was reached. */
  noteLoops(): void {
    // Only the set of nodes is asked for.
  }

  #mark(node: number): void {
    if (this.#marks[node] !== 0) return
    this.#marks[node] = 1
    this.#found[this.#count] = node
    this.#count += 1
  }

  #makeRoom(more: number): void {
    const needed = Math.min(this.#size, this.#count + more)
    if (needed <= this.#found.length) return
    const longer = lists.take(Math.max(needed, this.#found.length * 2))
    longer.set(this.#found.subarray(0, this.#count))
    this.#found = longer
  }

  /** Gives the nodes, a batch at a time. */
  *drain(): Iterable<Counted> {
    for (let at = 0; at < this.#count; at += 1) this.#marks[this.#found[at] as number] = 0
    unmarked.keep(this.#marks)
    for (let start = 0; start < this.#count; start += OUTPUT_ROWS) {
      const nodes = this.#found.slice(start, Math.min(this.#count, start + OUTPUT_ROWS))
      yield { nodes, ways: null, loops: null }
    }
    lists.keep(this.#found)
  }
}

/** Is the hot loop: marks and lists what every edge of the nodes leads to; gives the length of the list. */
function markEdges(
  marks: Uint8Array,
  found: Uint32Array,
  foundBefore: number,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: NodeIds,
): number {
  let count = foundBefore
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot < 0) continue
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1) {
      const node = neighbours[place] as number
      if (marks[node] !== 0) continue
      marks[node] = 1
      found[count] = node
      count += 1
    }
  }
  return count
}
