import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Graph, graph } from '../../src/index.ts'

let store: Store<readonly [ReturnType<typeof graph>]>
let g: Graph

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
  g = store.graph('g')
  await g.addNodes(
    'N',
    Array.from({ length: 8 }, (_, id) => ({ id })),
  )
  await g.addEdges(
    'R',
    Array.from({ length: 7 }, (_, at) => ({ s: at, t: at + 1 })),
    { source: 's', target: 't' },
  )
})

afterEach(() => store.close())

describe('shared parts of a plan', () => {
  it('give the same rows in every place, through a long chain of optional matches', async () => {
    const hops = Array.from({ length: 8 }, (_, at) => `OPTIONAL MATCH (a${at})-[:R]->(a${at + 1})`).join(' ')
    const rows = await g.query(`MATCH (a0 {id: 3}) ${hops} RETURN a4.id AS x, a5.id AS y, a8 AS z`).rows()
    expect(rows).toEqual([{ x: 7, y: null, z: null }])
  })

  it('stay apart where one query stands twice with other parameters', async () => {
    const text =
      'MATCH (a {id: $x})-[:R]->(b) OPTIONAL MATCH (b)-[:R]->(c) RETURN a.id AS a, b AS b, c.id AS c'
    const [one, two] = [g.query(text, { x: 1 }), g.query(text, { x: 6 })]
    const shown = (await one.union(two).rows()).map(({ a, c }) => [a, c])
    expect(shown).toEqual([
      [1, 3],
      [6, null],
    ])
    expect((await one.join(one, { on: 'a' }).rows()).map(({ c, c_right: again }) => [c, again])).toEqual([
      [3, 3],
    ])
  })

  it('run once, and hold no more columns than are read', async () => {
    const text = await g
      .query('MATCH (a)-[:R]->(b) OPTIONAL MATCH (b)-[:R]->(c) RETURN count(c) AS n')
      .explain({ analyze: true })
    const ran = text.slice(text.indexOf('optimized plan'))
    expect(ran.match(/extension graph\.share .*7 rows/g)).toHaveLength(2)
    expect(ran.match(/read 8 rows/g)).toHaveLength(1)
    expect(ran).not.toContain('properties')
  })
})
