import { modelConformanceSuite } from '@sheafdb/core/testing'
import { describe, test } from 'vitest'
import { graph } from '../../src/index.ts'

modelConformanceSuite(
  { describe, test },
  {
    model: graph,
    write: (api, collection, entry) => api(collection).run('CREATE (:Thing {number: $entry})', { entry }),
    overwrite: (api, collection, entry) =>
      api(collection).run('MATCH (t:Thing {number: $entry}) SET t.count = coalesce(t.count, 0) + 1', {
        entry,
      }),
    query: (api, collection) => api(collection).query('MATCH (t:Thing) RETURN t.number AS number'),
    read: async (api, collection) => {
      const rows = await api(collection).query('MATCH (t:Thing) RETURN t.number AS number').rows()
      return rows.map((row) => Number(row.number))
    },
  },
)
