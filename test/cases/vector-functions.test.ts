import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { tensor } from '@sheafdb/tensor'
import { expect, test } from 'vitest'

test('SQL measures and slices the vectors of a collection, natively and through DuckDB alike', async () => {
  const store = await openStore(':memory:', { models: [relational(), tensor()] })
  const faces = store.tensor('faces', { dtype: 'float32', shape: [3] })
  await faces.putMany([
    { id: 1, values: [1, 0, 0] },
    { id: 2, values: [0, 1, 0.5] },
  ])
  const rows = (sql: string) => store.relational.query(sql).rows()
  const measured = `id, l2_distance(values, [1, 0, 0.5]) AS l2, l1_distance(values, [1, 0, 0.5]) AS l1,
    inner_product(values, values) AS product, hamming_distance(values, [1, 0, 0.5]) AS hamming,
    round(cosine_distance(values, [1, 0, 0]), 6) AS cosine FROM faces`
  const expected = [
    { id: 1, l2: 0.5, l1: 0.5, product: 1, hamming: 1, cosine: 0 },
    { id: 2, l2: Math.SQRT2, l1: 2, product: 1.25, hamming: 2, cosine: 1 },
  ]
  expect(await rows(`SELECT ${measured} ORDER BY id`)).toEqual(expected)
  // A sample of all rows is DuckDB's alone.
  expect(await rows(`SELECT * FROM (SELECT ${measured} USING SAMPLE 100%) ORDER BY id`)).toEqual(expected)
  expect(await rows("SELECT tensor_slice(values, '::2') AS part FROM faces WHERE values[1] > 0.5")).toEqual([
    { part: [1, 0] },
  ])
  await store.close()
})
