import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import {
  type DocumentStore,
  fillSqlite,
  fillSurreal,
  openSheaf,
  openSqlite,
  openSurreal,
  sqliteDocuments,
} from '../engines/document-stores.ts'
import type { Workload } from '../src/workload.ts'
import { makeDepartments, makePeople, PEOPLE } from './document-data.ts'

type Documents = Record<string, unknown>[]

/** Inserts all documents durably. */
export const documentInsert: Workload = {
  name: 'document-insert',
  title: 'insertMany of 200 K documents, durable',
  asked: {
    text: 'level with the best of SQLite JSONB and SurrealDB',
    reached: (medians) =>
      (medians.get('Sheaf') as number) <=
      1.1 * Math.min(medians.get('SQLite JSONB') as number, medians.get('SurrealDB') as number),
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const people = makePeople()
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit',
        run: async () => {
          const path = join(folder, 'insert.sheaf')
          await rm(path, { recursive: true, force: true })
          const store = (await openStore(path, { models: [document()] })) as unknown as DocumentStore
          await store.document('people').insertMany(people as readonly object[] as Documents)
          await store.close()
          return PEOPLE
        },
      },
      {
        engine: 'SQLite JSONB',
        mode: 'WAL, synchronous FULL, one transaction',
        run: async () => {
          const path = join(folder, 'insert.sqlite')
          for (const ending of ['', '-wal', '-shm']) await rm(path + ending, { force: true })
          const database = openSqlite(path)
          fillSqlite(database, 'people', people)
          database.close()
          return PEOPLE
        },
      },
      {
        engine: 'SurrealDB',
        mode: 'surrealkv, transactions of 10,000',
        run: async () => {
          await rm(join(folder, 'documents.surreal'), { recursive: true, force: true })
          const database = await openSurreal(folder)
          await fillSurreal(database, 'people', people)
          await database.close()
          return PEOPLE
        },
      },
    ]
  },
}

const LOOKUPS = 1000
const keys = Array.from({ length: LOOKUPS }, (_, at) => (at * 7919) % PEOPLE)

/** Finds a thousand documents by their key. */
export const documentById: Workload = {
  name: 'document-by-id',
  title: `find by _id, repeated (${LOOKUPS} lookups), 200 K documents`,
  asked: {
    text: "SQLite's speed",
    reached: (medians) => (medians.get('Sheaf') as number) <= 1.1 * (medians.get('SQLite JSONB') as number),
  },
  runs: 15,
  warmups: 5,
  async prepare(folder) {
    const dataset = { people: makePeople(), departments: makeDepartments() }
    const store = await openSheaf(folder, dataset)
    const people = store.document('people')
    const sqlite = sqliteDocuments(folder, dataset)
    const statement = sqlite.prepare('SELECT json(doc) AS doc FROM people WHERE id = ?')
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          let total = 0
          for (const key of keys) total += (await people.findOne({ _id: key }))?.age as number
          return total
        },
        close: () => store.close(),
      },
      {
        engine: 'Sheaf, find().rows()',
        run: async () => {
          let total = 0
          for (const key of keys) total += (await people.find({ _id: key }).rows())[0]?.age as number
          return total
        },
      },
      {
        engine: 'SQLite JSONB',
        run: () => {
          let total = 0
          for (const key of keys)
            total += (JSON.parse((statement.get(key) as { doc: string }).doc) as { age: number }).age
          return total
        },
        close: () => sqlite.close(),
      },
    ]
  },
}

const UPDATES = 1000

