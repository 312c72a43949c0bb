import {
  checkName,
  type ModelContext,
  type Query,
  type RunOptions,
  SheafError,
  type TabularSource,
  type Value,
} from '@sheafdb/core'
import type { AbstractGraph } from 'graphology-types'
import type { GraphFormat } from '../formats/graph-data.ts'
import type { Statement } from '../language/syntax.ts'
import { hasTransactions, runInTransactions } from '../update/batches.ts'
import { runCommand } from '../update/rules.ts'
import { type RunResult, runUpdate } from '../update/run.ts'
import { type Counters, zeroCounters } from '../update/session.ts'
import { NodeValue, type PathValue } from '../values.ts'
import { addEdges, addNodes, type BulkResult, type EdgeOptions, type LoadOptions } from './bulk.ts'
import { type CsvOptions, exportGraph, importCsv, importGraph } from './exchange.ts'
import { importGraphology, toGraphology } from './graphology.ts'
import { type Parameters, parameterMap, type Statements } from './statements.ts'

/** Says which neighbours are asked for. */
export type NeighborOptions = {
  /** Which way edges are followed: `out` (the default), `in` or `both`. */
  readonly direction?: 'out' | 'in' | 'both'
  readonly type?: string | readonly string[]
  /** How many hops away at most; 1 by default. */
  readonly depth?: number
}

/** Says which paths count for {@link Graph.shortestPath}. */
export type PathOptions = Omit<NeighborOptions, 'depth'> & { readonly maxDepth?: number }

/** Is a graph: nodes with labels, relationships with a type, properties on both. */
export type Graph = {
  readonly name: string
  /** Reads in openCypher. @throws `SYNTAX` when the query is first needed; `READ_ONLY` where it writes */
  query(cypher: string, parameters?: Parameters): Query
  /** Reads and writes in openCypher; one statement is one transaction. */
  run(
    cypher: string,
    parameters?: Parameters,
    options?: RunOptions,
  ): Promise<{ rows: Record<string, Value>[]; counters: Counters }>
  /** Adds nodes in bulk: each row's columns become properties. Gives their ids, in order. */
  addNodes(label: string | readonly string[], rows: TabularSource, options?: LoadOptions): Promise<BulkResult>
  /** Adds edges in bulk: `source` and `target` say which columns name the ends; the others become properties. */
  addEdges(type: string, rows: TabularSource, options: EdgeOptions): Promise<BulkResult>
  /** Finds the nodes around a node, each once, by the id of the node. */
  neighbors(id: number | NodeValue, options?: NeighborOptions): Query
  /** Finds a shortest path between two nodes by id, `null` where there is none. */
  shortestPath(
    from: number | NodeValue,
    to: number | NodeValue,
    options?: PathOptions,
  ): Promise<PathValue | null>
  /** Makes a graphology graph of all nodes and edges, or of those that `filter` keeps. */
  toGraphology(filter?: {
    readonly labels?: readonly string[]
    readonly types?: readonly string[]
  }): Promise<AbstractGraph>
  /** Writes all nodes and edges as text: `graphml`, `gexf` or `node-link` JSON. */
  export(format: GraphFormat): Promise<string>
  /** Adds the nodes and edges of a text, or of a file, in one of these formats. */
  import(
    source: string | { readonly path: string },
    format: GraphFormat,
  ): Promise<{ nodes: number; edges: number }>
  /** Adds the lines of a CSV file: nodes where a label is said, else edges of a type. */
  importCsv(path: string, options: CsvOptions): Promise<BulkResult>
  /** Adds the nodes and edges of a graphology graph. */
  importGraphology(
    graph: AbstractGraph,
    options?: { readonly label?: string; readonly type?: string },
  ): Promise<{ nodes: number; edges: number }>
}

/** Opens a graph. It is created by its first write. */
export function openGraph(context: ModelContext, statements: Statements, name: string): Graph {
  checkName(name)
  const query = (cypher: string, given?: Parameters): Query => {
    const parameters = parameterMap(given)
    return context.query(
      () => {
        const prepared = statements.prepare(cypher)
        return statements.plan(targetOf(prepared.statement, name), prepared, parameters, context)
      },
      { parameters },
    )
  }
  const graph: Graph = {
    name,
    query,
    run: (cypher, parameters, options) =>
      runStatement({ context, statements, graph: name }, cypher, parameters, options),
    addNodes: (label, rows, options) => addNodes(context, name, label, rows, options),
    addEdges: (type, rows, options) => addEdges(context, name, type, rows, options),
    neighbors: (node, options = {}) => query(neighborsQuery(options), { id: idOf(node) }),
    shortestPath: (from, to, options) => shortestPath(query, idOf(from), idOf(to), options),
    toGraphology: (filter) => toGraphology(query, filter),
    export: (format) => exportGraph(graph, format),
    import: (source, format) => importGraph(graph, source, format),
    importCsv: (path, options) => importCsv(graph, path, options),
    importGraphology: (source, options) => importGraphology(graph, source, options),
  }
  return graph
}

