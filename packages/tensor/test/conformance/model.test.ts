import { modelConformanceSuite } from '@sheafdb/core/testing'
import { describe, test } from 'vitest'
import { type TensorApi, tensor } from '../../src/index.ts'

const open = (api: TensorApi, collection: string) =>
  api(collection, { dtype: 'float32', shape: [2], metric: 'l2' })

modelConformanceSuite(
  { describe, test },
  {
    model: tensor,
    write: (api, collection, entry) => open(api, collection).put(entry, [entry, 1]),
    overwrite: (api, collection, entry) => open(api, collection).put(entry, [entry, 2]),
    query: (api, collection) => open(api, collection).nearest([0, 0], { k: 100 }),
    read: async (api, collection) => {
      if (!api.list().includes(collection)) return []
      const rows = await open(api, collection).nearest([0, 0], { k: 100 }).rows()
      return rows.map((row) => Number(row.id))
    },
  },
)
