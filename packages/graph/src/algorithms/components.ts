import { type Algorithm, byNode } from './algorithm.ts'
import type { AlgorithmGraph, Csr } from './csr.ts'

const OUTPUTS = [
  { name: 'node', kind: 'node' },
  { name: 'component', kind: 'integer' },
] as const

/** Finds which nodes hang together, whichever way the edges point. Components are numbered from 0 by their first node. */
export const weaklyConnected: Algorithm = {
  name: 'wcc',
  nodes: [],
  outputs: OUTPUTS,
  settings: [],
  run: (graph) => byNode(numbered(weakRoots(graph))),
}

/** Finds which nodes reach each other along the edges. Components are numbered from 0 by their first node. */
export const stronglyConnected: Algorithm = {
  name: 'scc',
  nodes: [],
  outputs: OUTPUTS,
  settings: [],
  run: ({ out }) => byNode(numbered(strongRoots(out))),
}

function weakRoots({ nodeCount, out }: AlgorithmGraph): Uint32Array {
  const parents = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  const find = (start: number): number => {
    let node = start
    while ((parents[node] as number) !== node) {
      parents[node] = parents[parents[node] as number] as number
      node = parents[node] as number
    }
    return node
  }
  for (let node = 0; node < nodeCount; node += 1) {
    let root = find(node)
    for (let at = out.offsets[node] as number; at < (out.offsets[node + 1] as number); at += 1) {
      const other = find(out.targets[at] as number)
      if (other === root) continue
      const [small, large] = other < root ? [other, root] : [root, other]
      parents[large] = small
      root = small
    }
  }
  for (let node = 0; node < nodeCount; node += 1) parents[node] = find(node)
  return parents
}

/** Finds strongly connected components by Tarjan's search, with a stack of its own. */
function strongRoots({ offsets, targets }: Csr): Int32Array {
  const nodeCount = offsets.length - 1
  const roots = new Int32Array(nodeCount).fill(-1)
  const order = new Int32Array(nodeCount).fill(-1)
  const low = new Int32Array(nodeCount)
  const cursor = offsets.slice(0, nodeCount)
  const open: number[] = []
  let met = 0
  for (let start = 0; start < nodeCount; start += 1) {
    if (order[start] !== -1) continue
    const path = [start]
    order[start] = met
    low[start] = met
    met += 1
    open.push(start)
    while (path.length > 0) {
      const node = path[path.length - 1] as number
      const at = cursor[node] as number
      if (at < (offsets[node + 1] as number)) {
        cursor[node] = at + 1
        const next = targets[at] as number
        if (order[next] === -1) {
          order[next] = met
          low[next] = met
          met += 1
          open.push(next)
          path.push(next)
        } else if (roots[next] === -1) low[node] = Math.min(low[node] as number, order[next] as number)
        continue
      }
      path.pop()
      const before = path[path.length - 1]
      if (before !== undefined) low[before] = Math.min(low[before] as number, low[node] as number)
      if (low[node] === order[node]) closeComponent(open, node, roots)
    }
  }
  return roots
}

function closeComponent(open: number[], root: number, roots: Int32Array): void {
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    roots[node] = root
    if (node === root) return
  }
}

/** Numbers groups from 0 in the order of their first member. */
export function numbered(groups: ArrayLike<number>): Uint32Array {
  const numbers = new Map<number, number>()
  return Uint32Array.from({ length: groups.length }, (_, node) => {
    const group = groups[node] as number
    let number = numbers.get(group)
    if (number === undefined) {
      number = numbers.size
      numbers.set(group, number)
    }
    return number
  })
}
