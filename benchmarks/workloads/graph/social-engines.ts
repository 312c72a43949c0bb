import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { type Graph, graph } from '@sheafdb/graph'
import { type KuzuEngine, openKuzu, openLadybug } from '../../engines/kuzu.ts'
import { knowsRows, personRows, socialCsv } from './social-data.ts'

/** Opens a store on disk and loads the social graph into it. */
export async function sheafSocial(
  folder: string,
): Promise<{ readonly store: Store; readonly social: Graph }> {
  const store = await openStore(join(folder, 'social.sheaf'), { models: [graph()] })
  const social = store.graph('social')
  await social.addNodes('Person', personRows())
  await social.addEdges('KNOWS', knowsRows(), { source: ['Person', 'from'], target: ['Person', 'to'] })
  return { store, social }
}

const TABLES = [
  'CREATE NODE TABLE Person(id INT64 PRIMARY KEY, name STRING, age INT64, city STRING)',
  'CREATE REL TABLE KNOWS(FROM Person TO Person, since INT64, weight DOUBLE)',
]

async function load(engine: KuzuEngine, folder: string): Promise<KuzuEngine> {
  const { persons, knows } = await socialCsv(join(folder, 'csv'))
  for (const statement of TABLES) await engine.run(statement)
  await engine.run(`COPY Person FROM '${persons}' (header=false)`)
  await engine.run(`COPY KNOWS FROM '${knows}' (header=false)`)
  return engine
}

/** Opens Kuzu with the social graph. */
export async function kuzuSocial(folder: string): Promise<KuzuEngine> {
  return load(await openKuzu(join(folder, 'kuzu', 'social')), folder)
}

/** Opens Ladybug with the social graph. */
export async function ladybugSocial(folder: string): Promise<KuzuEngine> {
  return load(await openLadybug(join(folder, 'ladybug', 'social')), folder)
}

/** Is a social graph as compressed sparse rows: what plain loops would run on. */
export type Csr = { readonly offsets: Uint32Array; readonly targets: Uint32Array }
