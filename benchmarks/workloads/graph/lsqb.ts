import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { type Graph, graph } from '@sheafdb/graph'
import { type KuzuEngine, openKuzu, openLadybug } from '../../engines/kuzu.ts'
import type { Workload } from '../../src/workload.ts'
import { type Kind, lsqbNetwork, type Network } from './lsqb-data.ts'

/**
 * The nine queries of the benchmark. `MESSAGE` stands for the label of posts and comments, which Kuzu's family has no
 * name for: there it is one of two tables.
 */
const QUERIES: readonly string[] = [
  'MATCH (:Country)<-[:IS_PART_OF]-(:City)<-[:IS_LOCATED_IN]-(:Person)<-[:HAS_MEMBER]-(:Forum)-[:CONTAINER_OF]->(:Post)<-[:REPLY_OF]-(:Comment)-[:HAS_TAG]->(:Tag)-[:HAS_TYPE]->(:TagClass) RETURN count(*) AS n',
  'MATCH (p1:Person)-[:KNOWS]-(p2:Person), (p1)<-[:HAS_CREATOR]-(c:Comment)-[:REPLY_OF]->(p:Post)-[:HAS_CREATOR]->(p2) RETURN count(*) AS n',
  'MATCH (country:Country) MATCH (p1:Person)-[:IS_LOCATED_IN]->(:City)-[:IS_PART_OF]->(country) MATCH (p2:Person)-[:IS_LOCATED_IN]->(:City)-[:IS_PART_OF]->(country) MATCH (p3:Person)-[:IS_LOCATED_IN]->(:City)-[:IS_PART_OF]->(country) MATCH (p1)-[:KNOWS]-(p2)-[:KNOWS]-(p3)-[:KNOWS]-(p1) RETURN count(*) AS n',
  'MATCH (:Tag)<-[:HAS_TAG]-(m:MESSAGE)-[:HAS_CREATOR]->(:Person), (m)<-[:LIKES]-(:Person), (m)<-[:REPLY_OF]-(:Comment) RETURN count(*) AS n',
  'MATCH (t1:Tag)<-[:HAS_TAG]-(m:MESSAGE)<-[:REPLY_OF]-(c:Comment)-[:HAS_TAG]->(t2:Tag) WHERE id(t1) <> id(t2) RETURN count(*) AS n',
  'MATCH (p1:Person)-[:KNOWS]-(p2:Person)-[:KNOWS]-(p3:Person)-[:HAS_INTEREST]->(:Tag) WHERE id(p1) <> id(p3) RETURN count(*) AS n',
  'MATCH (:Tag)<-[:HAS_TAG]-(m:MESSAGE)-[:HAS_CREATOR]->(:Person) OPTIONAL MATCH (m)<-[:LIKES]-(:Person) OPTIONAL MATCH (m)<-[:REPLY_OF]-(:Comment) RETURN count(*) AS n',
  'MATCH (t1:Tag)<-[:HAS_TAG]-(m:MESSAGE)<-[:REPLY_OF]-(c:Comment)-[:HAS_TAG]->(t2:Tag) WHERE NOT (c)-[:HAS_TAG]->(t1) AND id(t1) <> id(t2) RETURN count(*) AS n',
  'MATCH (p1:Person)-[:KNOWS]-(p2:Person)-[:KNOWS]-(p3:Person)-[:HAS_INTEREST]->(:Tag) WHERE NOT (p1)-[:KNOWS]-(p3) AND id(p1) <> id(p3) RETURN count(*) AS n',
]

function labelsOf(kind: Kind): string[] {
  return kind === 'Post' || kind === 'Comment' ? [kind, 'Message'] : [kind]
}

async function loadSheaf(lsqb: Graph, { counts, edges }: Network): Promise<void> {
  for (const [kind, count] of Object.entries(counts) as [Kind, number][])
    await lsqb.addNodes(
      labelsOf(kind),
      Array.from({ length: count }, (_, id) => ({ id })),
    )
  for (const { type, from, to, pairs } of edges)
    await lsqb.addEdges(
      type,
      pairs.map(([source, target]) => ({ source, target })),
      { source: [from, 'source'], target: [to, 'target'] },
    )
}

async function loadKuzu(engine: KuzuEngine, { counts, edges }: Network, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [kind, count] of Object.entries(counts)) {
    const file = join(folder, `${kind}.csv`)
    await writeFile(file, Array.from({ length: count }, (_, id) => id).join('\n'))
    await engine.run(`CREATE NODE TABLE ${kind}(id INT64 PRIMARY KEY)`)
    await engine.run(`COPY ${kind} FROM '${file}' (header=false)`)
  }
  for (const type of new Set(edges.map((each) => each.type))) {
    const own = edges.filter((each) => each.type === type)
    await engine.run(
      `CREATE REL TABLE ${type}(${own.map(({ from, to }) => `FROM ${from} TO ${to}`).join(', ')})`,
    )
    for (const { from, to, pairs } of own) {
      const file = join(folder, `${type}-${from}-${to}.csv`)
      await writeFile(file, pairs.map((pair) => pair.join(',')).join('\n'))
      await engine.run(`COPY ${type} FROM '${file}' (header=false, from='${from}', to='${to}')`)
    }
  }
}

const inKuzu = (query: string): string => query.replace('m:MESSAGE', 'm:Post:Comment')
const inSheaf = (query: string): string => query.replace('m:MESSAGE', 'm:Message')

/** Runs the nine queries one after the other; the sum of their times counts. */
export const graphLsqb: Workload = lsqb('graph-lsqb', 'the nine LSQB queries, sum', QUERIES)

/** Runs each of the nine by itself. */
export const graphLsqbEach: readonly Workload[] = QUERIES.map((query, at) =>
  lsqb(`graph-lsqb-${at + 1}`, `LSQB query ${at + 1}`, [query]),
)

function lsqb(name: string, title: string, queries: readonly string[]): Workload {
  return {
    name,
    title,
    asked: {
      text: '1.5 times the best',
      reached: (medians) => {
        const best = Math.min(medians.get('Kuzu') as number, medians.get('Ladybug') as number)
        return best / (medians.get('Sheaf') as number) >= 1.5
      },
    },
    runs: 3,
    warmups: 1,
    async prepare(folder) {
      const network = lsqbNetwork()
      const store = await openStore(join(folder, 'lsqb.sheaf'), { models: [graph()] })
      const own = store.graph('lsqb')
      await loadSheaf(own, network)
      const kuzu = await openKuzu(join(folder, 'kuzu', 'lsqb'))
      await loadKuzu(kuzu, network, join(folder, 'csv'))
      const ladybug = await openLadybug(join(folder, 'ladybug', 'lsqb'))
      await loadKuzu(ladybug, network, join(folder, 'csv'))
      const all = async (one: (query: string) => Promise<Record<string, unknown>[]>): Promise<unknown[]> => {
        const counts: unknown[] = []
        for (const query of queries) counts.push((await one(query))[0]?.['n'])
        return counts
      }
      return [
        {
          engine: 'Sheaf',
          run: () => all((query) => own.query(inSheaf(query)).rows()),
          close: () => store.close(),
        },
        { engine: 'Kuzu', run: () => all((query) => kuzu.run(inKuzu(query))), close: () => kuzu.close() },
        {
          engine: 'Ladybug',
          run: () => all((query) => ladybug.run(inKuzu(query))),
          close: () => ladybug.close(),
        },
      ]
    },
  }
}
