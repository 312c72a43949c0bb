import { modelConformanceSuite } from '@sheafdb/core/testing'
import { describe, test } from 'vitest'
import { rdf } from '../../src/index.ts'

const ENTRIES = 'SELECT ?number WHERE { ?thing <http://example.org/number> ?number }'

modelConformanceSuite(
  { describe, test },
  {
    model: rdf,
    write: (api, collection, entry) =>
      api(collection).update(
        `INSERT DATA { <http://example.org/${entry}> <http://example.org/number> ${entry} ; <http://example.org/state> "new" }`,
      ),
    overwrite: (api, collection, entry) =>
      api(collection).update(
        `DELETE { ?s <http://example.org/state> ?old } INSERT { ?s <http://example.org/state> ?new }
         WHERE { ?s <http://example.org/number> ${entry} ; <http://example.org/state> ?old BIND(CONCAT(?old, "x") AS ?new) }`,
      ),
    query: (api, collection) => api(collection).query(ENTRIES) as never,
    read: async (api, collection) => {
      const rows = await api(collection).query(ENTRIES).rows()
      return rows.map((row) => Number(row.number?.value))
    },
  },
)
