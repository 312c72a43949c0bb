import { openStore, type Value } from '@sheafdb/core'
import { MultiDirectedGraph, UndirectedGraph } from 'graphology'
import louvainModule from 'graphology-communities-louvain'
import { connectedComponents, stronglyConnectedComponents } from 'graphology-components'
import betweennessModule from 'graphology-metrics/centrality/betweenness.js'
import pagerankModule from 'graphology-metrics/centrality/pagerank.js'
import modularityModule from 'graphology-metrics/graph/modularity.js'
import { bidirectional as dijkstraBetween } from 'graphology-shortest-path/dijkstra.js'
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/algorithms/csr.ts'
import { algorithms } from '../../src/algorithms/index.ts'
import { type Graph, graph } from '../../src/index.ts'

// These packages are CommonJS; what their types call the module is the function itself.
type Scores = (graph: object, options: object) => Record<string, number>
const pagerank = pagerankModule as unknown as Scores
const betweennessCentrality = betweennessModule as unknown as Scores
const modularity = modularityModule as unknown as (graph: object, options: object) => number
const louvain = louvainModule as unknown as {
  detailed(graph: object, options: object): { readonly modularity: number }
}

type Edge = { readonly from: number; readonly to: number; readonly weight: number }

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

async function graphOf(nodeCount: number, edges: readonly Edge[]): Promise<Graph> {
  const store = await openStore(':memory:', { models: [graph()] })
  opened.push(store)
  const g = store.graph('g')
  if (nodeCount > 0)
    await g.addNodes(
      'N',
      Array.from({ length: nodeCount }, (_, id) => ({ id })),
    )
  if (edges.length > 0) await g.addEdges('R', [...edges], { source: 'from', target: 'to' })
  return g
}

function randomEdges(seed: number, nodeCount: number, edgeCount: number): Edge[] {
  const random = seededRandom(seed)
  return Array.from({ length: edgeCount }, () => ({
    from: Math.floor(random() * nodeCount),
    to: Math.floor(random() * nodeCount),
    weight: 1 + Math.floor(random() * 9),
  }))
}

function graphologyOf(nodeCount: number, edges: readonly Edge[]): MultiDirectedGraph {
  const made = new MultiDirectedGraph()
  for (let id = 0; id < nodeCount; id += 1) made.addNode(id)
  for (const { from, to, weight } of edges) made.addEdge(from, to, { weight })
  return made
}

async function byNode(g: Graph, call: string, column: string): Promise<Record<string, number>> {
  const rows = await g
    .query(`CALL ${call} YIELD node, ${column} RETURN node.id AS id, ${column} AS value`)
    .rows()
  return Object.fromEntries(rows.map(({ id, value }) => [`${id}`, value as number]))
}

/** Gives groups as sorted lists, so that it does not matter how they are numbered. */
function groups(numbers: Readonly<Record<string, number>>): string[] {
  const found = new Map<number, string[]>()
  for (const [node, number] of Object.entries(numbers))
    found.set(number, [...(found.get(number) ?? []), node])
  return [...found.values()].map((list) => list.sort().join()).sort()
}

describe('algorithms, against graphology', () => {
  for (const seed of [1, 2, 3]) {
    const edges = randomEdges(seed, 40, 45 * seed)

    it(`components are the same (seed ${seed})`, async () => {
      const g = await graphOf(40, edges)
      const other = graphologyOf(40, edges)
      const listed = (lists: string[][]): string[] => lists.map((list) => list.sort().join()).sort()
      expect(groups(await byNode(g, 'algo.wcc()', 'component'))).toEqual(listed(connectedComponents(other)))
      expect(groups(await byNode(g, 'algo.scc()', 'component'))).toEqual(
        listed(stronglyConnectedComponents(other)),
      )
    })

    it(`ranks and centralities are the same (seed ${seed})`, async () => {
      const simple = [...new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge])).values()].filter(
        ({ from, to }) => from !== to,
      )
      const g = await graphOf(40, simple)
      const other = graphologyOf(40, simple)
      const ranks = await byNode(g, `algo.pageRank({weight: 'weight'})`, 'score')
      for (const [node, rank] of Object.entries(
        pagerank(other, { getEdgeWeight: 'weight', tolerance: 1e-10, maxIterations: 500 }),
      ))
        expect(ranks[node]).toBeCloseTo(rank, 6)
      const between = await byNode(g, 'algo.betweenness()', 'score')
      for (const [node, score] of Object.entries(
        betweennessCentrality(other, { normalized: false, getEdgeWeight: null }),
      ))
        expect(between[node]).toBeCloseTo(score, 6)
    })

    it(`distances are the same by both methods (seed ${seed})`, async () => {
      const g = await graphOf(40, edges)
      const other = graphologyOf(40, edges)
      for (const method of ['dijkstra', 'deltaStepping']) {
        const rows = await g
          .query(
            `MATCH (s {id: 0}) CALL algo.shortestPaths(s, {weight: 'weight', method: '${method}', delta: 3})
             YIELD node, distance, path
             RETURN node.id AS id, distance, reduce(w = 0, r IN relationships(path) | w + r.weight) AS length,
                    head(nodes(path)).id AS first, last(nodes(path)).id AS last`,
          )
          .rows()
        const found = new Map(rows.map((row) => [row['id'], row]))
        for (let id = 0; id < 40; id += 1) {
          const path = dijkstraBetween(other, '0', `${id}`, 'weight')
          expect(found.has(id)).toBe(path !== null)
          if (path === null) continue
          let length = 0
          for (let at = 0; at + 1 < path.length; at += 1)
            length += Math.min(
              ...other
                .outEdges(path[at], path[at + 1])
                .map((edge) => other.getEdgeAttribute(edge, 'weight') as number),
            )
          expect(found.get(id)).toMatchObject({ distance: length, length, first: 0, last: id })
        }
      }
    })

    it(`communities are as good (seed ${seed})`, async () => {
      const simple = [
        ...new Map(
          edges
            .filter(({ from, to }) => from !== to)
            .map((edge) => [[edge.from, edge.to].sort((left, right) => left - right).join(), edge]),
        ).values(),
      ]
      const g = await graphOf(40, simple)
      const other = new UndirectedGraph()
      for (let id = 0; id < 40; id += 1) other.addNode(id)
      for (const { from, to } of simple) other.addEdge(from, to)
      const found = await byNode(g, 'algo.louvain()', 'community')
      const own = modularity(other, { getNodeCommunity: (node: string) => found[node] as number })
      const best = louvain.detailed(other, { getEdgeWeight: null, rng: seededRandom(1) }).modularity
      expect(own).toBeGreaterThan(best - 0.03)
    })
  }
})

