import { type Algorithm, type AlgorithmResult, byNode, type NumberedPath } from './algorithm.ts'
import type { AlgorithmGraph, Csr } from './csr.ts'
import { allDistances, type Distances, deltaStepping, dijkstra } from './distances.ts'
import type { Settings } from './settings.ts'

/** Visits nodes by their count of hops from a node; only those that are reached are given. */
export const breadthFirst: Algorithm = {
  name: 'bfs',
  nodes: ['source'],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'depth', kind: 'integer' },
  ],
  settings: ['direction', 'maxDepth'],
  run: (graph, [source = -1], settings) => {
    const { order, depths } = visit(graph[settings.way('out')], source, settings.count('maxDepth', 2 ** 31))
    return { length: order.length, columns: [order, order.map((node) => depths[node] as number)] }
  },
}

function visit(
  csr: Csr,
  source: number,
  maxDepth: number,
): { readonly order: Uint32Array; readonly depths: Int32Array } {
  const nodeCount = csr.offsets.length - 1
  const depths = new Int32Array(nodeCount).fill(-1)
  const order = new Uint32Array(nodeCount)
  order[0] = source
  depths[source] = 0
  let count = 1
  for (let at = 0; at < count; at += 1) {
    const node = order[at] as number
    const depth = (depths[node] as number) + 1
    if (depth > maxDepth) break
    for (let edge = csr.offsets[node] as number; edge < (csr.offsets[node + 1] as number); edge += 1) {
      const next = csr.targets[edge] as number
      if (depths[next] !== -1) continue
      depths[next] = depth
      order[count] = next
      count += 1
    }
  }
  return { order: order.subarray(0, count), depths }
}

const PATH_OUTPUTS = [
  { name: 'node', kind: 'node' },
  { name: 'distance', kind: 'float' },
  { name: 'path', kind: 'path' },
] as const

/** Finds the shortest path from a node to every other, by Dijkstra's method or by delta-stepping. */
export const shortestPaths: Algorithm = {
  name: 'shortestPaths',
  nodes: ['source'],
  outputs: PATH_OUTPUTS,
  settings: ['direction', 'method', 'delta', 'target'],
  run: (graph, [source = -1], settings) => {
    const csr = graph[settings.way('out')]
    const method = settings.choice('method', 'dijkstra', ['dijkstra', 'deltaStepping'])
    const found =
      method === 'dijkstra'
        ? dijkstra(csr, source)
        : deltaStepping(csr, source, settings.number('delta', 1, 1e-9))
    return pathsOf(csr, found, wantedEnds(graph, settings, found))
  },
}

/** Finds all shortest paths, of equal length, from a node to every other. */
export const allShortestPaths: Algorithm = {
  name: 'allShortestPaths',
  nodes: ['source'],
  outputs: PATH_OUTPUTS,
  settings: ['direction', 'target'],
  run: (graph, [source = -1], settings) => {
    const csr = graph[settings.way('out')]
    const found = allDistances(csr, source)
    const nodes: number[] = []
    const distances: number[] = []
    const paths: NumberedPath[] = []
    for (const end of wantedEnds(graph, settings, found)) {
      for (const path of waysBack(csr, found, source, end)) {
        nodes.push(end)
        distances.push(found.distances[end] as number)
        paths.push(path)
      }
    }
    return { length: nodes.length, columns: [nodes, distances, paths] }
  },
}

function wantedEnds(
  graph: AlgorithmGraph,
  settings: Settings,
  { distances }: Pick<Distances, 'distances'>,
): number[] {
  const targets = settings.nodes('target', graph)
  const all = targets ?? Array.from(distances, (_, node) => node)
  return all.filter((node) => (distances[node] as number) < Number.POSITIVE_INFINITY)
}

function pathsOf(csr: Csr, found: Distances, ends: readonly number[]): AlgorithmResult {
  const sources = sourcesOf(csr)
  const paths = ends.map((end): NumberedPath => {
    const nodes = [end]
    const edges: number[] = []
    for (let node = end; (found.places[node] as number) !== -1; ) {
      const place = found.places[node] as number
      edges.push(csr.edges[place] as number)
      node = sources[place] as number
      nodes.push(node)
    }
    return { nodes: nodes.reverse(), edges: edges.reverse() }
  })
  return { length: ends.length, columns: [ends, ends.map((end) => found.distances[end] as number), paths] }
}

/** Gives the node that each edge leaves. */
function sourcesOf({ offsets, targets }: Csr): Uint32Array {
  const sources = new Uint32Array(targets.length)
  for (let node = 0; node + 1 < offsets.length; node += 1)
    sources.fill(node, offsets[node], offsets[node + 1])
  return sources
}

function* waysBack(
  csr: Csr,
  { places }: { readonly places: readonly (readonly number[])[] },
  source: number,
  end: number,
): Iterable<NumberedPath> {
  const sources = sourcesOf(csr)
  const stack: NumberedPath[] = [{ nodes: [end], edges: [] }]
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const first = path.nodes[0] as number
    if (first === source) {
      yield path
      continue
    }
    for (const place of places[first] ?? [])
      stack.push({
        nodes: [sources[place] as number, ...path.nodes],
        edges: [csr.edges[place] as number, ...path.edges],
      })
  }
}

/** Says where along paths nodes lie: how many shortest paths between others go through them, a part being looked at where `samples` says so. */
export const betweenness: Algorithm = {
  name: 'betweenness',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'score', kind: 'float' },
  ],
  settings: ['direction', 'samples', 'seed', 'normalized'],
  run: (graph, _, settings) => byNode(brandes(graph, settings)),
}

/** @see https://doi.org/10.1080/0022250X.2001.9990249 */
function brandes(graph: AlgorithmGraph, settings: Settings): Float64Array {
  const way = settings.way('out')
  const csr = graph[way]
  const { nodeCount } = graph
  const sources = settings.sample('samples', nodeCount)
  const scores = new Float64Array(nodeCount)
  const paths = new Float64Array(nodeCount)
  const shares = new Float64Array(nodeCount)
  for (const source of sources) {
    const { order, depths } = visit(csr, source, 2 ** 31)
    paths[source] = 1
    for (const node of order)
      eachNext(csr, node, depths, (next) => {
        ;(paths[next] as number) += paths[node] as number
      })
    for (let at = order.length - 1; at >= 0; at -= 1) {
      const node = order[at] as number
      let share = 0
      eachNext(csr, node, depths, (next) => {
        share += ((paths[node] as number) / (paths[next] as number)) * (1 + (shares[next] as number))
      })
      shares[node] = share
      if (node !== source) (scores[node] as number) += share
    }
    for (const node of order) {
      paths[node] = 0
      shares[node] = 0
    }
  }
  const scale = (nodeCount / Math.max(1, sources.length)) * (way === 'both' ? 0.5 : 1)
  const pairs = settings.flag('normalized', false)
    ? ((nodeCount - 1) * (nodeCount - 2)) / (way === 'both' ? 2 : 1)
    : 1
  return scores.map((score) => (score * scale) / Math.max(1, pairs))
}

function eachNext(csr: Csr, node: number, depths: Int32Array, visitNext: (next: number) => void): void {
  const depth = (depths[node] as number) + 1
  for (let at = csr.offsets[node] as number; at < (csr.offsets[node + 1] as number); at += 1) {
    const next = csr.targets[at] as number
    if (depths[next] === depth) visitNext(next)
  }
}
