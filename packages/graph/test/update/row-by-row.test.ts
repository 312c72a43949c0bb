import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Graph, type GraphApi, graph } from '../../src/index.ts'

let store: Store & { graph: GraphApi }
let g: Graph

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
  g = store.graph('g')
})

afterEach(() => store.close())

describe('SET', () => {
  it('adds once for each row in which a node comes', async () => {
    await g.run('CREATE (n:N {x: 0}), (n)-[:R]->(), (n)-[:R]->(), (n)-[:R]->()')
    await g.run('MATCH (n:N)-[:R]->() SET n.x = n.x + 1')
    expect(await g.query('MATCH (n:N) RETURN n.x AS x').rows()).toEqual([{ x: 3 }])
  })

  it('sees in a row what a row before it has set', async () => {
    await g.run('CREATE (a:P {id: 0, v: 1})-[:TO]->(b:P {id: 1, v: 0})-[:TO]->(c:P {id: 2, v: 0})')
    await g.run('MATCH (a:P)-[:TO]->(b:P) WITH a, b ORDER BY a.id SET b.v = a.v + 1')
    expect(await g.query('MATCH (n:P) RETURN n.v AS v ORDER BY n.id').rows()).toEqual([
      { v: 1 },
      { v: 2 },
      { v: 3 },
    ])
  })
})

describe('CALL { } that writes', () => {
  it('runs once a row, each seeing what those before it have written', async () => {
    await g.run('CREATE (:Counter {n: 0})')
    const { rows } = await g.run(
      'UNWIND [1, 10, 100] AS i CALL (i) { MATCH (c:Counter) SET c.n = c.n + i RETURN c.n AS n } RETURN i, n',
    )
    expect(rows).toEqual([
      { i: 1, n: 1 },
      { i: 10, n: 11 },
      { i: 100, n: 111 },
    ])
  })

  it('finds what an earlier row has created, and does not see names that were not handed in', async () => {
    const { rows, counters } = await g.run(
      `UNWIND [1, 2, 1] AS i WITH i, i AS n
       CALL (i) { MERGE (n:K {id: i}) ON CREATE SET n.seen = 1 ON MATCH SET n.seen = n.seen + 1 RETURN n.seen AS seen }
       RETURN i, n, seen`,
    )
    expect(rows).toEqual([
      { i: 1, n: 1, seen: 1 },
      { i: 2, n: 2, seen: 1 },
      { i: 1, n: 1, seen: 2 },
    ])
    expect(counters.nodesCreated).toBe(2)
  })

  it('unites parts that write', async () => {
    const { rows } = await g.run(
      `UNWIND [1, 2] AS i
       CALL (i) { CREATE (a:A {id: i}) RETURN a AS x UNION CREATE (b:B {id: i}) RETURN b AS x }
       RETURN i, labels(x) AS labels, x.id AS id`,
    )
    expect(rows).toEqual([
      { i: 1, labels: ['A'], id: 1 },
      { i: 1, labels: ['B'], id: 1 },
      { i: 2, labels: ['A'], id: 2 },
      { i: 2, labels: ['B'], id: 2 },
    ])
  })

  it('gives no rows where there are none', async () => {
    const { rows } = await g.run('UNWIND [] AS i CALL (i) { MERGE (n:K {id: i}) RETURN n AS n } RETURN i, n')
    expect(rows).toEqual([])
  })
})