describe('algorithms, against what can be counted by hand', () => {
  // 0 -> 1 -> 2 -> 0 is a triangle; 2 -> 3 -> 4 leads out of it; 5 stands alone; 6 points at itself.
  const edges: Edge[] = [
    { from: 0, to: 1, weight: 1 },
    { from: 1, to: 2, weight: 2 },
    { from: 2, to: 0, weight: 3 },
    { from: 2, to: 3, weight: 4 },
    { from: 3, to: 4, weight: 5 },
    { from: 6, to: 6, weight: 1 },
  ]
  const values = async (call: string, column: string): Promise<number[]> =>
    Object.values(await byNode(await graphOf(7, edges), call, column))

  it('counts triangles, clustering, cores and degrees', async () => {
    expect(await values('algo.triangleCount()', 'triangles')).toEqual([1, 1, 1, 0, 0, 0, 0])
    expect(await values('algo.localClustering()', 'coefficient')).toEqual([1, 1, 1 / 3, 0, 0, 0, 0])
    expect(await values('algo.kCore()', 'core')).toEqual([2, 2, 2, 1, 1, 0, 0])
    expect(await values('algo.degree()', 'degree')).toEqual([2, 2, 3, 2, 1, 0, 1])
    expect(await values(`algo.degree({direction: 'out'})`, 'degree')).toEqual([1, 1, 2, 1, 0, 0, 1])
  })

  it('finds depths, and all paths of equal length', async () => {
    const g = await graphOf(4, [
      { from: 0, to: 1, weight: 1 },
      { from: 0, to: 2, weight: 1 },
      { from: 1, to: 3, weight: 1 },
      { from: 2, to: 3, weight: 1 },
    ])
    const depths = await g
      .query('MATCH (s {id: 0}) CALL algo.bfs(s) YIELD node, depth RETURN node.id AS id, depth')
      .rows()
    expect(depths.map(({ id, depth }) => [id, depth])).toEqual([
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 2],
    ])
    const paths = await g
      .query(
        `MATCH (s {id: 0}), (t {id: 3}) CALL algo.allShortestPaths(s, {target: t}) YIELD distance, path
         RETURN distance, [n IN nodes(path) | n.id] AS ids ORDER BY ids`,
      )
      .rows()
    expect(paths).toEqual([
      { distance: 2, ids: [0, 1, 3] },
      { distance: 2, ids: [0, 2, 3] },
    ])
  })

  it('finds a spanning forest, an order, walks and what is alike', async () => {
    const g = await graphOf(7, edges)
    const tree = await g
      .query(
        `CALL algo.spanningTree({weight: 'weight'}) YIELD relationship, weight RETURN weight ORDER BY weight`,
      )
      .rows()
    expect(tree.map(({ weight }) => weight)).toEqual([1, 2, 4, 5])
    await expect(g.query('CALL algo.topologicalSort() YIELD node RETURN node').rows()).rejects.toMatchObject({
      code: 'VALUE',
    })
    const chain = await graphOf(3, [
      { from: 2, to: 1, weight: 1 },
      { from: 1, to: 0, weight: 1 },
    ])
    expect(await byNode(chain, 'algo.topologicalSort()', 'position')).toEqual({ 0: 2, 1: 1, 2: 0 })
    const walks = await chain
      .query(
        `MATCH (s {id: 2}) CALL algo.randomWalks({sources: s, length: 5}) YIELD path RETURN [n IN nodes(path) | n.id] AS ids`,
      )
      .rows()
    expect(walks).toEqual([{ ids: [2, 1, 0] }])
    const alike = await graphOf(5, [
      { from: 0, to: 2, weight: 1 },
      { from: 0, to: 3, weight: 1 },
      { from: 1, to: 3, weight: 1 },
      { from: 1, to: 4, weight: 1 },
    ])
    const pairs = async (metric: string): Promise<Value[][]> =>
      (
        await alike
          .query(
            `CALL algo.similarity({metric: '${metric}'}) YIELD node1, node2, similarity RETURN node1.id AS a, node2.id AS b, similarity`,
          )
          .rows()
      ).map(({ a, b, similarity }) => [a, b, similarity] as Value[])
    expect(await pairs('jaccard')).toEqual([
      [0, 1, 1 / 3],
      [1, 0, 1 / 3],
    ])
    expect(await pairs('overlap')).toEqual([
      [0, 1, 0.5],
      [1, 0, 0.5],
    ])
    expect(groups(await byNode(await graphOf(7, edges), 'algo.labelPropagation()', 'community'))).toContain(
      '5',
    )
  })

  it('ranks from given nodes only what they reach', async () => {
    const g = await graphOf(7, edges)
    const rows = await g
      .query(
        'MATCH (s {id: 3}) CALL algo.personalizedPageRank(s) YIELD node, score RETURN node.id AS id, score ORDER BY id',
      )
      .rows()
    const scores = rows.map(({ score }) => score as number)
    expect(scores.map((score) => score > 0)).toEqual([false, false, false, true, true, false, false])
    expect(scores.reduce((left, right) => left + right, 0)).toBeCloseTo(1, 9)
  })
})

