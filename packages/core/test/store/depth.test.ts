import { expect, test } from 'vitest'
import { col } from '../../src/expression/unbound.ts'
import { openStore } from '../../src/store.ts'

test('a query of too many steps, or too deep an expression, is refused and no stack overflows', async () => {
  const store = await openStore(':memory:', { models: [] })
  const rows = store.from([{ a: 1 }, { a: 2 }, { a: 3 }])
  const chain = (count: number) => {
    let query = rows
    for (let step = 0; step < count; step += 1) query = query.filter(col('a').gt(1))
    return query.count()
  }
  expect(await chain(1500)).toBe(2)
  await expect(async () => chain(50_000)).rejects.toMatchObject({ code: 'LIMIT' })
  const sum = async (count: number) => {
    let value = col('a')
    for (let step = 0; step < count; step += 1) value = value.add(1)
    return rows.limit(1).select({ value }).first()
  }
  expect(await sum(900)).toEqual({ value: 901 })
  await expect(sum(50_000)).rejects.toMatchObject({ code: 'LIMIT' })
  await store.close()
})