describe('CALL { } IN TRANSACTIONS', () => {
  it('commits each batch by itself', async () => {
    const { rows, counters } = await g.run(
      'UNWIND range(1, 10) AS i CALL (i) { CREATE (n:N {id: i}) RETURN n.id AS id } IN TRANSACTIONS OF 3 ROWS RETURN count(id) AS n',
    )
    expect(rows).toEqual([{ n: 10 }])
    expect(counters.nodesCreated).toBe(10)
  })

  it('keeps what was committed where a later batch fails', async () => {
    const run = g.run(
      'UNWIND [1, 2, 0, 3] AS i CALL (i) { CREATE (:N {v: 6 / i}) } IN TRANSACTIONS OF 2 ROWS',
    )
    await expect(run).rejects.toMatchObject({ code: 'DIVISION_BY_ZERO' })
    expect(await g.query('MATCH (n:N) RETURN n.v AS v ORDER BY v').rows()).toEqual([{ v: 3 }, { v: 6 }])
  })

  it('goes on after an error where that is asked, and reports', async () => {
    const { rows } = await g.run(
      `UNWIND [1, 0, 3] AS i CALL (i) { CREATE (n:N {v: 6 / i}) RETURN n.v AS v }
       IN TRANSACTIONS OF 1 ROW ON ERROR CONTINUE REPORT STATUS AS s RETURN i, v, s.committed AS committed`,
    )
    expect(rows).toEqual([
      { i: 1, v: 6, committed: true },
      { i: 0, v: null, committed: false },
      { i: 3, v: 2, committed: true },
    ])
    const stopped = await g.run(
      `UNWIND [0, 5] AS i CALL (i) { CREATE (:M {v: 6 / i}) }
       IN TRANSACTIONS OF 1 ROW ON ERROR BREAK REPORT STATUS AS s RETURN i, s.started AS started`,
    )
    expect(stopped.rows).toEqual([
      { i: 0, started: true },
      { i: 5, started: false },
    ])
  })

  it('is refused within a transaction, and where a batch has no rows', async () => {
    const text = 'UNWIND [1] AS i CALL (i) { CREATE (:N) } IN TRANSACTIONS'
    await expect(
      store.transaction((tx) => (tx as unknown as typeof store).graph('g').run(text)),
    ).rejects.toMatchObject({
      code: 'ARGUMENT',
    })
    await expect(g.run(`${text} OF 0 ROWS`)).rejects.toMatchObject({ code: 'ARGUMENT' })
  })
})

describe('LOAD CSV', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sheaf-csv-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('reads lines as lists, or as maps by the names of the first', async () => {
    const path = join(folder, 'people.csv')
    await writeFile(path, 'id;name\r\n1;"Ann ""A"" Lee"\r\n2;\r\n3;"two\nlines"\r\n')
    const lists = await g.query(`LOAD CSV FROM $path AS row FIELDTERMINATOR ';' RETURN row`, { path }).rows()
    expect(lists.map(({ row }) => row)).toEqual([
      ['id', 'name'],
      ['1', 'Ann "A" Lee'],
      ['2', ''],
      ['3', 'two\nlines'],
    ])
    const { rows } = await g.run(
      `LOAD CSV WITH HEADERS FROM 'file://${path}' AS row FIELDTERMINATOR ';'
       CREATE (p:Person {id: toInteger(row.id), name: row.name}) RETURN p.id AS id, p.name AS name`,
    )
    expect(rows).toEqual([
      { id: 1, name: 'Ann "A" Lee' },
      { id: 2, name: null },
      { id: 3, name: 'two\nlines' },
    ])
  })

  it('says what is wrong with a file or separator', async () => {
    const load = (url: string, more = ''): Promise<unknown> =>
      g.query(`LOAD CSV FROM '${url}' AS row ${more} RETURN row`).rows()
    await expect(load(join(folder, 'nothing.csv'))).rejects.toMatchObject({ code: 'IO' })
    await expect(load('https://example.com/x.csv')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(load('x.csv', `FIELDTERMINATOR '::'`)).rejects.toMatchObject({ code: 'ARGUMENT' })
  })
})

describe('words of GQL', () => {
  it('LET binds beside what is bound; NEXT goes on with what is returned', async () => {
    expect(await g.query('LET x = 2, y = 3 LET z = x * y RETURN x, y, z').rows()).toEqual([
      { x: 2, y: 3, z: 6 },
    ])
    expect(
      await g
        .query('UNWIND [3, 1, 2] AS x RETURN x ORDER BY x LIMIT 2 NEXT LET y = x * 10 RETURN x, y')
        .rows(),
    ).toEqual([
      { x: 1, y: 10 },
      { x: 2, y: 20 },
    ])
    expect(await g.query('RETURN 1 AS x UNION RETURN 2 AS x NEXT FILTER x > 1 RETURN x').rows()).toEqual([
      { x: 2 },
    ])
    await expect(g.query('RETURN 1 + 1 NEXT RETURN 2 AS x').rows()).rejects.toMatchObject({ code: 'SYNTAX' })
  })

  it('USE names another graph', async () => {
    await store.graph('other').run('CREATE (:Far)')
    expect(await g.query('USE other MATCH (n:Far) RETURN count(n) AS n').rows()).toEqual([{ n: 1 }])
    await g.run('USE `other` CREATE (:Far)')
    expect(await store.graph('other').query('MATCH (n) RETURN count(n) AS n').rows()).toEqual([{ n: 2 }])
  })
})
