import { SheafError } from '@sheafdb/core'
import type { Algorithm, NumberedPath } from './algorithm.ts'
import { seededRandom, simpleOf } from './csr.ts'

/** Puts nodes into an order in which every edge leads to a later node. @throws `VALUE` where the edges make a circle */
export const topologicalSort: Algorithm = {
  name: 'topologicalSort',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'position', kind: 'integer' },
  ],
  settings: [],
  run: ({ nodeCount, out }) => {
    const waiting = new Uint32Array(nodeCount)
    for (const target of out.targets) (waiting[target] as number) += 1
    const order: number[] = []
    for (let node = 0; node < nodeCount; node += 1) if (waiting[node] === 0) order.push(node)
    for (let at = 0; at < order.length; at += 1) {
      const node = order[at] as number
      for (let edge = out.offsets[node] as number; edge < (out.offsets[node + 1] as number); edge += 1) {
        const next = out.targets[edge] as number
        ;(waiting[next] as number) -= 1
        if (waiting[next] === 0) order.push(next)
      }
    }
    if (order.length < nodeCount) {
      throw new SheafError(
        'VALUE',
        'The edges make a circle, so there is no order of the nodes. Leave out an edge.',
        {
          phase: 'runtime',
        },
      )
    }
    return { length: nodeCount, columns: [order, order.map((_, position) => position)] }
  },
}

/**
 * Finds the edges of least weight that hold together what hangs together: a spanning tree for each component.
 *
 * @see https://doi.org/10.1090/S0002-9939-1956-0078686-7
 */
export const spanningTree: Algorithm = {
  name: 'spanningTree',
  nodes: [],
  outputs: [
    { name: 'relationship', kind: 'relationship' },
    { name: 'weight', kind: 'float' },
  ],
  settings: ['maximum'],
  run: ({ nodeCount, out }, _, settings) => {
    const sign = settings.flag('maximum', false) ? -1 : 1
    const weight = (place: number): number => out.weights?.[place] ?? 1
    const sources = new Uint32Array(out.targets.length)
    for (let node = 0; node < nodeCount; node += 1)
      sources.fill(node, out.offsets[node], out.offsets[node + 1])
    const order = Uint32Array.from(out.targets, (_, place) => place)
    if (out.weights !== null)
      order.sort((left, right) => sign * (weight(left) - weight(right)) || left - right)
    const parents = Uint32Array.from({ length: nodeCount }, (_, node) => node)
    const find = (start: number): number => {
      let node = start
      while (parents[node] !== node) {
        parents[node] = parents[parents[node] as number] as number
        node = parents[node] as number
      }
      return node
    }
    const kept: number[] = []
    for (const place of order) {
      const [left, right] = [find(sources[place] as number), find(out.targets[place] as number)]
      if (left === right) continue
      parents[left] = right
      kept.push(place)
    }
    return {
      length: kept.length,
      columns: [kept.map((place) => out.edges[place] as number), kept.map(weight)],
    }
  },
}

/** Walks along edges picked at random, by weight where there are weights, from the nodes given or from each. */
export const randomWalks: Algorithm = {
  name: 'randomWalks',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'path', kind: 'path' },
  ],
  settings: ['sources', 'walks', 'length', 'direction', 'seed'],
  run: (graph, _, settings) => {
    const csr = graph[settings.way('out')]
    const random = seededRandom(settings.count('seed', 1))
    const length = settings.count('length', 10)
    const walks = settings.count('walks', 1)
    const starts: number[] = []
    const paths: NumberedPath[] = []
    const sources = settings.nodes('sources', graph) ?? Array.from(graph.ids, (_, node) => node)
    for (const source of sources) {
      for (let walk = 0; walk < walks; walk += 1) {
        const nodes = [source]
        const edges: number[] = []
        for (let node = source; edges.length < length; ) {
          const place = pick(csr, node, random)
          if (place === -1) break
          edges.push(csr.edges[place] as number)
          node = csr.targets[place] as number
          nodes.push(node)
        }
        starts.push(source)
        paths.push({ nodes, edges })
      }
    }
    return { length: starts.length, columns: [starts, paths] }
  },
}

