import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Graph, graph } from '../../src/index.ts'

let store: Store<readonly [ReturnType<typeof graph>]>
let g: Graph

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
  g = store.graph('g')
})

afterEach(() => store.close())

const all = async (cypher: string): Promise<unknown[]> =>
  (await g.query(cypher).rows()).map((row) => Object.values(row))

describe('SET and REMOVE', () => {
  it('sets one property, some, all, and labels, and counts each', async () => {
    await g.run('CREATE (:A {x: 1, y: 2})')
    expect((await g.run('MATCH (n:A) SET n.x = 5, n:B:C')).counters).toMatchObject({
      propertiesSet: 1,
      labelsAdded: 2,
    })
    await g.run('MATCH (n:A) SET n += {y: null, z: 3}')
    expect(await all('MATCH (n:A:B:C) RETURN properties(n)')).toEqual([[{ x: 5, z: 3 }]])
    await g.run('MATCH (n:A) SET n = {only: true}')
    await g.run('MATCH (n:A) REMOVE n:B, n.missing')
    expect(await all('MATCH (n) RETURN labels(n), properties(n)')).toEqual([[['A', 'C'], { only: true }]])
  })

  it('computes an item that reads what an earlier one of the clause set after it', async () => {
    await g.run('CREATE (:A {x: 1})')
    await g.run('MATCH (n:A) SET n.x = 10, n.y = n.x + 1')
    expect(await all('MATCH (n:A) RETURN n.x, n.y')).toEqual([[10, 11]])
  })

  it('swaps nothing by accident when rows touch one node twice', async () => {
    await g.run('CREATE (:A {x: 1}), (:B), (:B)')
    await g.run('MATCH (a:A), (b:B) SET a.seen = true')
    expect(await all('MATCH (a:A) RETURN a.seen')).toEqual([[true]])
  })

  it('changes properties of relationships and of nodes held in lists', async () => {
    await g.run('CREATE (:A)-[:R {w: 1}]->(:B)')
    await g.run('MATCH ()-[r:R]->() SET r.w = r.w + 1')
    await g.run('MATCH (n) WITH collect(n) AS ns UNWIND ns AS n SET n.k = 1')
    expect(await all('MATCH (a)-[r]->(b) RETURN r.w, a.k, b.k')).toEqual([[2, 1, 1]])
  })

  it('refuses what cannot be a property', async () => {
    await g.run('CREATE (:A)')
    await expect(g.run('MATCH (n:A) SET n.x = {a: 1}')).rejects.toMatchObject({
      code: 'TYPE',
      detail: 'InvalidPropertyType',
    })
    for (const value of [() => 1, Symbol('x'), new Map(), 2n ** 70n]) {
      await expect(g.run('CREATE ({v: $value})', { value })).rejects.toMatchObject({ code: 'TYPE' })
    }
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level += 1) deep = [deep]
    await expect(g.run('CREATE ({v: $deep})', { deep })).rejects.toMatchObject({ code: 'LIMIT' })
    await expect(g.addNodes('N', [{ deep }])).rejects.toMatchObject({ code: 'LIMIT' })
    expect(await all('MATCH (n) RETURN count(n)')).toEqual([[1]])
  })
})

describe('FOREACH and CALL { }', () => {
  it('runs updates for each element and leaves the rows as they were', async () => {
    const { rows, counters } = await g.run(
      'WITH [1, 2, 3] AS xs FOREACH (x IN xs | CREATE (:N {x: x})) RETURN size(xs) AS n',
    )
    expect(rows).toEqual([{ n: 3 }])
    expect(counters.nodesCreated).toBe(3)
    await g.run('MATCH p = (a:N) WITH collect(a) AS ns FOREACH (n IN ns | SET n.x = n.x * 2)')
    expect(await all('MATCH (n:N) RETURN n.x ORDER BY n.x')).toEqual([[2], [4], [6]])
  })

  it('joins what a subquery that writes returns to the rows', async () => {
    const { rows } = await g.run(
      'UNWIND [1, 2] AS x CALL { WITH x CREATE (n:N {x: x}) RETURN n.x * 10 AS y } RETURN x, y ORDER BY x',
    )
    expect(rows).toEqual([
      { x: 1, y: 10 },
      { x: 2, y: 20 },
    ])
    await g.run('UNWIND [1, 2, 3] AS x CALL (x) { MERGE (n:N {x: x}) SET n.seen = true }')
    expect(await all('MATCH (n:N) RETURN n.x, n.seen ORDER BY n.x')).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ])
  })

  it('limits the rows of a correlated subquery for each row apart', async () => {
    await g.run(
      'UNWIND [1, 2] AS x CREATE (a:A {x: x}) WITH a UNWIND range(1, 4) AS y CREATE (a)-[:R]->(:B {y: a.x * 10 + y})',
    )
    const rows = await all(
      'MATCH (a:A) CALL { WITH a MATCH (a)-[:R]->(b) RETURN b ORDER BY b.y DESC LIMIT 2 } RETURN a.x, b.y ORDER BY a.x, b.y',
    )
    expect(rows).toEqual([
      [1, 13],
      [1, 14],
      [2, 23],
      [2, 24],
    ])
    expect(
      await all(
        'MATCH (a:A) RETURN a.x, COLLECT { MATCH (a)-[:R]->(b) RETURN b.y ORDER BY b.y SKIP 1 LIMIT 1 } AS ys ORDER BY a.x',
      ),
    ).toEqual([
      [1, [12]],
      [2, [22]],
    ])
  })
})

describe('MERGE', () => {
  it('finds or makes relationships between bound nodes, whichever way where none is said', async () => {
    await g.run('CREATE (:A {x: 1}), (:A {x: 2})')
    const first = await g.run(
      'MATCH (a {x: 1}), (b {x: 2}) MERGE (a)-[r:R]->(b) ON CREATE SET r.made = true RETURN r.made AS made',
    )
    expect(first.rows).toEqual([{ made: true }])
    const second = await g.run('MATCH (a {x: 1}), (b {x: 2}) MERGE (b)-[r:R]-(a) ON MATCH SET r.found = true')
    expect(second.counters.relationshipsCreated).toBe(0)
    expect(await all('MATCH ()-[r:R]->() RETURN r.made, r.found')).toEqual([[true, true]])
  })

  it('refuses a property that is null', async () => {
    await expect(g.run('MERGE (n:A {x: null})')).rejects.toMatchObject({ detail: 'MergeReadOwnWrites' })
  })
})

describe('DELETE', () => {
  it('deletes nodes with their relationships in one clause, paths and lists of nodes', async () => {
    await g.run('CREATE (:A)-[:R]->(:B)-[:R]->(:C), (:D), (:D)')
    await g.run('MATCH p = (:A)-[*]->(:C) DELETE p')
    await g.run('MATCH (d:D) WITH collect(d) AS ds FOREACH (d IN ds | DELETE d)')
    expect(await all('MATCH (n) RETURN count(n)')).toEqual([[0]])
  })

  it('lets nobody read what was deleted before in the statement', async () => {
    await g.run('CREATE (:A {x: 1})')
    await expect(g.run('MATCH (n:A) DELETE n RETURN n.x')).rejects.toMatchObject({
      detail: 'DeletedEntityAccess',
    })
    expect(await all('MATCH (n:A) RETURN n.x')).toEqual([[1]])
  })
})
