import { groupKey, type Value } from '@sheafdb/core'

/** Small whole numbers stand in an array while it holds at most so many entries a node. */
const ENTRIES_A_NODE = 8
const FIRST_ENTRIES = 65_536

/** Finds nodes by the value of a property; the first node wins where several have a value. */
export class NodeKeys {
  readonly #most: number
  readonly #others = new Map<Value, number>()
  #small: Float64Array = new Float64Array(0)

  /** Takes how many nodes there are at most. */
  constructor(nodeCount: number) {
    this.#most = nodeCount * ENTRIES_A_NODE + FIRST_ENTRIES
  }

  add(value: Value, id: number): void {
    const key = groupKey(value)
    if (!this.#isSmall(key)) {
      if (!this.#others.has(key)) this.#others.set(key, id)
      return
    }
    if (key >= this.#small.length) this.#grow(key + 1)
    if ((this.#small[key] as number) < 0) this.#small[key] = id
  }

  find(value: Value): number | undefined {
    const key = groupKey(value)
    if (!this.#isSmall(key)) return this.#others.get(key)
    const id = key < this.#small.length ? (this.#small[key] as number) : -1
    return id < 0 ? undefined : id
  }

  #isSmall(key: unknown): key is number {
    return typeof key === 'number' && key >= 0 && key < this.#most && Number.isInteger(key)
  }

  #grow(needed: number): void {
    const longer = new Float64Array(Math.min(this.#most, Math.max(needed, this.#small.length * 2))).fill(-1)
    longer.set(this.#small)
    this.#small = longer
  }
}
