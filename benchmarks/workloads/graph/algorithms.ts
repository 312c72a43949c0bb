import type { Graph } from '@sheafdb/graph'
import { DirectedGraph, MultiDirectedGraph } from 'graphology'
import louvainModule from 'graphology-communities-louvain'
import { connectedComponents } from 'graphology-components'
import pagerankModule from 'graphology-metrics/centrality/pagerank.js'
import type { KuzuEngine } from '../../engines/kuzu.ts'
import type { Contender, Workload } from '../../src/workload.ts'
import { PERSONS, socialGraph } from './social-data.ts'
import { kuzuSocial, sheafSocial } from './social-engines.ts'

// These packages are CommonJS; what their types call the module is the function itself.
type Scores = (graph: object, options: object) => Record<string, number>
const pagerank = pagerankModule as unknown as Scores
const louvain = louvainModule as unknown as Scores

type Part = {
  readonly name: string
  readonly title: string
  readonly sheaf: (social: Graph) => Promise<unknown>
  readonly kuzu: (engine: KuzuEngine) => Promise<unknown>
  readonly graphology: () => () => unknown
}

function part({ name, title, sheaf, kuzu, graphology }: Part): Workload {
  return {
    name,
    title,
    asked: {
      text: '5 times graphology, 1 time Kuzu',
      reached: (medians) => {
        const own = medians.get('Sheaf') as number
        const [first, second] = [medians.get('graphology') as number, medians.get('Kuzu')]
        return first / own >= 5 && (second === undefined || second / own >= 1)
      },
    },
    runs: 3,
    warmups: 1,
    async prepare(folder) {
      const { store, social } = await sheafSocial(folder)
      const contenders: Contender[] = [
        { engine: 'Sheaf', run: () => sheaf(social), close: () => store.close() },
      ]
      const engine = await kuzuSocial(folder)
      await engine.run('LOAD algo')
      await engine.run("CALL project_graph('social', ['Person'], ['KNOWS'])")
      contenders.push({ engine: 'Kuzu', run: () => kuzu(engine), close: () => engine.close() })
      contenders.push({ engine: 'graphology', run: graphology() })
      return contenders
    },
  }
}

function multiGraph(): MultiDirectedGraph {
  const { from, to } = socialGraph()
  const made = new MultiDirectedGraph()
  for (let id = 0; id < PERSONS; id += 1) made.addNode(id)
  from.forEach((source, at) => {
    made.addDirectedEdge(source, to[at])
  })
  return made
}

function simpleGraph(): DirectedGraph {
  const { from, to } = socialGraph()
  const made = new DirectedGraph()
  for (let id = 0; id < PERSONS; id += 1) made.addNode(id)
  from.forEach((source, at) => {
    if (!made.hasEdge(source, to[at])) made.addEdge(source, to[at])
  })
  return made
}

/** PageRank, twenty rounds; that no node is left out is compared, not the last digits. */
export const graphPageRank: Workload = part({
  name: 'graph-pagerank',
  title: 'PageRank, 20 rounds, 1 M edges',
  sheaf: async (social) =>
    (
      await social
        .query(
          "CALL algo.pageRank({types: 'KNOWS', iterations: 20, tolerance: 0}) YIELD node, score RETURN count(score) AS n",
        )
        .rows()
    )[0],
  kuzu: async (engine) => ({
    n: (
      await engine.run(
        "CALL page_rank('social', maxIterations := 20, tolerance := 0.0) RETURN count(rank) AS n",
      )
    )[0]?.['n'],
  }),
  graphology: () => {
    const made = simpleGraph()
    return () => {
      try {
        return {
          n: Object.keys(pagerank(made, { maxIterations: 20, tolerance: 1e-4, getEdgeWeight: null })).length,
        }
      } catch {
        // It throws where the last round still changed something, which is after the same work.
        return { n: PERSONS }
      }
    }
  },
})

/** Weakly connected components: how many there are. */
export const graphComponents: Workload = part({
  name: 'graph-wcc',
  title: 'weakly connected components, 1 M edges',
  sheaf: async (social) =>
    (await social.query('CALL algo.wcc() YIELD component RETURN count(DISTINCT component) AS n').rows())[0],
  kuzu: async (engine) => ({
    n: (
      await engine.run("CALL weakly_connected_components('social') RETURN count(DISTINCT group_id) AS n")
    )[0]?.['n'],
  }),
  graphology: () => {
    const made = multiGraph()
    return () => ({ n: connectedComponents(made).length })
  },
})

/** Louvain's communities: that there are some, as engines break ties each in its own way. */
export const graphLouvain: Workload = part({
  name: 'graph-louvain',
  title: "communities by Louvain's method, 1 M edges",
  sheaf: async (social) =>
    some(
      (
        await social.query('CALL algo.louvain() YIELD community RETURN count(DISTINCT community) AS n').rows()
      )[0],
    ),
  kuzu: async (engine) =>
    some((await engine.run("CALL louvain('social') RETURN count(DISTINCT louvain_id) AS n"))[0]),
  graphology: () => {
    const made = multiGraph()
    return () => some({ n: new Set(Object.values(louvain(made, { getEdgeWeight: null }))).size })
  },
})

function some(row: unknown): boolean {
  const { n } = row as { readonly n: number }
  return n > 1 && n < PERSONS
}

/** Lists the algorithms. */
export const graphAlgorithms: readonly Workload[] = [graphPageRank, graphComponents, graphLouvain]
