import type { Workload } from '../src/workload.ts'
import { indexedWorkload, readWorkload } from './document-read.ts'

type Row = Readonly<Record<string, unknown>>

/** Compares the documents found by their keys and names, in any order. */
function found(rows: readonly Row[]): unknown {
  return rows.map((row) => `${row.name}`).sort()
}

function inOrder(rows: readonly Row[]): unknown {
  return rows.map((row) => `${row.name}`)
}

/** Finds documents, whole, without an index. */
export const documentFinds: readonly Workload[] = [
  readWorkload({
    name: 'document-find-nested',
    title: 'find by nested equality, 200 of 200 K documents',
    find: { filter: { 'address.zip': 'Z77' } },
    sqlite: "SELECT json(doc) AS doc FROM people WHERE doc ->> '$.address.zip' = 'Z77'",
    duckTyped: "SELECT * FROM people WHERE address.zip = 'Z77'",
    duckJson: "SELECT doc::VARCHAR AS doc FROM people_json WHERE doc ->> '$.address.zip' = 'Z77'",
    surreal: "SELECT * FROM people WHERE address.zip = 'Z77'",
    normal: found,
    levelWithDuck: true,
  }),
  readWorkload({
    name: 'document-find-element',
    title: 'find by an element of an array, 1,000 of 200 K documents',
    find: { filter: { tags: 'tag 33' } },
    sqlite:
      "SELECT json(doc) AS doc FROM people WHERE EXISTS (SELECT 1 FROM json_each(doc, '$.tags') WHERE value = 'tag 33')",
    duckTyped: "SELECT * FROM people WHERE list_contains(tags, 'tag 33')",
    duckJson:
      "SELECT doc::VARCHAR AS doc FROM people_json WHERE list_contains((doc -> '$.tags')::VARCHAR[], 'tag 33')",
    surreal: "SELECT * FROM people WHERE tags CONTAINS 'tag 33'",
    normal: found,
    levelWithDuck: true,
  }),
  readWorkload({
    name: 'document-find-range',
    title: 'find by a range with sort and limit 20, 200 K documents',
    find: { filter: { age: { $gt: 80 } }, sort: { balance: -1, _id: 1 }, limit: 20 },
    sqlite:
      "SELECT json(doc) AS doc FROM people WHERE doc ->> '$.age' > 80 ORDER BY doc ->> '$.balance' DESC, id LIMIT 20",
    duckTyped: 'SELECT * FROM people WHERE age > 80 ORDER BY balance DESC NULLS LAST, _id LIMIT 20',
    duckJson: `SELECT doc::VARCHAR AS doc FROM people_json WHERE (doc ->> '$.age')::INTEGER > 80
      ORDER BY (doc ->> '$.balance')::DOUBLE DESC NULLS LAST, (doc ->> '$._id')::INTEGER LIMIT 20`,
    surreal: 'SELECT * FROM people WHERE age > 80 ORDER BY balance DESC, id LIMIT 20',
    normal: inOrder,
    levelWithDuck: true,
  }),
  readWorkload({
    name: 'document-find-two',
    title: 'find by two conditions, one over mixed types, 200 K documents',
    find: { filter: { mixed: { $gte: 48 }, age: { $lt: 30 } } },
    sqlite: `SELECT json(doc) AS doc FROM people
      WHERE json_type(doc, '$.mixed') = 'integer' AND doc ->> '$.mixed' >= 48 AND doc ->> '$.age' < 30`,
    duckTyped: `SELECT * FROM people WHERE TRY_CAST(mixed AS INTEGER) >= 48 AND age < 30`,
    normal: found,
    levelWithDuck: false,
  }),
  indexedWorkload({
    name: 'document-indexed-nested',
    title: 'find by nested equality with an index, 200 of 200 K documents, 100 times',
    filter: (value) => ({ 'address.zip': value }),
    values: (at) => `Z${at}`,
    key: { 'address.zip': 1 },
    sqlite: "SELECT json(doc) AS doc FROM people WHERE doc ->> '$.address.zip' = ?",
    sqliteIndex: "CREATE INDEX people_zip ON people (doc ->> '$.address.zip')",
    normal: found,
  }),
  indexedWorkload({
    name: 'document-indexed-range',
    title: 'find by a range with an index, 60 of 200 K documents, 100 times',
    filter: (value) => ({ balance: { $gte: value, $lt: Number(value) + 30 } }),
    values: (at) => at * 500,
    key: { balance: 1 },
    sqlite:
      "SELECT json(doc) AS doc FROM people WHERE doc ->> '$.balance' >= ?1 AND doc ->> '$.balance' < ?1 + 30",
    sqliteIndex: "CREATE INDEX people_balance ON people (doc ->> '$.balance')",
    normal: found,
  }),
]
