import { modelConformanceSuite } from '@sheafdb/core/testing'
import { describe, test } from 'vitest'
import { kv } from '../../src/index.ts'

modelConformanceSuite(
  { describe, test },
  {
    model: kv,
    write: (api, collection, entry) => api(collection).put(entry, 'value'),
    overwrite: (api, collection, entry) => api(collection).put(entry, 'other'),
    query: (api, collection) => api(collection).range(),
    read: async (api, collection) => {
      const rows = await api<string>(collection).range().rows()
      return rows.map((row) => Number(row.key))
    },
  },
)
