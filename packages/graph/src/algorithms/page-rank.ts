import { type Algorithm, byNode } from './algorithm.ts'
import type { AlgorithmGraph } from './csr.ts'
import type { Settings } from './settings.ts'

const SETTINGS = ['dampingFactor', 'iterations', 'tolerance'] as const

/**
 * Ranks nodes by where a random walk along the edges is: the sum over all nodes is 1. A walk that cannot go on starts
 * anew, as it does now and then.
 *
 * @see https://ilpubs.stanford.edu/422/1/1999-66.pdf
 */
export const pageRank: Algorithm = {
  name: 'pageRank',
  nodes: [],
  outputs: [
    { name: 'node', kind: 'node' },
    { name: 'score', kind: 'float' },
  ],
  settings: SETTINGS,
  run: (graph, _, settings) => byNode(ranks(graph, settings, null)),
}

/** Ranks nodes by a walk that starts anew at the nodes given, and not anywhere. */
export const personalizedPageRank: Algorithm = {
  ...pageRank,
  name: 'personalizedPageRank',
  nodes: ['sources'],
  run: (graph, sources, settings) => byNode(ranks(graph, settings, sources)),
}

function ranks(graph: AlgorithmGraph, settings: Settings, sources: readonly number[] | null): Float64Array {
  const damping = settings.number('dampingFactor', 0.85, 0, 1)
  const iterations = settings.count('iterations', 100)
  const tolerance = settings.number('tolerance', 1e-9, 0)
  const { nodeCount } = graph
  const start = startShares(nodeCount, sources)
  let rank = start.slice()
  let next = new Float64Array(nodeCount)
  const shares = outShares(graph)
  const given = new Float64Array(nodeCount)
  for (let round = 0; round < iterations && nodeCount > 0; round += 1) {
    let stuck = 0
    for (let node = 0; node < nodeCount; node += 1) {
      const share = shares[node] as number
      given[node] = (rank[node] as number) * share
      if (share === 0) stuck += rank[node] as number
    }
    gather(graph, given, next)
    const change = finishRound(rank, next, start, damping, stuck)
    ;[rank, next] = [next, rank]
    if (change < tolerance * nodeCount) break
  }
  return rank
}

function startShares(nodeCount: number, sources: readonly number[] | null): Float64Array {
  if (sources === null) return new Float64Array(nodeCount).fill(1 / nodeCount)
  const shares = new Float64Array(nodeCount)
  for (const source of sources) (shares[source] as number) += 1 / sources.length
  return shares
}

/** Gives the part of a node's rank that an edge of weight 1 takes; 0 for a node that no edge leaves. */
function outShares({ nodeCount, out }: AlgorithmGraph): Float64Array {
  const shares = new Float64Array(nodeCount)
  for (let node = 0; node < nodeCount; node += 1) {
    let total = 0
    const end = out.offsets[node + 1] as number
    if (out.weights === null) total = end - (out.offsets[node] as number)
    else for (let at = out.offsets[node] as number; at < end; at += 1) total += out.weights[at] as number
    shares[node] = total === 0 ? 0 : 1 / total
  }
  return shares
}

function gather(graph: AlgorithmGraph, given: Float64Array, into: Float64Array): void {
  const { offsets, targets, weights } = graph.in
  for (let node = 0; node < into.length; node += 1) {
    const end = offsets[node + 1] as number
    let sum = 0
    if (weights === null)
      for (let at = offsets[node] as number; at < end; at += 1) sum += given[targets[at] as number] as number
    else
      for (let at = offsets[node] as number; at < end; at += 1)
        sum += (given[targets[at] as number] as number) * (weights[at] as number)
    into[node] = sum
  }
}

function finishRound(
  rank: Float64Array,
  next: Float64Array,
  start: Float64Array,
  damping: number,
  stuck: number,
): number {
  let change = 0
  for (let node = 0; node < rank.length; node += 1) {
    const value =
      damping * ((next[node] as number) + stuck * (start[node] as number)) +
      (1 - damping) * (start[node] as number)
    change += Math.abs(value - (rank[node] as number))
    next[node] = value
  }
  return change
}
