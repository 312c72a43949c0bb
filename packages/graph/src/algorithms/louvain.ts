import type { Csr } from './csr.ts'

/** Tunes Louvain's method. */
export type LouvainSettings = {
  readonly resolution: number
  readonly maxLevels: number
  readonly random: () => number
}

/** Is a level: nodes that stand for groups of nodes, edges both ways with weights, and what lies inside each. */
type Level = {
  readonly offsets: Uint32Array
  readonly targets: Uint32Array
  readonly weights: Float64Array
  /** Twice the weight inside each node. */
  readonly inside: Float64Array
}

/** Gives the group of each node. Edges stand both ways in the graph given, those from a node to itself once. */
export function louvainGroups(both: Csr, settings: LouvainSettings): Uint32Array {
  let level = firstLevel(both)
  const nodeCount = both.offsets.length - 1
  const groups = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  for (let depth = 0; depth < settings.maxLevels; depth += 1) {
    const moved = moveNodes(level, settings)
    if (moved === null) break
    const numbers = compact(moved)
    for (let node = 0; node < nodeCount; node += 1) groups[node] = moved[groups[node] as number] as number
    if (numbers === level.inside.length) break
    level = mergeLevel(level, moved, numbers)
  }
  return groups
}

function firstLevel({ offsets, targets, weights }: Csr): Level {
  const nodeCount = offsets.length - 1
  const inside = new Float64Array(nodeCount)
  const kept = new Uint32Array(nodeCount + 1)
  const others = new Uint32Array(targets.length)
  const weighed = new Float64Array(targets.length)
  let count = 0
  for (let node = 0; node < nodeCount; node += 1) {
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
      const weight = weights === null ? 1 : (weights[at] as number)
      if (targets[at] === node) {
        ;(inside[node] as number) += 2 * weight
        continue
      }
      others[count] = targets[at] as number
      weighed[count] = weight
      count += 1
    }
    kept[node + 1] = count
  }
  return { offsets: kept, targets: others.subarray(0, count), weights: weighed.subarray(0, count), inside }
}

/** Sums the weights of each node's edges, those inside it twice. */
function degreesOf({ offsets, weights, inside }: Level): Float64Array {
  const degrees = inside.slice()
  for (let node = 0; node < degrees.length; node += 1) {
    let degree = degrees[node] as number
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1)
      degree += weights[at] as number
    degrees[node] = degree
  }
  return degrees
}

/**
 * Moves nodes to the group where modularity gains most, until no node has a better one; `null` where no node moved.
 * After a move only the neighbours outside the new group are looked at again.
 *
 * @see Traag, Waltman, van Eck, From Louvain to Leiden: guaranteeing well-connected communities (2019), fast local move
 */
function moveNodes(level: Level, { resolution, random }: LouvainSettings): Uint32Array | null {
  const { offsets, targets } = level
  const nodeCount = level.inside.length
  const degrees = degreesOf(level)
  let total = 0
  for (let node = 0; node < nodeCount; node += 1) total += degrees[node] as number
  if (total === 0) return null
  const groups = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  const chooser = new GroupChooser(level, groups, degrees, resolution / total)
  const waiting = new NodeQueue(nodeCount, Math.floor(random() * nodeCount))
  let any = false
  for (let node = waiting.take(); node >= 0; node = waiting.take()) {
    const best = chooser.move(node)
    if (best < 0) continue
    any = true
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
      const other = targets[at] as number
      if (groups[other] !== best) waiting.add(other)
    }
  }
  return any ? groups : null
}

/** Holds each node at most once, first all of them from a given one on. */
class NodeQueue {
  readonly #nodes: Uint32Array
  readonly #isIn: Uint8Array
  #first = 0
  #count: number

  constructor(nodeCount: number, first: number) {
    this.#nodes = Uint32Array.from({ length: nodeCount }, (_, at) => (first + at) % nodeCount)
    this.#isIn = new Uint8Array(nodeCount).fill(1)
    this.#count = nodeCount
  }

