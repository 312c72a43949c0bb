import { modelConformanceSuite } from '@sheafdb/core/testing'
import { describe, test } from 'vitest'
import { document } from '../../src/index.ts'

modelConformanceSuite(
  { describe, test },
  {
    model: document,
    write: (api, collection, entry) => api(collection).insertOne({ _id: entry, state: 'new' }),
    overwrite: (api, collection, entry) =>
      api(collection).updateOne({ _id: entry }, { $set: { state: 'changed' }, $inc: { count: 1 } }),
    query: (api, collection) => api(collection).find({}),
    read: async (api, collection) => {
      const rows = await api(collection).find({}).rows()
      return rows.map((row) => Number(row._id))
    },
  },
)
