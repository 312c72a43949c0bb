import { type Algorithm, byNode } from './algorithm.ts'
import { numbered } from './components.ts'
import { type AlgorithmGraph, type Csr, seededRandom } from './csr.ts'
import { louvainGroups } from './louvain.ts'

const OUTPUTS = [
  { name: 'node', kind: 'node' },
  { name: 'community', kind: 'integer' },
] as const

/**
 * Finds communities: each node takes the label that weighs most among its neighbours, again and again.
 *
 * @see https://arxiv.org/abs/0709.2938
 */
export const labelPropagation: Algorithm = {
  name: 'labelPropagation',
  nodes: [],
  outputs: OUTPUTS,
  settings: ['iterations', 'seed'],
  run: (graph, _, settings) =>
    byNode(numbered(propagate(graph, settings.count('iterations', 10), settings.count('seed', 1)))),
}

/**
 * Finds communities that are denser inside than chance would have it, level by level.
 *
 * @see https://arxiv.org/abs/0803.0476
 */
export const louvain: Algorithm = {
  name: 'louvain',
  nodes: [],
  outputs: OUTPUTS,
  settings: ['resolution', 'maxLevels', 'seed'],
  run: (graph, _, settings) =>
    byNode(
      numbered(
        louvainGroups(graph.both, {
          resolution: settings.number('resolution', 1, 0),
          maxLevels: settings.count('maxLevels', 20, 1),
          random: seededRandom(settings.count('seed', 1)),
        }),
      ),
    ),
}

function propagate({ nodeCount, both }: AlgorithmGraph, iterations: number, seed: number): Uint32Array {
  const labels = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  const random = seededRandom(seed)
  const order = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  const weights = new Float64Array(nodeCount)
  for (let round = 0; round < iterations; round += 1) {
    shuffle(order, random)
    let changes = 0
    for (const node of order) {
      const best = heaviestLabel(both, node, labels, weights)
      if (best === labels[node]) continue
      labels[node] = best
      changes += 1
    }
    if (changes === 0) break
  }
  return labels
}

/** Finds the label with the most weight around a node; its own where that is among them, else the least. */
function heaviestLabel(
  { offsets, targets, weights }: Csr,
  node: number,
  labels: Uint32Array,
  sums: Float64Array,
): number {
  const own = labels[node] as number
  const [start, end] = [offsets[node] as number, offsets[node + 1] as number]
  for (let at = start; at < end; at += 1)
    (sums[labels[targets[at] as number] as number] as number) +=
      weights === null ? 1 : (weights[at] as number)
  let best = own
  for (let at = start; at < end; at += 1) {
    const label = labels[targets[at] as number] as number
    const [sum, most] = [sums[label] as number, sums[best] as number]
    if (sum > most || (sum === most && best !== own && label < best)) best = label
  }
  for (let at = start; at < end; at += 1) sums[labels[targets[at] as number] as number] = 0
  return best
}

/** Puts numbers into a random order. */
export function shuffle(order: Uint32Array, random: () => number): void {
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1))
    const kept = order[at] as number
    order[at] = order[other] as number
    order[other] = kept
  }
}
