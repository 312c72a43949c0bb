import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { graph } from '@sheafdb/graph'
import type { Workload } from '../../src/workload.ts'
import { seededRandom } from '../flights-data.ts'

const NODES = 100_000
const EDGES = 1_000_000
const QUERY = 'MATCH (a:N)-[:E]->(b:N)-[:E]->(c:N)-[:E]->(a) RETURN count(*) AS n'

const require = createRequire(import.meta.url)

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
    const edges = skewedEdges()
    const store = await openStore(join(folder, 'graph.sheaf'), { models: [graph()] })
    const g = store.graph('g')
    await g.addNodes(
      'N',
      Array.from({ length: NODES }, (_, id) => ({ id })),
    )
    await g.addEdges(
      'E',
      Array.from(edges.from, (source, at) => ({ source, target: edges.to[at] as number })),
      { source: ['N', 'source'], target: ['N', 'target'] } as never,
    )
    const ladybug = await openLadybug(folder, edges)
    return [
      {
        engine: 'Sheaf',
        run: async () => (await g.query(QUERY).rows())[0],
        close: () => store.close(),
      },
      { engine: 'Ladybug', ...ladybug },
      { engine: 'typed arrays', run: plainTriangles(edges) },
    ]
  },
}

async function openLadybug(folder: string, { from, to }: Edges) {
  const ladybug = require('@ladybugdb/core') as typeof import('@ladybugdb/core')
  await mkdir(folder, { recursive: true })
  const nodeFile = join(folder, 'nodes.csv')
  const edgeFile = join(folder, 'edges.csv')
  await writeFile(nodeFile, Array.from({ length: NODES }, (_, id) => id).join('\n'))
  await writeFile(edgeFile, Array.from(from, (source, at) => `${source},${to[at]}`).join('\n'))
  const database = new ladybug.Database(join(folder, 'ladybug'))
  const connection = new ladybug.Connection(database, 2)
  await connection.query('CREATE NODE TABLE N(id INT64 PRIMARY KEY)')
  await connection.query('CREATE REL TABLE E(FROM N TO N)')
  await connection.query(`COPY N FROM '${nodeFile}'`)
  await connection.query(`COPY E FROM '${edgeFile}'`)
  const prepared = await connection.prepare(QUERY)
  return {
    run: async () => {
      const result = await connection.execute(prepared, {})
      const [row] = (await (Array.isArray(result) ? result[0] : result)?.getAll()) ?? []
      return { n: Number((row as { n: number } | undefined)?.n) }
    },
    close: async () => {
      await connection.close()
      await database.close()
    },
  }
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
