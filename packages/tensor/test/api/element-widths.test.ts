import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBrain, fromHalf, type Metric, openStore, toBrain, toHalf } from '@sheafdb/core'
import { tableFromIPC } from 'apache-arrow'
import { afterAll, expect, test } from 'vitest'
import { type DType, tensor } from '../../src/index.ts'

const work = mkdtempSync(join(tmpdir(), 'sheaf-widths-'))
afterAll(() => rmSync(work, { recursive: true }))

const METRICS: readonly Metric[] = ['cosine', 'l2', 'dot', 'l1', 'hamming', 'jaccard']
const SIZE = 64
const COUNT = 400

function vectorsOf(dtype: DType): number[][] {
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32
  }
  const isWhole = !dtype.includes('float')
  return Array.from({ length: COUNT }, () =>
    Array.from({ length: SIZE }, () => {
      if (dtype === 'bool') return Number(random() < 0.4)
      const value = random() * 8 - (dtype.startsWith('u') ? 0 : 4)
      if (dtype === 'float16') return fromHalf(toHalf(value))
      if (dtype === 'bfloat16') return fromBrain(toBrain(value))
      return isWhole ? Math.trunc(value * 15) || 0 : Math.fround(value)
    }),
  )
}

function distance(metric: Metric, a: readonly number[], b: readonly number[]): number {
  const sum = (term: (x: number, y: number) => number) =>
    a.reduce((total, x, at) => total + term(x, b[at] as number), 0)
  if (metric === 'l2') return Math.sqrt(sum((x, y) => (x - y) ** 2))
  if (metric === 'dot') return 1 - sum((x, y) => x * y)
  if (metric === 'l1') return sum((x, y) => Math.abs(x - y))
  if (metric === 'hamming') return sum((x, y) => Number(x !== y))
  if (metric === 'jaccard')
    return 1 - sum((x, y) => Number(x !== 0 && y !== 0)) / sum((x, y) => Number(x !== 0 || y !== 0))
  return 1 - sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y))
}

test.each([
  ['float32', 4],
  ['float16', 2],
  ['bfloat16', 2],
  ['int8', 1],
  ['uint8', 1],
  ['bool', 1 / 8],
  ['float64', 8],
  ['int64', 1],
] as const)(
  'vectors of %s are found by each metric, kept in %d bytes an element, and come back',
  async (dtype, bytes) => {
    const path = join(work, `${dtype}.sheaf`)
    const vectors = vectorsOf(dtype)
    let store = await openStore(path, { models: [tensor()] })
    const made = store.tensor('v', { dtype, shape: [SIZE] })
    const isWide = dtype === 'int64'
    await made.putMany(vectors.map((values, id) => ({ id, values: isWide ? values.map(BigInt) : values })))
    const query = vectors[17] as number[]
    for (const round of ['in memory', 'from disk']) {
      const collection = store.tensor('v')
      for (const metric of METRICS) {
        const rows = await collection.nearest(query, { k: 5, metric }).rows()
        const expected = vectors.map((vector) => distance(metric, vector, query)).sort((a, b) => a - b)
        rows.forEach((row, at) => {
          expect(row.distance, `${metric} ${round}`).toBeCloseTo(expected[at] as number, 5)
        })
        expect(rows.length).toBe(5)
      }
      expect(Array.from((await collection.get(17))?.values as ArrayLike<number>, Number)).toEqual(query)
      expect(Array.from((await collection.slice('17, 3:9')).values as ArrayLike<number>, Number)).toEqual(
        query.slice(3, 9),
      )
      if (round === 'from disk') break
      await store.compact()
      await store.close()
      store = await openStore(path, { models: [tensor()] })
    }
    await store.close()
    const files = readdirSync(join(path, 'segments'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.arrow'))
      .map((entry) => join(entry.parentPath, entry.name))
    const largest = Math.max(...files.map((file) => statSync(file).size))
    expect(largest).toBeLessThan(COUNT * SIZE * bytes + 16_384 + COUNT * 40)
  },
)

test('other readers of Arrow see float16 as float16, in results too', async () => {
  const store = await openStore(':memory:', { models: [tensor()] })
  await store.tensor('h', { dtype: 'float16', shape: [2] }).put('a', [0.5, -3])
  const table = tableFromIPC(await store.from('h').ipc())
  expect(String(table.schema.fields.find((field) => field.name === 'values')?.type)).toBe(
    'FixedSizeList[2]<Float16>',
  )
  expect(Array.from(table.getChild('values')?.get(0))).toEqual([0.5, -3])
  await store.close()
})
