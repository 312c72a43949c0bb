import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { graph } from '../../src/index.ts'

it('reaches the same nodes as walking every path does, on any small graph', async () => {
  const store = await openStore(':memory:', { models: [graph()] })
  const node = fc.nat(5)
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(node, node), { maxLength: 9 }),
      fc.constantFrom('*', '*0..', '*1..2', '*0..3', '*..1'),
      fc.constantFrom(['-', '->'], ['<-', '-'], ['-', '-']),
      async (edges, range, [left, right]) => {
        run += 1
        const g = store.graph(`g${run}`)
        await g.addNodes(
          'N',
          Array.from({ length: 6 }, (_, id) => ({ id })),
        )
        if (edges.length > 0) {
          const rows = edges.map(([s, t]) => ({ s, t }))
          await g.addEdges('R', rows, { source: 's', target: 't' })
        }
        const pattern = `MATCH (a)${left}[:R${range}]${right}(b) WHERE a.id < 2`
        const set = await g.query(`${pattern} RETURN DISTINCT a.id AS a, b.id AS b ORDER BY a, b`).rows()
        const every = await g.query(`${pattern} RETURN a.id AS a, b.id AS b ORDER BY a, b`).rows()
        const distinct = [...new Map(every.map((row) => [JSON.stringify(row), row])).values()]
        expect(set).toEqual(distinct)
        const [counted] = await g.query(`${pattern} RETURN count(DISTINCT b) AS n`).rows()
        expect(counted?.n).toBe(new Set(every.map(({ b }) => b)).size)
        await store.graph.drop(`g${run}`)
      },
    ),
    { numRuns: 60 },
  )
  await store.close()
}, 60_000)
