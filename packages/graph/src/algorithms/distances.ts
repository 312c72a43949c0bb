import { SheafError } from '@sheafdb/core'
import type { Csr } from './csr.ts'

/** Is the distance of each node, infinite where it is not reached, and the place of the edge that led there last. */
export type Distances = { readonly distances: Float64Array; readonly places: Int32Array }

function weightsOf({ weights, targets }: Csr): Float64Array {
  if (weights === null) return new Float64Array(targets.length).fill(1)
  for (const weight of weights) {
    if (weight < 0 || Number.isNaN(weight))
      throw new SheafError('VALUE', `Shortest paths need weights of at least 0. An edge weighs ${weight}.`, {
        phase: 'runtime',
      })
  }
  return weights
}

function start(csr: Csr, source: number): Distances {
  const nodeCount = csr.offsets.length - 1
  const distances = new Float64Array(nodeCount).fill(Number.POSITIVE_INFINITY)
  distances[source] = 0
  return { distances, places: new Int32Array(nodeCount).fill(-1) }
}

/** Finds shortest paths from a node, nearest first. @throws `VALUE` for a negative weight */
export function dijkstra(csr: Csr, source: number): Distances {
  const weights = weightsOf(csr)
  const found = start(csr, source)
  const { distances, places } = found
  const heap = new NodeHeap()
  heap.push(source, 0)
  for (let node = heap.pop(); node !== -1; node = heap.pop()) {
    const distance = distances[node] as number
    if (heap.popped > distance) continue
    for (let at = csr.offsets[node] as number; at < (csr.offsets[node + 1] as number); at += 1) {
      const next = csr.targets[at] as number
      const length = distance + (weights[at] as number)
      if (length >= (distances[next] as number)) continue
      distances[next] = length
      places[next] = at
      heap.push(next, length)
    }
  }
  return found
}

/**
 * Finds shortest paths from a node by buckets of distances.
 *
 * @see https://doi.org/10.1016/S0196-6774(03)00076-2
 */
export function deltaStepping(csr: Csr, source: number, delta: number): Distances {
  const weights = weightsOf(csr)
  const found = start(csr, source)
  const { distances, places } = found
  const buckets = new Map<number, number[]>([[0, [source]]])
  const relax = (node: number, isLight: boolean): void => {
    const distance = distances[node] as number
    for (let at = csr.offsets[node] as number; at < (csr.offsets[node + 1] as number); at += 1) {
      const weight = weights[at] as number
      if (weight <= delta !== isLight) continue
      const next = csr.targets[at] as number
      const length = distance + weight
      if (length >= (distances[next] as number)) continue
      distances[next] = length
      places[next] = at
      const bucket = Math.floor(length / delta)
      const nodes = buckets.get(bucket)
      if (nodes === undefined) buckets.set(bucket, [next])
      else nodes.push(next)
    }
  }
  while (buckets.size > 0) {
    let least = Number.POSITIVE_INFINITY
    for (const bucket of buckets.keys()) if (bucket < least) least = bucket
    const settled = new Set<number>()
    for (let nodes = buckets.get(least); nodes !== undefined; nodes = buckets.get(least)) {
      buckets.delete(least)
      for (const node of nodes) {
        if (Math.floor((distances[node] as number) / delta) !== least) continue
        settled.add(node)
        relax(node, true)
      }
    }
    for (const node of settled) relax(node, false)
  }
  return found
}

/** Finds shortest paths from a node with every edge by which each node is reached at its distance. */
export function allDistances(
  csr: Csr,
  source: number,
): { readonly distances: Float64Array; readonly places: readonly (readonly number[])[] } {
  const weights = weightsOf(csr)
  const { distances } = dijkstra(csr, source)
  const places: number[][] = Array.from(distances, () => [])
  for (let node = 0; node < distances.length; node += 1) {
    for (let at = csr.offsets[node] as number; at < (csr.offsets[node + 1] as number); at += 1) {
      const next = csr.targets[at] as number
      const weight = weights[at] as number
      // A circle of edges that weigh nothing is no part of a shortest path.
      if (weight > 0 && (distances[node] as number) + weight === distances[next]) places[next]?.push(at)
    }
  }
  addWeightless(csr, weights, distances, places)
  return { distances, places }
}

/** Adds edges that weigh nothing to nodes that nothing else leads to, in the order in which a search meets them. */
function addWeightless(csr: Csr, weights: Float64Array, distances: Float64Array, places: number[][]): void {
  const queue = places.flatMap((list, node) => (list.length > 0 || distances[node] === 0 ? [node] : []))
  for (let at = 0; at < queue.length; at += 1) {
    const node = queue[at] as number
    for (let edge = csr.offsets[node] as number; edge < (csr.offsets[node + 1] as number); edge += 1) {
      const next = csr.targets[edge] as number
      if (weights[edge] !== 0 || distances[next] !== distances[node] || (places[next]?.length ?? 1) > 0)
        continue
      if (distances[next] === 0 && next === queue[0]) continue
      places[next]?.push(edge)
      queue.push(next)
    }
  }
}

/** Is a heap of nodes by distance; a node may stand in it more than once. */
class NodeHeap {
  readonly #nodes: number[] = []
  readonly #keys: number[] = []
  /** The distance with which the last node taken was put in. */
  popped = 0

  push(node: number, key: number): void {
    const [nodes, keys] = [this.#nodes, this.#keys]
    let at = nodes.length
    nodes.push(node)
    keys.push(key)
    while (at > 0) {
      const above = (at - 1) >> 1
      if ((keys[above] as number) <= key) break
      nodes[at] = nodes[above] as number
      keys[at] = keys[above] as number
      at = above
    }
    nodes[at] = node
    keys[at] = key
  }

  /** Takes the nearest node; -1 where there is none. */
  pop(): number {
    const [nodes, keys] = [this.#nodes, this.#keys]
    if (nodes.length === 0) return -1
    const first = nodes[0] as number
    this.popped = keys[0] as number
    const node = nodes.pop() as number
    const key = keys.pop() as number
    const size = nodes.length
    if (size === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && (keys[below + 1] as number) < (keys[below] as number)) below += 1
      if ((keys[below] as number) >= key) break
      nodes[at] = nodes[below] as number
      keys[at] = keys[below] as number
      at = below
    }
    nodes[at] = node
    keys[at] = key
    return first
  }
}
