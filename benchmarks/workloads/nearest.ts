import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { tensor } from '@sheafdb/tensor'
import type { Workload } from '../src/workload.ts'
import { seededRandom } from './flights-data.ts'

const COUNT = 20_000
const DIMENSIONS = 768
const K = 10

const require = createRequire(import.meta.url)

/** Finds the exact nearest of 20,000 vectors, against usearch's exact search. */
export const nearestExact: Workload = {
  name: 'nearest',
  title: 'exact nearest of 20,000 x 768 float32, top 10 by cosine',
  asked: {
    text: "within 1.5 times usearch's exactSearch",
    reached: (medians) =>
      (medians.get('Sheaf') as number) <= 1.5 * (medians.get('usearch exactSearch') as number),
  },
  runs: 25,
  warmups: 5,
  async prepare(folder) {
    const random = seededRandom(11)
    const data = Float32Array.from({ length: COUNT * DIMENSIONS }, () => random() - 0.5)
    const query = Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5)
    const store = await openStore(join(folder, 'vectors.sheaf'), { models: [tensor()] })
    const vectors = store.tensor('vectors', { dtype: 'float32', shape: [DIMENSIONS], metric: 'cosine' })
    await vectors.putMany(
      Array.from({ length: COUNT }, (_, id) => ({
        id,
        values: data.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS),
      })),
    )
    const { exactSearch, MetricKind } = require('usearch') as typeof import('usearch')
    return [
      {
        engine: 'Sheaf',
        run: async () =>
          (await vectors.nearest(query, { k: K, exact: true }).rows()).map((row) =>
            Number((row as { id: unknown }).id),
          ),
        close: () => store.close(),
      },
      {
        engine: 'usearch exactSearch',
        run: () => Array.from(exactSearch(data, query, DIMENSIONS, K, MetricKind.Cos, 2).keys, Number),
      },
    ]
  },
}
