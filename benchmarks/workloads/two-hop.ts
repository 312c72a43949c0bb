import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { graph } from '@sheafdb/graph'
import type { Workload } from '../src/workload.ts'
import { seededRandom } from './flights-data.ts'

const NODES = 100_000
const EDGES = 3_000_000
const STARTS = Array.from({ length: 100 }, (_, at) => at * 37)
const QUERY =
  'MATCH (a:Airport)-[:ROUTE]->(b:Airport)-[:ROUTE]->(c:Airport) WHERE a.id IN $ids RETURN count(*) AS n'

const require = createRequire(import.meta.url)

function edgeList(): { readonly from: Int32Array; readonly to: Int32Array } {
  const random = seededRandom(7)
  const from = new Int32Array(EDGES)
  const to = new Int32Array(EDGES)
  for (let at = 0; at < EDGES; at += 1) {
    from[at] = Math.floor(random() * NODES)
    // No edge leads back to where it starts: engines differ on whether such an edge may be used twice.
    to[at] = ((from[at] as number) + 1 + Math.floor(random() * (NODES - 1))) % NODES
  }
  return { from, to }
}

/** Counts the paths of two hops from 100 nodes over 3 million edges, against Kuzu. */
export const twoHop: Workload = {
  name: 'two-hop',
  title: '2-hop count from 100 airports over 3 M edges',
  asked: {
    text: 'no slower than Kuzu',
    reached: (medians) => (medians.get('Sheaf') as number) <= (medians.get('Kuzu') as number),
  },
  runs: 15,
  warmups: 3,
  async prepare(folder) {
    const { from, to } = edgeList()
    const store = await openStore(join(folder, 'graph.sheaf'), { models: [graph()] })
    const g = store.graph('routes')
    await g.addNodes(
      'Airport',
      Array.from({ length: NODES }, (_, id) => ({ id })),
    )
    await g.addEdges(
      'ROUTE',
      Array.from(from, (source, at) => ({ source, target: to[at] as number })),
      { source: ['Airport', 'source'], target: ['Airport', 'target'] } as never,
    )
    const kuzu = await openKuzu(folder, from, to)
    return [
      {
        engine: 'Sheaf',
        run: async () => (await g.query(QUERY, { ids: STARTS }).rows())[0],
        close: () => store.close(),
      },
      { engine: 'Kuzu', run: kuzu.run, close: kuzu.close },
    ]
  },
}

async function openKuzu(
  folder: string,
  from: Int32Array,
  to: Int32Array,
): Promise<{ run: () => Promise<unknown>; close: () => Promise<void> }> {
  const kuzu = require('kuzu') as typeof import('kuzu')
  await mkdir(folder, { recursive: true })
  const nodeFile = join(folder, 'nodes.csv')
  const edgeFile = join(folder, 'edges.csv')
  await writeFile(nodeFile, Array.from({ length: NODES }, (_, id) => id).join('\n'))
  await writeFile(edgeFile, Array.from(from, (source, at) => `${source},${to[at]}`).join('\n'))
  const database = new kuzu.Database(join(folder, 'kuzu'))
  const connection = new kuzu.Connection(database, 2)
  await connection.query('CREATE NODE TABLE Airport(id INT64 PRIMARY KEY)')
  await connection.query('CREATE REL TABLE ROUTE(FROM Airport TO Airport)')
  await connection.query(`COPY Airport FROM '${nodeFile}'`)
  await connection.query(`COPY ROUTE FROM '${edgeFile}'`)
  const prepared = await connection.prepare(QUERY)
  return {
    run: async () => {
      const result = await connection.execute(prepared, { ids: STARTS })
      const [row] = (await (Array.isArray(result) ? result[0] : result)?.getAll()) ?? []
      return { n: Number((row as { n: number } | undefined)?.n) }
    },
    close: async () => {
      await connection.close()
      await database.close()
    },
  }
}