describe('algorithms on unusual graphs', () => {
  const shapes: readonly (readonly [string, number, readonly Edge[]])[] = [
    ['the empty graph', 0, []],
    ['one node', 1, []],
    ['nodes without edges', 3, []],
    ['a node with an edge to itself', 1, [{ from: 0, to: 0, weight: 1 }]],
    [
      'two parts, one with a loop',
      4,
      [
        { from: 0, to: 1, weight: 1 },
        { from: 2, to: 3, weight: 1 },
        { from: 3, to: 3, weight: 1 },
      ],
    ],
  ]
  for (const [shape, nodeCount, edges] of shapes) {
    for (const { name, nodes, outputs } of algorithms) {
      it(`${name} runs on ${shape}`, async () => {
        const g = await graphOf(nodeCount, edges)
        const columns = outputs.map((output) => output.name).join(', ')
        const match = nodes.length === 0 ? '' : 'MATCH (s) WITH s LIMIT 1 '
        const given = nodes.length === 0 ? '' : 's'
        const rows = g.query(`${match}CALL algo.${name}(${given}) YIELD ${columns} RETURN ${columns}`).rows()
        const hasCircle = edges.some(({ from, to }) => from === to)
        if (name === 'topologicalSort' && hasCircle) {
          await expect(rows).rejects.toMatchObject({ code: 'VALUE' })
          return
        }
        const perNode = outputs.length === 2 && outputs[0]?.name === 'node' && nodes.length === 0
        if (perNode) expect((await rows).length).toBe(nodeCount)
        else expect((await rows).length).toBeLessThanOrEqual(Math.max(nodeCount, edges.length))
      })
    }
  }

  it('refuses what it cannot run on, by name', async () => {
    const g = await graphOf(2, [{ from: 0, to: 1, weight: -1 }])
    const run = (call: string): Promise<unknown> => g.query(`${call} RETURN 1 AS x`).rows()
    await expect(run('CALL algo.pageRank({dampingFacto: 1}) YIELD node')).rejects.toMatchObject({
      code: 'ARGUMENT',
    })
    await expect(run('CALL algo.pageRank({iterations: -1}) YIELD node')).rejects.toMatchObject({
      code: 'ARGUMENT',
    })
    await expect(run('CALL algo.pageRank(7) YIELD node')).rejects.toMatchObject({ code: 'ARGUMENT' })
    await expect(run('CALL algo.bfs(99) YIELD node')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(run(`CALL algo.shortestPaths(0, {weight: 'weight'}) YIELD node`)).rejects.toMatchObject({
      code: 'VALUE',
    })
    await expect(run('CALL algo.bfs() YIELD node')).rejects.toMatchObject({ code: 'SYNTAX' })
  })

  it('runs on the labels and types that are named, and again after a change', async () => {
    const g = await graphOf(3, [{ from: 0, to: 1, weight: 1 }])
    await g.run('MATCH (a {id: 2}), (b {id: 1}) SET a:M CREATE (a)-[:S]->(b)')
    expect(groups(await byNode(g, `algo.wcc({types: 'R'})`, 'component'))).toEqual(['0,1', '2'])
    expect(groups(await byNode(g, `algo.wcc({types: ['R', 'S']})`, 'component'))).toEqual(['0,1,2'])
    expect(groups(await byNode(g, `algo.wcc({labels: 'M'})`, 'component'))).toEqual(['2'])
    await g.run('CREATE (:M {id: 3})')
    expect(groups(await byNode(g, `algo.wcc({labels: 'M'})`, 'component'))).toEqual(['2', '3'])
  })
})