/** Finds the graph that a statement is for: the one that USE names, else the one that it was given to. */
function targetOf({ use }: Statement, graph: string): string {
  return use === null ? graph : checkName(use.name)
}

type Opened = { readonly context: ModelContext; readonly statements: Statements; readonly graph: string }

async function runStatement(
  { context, statements, graph }: Opened,
  cypher: string,
  given: Parameters | undefined,
  options: RunOptions | undefined,
): Promise<RunResult> {
  const prepared = statements.prepare(cypher)
  const parameters = parameterMap(given)
  const { statement } = prepared
  const target = targetOf(statement, graph)
  if (statement.mode !== 'run') {
    const plan = statements.plan(target, prepared, parameters, context)
    const text = await context
      .query(() => plan, { parameters })
      .explain({ analyze: statement.mode === 'profile' })
    return { rows: [{ plan: text }], counters: zeroCounters() }
  }
  const { command } = statement
  if (command !== null) {
    refuseView(statements, target)
    const rows = await context.write((transaction) => runCommand(transaction, target, command))
    return { rows, counters: zeroCounters() }
  }
  if (hasTransactions(statement)) {
    refuseView(statements, target)
    return runInTransactions({
      context,
      graph: target,
      statement,
      parameters,
      target: statements.target(parameters),
    })
  }
  if (!prepared.updates) {
    const rows = await context
      .query(() => statements.plan(target, prepared, parameters, context), { parameters })
      .rows(options)
    return { rows, counters: zeroCounters() }
  }
  refuseView(statements, target)
  const request = { context, graph: target, statement, parameters, target: statements.target(parameters) }
  return context.write((transaction) => runUpdate(request, transaction))
}

function refuseView(statements: Statements, graph: string): void {
  if (statements.isView(graph))
    throw new SheafError('READ_ONLY', `A graph view is read only. Write to the tables behind it: ${graph}`)
}

function idOf(node: number | NodeValue): number {
  const id = node instanceof NodeValue ? node.id : node
  if (Number.isSafeInteger(id) && id >= 0) return id
  throw new SheafError('ARGUMENT', `A node is named by its id or given as a node: ${String(id)}`)
}

async function shortestPath(
  query: Graph['query'],
  from: number,
  to: number,
  options: PathOptions = {},
): Promise<PathValue | null> {
  const found =
    from === to
      ? query('MATCH p = (a) WHERE id(a) = $from RETURN p', { from })
      : query(shortestQuery(options), { from, to })
  return ((await found.first())?.p as PathValue | undefined) ?? null
}

function arrows(direction: NeighborOptions['direction']): readonly [string, string] {
  return direction === 'in' ? ['<-', '-'] : direction === 'both' ? ['-', '-'] : ['-', '->']
}

function typePart(type: NeighborOptions['type']): string {
  const names = type === undefined ? [] : typeof type === 'string' ? [type] : type
  return names.length === 0 ? '' : `:${names.map((name) => `\`${name.replaceAll('`', '``')}\``).join('|')}`
}

function checkDepth(depth: number): number {
  if (Number.isInteger(depth) && depth >= 1) return depth
  throw new SheafError('ARGUMENT', `A depth is a whole number of at least 1: ${depth}`)
}

function neighborsQuery({ direction, type, depth = 1 }: NeighborOptions): string {
  const [left, right] = arrows(direction)
  const range = checkDepth(depth) === 1 ? '' : `*1..${depth}`
  const search = range === '' ? '' : 'ANY '
  return `MATCH ${search}(a)${left}[${typePart(type)}${range}]${right}(b) WHERE id(a) = $id AND id(b) <> $id WITH DISTINCT b RETURN id(b) AS id, labels(b) AS labels, properties(b) AS properties`
}

function shortestQuery({ direction, type, maxDepth }: PathOptions): string {
  const [left, right] = arrows(direction)
  const range = maxDepth === undefined ? '*' : `*1..${checkDepth(maxDepth)}`
  return `MATCH (a), (b) WHERE id(a) = $from AND id(b) = $to MATCH p = shortestPath((a)${left}[${typePart(type)}${range}]${right}(b)) RETURN p`
}
