import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { graph } from '../../src/index.ts'

const NODES = 5

const arrow = fc.constantFrom('-->', '<--', '--')
const hopType = fc.constantFrom('', ':R', ':S', ':R|S')

function hop(direction: string, type: string, name: string): string {
  const [left, right] = direction === '-->' ? ['-', '->'] : direction === '<--' ? ['<-', '-'] : ['-', '-']
  return `${left}[${name}${type}]${right}`
}

const edges = fc.array(
  fc.record({
    from: fc.nat(NODES - 1),
    to: fc.nat(NODES - 1),
    type: fc.constantFrom('R', 'S'),
  }),
  { maxLength: 9 },
)

const hops = fc.array(fc.tuple(arrow, hopType), { minLength: 1, maxLength: 3 })

type Row = Readonly<Record<string, number>>

function countBy(rows: readonly Row[], key: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of rows) counts[`${row[key]}`] = (counts[`${row[key]}`] ?? 0) + 1
  return counts
}

describe('counting paths without making them', () => {
  it('gives what counting the paths gives, on any small graph with loops and parallel edges', async () => {
    await fc.assert(
      fc.asyncProperty(edges, hops, fc.boolean(), async (list, steps, repeatable) => {
        const store = await openStore(':memory:', { models: [graph()] })
        try {
          const g = store.graph('g')
          await g.addNodes(
            'N',
            Array.from({ length: NODES }, (_, id) => ({ id, value: id % 2 === 0 ? id : null })),
          )
          for (const type of ['R', 'S']) {
            const rows = list.filter((edge) => edge.type === type).map(({ from, to }) => ({ from, to }))
            if (rows.length > 0) await g.addEdges(type, rows, { source: 'from', target: 'to' })
          }
          const last = `n${steps.length}`
          const pattern = steps
            .map(([direction, type], at) => `${hop(direction, type, `e${at}`)}(n${at + 1})`)
            .join('')
          const match = `MATCH ${repeatable ? 'REPEATABLE ELEMENTS ' : ''}(n0)${pattern}`
          const names = Array.from({ length: steps.length + 1 }, (_, at) => `n${at}`)
          // A list is made of every row, so no row can be merged with another.
          const [made] = await g
            .query(`${match} RETURN collect([${names.map((name) => `${name}.id`).join(', ')}]) AS rows`)
            .rows()
          const rows = ((made?.rows ?? []) as number[][]).map(
            (row): Row => Object.fromEntries(names.map((name, at) => [name, row[at] as number])),
          )
          const one = async (text: string): Promise<unknown> => (await g.query(`${match} ${text}`).first())?.x
          const grouped = async (text: string): Promise<Record<string, unknown>> =>
            Object.fromEntries((await g.query(`${match} ${text}`).rows()).map(({ k, x }) => [`${k}`, x]))
          expect(await one('RETURN count(*) AS x')).toBe(rows.length)
          expect(await one(`RETURN count(DISTINCT ${last}) AS x`)).toBe(
            new Set(rows.map((row) => row[last])).size,
          )
          expect(await one('RETURN count(DISTINCT n1) AS x')).toBe(new Set(rows.map((row) => row.n1)).size)
          expect(await one(`RETURN sum(${last}.id) AS x`)).toBe(
            rows.reduce((sum, row) => sum + (row[last] as number), 0),
          )
          expect(await one(`RETURN count(${last}.value) AS x`)).toBe(
            rows.filter((row) => (row[last] as number) % 2 === 0).length,
          )
          const mean = rows.reduce((sum, row) => sum + (row[last] as number), 0) / rows.length
          const given = await one(`RETURN avg(${last}.id) AS x`)
          if (rows.length === 0) expect(given).toBeNull()
          else expect(given).toBeCloseTo(mean, 9)
          for (const name of names)
            expect(await grouped(`RETURN ${name}.id AS k, count(*) AS x`)).toEqual(countBy(rows, name))
          expect(
            await one(
              `OPTIONAL MATCH (${last})-[:S]->(z) OPTIONAL MATCH (n0)<-[:R]-(y) RETURN count(*) AS x`,
            ),
          ).toBe(
            rows.reduce((sum, row) => {
              const out = list.filter(({ type, from }) => type === 'S' && from === row[last]).length
              const into = list.filter(({ type, to }) => type === 'R' && to === row['n0']).length
              return sum + Math.max(1, out) * Math.max(1, into)
            }, 0),
          )
          expect(await grouped(`RETURN DISTINCT ${last}.id AS k, true AS x`)).toEqual(
            Object.fromEntries(rows.map((row) => [`${row[last]}`, true])),
          )
        } finally {
          await store.close()
        }
      }),
      { numRuns: 150 },
    )
  })

  it('makes no row for a path where only counts are asked for', async () => {
    const store = await openStore(':memory:', { models: [graph()] })
    const g = store.graph('g')
    await g.addNodes(
      'N',
      Array.from({ length: 20 }, (_, id) => ({ id })),
    )
    const all = Array.from({ length: 400 }, (_, at) => ({ from: at % 20, to: Math.floor(at / 20) }))
    await g.addEdges('R', all, { source: 'from', target: 'to' })
    // 20^13 walks, which nothing could enumerate.
    const walks = `MATCH REPEATABLE ELEMENTS (a)${'-->()'.repeat(11)}`
    expect(await g.query(`${walks} RETURN count(*) AS n`).first()).toEqual({ n: 20 ** 12 })
    expect(await g.query(`${walks}-->(z) RETURN count(DISTINCT z) AS n`).first()).toEqual({ n: 20 })
    await store.close()
  })

  it('says so where there are more paths than can be counted exactly', async () => {
    const store = await openStore(':memory:', { models: [graph()] })
    const g = store.graph('g')
    await g.addNodes(
      'N',
      Array.from({ length: 20 }, (_, id) => ({ id })),
    )
    const all = Array.from({ length: 400 }, (_, at) => ({ from: at % 20, to: Math.floor(at / 20) }))
    await g.addEdges('R', all, { source: 'from', target: 'to' })
    const walks = `MATCH REPEATABLE ELEMENTS (a)${'-->()'.repeat(14)}-->(z)`
    await expect(g.query(`${walks} RETURN z.id AS id, count(*) AS n`).rows()).rejects.toMatchObject({
      code: 'OVERFLOW',
    })
    await store.close()
  })
})
