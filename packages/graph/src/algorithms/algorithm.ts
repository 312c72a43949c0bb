import type { AlgorithmGraph } from './csr.ts'
import type { Settings } from './settings.ts'

/** Names what a column of an algorithm holds: a node by its number, an edge by its id, a path, or a plain value. */
export type OutputKind = 'node' | 'relationship' | 'path' | 'integer' | 'float'

/** Is a path by the numbers of its nodes and the ids of its edges. */
export type NumberedPath = { readonly nodes: readonly number[]; readonly edges: readonly number[] }

/** Is a column of a result: numbers, or paths. */
export type ResultColumn = ArrayLike<number> | readonly NumberedPath[]

/** Is the rows that an algorithm gives: a column for each of its outputs. */
export type AlgorithmResult = { readonly length: number; readonly columns: readonly ResultColumn[] }

/** Is an algorithm over a graph, called as a procedure. */
export type Algorithm = {
  /** Called as `algo.<name>`. */
  readonly name: string
  /** What it must be given before its settings: nodes, by name. */
  readonly nodes: readonly string[]
  readonly outputs: readonly { readonly name: string; readonly kind: OutputKind }[]
  /** The settings that it knows beside those that say which part of the graph is meant. */
  readonly settings: readonly string[]
  /** @throws `ARGUMENT`, `VALUE` */
  readonly run: (graph: AlgorithmGraph, nodes: readonly number[], settings: Settings) => AlgorithmResult
}

/** Gives a value for each node, in the order of their numbers. */
export function byNode(values: ResultColumn): AlgorithmResult {
  const { length } = values
  return { length, columns: [Uint32Array.from({ length }, (_, node) => node), values] }
}
