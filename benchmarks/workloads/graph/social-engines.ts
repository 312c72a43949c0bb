import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { type Graph, type GraphApi, graph } from '@sheafdb/graph'
import { type KuzuEngine, openKuzu, openLadybug } from '../../engines/kuzu.ts'
import { knowsRows, PERSONS, personRows, socialCsv } from './social-data.ts'

/** Is a store with a social graph in it. */
export type SheafSocial = { readonly store: Store & { readonly graph: GraphApi }; readonly social: Graph }

/** Opens a store on disk with the first so many persons, told apart by a constraint on their id. */
export async function fillSheaf(path: string, persons: number): Promise<SheafSocial> {
  const store = await openStore(path, { models: [graph()] })
  const social = store.graph('social')
  await social.run('CREATE CONSTRAINT person_id FOR (p:Person) REQUIRE p.id IS UNIQUE')
  if (persons > 0) await social.addNodes('Person', personRows().slice(0, persons))
  return { store, social }
}

/** Opens a store on disk and loads the social graph into it. */
export async function sheafSocial(folder: string): Promise<SheafSocial> {
  const filled = await fillSheaf(join(folder, 'social.sheaf'), PERSONS)
  await filled.social.addEdges('KNOWS', knowsRows(), { source: ['Person', 'from'], target: ['Person', 'to'] })
  return filled
}

/** Declares the tables of the social graph. */
export async function createTables(engine: KuzuEngine): Promise<void> {
  await engine.run('CREATE NODE TABLE Person(id INT64 PRIMARY KEY, name STRING, age INT64, city STRING)')
  await engine.run('CREATE REL TABLE KNOWS(FROM Person TO Person, since INT64, weight DOUBLE)')
}

async function load(engine: KuzuEngine, folder: string): Promise<KuzuEngine> {
  const { persons, knows } = await socialCsv(join(folder, 'csv'))
  await createTables(engine)
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
