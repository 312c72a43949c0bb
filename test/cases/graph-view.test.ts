import { openStore, type Store } from '@sheafdb/core'
import { type Graph, type GraphApi, graph } from '@sheafdb/graph'
import { type RelationalApi, relational } from '@sheafdb/relational'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

type Both = Store & { readonly graph: GraphApi; readonly relational: RelationalApi }

let store: Both
let view: Graph

const rows = (text: string): Promise<unknown[]> => view.query(text).rows()

beforeEach(async () => {
  store = (await openStore(':memory:', { models: [graph(), relational()] })) as Both
  for (const text of [
    'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, city INTEGER)',
    'CREATE TABLE knows (src INTEGER, dst INTEGER, w DOUBLE)',
    'CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT)',
    "INSERT INTO people VALUES (10, 'a', 1), (20, 'b', 1), (30, 'c', 2), (40, 'd', 2), (50, 'e', NULL)",
    "INSERT INTO cities VALUES (1, 'X'), (2, 'Y')",
    'INSERT INTO knows VALUES (10, 20, 1.0), (20, 30, 2.0), (30, 40, 1.5), (40, 20, 1.0)',
  ])
    await store.relational.run(text)
  view = store.graph.view('seen', {
    nodes: { Person: { from: 'people', key: 'id' }, City: { from: 'cities', key: 'id' } },
    edges: {
      KNOWS: { from: 'knows', source: ['Person', 'src'], target: ['Person', 'dst'] },
      LIVES: { from: 'people', source: ['Person', 'id'], target: ['City', 'city'] },
    },
  })
})

afterEach(() => store.close())

describe('a graph view over SQL tables', () => {
  it('follows edges over columns that no index was declared for, and sees what is written later', async () => {
    const lives = 'MATCH (a:Person)-[:LIVES]->(c) RETURN a.name AS a, c.name AS c ORDER BY a'
    expect(await rows(lives)).toEqual([
      { a: 'a', c: 'X' },
      { a: 'b', c: 'X' },
      { a: 'c', c: 'Y' },
      { a: 'd', c: 'Y' },
    ])
    await store.relational.run("UPDATE people SET city = 2 WHERE name = 'a'")
    await store.relational.run("DELETE FROM people WHERE name = 'd'")
    expect(await rows(lives)).toEqual([
      { a: 'a', c: 'Y' },
      { a: 'b', c: 'X' },
      { a: 'c', c: 'Y' },
    ])
  })

  it('leads to no node where no row has the key', async () => {
    await store.relational.run('INSERT INTO knows VALUES (10, 99, 1.0)')
    expect(await rows("MATCH (a {name: 'a'})-[:KNOWS]->(b) RETURN count(*) AS n")).toEqual([{ n: 1 }])
    expect(await rows('MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c) RETURN count(*) AS n')).toEqual([
      { n: 4 },
    ])
  })

  it('refuses keys that no adjacency holds', async () => {
    await store.relational.run('INSERT INTO knows VALUES (-1, 10, 1.0)')
    await expect(rows('MATCH (a:Person)-[:KNOWS]->(b) RETURN b.name')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('gives whole paths and what is on them', async () => {
    expect(await rows("MATCH p = (a:Person {name: 'a'})-[:KNOWS]->(b) RETURN p")).toMatchObject([
      {
        p: {
          nodes: [
            { id: 10, labels: ['Person'], properties: { name: 'a', city: 1 } },
            { id: 20, properties: { name: 'b' } },
          ],
          relationships: [{ type: 'KNOWS', source: 10, target: 20, properties: { w: 1 } }],
        },
      },
    ])
    expect(
      await rows(
        "MATCH p = shortestPath((a:Person {name: 'a'})-[:KNOWS*]->(b:Person {name: 'd'})) RETURN [n IN nodes(p) | n.name] AS names, [r IN relationships(p) | r.w] AS ws",
      ),
    ).toEqual([{ names: ['a', 'b', 'c', 'd'], ws: [1, 2, 1.5] }])
    expect(
      await rows(
        "MATCH p = SHORTEST 2 (a:Person {name: 'a'})-[:KNOWS]->+(b:Person {name: 'b'}) RETURN length(p) AS n",
      ),
    ).toEqual([{ n: 1 }, { n: 4 }])
    await expect(rows('MATCH p = (a:Person)-[:LIVES]->(b) RETURN p')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('repeats patterns', async () => {
    expect(
      await rows(
        "MATCH (a:Person {name: 'a'}) ((x)-[r:KNOWS]->(y) WHERE x.name < y.name){1,3} (b)-[:LIVES]->(c) RETURN b.name AS b, [n IN x | n.name] AS xs, [e IN r | e.w] AS ws, c.name AS c",
      ),
    ).toEqual([
      { b: 'b', xs: ['a'], ws: [1], c: 'X' },
      { b: 'c', xs: ['a', 'b'], ws: [1, 2], c: 'Y' },
      { b: 'd', xs: ['a', 'b', 'c'], ws: [1, 2, 1.5], c: 'Y' },
    ])
  })

  it('runs algorithms over the nodes of one label', async () => {
    expect(
      await rows(
        "CALL algo.wcc({labels: 'Person'}) YIELD node, component RETURN component, count(*) AS n ORDER BY n",
      ),
    ).toMatchObject([{ n: 1 }, { n: 4 }])
    expect(
      await rows(
        "MATCH (s:Person {name: 'a'}) CALL algo.shortestPaths(s, {types: 'KNOWS', weight: 'w'}) YIELD node, distance, path RETURN node.name AS name, distance, [n IN nodes(path) | n.name] AS path ORDER BY distance",
      ),
    ).toEqual([
      { name: 'a', distance: 0, path: ['a'] },
      { name: 'b', distance: 1, path: ['a', 'b'] },
      { name: 'c', distance: 3, path: ['a', 'b', 'c'] },
      { name: 'd', distance: 4.5, path: ['a', 'b', 'c', 'd'] },
    ])
    expect(
      await rows(
        "CALL algo.spanningTree({types: 'KNOWS', weight: 'w'}) YIELD relationship, weight RETURN relationship.w AS w ORDER BY w",
      ),
    ).toEqual([{ w: 1 }, { w: 1 }, { w: 1.5 }])
    await expect(rows('CALL algo.wcc() YIELD node RETURN node')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })
})