function pick(
  { offsets, weights }: { readonly offsets: Uint32Array; readonly weights: Float64Array | null },
  node: number,
  random: () => number,
): number {
  const [start, end] = [offsets[node] as number, offsets[node + 1] as number]
  if (start === end) return -1
  if (weights === null) return start + Math.floor(random() * (end - start))
  let total = 0
  for (let at = start; at < end; at += 1) total += weights[at] as number
  let left = random() * total
  for (let at = start; at < end; at += 1) {
    left -= weights[at] as number
    if (left < 0) return at
  }
  return end - 1
}

/** Says how alike the neighbours of two nodes are, for the pairs that share any: the most alike `topK` of each node. */
export const similarity: Algorithm = {
  name: 'similarity',
  nodes: [],
  outputs: [
    { name: 'node1', kind: 'node' },
    { name: 'node2', kind: 'node' },
    { name: 'similarity', kind: 'float' },
  ],
  settings: ['metric', 'topK', 'cutoff', 'direction'],
  run: (graph, _, settings) => {
    const way = settings.way('out')
    const sets = way === 'both' ? simpleOf(graph) : distinctTargets(graph[way])
    const isJaccard = settings.choice('metric', 'jaccard', ['jaccard', 'overlap']) === 'jaccard'
    const topK = settings.count('topK', 10, 1)
    const cutoff = settings.number('cutoff', 0, 0, 1)
    const sharers = sharersOf(sets, graph.nodeCount)
    const shared = new Uint32Array(graph.nodeCount)
    const columns: [number[], number[], number[]] = [[], [], []]
    const size = (node: number): number => (sets.offsets[node + 1] as number) - (sets.offsets[node] as number)
    for (let node = 0; node < graph.nodeCount; node += 1) {
      const met: number[] = []
      for (let at = sets.offsets[node] as number; at < (sets.offsets[node + 1] as number); at += 1) {
        const target = sets.targets[at] as number
        for (
          let place = sharers.offsets[target] as number;
          place < (sharers.offsets[target + 1] as number);
          place += 1
        ) {
          const other = sharers.targets[place] as number
          if (other === node) continue
          if (shared[other] === 0) met.push(other)
          ;(shared[other] as number) += 1
        }
      }
      const alike = met.map((other) => {
        const both = shared[other] as number
        shared[other] = 0
        const among = isJaccard ? size(node) + size(other) - both : Math.min(size(node), size(other))
        return { other, value: both / among }
      })
      alike.sort((left, right) => right.value - left.value || left.other - right.other)
      for (const { other, value } of alike.filter(({ value }) => value >= cutoff).slice(0, topK)) {
        columns[0].push(node)
        columns[1].push(other)
        columns[2].push(value)
      }
    }
    return { length: columns[0].length, columns }
  },
}

type Sets = { readonly offsets: Uint32Array; readonly targets: Uint32Array }

function distinctTargets(csr: Sets): Sets {
  const offsets = new Uint32Array(csr.offsets.length)
  const targets: number[] = []
  for (let node = 0; node + 1 < csr.offsets.length; node += 1) {
    for (const target of new Set(csr.targets.subarray(csr.offsets[node], csr.offsets[node + 1])))
      targets.push(target)
    offsets[node + 1] = targets.length
  }
  return { offsets, targets: Uint32Array.from(targets) }
}

function sharersOf({ offsets, targets }: Sets, nodeCount: number): Sets {
  const starts = new Uint32Array(nodeCount + 1)
  for (const target of targets) (starts[target + 1] as number) += 1
  for (let node = 0; node < nodeCount; node += 1) (starts[node + 1] as number) += starts[node] as number
  const cursor = starts.slice()
  const sharers = new Uint32Array(targets.length)
  for (let node = 0; node < nodeCount; node += 1) {
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
      const target = targets[at] as number
      sharers[cursor[target] as number] = node
      ;(cursor[target] as number) += 1
    }
  }
  return { offsets: starts, targets: sharers }
}
