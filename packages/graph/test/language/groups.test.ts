import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Graph, type GraphApi, graph } from '../../src/index.ts'

let store: Store & { graph: GraphApi }
let g: Graph

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
  g = store.graph('g')
  // 0 -R-> 1 -R-> 2 -R-> 3, and back from 3 to 0; 1 -S-> 4 -R-> 2.
  await g.run(
    `CREATE (a:N {id: 0}), (b:N:M {id: 1}), (c:N {id: 2}), (d:N {id: 3}), (e:N {id: 4}),
     (a)-[:R {w: 1}]->(b), (b)-[:R {w: 2}]->(c), (c)-[:R {w: 3}]->(d), (d)-[:R {w: 4}]->(a),
     (b)-[:S {w: 5}]->(e), (e)-[:R {w: 6}]->(c)`,
  )
})

afterEach(() => store.close())

const rows = async (text: string): Promise<unknown[][]> =>
  (await g.query(text).rows()).map((row) => Object.values(row))

describe('quantified path patterns', () => {
  it('give what a relationship of variable length gives', async () => {
    for (const [quantifier, range] of [
      ['{1,3}', '*1..3'],
      ['+', '*'],
      ['{2}', '*2'],
      ['{0,2}', '*0..2'],
      ['*', '*0..'],
      ['{,2}', '*0..2'],
    ] as const) {
      const expected = await rows(
        `MATCH p = (a {id: 0})-[r:R${range}]->(b) RETURN length(p), b.id, size(r) ORDER BY length(p)`,
      )
      // The condition keeps the pattern from being read as a plain range.
      const text = `MATCH p = (a {id: 0})((x)-[r:R]->(y) WHERE x.id >= 0)${quantifier}(b) RETURN length(p), b.id, size(r) ORDER BY length(p)`
      expect(await rows(text), quantifier).toEqual(expected)
      expect(
        await rows(
          `MATCH p = (a {id: 0})(()-[r:R]->())${quantifier}(b) RETURN length(p), b.id, size(r) ORDER BY length(p)`,
        ),
      ).toEqual(expected)
      expect(
        await rows(
          `MATCH p = (a {id: 0})-[r:R]->${quantifier}(b) RETURN length(p), b.id, size(r) ORDER BY length(p)`,
        ),
      ).toEqual(expected)
    }
  })

  it('repeat several relationships, and bind lists in order', async () => {
    expect(
      await rows(
        `MATCH p = (a {id: 0})((x)-[r:R]->(y)-[s:R]->(z)){1,2}(b)
         RETURN [n IN x | n.id], [n IN y | n.id], [n IN z | n.id], [e IN r | e.w], [e IN s | e.w], b.id,
                [n IN nodes(p) | n.id], [e IN relationships(p) | e.w] ORDER BY length(p)`,
      ),
    ).toEqual([
      [[0], [1], [2], [1], [2], 2, [0, 1, 2], [1, 2]],
      [[0, 2], [1, 3], [2, 0], [1, 3], [2, 4], 0, [0, 1, 2, 3, 0], [1, 2, 3, 4]],
    ])
  })

  it('apply what stands inside at each repetition, with names from outside', async () => {
    expect(
      await rows(
        'MATCH (m:M) MATCH (a {id: 0})((x)-[r]->(y:N) WHERE r.w < m.id + 4)+(b) RETURN b.id ORDER BY b.id',
      ),
    ).toEqual([[0], [1], [2], [3]])
    expect(await rows(`MATCH (a {id: 0})((x)-[r:R {w: 1}]->(y)){1,3}(b) RETURN b.id`)).toEqual([[1]])
  })

  it('stand beside each other and beside plain hops, and share no relationship', async () => {
    expect(
      await rows(
        'MATCH (a {id: 0})-[:R]->(m)((x)-[:S]->(y)){1}((u)-[:R]->(v)){1,2}(b) RETURN m.id, [n IN y | n.id], [n IN v | n.id], b.id ORDER BY b.id',
      ),
    ).toEqual([
      [1, [4], [2], 2],
      [1, [4], [2, 3], 3],
    ])
    expect(await rows('MATCH ((x:M)-[:R]->(y)){1,2} RETURN [n IN y | n.id]')).toEqual([[[2]]])
    // Around the circle and no further: no relationship comes twice.
    expect(await rows('MATCH (a {id: 0})((x)-[:R]->(y) WHERE true)+(a) RETURN size(x)')).toEqual([[4]])
  })

  it('say what they cannot do', async () => {
    await expect(rows('MATCH ((a)((x)-->(y))+(b))+ RETURN 1')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(
      rows('MATCH REPEATABLE ELEMENTS (a)((x)-[r]->(y) WHERE true)+(b) RETURN 1'),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('SHORTEST k', () => {
  beforeEach(async () => {
    await g.run(
      `MATCH (a {id: 0}), (b {id: 1}), (c {id: 2}) CREATE (a)-[:R {w: 7}]->(c), (a)-[:R {w: 8}]->(b)`,
    )
  })

  const lengths = async (selector: string): Promise<unknown[]> =>
    (
      await rows(`MATCH p = ${selector} (a {id: 0})-[:R]->+(b {id: 2}) RETURN length(p) AS n ORDER BY n`)
    ).flat()

  it('gives so many trails, shortest first, each once', async () => {
    // One of 1, two of 2 hops; once around and back: 0-2-3-0-1-2 twice.
    const all = (
      await rows('MATCH p = (a {id: 0})-[:R*]->(b {id: 2}) RETURN length(p) AS n ORDER BY n')
    ).flat()
    for (const k of [1, 2, 3, 4, 100]) expect(await lengths(`SHORTEST ${k}`), `${k}`).toEqual(all.slice(0, k))
    expect(await lengths('ANY 2')).toEqual(all.slice(0, 2))
    expect(await lengths('SHORTEST 1 GROUPS')).toEqual(all.filter((n) => n === 1))
    expect(await lengths('SHORTEST 2 PATH GROUPS')).toEqual(all.filter((n) => (n as number) <= 2))
    const paths = await rows(
      'MATCH p = SHORTEST 100 (a {id: 0})-[:R]->+(b {id: 2}) RETURN [r IN relationships(p) | r.w] AS w',
    )
    expect(new Set(paths.map((row) => JSON.stringify(row))).size).toBe(all.length)
  })

  it('counts for each pair of ends', async () => {
    const every = await rows(
      'MATCH p = (a {id: 0})-[:R*1..4]->(b) WITH b.id AS id, count(*) AS n RETURN id, CASE WHEN n > 2 THEN 2 ELSE n END AS n ORDER BY id',
    )
    expect(
      await rows(
        'MATCH p = SHORTEST 2 (a {id: 0})-[:R]->{1,4}(b) RETURN b.id AS id, count(*) AS n ORDER BY id',
      ),
    ).toEqual(every)
    await expect(rows('MATCH p = SHORTEST 0 (a)-[:R]->+(b) RETURN p')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })
})
