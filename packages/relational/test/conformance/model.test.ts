import { modelConformanceSuite } from '@sheafdb/core/testing'
import { describe, test } from 'vitest'
import { relational } from '../../src/index.ts'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

modelConformanceSuite(
  { describe, test },
  {
    model: relational,
    write: async (api, collection, entry) => {
      await api.run(
        `CREATE TABLE IF NOT EXISTS ${quoted(collection)} (number INTEGER PRIMARY KEY, state TEXT)`,
      )
      await api.run(`INSERT INTO ${quoted(collection)} VALUES ($1, 'new')`, [entry])
    },
    overwrite: (api, collection, entry) =>
      api.run(`UPDATE ${quoted(collection)} SET state = state || 'x' WHERE number = $1`, [entry]),
    query: (api, collection) => api.query(`SELECT number, state FROM ${quoted(collection)}`),
    read: async (api, collection) => {
      if (!api.list().includes(collection)) return []
      const rows = await api.query(`SELECT number FROM ${quoted(collection)}`).rows()
      return rows.map((row) => Number(row.number))
    },
  },
)
