import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { type Graph, graph } from '@sheafdb/graph'
import type { KuzuEngine } from '../../engines/kuzu.ts'

/** Is a graph of numbered nodes of one label and edges of one type, without properties. */
export type EdgeList = {
  readonly label: string
  readonly type: string
  readonly nodeCount: number
  readonly from: Int32Array
  readonly to: Int32Array
}

/** Loads a list of edges into a new store on disk. */
export async function sheafEdges(
  folder: string,
  { label, type, nodeCount, from, to }: EdgeList,
): Promise<{ readonly store: Store; readonly loaded: Graph }> {
  const store = await openStore(join(folder, 'graph.sheaf'), { models: [graph()] })
  const loaded = store.graph('edges')
  await loaded.addNodes(
    label,
    Array.from({ length: nodeCount }, (_, id) => ({ id })),
  )
  const rows = Array.from(from, (source, at) => ({ source, target: to[at] as number }))
  await loaded.addEdges(type, rows, { source: [label, 'source'], target: [label, 'target'] })
  return { store, loaded }
}

/** Loads a list of edges into an engine of the Kuzu family. */
export async function kuzuEdges(
  engine: KuzuEngine,
  folder: string,
  { label, type, nodeCount, from, to }: EdgeList,
): Promise<KuzuEngine> {
  await mkdir(folder, { recursive: true })
  const [nodes, edges] = [join(folder, 'nodes.csv'), join(folder, 'edges.csv')]
  await writeFile(nodes, Array.from({ length: nodeCount }, (_, id) => id).join('\n'))
  await writeFile(edges, Array.from(from, (source, at) => `${source},${to[at]}`).join('\n'))
  await engine.run(`CREATE NODE TABLE ${label}(id INT64 PRIMARY KEY)`)
  await engine.run(`CREATE REL TABLE ${type}(FROM ${label} TO ${label})`)
  await engine.run(`COPY ${label} FROM '${nodes}' (header=false)`)
  await engine.run(`COPY ${type} FROM '${edges}' (header=false)`)
  return engine
}