  /** Takes the node that has waited longest, -1 where none waits. */
  take(): number {
    if (this.#count === 0) return -1
    const node = this.#nodes[this.#first] as number
    this.#first = this.#first + 1 === this.#nodes.length ? 0 : this.#first + 1
    this.#count -= 1
    this.#isIn[node] = 0
    return node
  }

  add(node: number): void {
    if (this.#isIn[node] === 1) return
    this.#isIn[node] = 1
    const at = this.#first + this.#count
    this.#nodes[at >= this.#nodes.length ? at - this.#nodes.length : at] = node
    this.#count += 1
  }
}

/** A move must gain more than this, so that rounding does not move a node to and fro. */
const LEAST_MOVE = 1e-9

/** Finds the best group of a node among those of its neighbours, and moves it there. */
class GroupChooser {
  readonly #level: Level
  readonly #groups: Uint32Array
  readonly #degrees: Float64Array
  readonly #factor: number
  /** By group: the degrees of its nodes together. */
  readonly #sums: Float64Array
  /** By group: the weight of edges from the node at hand. */
  readonly #towards: Float64Array
  readonly #met: Uint32Array

  constructor(level: Level, groups: Uint32Array, degrees: Float64Array, factor: number) {
    this.#level = level
    this.#groups = groups
    this.#degrees = degrees
    this.#factor = factor
    this.#sums = degrees.slice()
    this.#towards = new Float64Array(groups.length)
    this.#met = new Uint32Array(groups.length)
  }

  /** Moves a node and gives its new group, -1 where its own is best. */
  move(node: number): number {
    const { offsets, targets, weights } = this.#level
    const groups = this.#groups
    const towards = this.#towards
    const met = this.#met
    const sums = this.#sums
    const own = groups[node] as number
    const degree = this.#degrees[node] as number
    let metCount = 0
    const end = offsets[node + 1] as number
    for (let at = offsets[node] as number; at < end; at += 1) {
      const group = groups[targets[at] as number] as number
      if (towards[group] === 0) {
        met[metCount] = group
        metCount += 1
      }
      ;(towards[group] as number) += weights[at] as number
    }
    ;(sums[own] as number) -= degree
    const scale = this.#factor * degree
    let best = own
    let most = (towards[own] as number) - scale * (sums[own] as number) + LEAST_MOVE * degree
    for (let at = 0; at < metCount; at += 1) {
      const group = met[at] as number
      const value = (towards[group] as number) - scale * (sums[group] as number)
      if (value > most) {
        most = value
        best = group
      }
      towards[group] = 0
    }
    ;(sums[best] as number) += degree
    if (best === own) return -1
    groups[node] = best
    return best
  }
}

/** Numbers the groups from 0 in place, in the order of their first node; gives how many there are. */
function compact(groups: Uint32Array): number {
  const numbers = new Int32Array(groups.length).fill(-1)
  let count = 0
  for (let node = 0; node < groups.length; node += 1) {
    const group = groups[node] as number
    if (numbers[group] === -1) {
      numbers[group] = count
      count += 1
    }
    groups[node] = numbers[group] as number
  }
  return count
}

/** Makes a node of each group; edges between the same groups become one. */
function mergeLevel(level: Level, groups: Uint32Array, count: number): Level {
  const inside = new Float64Array(count)
  const starts = new Uint32Array(count + 1)
  for (const group of groups) (starts[group + 1] as number) += 1
  for (let group = 0; group < count; group += 1) (starts[group + 1] as number) += starts[group] as number
  const members = new Uint32Array(groups.length)
  const cursor = starts.slice()
  for (let node = 0; node < groups.length; node += 1) {
    const group = groups[node] as number
    members[cursor[group] as number] = node
    ;(cursor[group] as number) += 1
  }
  const offsets = new Uint32Array(count + 1)
  const targets = new Uint32Array(level.targets.length)
  const weights = new Float64Array(level.targets.length)
  const towards = new Float64Array(count)
  let edgeCount = 0
  for (let group = 0; group < count; group += 1) {
    const first = edgeCount
    for (let place = starts[group] as number; place < (starts[group + 1] as number); place += 1) {
      const node = members[place] as number
      ;(inside[group] as number) += level.inside[node] as number
      const end = level.offsets[node + 1] as number
      for (let at = level.offsets[node] as number; at < end; at += 1) {
        const other = groups[level.targets[at] as number] as number
        const weight = level.weights[at] as number
        if (other === group) {
          ;(inside[group] as number) += weight
          continue
        }
        if (towards[other] === 0) {
          targets[edgeCount] = other
          edgeCount += 1
        }
        ;(towards[other] as number) += weight
      }
    }
    for (let at = first; at < edgeCount; at += 1) {
      const other = targets[at] as number
      weights[at] = towards[other] as number
      towards[other] = 0
    }
    offsets[group + 1] = edgeCount
  }
  return { offsets, targets: targets.subarray(0, edgeCount), weights: weights.subarray(0, edgeCount), inside }
}
