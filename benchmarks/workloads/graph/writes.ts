import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { graph } from '@sheafdb/graph'
import { openKuzu } from '../../engines/kuzu.ts'
import type { Workload } from '../../src/workload.ts'
import { FRIENDSHIPS, knowsRows, PERSONS, personRows, socialCsv } from './social-data.ts'
import { createTables, fillSheaf } from './social-engines.ts'

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  )
  return sizes.reduce((total, size) => total + size, 0)
}

/** Loads the social graph into a new durable store: of rows in memory, against COPY of CSV files. */
export const graphLoad: Workload = {
  name: 'graph-load',
  title: 'bulk load of 100 K persons and 1 M edges, closed at the end',
  asked: {
    text: '1 time Kuzu',
    reached: (medians) => (medians.get('Kuzu') as number) >= (medians.get('Sheaf') as number),
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const { persons, knows } = await socialCsv(join(folder, 'csv'))
    const rows = { persons: personRows(), knows: knowsRows() }
    let round = 0
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit, rows in memory',
        run: async () => {
          round += 1
          const path = join(folder, `load-${round}.sheaf`)
          const store = await openStore(path, { models: [graph()] })
          const social = store.graph('social')
          await social.run('CREATE CONSTRAINT person_id FOR (p:Person) REQUIRE p.id IS UNIQUE')
          await social.addNodes('Person', rows.persons)
          await social.addEdges('KNOWS', rows.knows, { source: ['Person', 'from'], target: ['Person', 'to'] })
          await store.close()
          await rm(path, { recursive: true })
          return PERSONS + FRIENDSHIPS
        },
      },
      {
        engine: 'Kuzu',
        mode: 'COPY of CSV',
        run: async () => {
          const path = join(folder, 'kuzu', `load-${round}`)
          const engine = await openKuzu(path)
          await createTables(engine)
          await engine.run(`COPY Person FROM '${persons}' (header=false)`)
          await engine.run(`COPY KNOWS FROM '${knows}' (header=false)`)
          await engine.close()
          await rm(path, { recursive: true, force: true })
          return PERSONS + FRIENDSHIPS
        },
      },
    ]
  },
  figures: (medians) => ({
    'rows a second': `${((PERSONS + FRIENDSHIPS) / (medians.get('Sheaf') as number) / 1000).toFixed(2)} M`,
  }),
}

const MERGE = 'UNWIND $rows AS row MERGE (p:Person {id: row.id}) ON CREATE SET p.name = row.name'

/** Merges 10 K rows of which half are there, by UNWIND. */
export const graphMerge: Workload = {
  name: 'graph-merge',
  title: 'MERGE of 10 K by UNWIND, half of them there',
  asked: {
    text: '2 times Kuzu',
    reached: (medians) => (medians.get('Kuzu') as number) / (medians.get('Sheaf') as number) >= 2,
  },
  runs: 5,
  warmups: 6,
  async prepare(folder) {
    const { store, social } = await fillSheaf(join(folder, 'merge.sheaf'), 20_000)
    const kuzu = await openKuzu(join(folder, 'kuzu', 'merge'))
    await createTables(kuzu)
    await kuzu.run('UNWIND range(0, 19999) AS id CREATE (:Person {id: id, name: "person"})')
    const rows = (round: number): { id: number; name: string }[] =>
      Array.from({ length: 10_000 }, (_, at) => ({
        id: at % 2 === 0 ? at : 100_000 + round * 10_000 + at,
        name: `new ${at}`,
      }))
    let [own, other] = [0, 0]
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          own += 1
          return (await social.run(MERGE, { rows: rows(own) })).counters.nodesCreated
        },
        close: () => store.close(),
      },
      {
        engine: 'Kuzu',
        run: async () => {
          other += 1
          await kuzu.run(MERGE, { rows: rows(other) })
          return 5000
        },
        close: () => kuzu.close(),
      },
    ]
  },
}

/** Creates a thousand nodes one by one, each durable before the next. */
export const graphCreate: Workload = {
  name: 'graph-create',
  title: '1,000 durable single CREATEs',
  asked: {
    text: '5 times Kuzu',
    reached: (medians) => (medians.get('Kuzu') as number) / (medians.get('Sheaf') as number) >= 5,
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const { store, social } = await fillSheaf(join(folder, 'create.sheaf'), 0)
    const kuzu = await openKuzu(join(folder, 'kuzu', 'create'))
    await createTables(kuzu)
    let [own, other] = [0, 0]
    const text = 'CREATE (:Person {id: $id, name: $name, age: 30})'
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit',
        run: async () => {
          for (let at = 0; at < 1000; at += 1) {
            await social.run(text, { id: own, name: 'somebody' })
            own += 1
          }
          return 1000
        },
        close: () => store.close(),
      },
      {
        engine: 'Kuzu',
        mode: 'auto-commit',
        run: async () => {
          for (let at = 0; at < 1000; at += 1) {
            await kuzu.run(text, { id: other, name: 'somebody' })
            other += 1
          }
          return 1000
        },
        close: () => kuzu.close(),
      },
    ]
  },
}

const sizes = { disk: 0, adjacency: 0, memory: 0 }

/** Counts the bytes in use once what is no longer used is gone: buffers are freed some time after a collection. */
async function memory(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Measures what an edge with two properties takes on disk and, with its indexes both ways, in memory. */
export const graphSize: Workload = {
  name: 'graph-size',
  title: 'bytes an edge with two properties takes',
  asked: { text: 'under 40 on disk, 24 in memory', reached: () => sizes.disk < 40 && sizes.memory < 24 },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const path = join(folder, 'size.sheaf')
    const filled = await fillSheaf(path, PERSONS)
    await filled.store.compact()
    const before = await folderBytes(path)
    await filled.social.addEdges('KNOWS', knowsRows(), {
      source: ['Person', 'from'],
      target: ['Person', 'to'],
    })
    await filled.store.compact()
    await filled.store.close()
    sizes.disk = ((await folderBytes(path)) - before) / FRIENDSHIPS
    const store = await openStore(path, { models: [graph()] })
    const social = store.graph('social')
    const run = (text: string): Promise<unknown> => social.query(text).rows()
    // What the persons take, and what any query takes, is no edge's.
    await run('MATCH (a:Person) RETURN sum(a.id) AS id, sum(a.age) AS age')
    const free = await memory()
    await run('MATCH (a)-[:KNOWS]->(b)-[:KNOWS]->(c) RETURN count(DISTINCT c) AS n')
    await run('MATCH (a)<-[:KNOWS]-(b)<-[:KNOWS]-(c) RETURN count(DISTINCT a) AS n')
    sizes.adjacency = ((await memory()) - free) / FRIENDSHIPS
    await run('MATCH ()-[k:KNOWS]->() RETURN avg(k.weight) AS weight, max(k.since) AS since')
    sizes.memory = ((await memory()) - free) / FRIENDSHIPS
    await store.close()
    return [{ engine: 'Sheaf', run: () => true }]
  },
  figures: () => ({
    'bytes an edge on disk': sizes.disk.toFixed(1),
    'bytes an edge in memory, adjacency both ways': sizes.adjacency.toFixed(1),
    'bytes an edge in memory, with both properties read': sizes.memory.toFixed(1),
  }),
}

/** Lists what writes, and what is left behind. */
export const graphWrites: readonly Workload[] = [graphLoad, graphMerge, graphCreate, graphSize]
