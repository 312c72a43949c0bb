/** Is a directed graph in compressed sparse rows over nodes numbered from 0. */
export type Csr = {
  /** The edges of node n stand at the places from `offsets[n]` up to `offsets[n + 1]`. */
  readonly offsets: Uint32Array
  readonly targets: Uint32Array
  /** Row ids of the edges. */
  readonly edges: Float64Array
  /** `null` where every edge weighs 1. */
  readonly weights: Float64Array | null
}

/** Is what algorithms run on: a part of a graph, its nodes numbered from 0. */
export type AlgorithmGraph = {
  readonly nodeCount: number
  /** The id of each node, ascending. */
  readonly ids: Float64Array
  /** Gives the number of a node by its id, -1 for one that is not part of it. */
  readonly numberOf: (id: number) => number
  readonly out: Csr
  readonly in: Csr
  /** Each edge both ways; one from a node to itself once. */
  readonly both: Csr
}

/** Names the ways in which edges are followed. */
export type Way = 'out' | 'in' | 'both'

/** Makes an algorithm's graph of its outgoing edges; the other ways are made when they are first asked for. */
export function algorithmGraph(
  ids: Float64Array,
  numberOf: (id: number) => number,
  out: Csr,
): AlgorithmGraph {
  let reversed: Csr | null = null
  let merged: Csr | null = null
  return {
    nodeCount: ids.length,
    ids,
    numberOf,
    out,
    get in() {
      reversed ??= reverseOf(out)
      return reversed
    },
    get both() {
      merged ??= mergeOf(out, this.in)
      return merged
    },
  }
}

/** Turns every edge around. */
export function reverseOf({ offsets, targets, edges, weights }: Csr): Csr {
  const nodeCount = offsets.length - 1
  const turned = new Uint32Array(nodeCount + 1)
  for (let at = 0; at < targets.length; at += 1) (turned[(targets[at] as number) + 1] as number) += 1
  for (let node = 0; node < nodeCount; node += 1) (turned[node + 1] as number) += turned[node] as number
  const cursor = turned.slice()
  const sources = new Uint32Array(targets.length)
  const ids = new Float64Array(targets.length)
  const weighed = weights === null ? null : new Float64Array(targets.length)
  for (let node = 0; node < nodeCount; node += 1) {
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at += 1) {
      const target = targets[at] as number
      const place = cursor[target] as number
      cursor[target] = place + 1
      sources[place] = node
      ids[place] = edges[at] as number
      if (weighed !== null && weights !== null) weighed[place] = weights[at] as number
    }
  }
  return { offsets: turned, targets: sources, edges: ids, weights: weighed }
}

function mergeOf(out: Csr, into: Csr): Csr {
  const nodeCount = out.offsets.length - 1
  const offsets = new Uint32Array(nodeCount + 1)
  const most = out.targets.length * 2
  const targets = new Uint32Array(most)
  const edges = new Float64Array(most)
  const weights = out.weights === null ? null : new Float64Array(most)
  let count = 0
  for (let node = 0; node < nodeCount; node += 1) {
    for (const side of [out, into]) {
      for (let at = side.offsets[node] as number; at < (side.offsets[node + 1] as number); at += 1) {
        const target = side.targets[at] as number
        if (side === into && target === node) continue
        targets[count] = target
        edges[count] = side.edges[at] as number
        if (weights !== null) weights[count] = (side.weights as Float64Array)[at] as number
        count += 1
      }
    }
    offsets[node + 1] = count
  }
  return {
    offsets,
    targets: targets.subarray(0, count),
    edges: edges.subarray(0, count),
    weights: weights === null ? null : weights.subarray(0, count),
  }
}

/** Is a simple undirected graph: each neighbour of a node once, ascending, never the node itself. */
export type SimpleGraph = { readonly offsets: Uint32Array; readonly targets: Uint32Array }

/** Leaves out directions, parallel edges and edges from a node to itself. */
export function simpleOf({ both }: AlgorithmGraph): SimpleGraph {
  const nodeCount = both.offsets.length - 1
  const offsets = new Uint32Array(nodeCount + 1)
  const targets = new Uint32Array(both.targets.length)
  let count = 0
  for (let node = 0; node < nodeCount; node += 1) {
    const own = both.targets.slice(both.offsets[node], both.offsets[node + 1]).sort()
    let last = -1
    for (const target of own) {
      if (target === last || target === node) continue
      last = target
      targets[count] = target
      count += 1
    }
    offsets[node + 1] = count
  }
  return { offsets, targets: targets.subarray(0, count) }
}

/** Makes a generator of pseudo-random numbers from 0 up to 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
