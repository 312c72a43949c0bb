import { type Algorithm, byNode } from './algorithm.ts'
import { type SimpleGraph, simpleOf } from './csr.ts'

/** Counts the edges of each node. */
export const degrees: Algorithm = {
  name: 'degree',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'degree', kind: 'integer' },
  ],
  settings: ['direction'],
  run: (graph, _, settings) => {
    const { offsets } = graph[settings.way('both')]
    return byNode(
      Uint32Array.from(
        { length: graph.nodeCount },
        (_, node) => (offsets[node + 1] as number) - (offsets[node] as number),
      ),
    )
  },
}

/** Counts the triangles of each node, directions and parallel edges left aside. */
export const triangleCount: Algorithm = {
  name: 'triangleCount',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'triangles', kind: 'integer' },
  ],
  settings: [],
  run: (graph) => byNode(triangles(simpleOf(graph))),
}

/** Gives the part of a node's pairs of neighbours that are neighbours themselves. */
export const localClustering: Algorithm = {
  name: 'localClustering',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'coefficient', kind: 'float' },
  ],
  settings: [],
  run: (graph) => {
    const simple = simpleOf(graph)
    const counts = triangles(simple)
    return byNode(
      Float64Array.from(counts, (count, node) => {
        const degree = (simple.offsets[node + 1] as number) - (simple.offsets[node] as number)
        return degree < 2 ? 0 : (2 * count) / (degree * (degree - 1))
      }),
    )
  },
}

/** Counts triangles from each edge's node of lower rank by degree, so that hubs are not looked through. */
function triangles({ offsets, targets }: SimpleGraph): Float64Array {
  const nodeCount = offsets.length - 1
  const degree = (node: number): number => (offsets[node + 1] as number) - (offsets[node] as number)
  const before = (left: number, right: number): boolean =>
    degree(left) < degree(right) || (degree(left) === degree(right) && left < right)
  const starts = new Uint32Array(nodeCount + 1)
  const later = new Uint32Array(targets.length)
  let count = 0
  for (let node = 0; node < nodeCount; node += 1) {
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
      const other = targets[at] as number
      if (!before(node, other)) continue
      later[count] = other
      count += 1
    }
    starts[node + 1] = count
  }
  const counts = new Float64Array(nodeCount)
  const marks = new Int32Array(nodeCount).fill(-1)
  for (let node = 0; node < nodeCount; node += 1) {
    for (let at = starts[node] as number; at < (starts[node + 1] as number); at += 1)
      marks[later[at] as number] = node
    for (let at = starts[node] as number; at < (starts[node + 1] as number); at += 1) {
      const other = later[at] as number
      for (let place = starts[other] as number; place < (starts[other + 1] as number); place += 1) {
        const third = later[place] as number
        if (marks[third] !== node) continue
        ;(counts[node] as number) += 1
        ;(counts[other] as number) += 1
        ;(counts[third] as number) += 1
      }
    }
  }
  return counts
}

/**
 * Gives the largest k for which a node has k neighbours that have k neighbours among themselves, and so on.
 *
 * @see https://arxiv.org/abs/cs/0310049
 */
export const kCore: Algorithm = {
  name: 'kCore',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'core', kind: 'integer' },
  ],
  settings: [],
  run: (graph) => byNode(cores(simpleOf(graph))),
}

function cores({ offsets, targets }: SimpleGraph): Uint32Array {
  const nodeCount = offsets.length - 1
  const degree = Uint32Array.from(
    { length: nodeCount },
    (_, node) => (offsets[node + 1] as number) - (offsets[node] as number),
  )
  const most = degree.reduce((left, right) => Math.max(left, right), 0)
  // Nodes sorted by what is left of their degree; `starts[d]` is where those of degree d begin.
  const starts = new Uint32Array(most + 2)
  for (const value of degree) (starts[value + 1] as number) += 1
  for (let value = 0; value <= most; value += 1) (starts[value + 1] as number) += starts[value] as number
  const cursor = starts.slice()
  const order = new Uint32Array(nodeCount)
  const places = new Uint32Array(nodeCount)
  for (let node = 0; node < nodeCount; node += 1) {
    const place = cursor[degree[node] as number] as number
    cursor[degree[node] as number] = place + 1
    order[place] = node
    places[node] = place
  }
  for (let at = 0; at < nodeCount; at += 1) {
    const node = order[at] as number
    const own = degree[node] as number
    for (let edge = offsets[node] as number; edge < (offsets[node + 1] as number); edge += 1) {
      const other = targets[edge] as number
      const value = degree[other] as number
      if (value <= own) continue
      const first = starts[value] as number
      const head = order[first] as number
      const place = places[other] as number
      order[first] = other
      order[place] = head
      places[other] = first
      places[head] = place
      starts[value] = first + 1
      degree[other] = value - 1
    }
  }
  return degree
}
