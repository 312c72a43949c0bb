import { openStore, type Store } from '@sheafdb/core'
import { Table, tableFromArrays } from 'apache-arrow'
import { MultiDirectedGraph } from 'graphology'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { graph, NodeValue, PathValue, RelationshipValue } from '../../src/index.ts'

let store: Store<readonly [ReturnType<typeof graph>]>

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
})

afterEach(() => store.close())

describe('graph', () => {
  it('reads a graph that was never written as empty', async () => {
    const g = store.graph('nothing')
    expect(await g.query('MATCH (n) RETURN n').rows()).toEqual([])
    expect(await g.query('MATCH (a)-[r:T]->(b) OPTIONAL MATCH (b)-->(c) RETURN a, r, c').rows()).toEqual([])
    expect(await g.query('MATCH (n) RETURN count(n) AS n').rows()).toEqual([{ n: 0 }])
    expect(store.graph.list()).toEqual([])
  })

  it('creates on first write, counts what changed and gives values of the documented shapes', async () => {
    const g = store.graph('social')
    const { rows, counters } = await g.run(
      "CREATE p = (a:Person {name: 'Ann'})-[r:KNOWS {since: 2000}]->(b:Person:Admin) RETURN a, r, b, p",
    )
    expect(counters).toEqual({
      nodesCreated: 2,
      nodesDeleted: 0,
      relationshipsCreated: 1,
      relationshipsDeleted: 0,
      labelsAdded: 3,
      labelsRemoved: 0,
      propertiesSet: 2,
    })
    const [row] = rows
    expect(row?.a).toBeInstanceOf(NodeValue)
    expect(row?.a).toMatchObject({ labels: ['Person'], properties: { name: 'Ann' } })
    expect(row?.r).toBeInstanceOf(RelationshipValue)
    expect(row?.r).toMatchObject({
      type: 'KNOWS',
      source: (row as { a: NodeValue }).a.id,
      target: (row as { b: NodeValue }).b.id,
    })
    expect(row?.p).toBeInstanceOf(PathValue)
    expect(store.graph.list()).toEqual(['social'])
  })

  it('refuses writes in query, and says what to call', async () => {
    await expect(store.graph('g').query('CREATE ()').rows()).rejects.toMatchObject({ code: 'READ_ONLY' })
  })

  it('undoes a statement that fails half-way', async () => {
    const g = store.graph('g')
    await g.run('UNWIND [1, 2] AS x CREATE ({x: x})')
    await expect(g.run('MATCH (n) SET n.y = 1 / (n.x - 2)')).rejects.toMatchObject({
      code: 'DIVISION_BY_ZERO',
    })
    expect(await g.query('MATCH (n) WHERE n.y IS NOT NULL RETURN n').rows()).toEqual([])
  })

  it('refuses to delete a node that keeps edges, and deletes it with them by DETACH', async () => {
    const g = store.graph('g')
    await g.run('CREATE (:A)-[:R]->(:B)')
    await expect(g.run('MATCH (a:A) DELETE a')).rejects.toMatchObject({
      code: 'CONSTRAINT',
      detail: 'DeleteConnectedNode',
    })
    expect((await g.run('MATCH (a:A) DETACH DELETE a')).counters).toMatchObject({
      nodesDeleted: 1,
      relationshipsDeleted: 1,
    })
  })

  it('makes one node for rows of one MERGE that ask for the same', async () => {
    const g = store.graph('g')
    const { counters } = await g.run(
      'UNWIND [1, 2, 1, 2] AS x MERGE (n:N {x: x}) ON CREATE SET n.made = 1 ON MATCH SET n.seen = 1',
    )
    expect(counters.nodesCreated).toBe(2)
    expect(await g.query('MATCH (n:N) RETURN n.x AS x, n.seen AS seen ORDER BY x').rows()).toEqual([
      { x: 1, seen: 1 },
      { x: 2, seen: 1 },
    ])
  })

  it('takes property keys such as __proto__ as they are', async () => {
    const g = store.graph('g')
    await g.run('CREATE (n $map)', { map: JSON.parse('{"__proto__": 1, "constructor": 2}') })
    const [row] = await g
      .query('MATCH (n) RETURN n, n.`__proto__` AS p, n.constructor AS c, n.toString AS t')
      .rows()
    expect(row).toMatchObject({ p: 1, c: 2, t: null })
    expect(Object.keys((row as { n: NodeValue }).n.properties)).toEqual(['__proto__', 'constructor'])
  })

  it('names a parameter that is missing', async () => {
    await expect(store.graph('g').run('RETURN $x')).rejects.toMatchObject({
      code: 'ARGUMENT',
      detail: 'MissingParameter',
    })
  })

  it('loads nodes and edges in bulk, from objects and from Arrow', async () => {
    const g = store.graph('air')
    const nodes = await g.addNodes('Airport', [{ id: 'OSL', city: 'Oslo' }, { id: 'BGO' }, { id: 'TRD' }])
    expect(nodes.count).toBe(3)
    const table = tableFromArrays({
      from: ['OSL', 'OSL'],
      to: ['BGO', 'TRD'],
      km: Int32Array.from([304, 363]),
    })
    expect(table).toBeInstanceOf(Table)
    const done: number[] = []
    await g.addEdges('ROUTE', table, {
      source: ['Airport', 'from'],
      target: 'to',
      onProgress: (progress) => done.push(progress.done),
    })
    expect(done).toEqual([2])
    expect(
      await g
        .query('MATCH (a:Airport {id: "OSL"})-[r:ROUTE]->(b) RETURN b.id AS b, r.km AS km ORDER BY km')
        .rows(),
    ).toEqual([
      { b: 'BGO', km: 304 },
      { b: 'TRD', km: 363 },
    ])
    await expect(
      g.addEdges('ROUTE', [{ from: 'OSL', to: 'XXX' }], { source: 'from', target: 'to' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('finds neighbours and shortest paths by id', async () => {
    const g = store.graph('g')
    const { ids } = await g.addNodes('N', [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
    const [a, b, c, d] = ids as unknown as [number, number, number, number]
    await g.addEdges(
      'T',
      [
        { s: 1, t: 2 },
        { s: 2, t: 3 },
      ],
      { source: 's', target: 't' },
    )
    expect((await g.neighbors(a).rows()).map(({ id }) => id)).toEqual([b])
    expect((await g.neighbors(a, { depth: 2 }).rows()).map(({ id }) => id).sort()).toEqual([b, c])
    expect((await g.neighbors(c, { direction: 'in', type: 'T' }).rows()).map(({ id }) => id)).toEqual([b])
    const path = await g.shortestPath(a, c)
    expect(path?.nodes.map(({ id }) => id)).toEqual([a, b, c])
    expect(await g.shortestPath(c, a)).toBeNull()
    expect((await g.shortestPath(c, a, { direction: 'both' }))?.relationships).toHaveLength(2)
    expect(await g.shortestPath(a, d)).toBeNull()
    expect((await g.shortestPath(a, a))?.relationships).toEqual([])
  })

  it('goes to graphology and back', async () => {
    const source = new MultiDirectedGraph()
    source.addNode('x', { labels: ['A'], size: 1 })
    source.addNode('y', { labels: ['B'] })
    source.addEdge('x', 'y', { type: 'R', weight: 2 })
    source.addEdge('x', 'y', { type: 'R', weight: 3 })
    const g = store.graph('g')
    expect(await g.importGraphology(source)).toEqual({ nodes: 2, edges: 2 })
    const back = await g.toGraphology()
    expect([back.order, back.size]).toEqual([2, 2])
    expect(back.mapEdges((_, attributes) => attributes.weight).sort()).toEqual([2, 3])
    expect((await g.toGraphology({ labels: ['A'] })).order).toBe(1)
  })

  it('runs registered procedures', async () => {
    store.graph.procedure('test.double', {
      inputs: [{ name: 'x', type: 'INTEGER' }],
      outputs: [{ name: 'y', type: 'INTEGER' }],
      call: (x) => [{ y: 2 * (x as number) }],
    })
    const rows = await store
      .graph('g')
      .query('UNWIND [1, 2] AS x CALL test.double(x) YIELD y RETURN x, y')
      .rows()
    expect(rows).toEqual([
      { x: 1, y: 2 },
      { x: 2, y: 4 },
    ])
  })

  it('takes part in a transaction, all of it or none', async () => {
    const g = store.graph('g')
    await expect(
      store.transaction(async (tx) => {
        await tx.graph('g').run('CREATE (:A)')
        expect(await tx.graph('g').query('MATCH (n) RETURN count(n) AS n').rows()).toEqual([{ n: 1 }])
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await g.query('MATCH (n) RETURN count(n) AS n').rows()).toEqual([{ n: 0 }])
  })

  it('explains a query', async () => {
    expect(await store.graph('g').query('MATCH (n) RETURN n').explain()).toContain('logical plan')
    const { rows } = await store.graph('g').run('EXPLAIN MATCH (n) RETURN n')
    expect(rows[0]?.plan).toContain('logical plan')
  })

  it('queries tables that exist as a graph, without a copy', async () => {
    const base = store.graph('base')
    await base.addNodes('P', [{ id: 1 }, { id: 2 }, { id: 3 }])
    await base.addEdges(
      'T',
      [
        { s: 1, t: 2 },
        { s: 2, t: 3 },
        { s: 3, t: 1 },
      ],
      { source: 's', target: 't' },
    )
    const view = store.graph.view('seen', {
      nodes: { Node: { from: 'base.nodes', key: 'node_id' } },
      edges: { EDGE: { from: 'base.edges', source: ['Node', 'source'], target: ['Node', 'target'] } },
    })
    const ids = (await base.query('MATCH (n) RETURN id(n) AS id ORDER BY n.id').rows()).map(({ id }) => id)
    const [a, b, c] = ids
    expect(await view.query('MATCH (n) RETURN count(*) AS n').rows()).toEqual([{ n: 3 }])
    expect(await view.query('MATCH (n {node_id: $a})-->(m) RETURN m.node_id AS m', { a }).rows()).toEqual([
      { m: b },
    ])
    expect(
      await view
        .query(
          'MATCH (n:Node)-[r:EDGE]->(m)-[:EDGE]->(o) WHERE n.node_id = $a RETURN o.node_id AS o, r.type AS t',
          { a },
        )
        .rows(),
    ).toEqual([{ o: c, t: 'T' }])
    expect(
      await view.query('MATCH (n)-[:EDGE*1..5]->(m) WHERE n.node_id = $a RETURN count(*) AS n', { a }).rows(),
    ).toEqual([{ n: 3 }])
    expect(
      await view
        .query('MATCH (n)<-[r]-(m) WHERE n.node_id = $a RETURN n, type(r) AS t, labels(m) AS l', { a })
        .rows(),
    ).toMatchObject([
      { n: { id: a, labels: ['Node'], properties: { labels: ['P'] } }, t: 'EDGE', l: ['Node'] },
    ])
    expect(
      await view
        .query(
          'MATCH (n) OPTIONAL MATCH (n)-->(m) WHERE m.node_id = $b RETURN n.node_id AS n, m.node_id AS m ORDER BY n',
          { b },
        )
        .rows(),
    ).toEqual([
      { n: a, m: b },
      { n: b, m: null },
      { n: c, m: null },
    ])
    await expect(view.run('CREATE (:Node)')).rejects.toMatchObject({ code: 'READ_ONLY' })
  })

  it('gives properties of one type as typed columns, and widens them when other values come', async () => {
    const g = store.graph('g')
    await g.addNodes('N', [
      { i: 1, f: 1.5, t: 'x', b: true },
      { i: 2, f: 3 },
    ])
    const typesOf = async (): Promise<string[]> =>
      (
        await g.query('MATCH (n) RETURN n.i AS i, n.f AS f, n.t AS t, n.b AS b, n.none AS none').schema
      ).fields.map(({ type }) => String(type))
    expect((await typesOf()).slice(0, 4)).toEqual(['Int64', 'Float64', 'Utf8', 'Bool'])
    const built = g.query('MATCH (n) RETURN n.t AS t').limit(10)
    expect((await built.rows()).map(({ t }) => t)).toEqual(['x', null])
    await g.run('CREATE ({t: 5})')
    expect((await g.query('MATCH (n) RETURN n.t AS t').rows()).map(({ t }) => t)).toEqual(['x', null, 5])
    expect((await built.rows()).map(({ t }) => t)).toEqual(['x', null, 5])
    expect(await g.query('MATCH (n) WHERE n.f / 2 = 1.5 RETURN n.i AS i').rows()).toEqual([{ i: 2 }])
  })

  it('finds wide neighbourhoods without walking every path', async () => {
    const g = store.graph('dense')
    const people = Array.from({ length: 31 }, (_, id) => ({ id }))
    await g.addNodes('P', people)
    const pairs = people.flatMap(({ id: s }) =>
      people.filter(({ id }) => id !== s).map(({ id: t }) => ({ s, t })),
    )
    await g.addEdges('K', pairs, { source: 's', target: 't' })
    const [first] = await g.query('MATCH (p:P {id: 0}) RETURN id(p) AS id').rows()
    for (const direction of ['out', 'in', 'both'] as const) {
      expect(await g.neighbors(first?.id as number, { depth: 8, direction }).count()).toBe(30)
    }
    const reached = g.query('MATCH (a:P {id: 0})-[:K*1..8]->(b) RETURN count(DISTINCT b) AS n')
    expect(await reached.rows()).toEqual([{ n: 31 }])
    const shortest = g.query(
      'MATCH (a:P {id: 0}) MATCH p = shortestPath((a)-[:K*1..8]->(b:P)) RETURN max(length(p)) AS most, count(*) AS n',
    )
    expect(await shortest.rows()).toEqual([{ most: 2, n: 31 }])
  })
})
