import { join } from 'node:path'
import { openLadybug } from '../../engines/kuzu.ts'
import type { Workload } from '../../src/workload.ts'
import { seededRandom } from '../flights-data.ts'
import { kuzuEdges, sheafEdges } from '../graph/edge-list.ts'

const NODES = 100_000
const EDGES = 1_000_000
const QUERY = 'MATCH (a:N)-[:E]->(b:N)-[:E]->(c:N)-[:E]->(a) RETURN count(*) AS n'

type Edges = { readonly from: Int32Array; readonly to: Int32Array }

/** Makes distinct edges without loops; many lead to low ids (a square of a uniform number picks the target). */
function skewedEdges(): Edges {
  const random = seededRandom(11)
  const from = new Int32Array(EDGES)
  const to = new Int32Array(EDGES)
  const seen = new Set<number>()
  for (let at = 0; at < EDGES; ) {
    const source = Math.floor(random() * NODES)
    const target = Math.floor(random() ** 2 * NODES)
    const key = source * NODES + target
    if (source === target || seen.has(key)) continue
    seen.add(key)
    from[at] = source
    to[at] = target
    at += 1
  }
  return { from, to }
}

/** Counts directed triangles, against Ladybug and against loops that intersect sorted neighbours. */
export const triangles: Workload = {
  name: 'engine-triangles',
  title: 'directed triangles over 1 M skewed edges',
  asked: {
    text: '8 times Ladybug',
    reached: (medians) => (medians.get('Ladybug') as number) / (medians.get('Sheaf') as number) >= 8,
  },
  runs: 5,
  warmups: 2,
  async prepare(folder) {
    const edges = { label: 'N', type: 'E', nodeCount: NODES, ...skewedEdges() }
    const { store, loaded } = await sheafEdges(folder, edges)
    const ladybug = await kuzuEdges(await openLadybug(join(folder, 'ladybug', 'edges')), folder, edges)
    return [
      {
        engine: 'Sheaf',
        run: async () => (await loaded.query(QUERY).rows())[0],
        close: () => store.close(),
      },
      { engine: 'Ladybug', run: async () => (await ladybug.run(QUERY))[0], close: () => ladybug.close() },
      { engine: 'typed arrays', run: plainTriangles(edges) },
    ]
  },
}

type Csr = { readonly offsets: Int32Array; readonly neighbours: Int32Array }

function sortedNeighbours(from: Int32Array, to: Int32Array): Csr {
  const offsets = new Int32Array(NODES + 1)
  for (const node of from) offsets[node + 1] = (offsets[node + 1] as number) + 1
  for (let node = 0; node < NODES; node += 1)
    offsets[node + 1] = (offsets[node + 1] as number) + (offsets[node] as number)
  const cursor = offsets.slice()
  const neighbours = new Int32Array(from.length)
  for (let at = 0; at < from.length; at += 1) {
    const place = cursor[from[at] as number] as number
    cursor[from[at] as number] = place + 1
    neighbours[place] = to[at] as number
  }
  for (let node = 0; node < NODES; node += 1) neighbours.subarray(offsets[node], offsets[node + 1]).sort()
  return { offsets, neighbours }
}

function plainTriangles({ from, to }: Edges): () => { n: number } {
  const out = sortedNeighbours(from, to)
  const into = sortedNeighbours(to, from)
  return () => {
    let n = 0
    for (let a = 0; a < NODES; a += 1) {
      for (let at = out.offsets[a] as number; at < (out.offsets[a + 1] as number); at += 1)
        n += common(out, out.neighbours[at] as number, into, a)
    }
    return { n }
  }
}

function common(left: Csr, leftNode: number, right: Csr, rightNode: number): number {
  let at = left.offsets[leftNode] as number
  let other = right.offsets[rightNode] as number
  const end = left.offsets[leftNode + 1] as number
  const otherEnd = right.offsets[rightNode + 1] as number
  let count = 0
  while (at < end && other < otherEnd) {
    const id = left.neighbours[at] as number
    const otherId = right.neighbours[other] as number
    if (id === otherId) count += 1
    if (id <= otherId) at += 1
    if (otherId <= id) other += 1
  }
  return count
}