/** Updates a thousand documents, each durably. */
export const documentUpdate: Workload = {
  name: 'document-update',
  title: `updateOne x ${UPDATES}, each durable, asked together`,
  asked: {
    text: '5 times the best of SQLite JSONB and SurrealDB',
    reached: (medians) =>
      5 * (medians.get('Sheaf') as number) <=
      Math.min(medians.get('SQLite JSONB') as number, medians.get('SurrealDB') as number),
  },
  runs: 5,
  warmups: 1,
  async prepare(folder) {
    const dataset = { people: makePeople(), departments: makeDepartments() }
    const store = await openSheaf(folder, dataset)
    const people = store.document('people')
    const sqlite = sqliteDocuments(folder, dataset)
    const statement = sqlite.prepare(
      "UPDATE people SET doc = jsonb_set(doc, '$.age', (doc ->> '$.age') + 1) WHERE id = ?",
    )
    const surreal = await openSurreal(folder)
    await fillSurreal(surreal, 'people', dataset.people)
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit',
        run: async () => {
          const updates = keys.map((key) => people.updateOne({ _id: key }, { $inc: { age: 1 } }))
          return (await Promise.all(updates)).reduce((sum, { modifiedCount }) => sum + modifiedCount, 0)
        },
        close: () => store.close(),
      },
      {
        engine: 'SQLite JSONB',
        mode: 'WAL, synchronous FULL',
        run: () => keys.reduce((sum, key) => sum + Number(statement.run(key).changes), 0),
        close: () => sqlite.close(),
      },
      {
        engine: 'SurrealDB',
        mode: 'surrealkv',
        run: async () => {
          const updates = keys.map((key) => surreal.query(`UPDATE people:${key} SET age += 1 RETURN NONE`))
          return (await Promise.all(updates)).length
        },
        close: async () => {
          await surreal.close()
        },
      },
    ]
  },
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  )
  return sizes.reduce((total, size) => total + size, 0)
}

const sizes = { store: 0, json: 1 }

/** Measures the bytes on disk. */
export const documentSize: Workload = {
  name: 'document-size',
  title: 'bytes on disk of 200 K documents against their JSON',
  asked: { text: 'under 50 %', reached: () => sizes.store < 0.5 * sizes.json },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const people = makePeople()
    const store = await openSheaf(folder, { people, departments: makeDepartments() })
    await store.close()
    sizes.store = await folderBytes(join(folder, 'documents.sheaf'))
    sizes.json = people.reduce((sum, item) => sum + JSON.stringify(item).length + 1, 0)
    return [{ engine: 'Sheaf', run: () => folderBytes(folder).then((bytes) => bytes > 0) }]
  },
  figures: () => ({
    'the store on disk, a document': `${(sizes.store / PEOPLE).toFixed(0)} bytes`,
    'the JSON text, a document': `${(sizes.json / PEOPLE).toFixed(0)} bytes`,
    ratio: `${((100 * sizes.store) / sizes.json).toFixed(0)} %`,
  }),
}

/** Scans a field of one type against one of which a tenth is of others. */
export const documentOdd: Workload = {
  name: 'document-odd',
  title: 'count over a field with 10 % odd-typed values, against none',
  asked: {
    text: 'within 1.5 times',
    reached: (medians) =>
      (medians.get('Sheaf, 10 % odd') as number) <= 1.5 * (medians.get('Sheaf') as number),
  },
  runs: 25,
  warmups: 10,
  async prepare(folder) {
    const path = join(folder, 'odd.sheaf')
    const store = (await openStore(path, { models: [document()] })) as unknown as DocumentStore
    const people = makePeople()
    const odd = (at: number): unknown => (at % 30 === 0 ? 'old' : at % 30 === 10 ? { years: 7 } : [7])
    for (const [name, special] of [['plain', () => 7] as const, ['odd', odd] as const]) {
      const documents = people.map((item, at) => (at % 10 === 0 ? { ...item, age: special(at) } : item))
      await store.document(name).insertMany(documents as unknown as Documents)
    }
    await store.compact()
    return [
      {
        engine: 'Sheaf',
        run: () => store.document('plain').countDocuments({ age: { $gt: 60 } }),
        close: () => store.close(),
      },
      {
        engine: 'Sheaf, 10 % odd',
        run: () => store.document('odd').countDocuments({ age: { $gt: 60 } }),
      },
    ]
  },
}
