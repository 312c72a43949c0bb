import { openStore, type Store } from '@sheafdb/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Graph, graph } from '../../src/index.ts'
import { endLabels, withoutLabels } from '../../src/layout/ends.ts'

let store: Store<readonly [ReturnType<typeof graph>]>
let g: Graph

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
  g = store.graph('g')
})

afterEach(() => store.close())

const COUNT = 'MATCH (a:A)-[:R]->(b:B) RETURN count(*) AS n'
const count = async (): Promise<unknown> => (await g.query(COUNT).first())?.n
const checksTarget = async (): Promise<boolean> => (await g.query(COUNT).explain()).includes("'B'")

describe('labels of the ends of edges', () => {
  it('are not asked for where the edge type says them', async () => {
    await g.addNodes('A', [{ id: 1 }, { id: 2 }])
    await g.addNodes('B', [{ id: 3 }])
    await g.addEdges('R', [{ s: 1, t: 3 }], { source: ['A', 's'], target: ['B', 't'] })
    expect([await checksTarget(), await count()]).toEqual([false, 1])
    await g.run('MATCH (a:A {id: 2}), (b:B) CREATE (a)-[:R]->(b)')
    expect([await checksTarget(), await count()]).toEqual([false, 2])
  })

  it('are asked for again once an edge leads elsewhere, or a node loses the label', async () => {
    await g.run('CREATE (:A)-[:R]->(:B)')
    expect(await checksTarget()).toBe(false)
    await g.run('MATCH (a:A) CREATE (a)-[:R]->(:C)')
    expect([await checksTarget(), await count()]).toEqual([true, 1])
    await g.run('CREATE (:A)-[:S]->(:B)')
    const other = g.query('MATCH (:A)-[:S]->(b:B) RETURN count(*) AS n')
    const built = other.limit(5)
    expect((await built.first())?.n).toBe(1)
    await g.run('MATCH (b:B) REMOVE b:B')
    expect((await other.first())?.n).toBe(0)
    expect((await built.first())?.n).toBe(0)
  })

  it('lets only one of two transactions commit where one takes a label away that the other counts on', async () => {
    await g.run('CREATE (:A), (:B)')
    let committed = 0
    const first = store.transaction(async (tx) => {
      await tx.graph('g').run('MATCH (a:A), (b:B) CREATE (a)-[:R]->(b)')
      const second = store.transaction((other) => other.graph('g').run('MATCH (b:B) REMOVE b:B'))
      await second.then(() => {
        committed += 1
      })
    })
    await first.then(
      () => {
        committed += 1
      },
      (error: { code: string }) => expect(error.code).toBe('CONFLICT'),
    )
    expect(committed).toBe(1)
    expect(await count()).toBe(0)
  })

  it('never change what a query gives, whatever is written', async () => {
    const labels = fc.subarray(['A', 'B'])
    const step = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), from: labels, to: labels }),
      fc.record({ kind: fc.constant('add' as const), label: fc.constantFrom('A', 'B') }),
      fc.record({ kind: fc.constant('remove' as const), label: fc.constantFrom('A', 'B') }),
      fc.record({ kind: fc.constant('join' as const) }),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        run += 1
        const h = store.graph(`h${run}`)
        for (const one of steps) {
          const text = (list: readonly string[]): string => list.map((label) => `:${label}`).join('')
          if (one.kind === 'create') await h.run(`CREATE (${text(one.from)})-[:R]->(${text(one.to)})`)
          else if (one.kind === 'add')
            await h.run(`MATCH (n) WITH n ORDER BY id(n) LIMIT 1 SET n:${one.label}`)
          else if (one.kind === 'remove')
            await h.run(`MATCH (n) WITH n ORDER BY id(n) DESC LIMIT 1 REMOVE n:${one.label}`)
          else
            await h.run(
              'MATCH (n) WITH n ORDER BY id(n) LIMIT 1 MATCH (m) WITH n, m ORDER BY id(m) DESC LIMIT 1 CREATE (n)-[:R]->(m)',
            )
          for (const [pattern, test] of [
            ['(a)-[:R]->(b:B)', "'B' IN labels(b)"],
            ['(a)<-[:R]-(b:A)', "'A' IN labels(b)"],
            ['(a)-[:R]-(b:A:B)', "'A' IN labels(b) AND 'B' IN labels(b)"],
            ['(a)-[:R*1..2]->(b:B)', "'B' IN labels(b)"],
          ] as const) {
            const bare = pattern.replace(/\(b[:AB]+\)/, '(b)')
            const [short] = await h.query(`MATCH ${pattern} RETURN count(*) AS n`).rows()
            const [long] = await h.query(`MATCH ${bare} WHERE ${test} RETURN count(*) AS n`).rows()
            expect(short).toEqual(long)
          }
        }
        if (store.graph.list().includes(`h${run}`)) await store.graph.drop(`h${run}`)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('shrink: a type of several ends, or a label that went, says nothing', () => {
    const ends = [[['A', 'B'], ['B']], [['A'], ['B', 'C']], null] as const
    expect(endLabels(ends, [0, 1], 'out')).toEqual(['B'])
    expect(endLabels(ends, [0, 1], 'in')).toEqual(['A'])
    expect(endLabels(ends, [0], 'both')).toEqual(['B'])
    expect(endLabels(ends, [0, 2], 'out')).toEqual([])
    expect(endLabels(withoutLabels(ends, new Set(['B'])), [0], 'out')).toEqual([])
  })
})
