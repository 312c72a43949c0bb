import { join } from 'node:path'
import { openKuzu } from '../engines/kuzu.ts'
import type { Workload } from '../src/workload.ts'
import { seededRandom } from './flights-data.ts'
import { kuzuEdges, sheafEdges } from './graph/edge-list.ts'

const NODES = 100_000
const EDGES = 3_000_000
const STARTS = Array.from({ length: 100 }, (_, at) => at * 37)
const QUERY =
  'MATCH (a:Airport)-[:ROUTE]->(b:Airport)-[:ROUTE]->(c:Airport) WHERE a.id IN $ids RETURN count(*) AS n'

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
    const edges = { label: 'Airport', type: 'ROUTE', nodeCount: NODES, ...edgeList() }
    const { store, loaded } = await sheafEdges(folder, edges)
    const kuzu = await kuzuEdges(await openKuzu(join(folder, 'kuzu', 'routes')), folder, edges)
    return [
      {
        engine: 'Sheaf',
        run: async () => (await loaded.query(QUERY, { ids: STARTS }).rows())[0],
        close: () => store.close(),
      },
      {
        engine: 'Kuzu',
        run: async () => (await kuzu.run(QUERY, { ids: STARTS }))[0],
        close: () => kuzu.close(),
      },
    ]
  },
}
