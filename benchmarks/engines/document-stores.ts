import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore, type Store } from '@sheafdb/core'
import { type DocumentApi, document } from '@sheafdb/document'
import { createNodeEngines } from '@surrealdb/node'
import { Surreal } from 'surrealdb'
import { type Department, type Person, writeLines } from '../workloads/document-data.ts'
import { openDuckDB } from './duckdb.ts'

/** Is a store with documents. */
export type DocumentStore = Store & { readonly document: DocumentApi }

/** Holds the documents that all engines are given. */
export type Dataset = { readonly people: readonly Person[]; readonly departments: readonly Department[] }

/** Opens a store and fills it; its documents are in segments then. */
export async function openSheaf(folder: string, { people, departments }: Dataset): Promise<DocumentStore> {
  const path = join(folder, 'documents.sheaf')
  const store = (await openStore(path, { models: [document()] })) as unknown as DocumentStore
  await store.document('people').insertMany(people as readonly object[] as Record<string, unknown>[])
  await store
    .document('departments')
    .insertMany(departments as readonly object[] as Record<string, unknown>[])
  await store.compact()
  return store
}

/** Opens SQLite on a file, each commit synced. */
export function openSqlite(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -400000')
  return database
}

/** Makes a table of JSONB documents by id and fills it in one transaction. */
export function fillSqlite(
  database: DatabaseSync,
  table: string,
  documents: readonly { readonly _id: number }[],
): void {
  database.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, doc BLOB)`)
  const insert = database.prepare(`INSERT INTO ${table} VALUES (?, jsonb(?))`)
  database.exec('BEGIN')
  for (const item of documents) insert.run(item._id, JSON.stringify(item))
  database.exec('COMMIT')
}

/** Opens SQLite with both collections as JSONB. */
export function sqliteDocuments(folder: string, dataset: Dataset, name = 'documents'): DatabaseSync {
  const database = openSqlite(join(folder, `${name}.sqlite`))
  fillSqlite(database, 'people', dataset.people)
  fillSqlite(database, 'departments', dataset.departments)
  return database
}

/** The columns of people where DuckDB is given their types. */
const TYPED = `{ _id: 'INTEGER', name: 'VARCHAR', age: 'INTEGER',
  address: 'STRUCT(city VARCHAR, zip VARCHAR, geo STRUCT(lat DOUBLE, lon DOUBLE))', tags: 'VARCHAR[]',
  department: 'INTEGER', balance: 'DOUBLE', mixed: 'JSON', scores: 'STRUCT(subject VARCHAR, points INTEGER)[]' }`

/** Opens DuckDB with `people` as typed structs, `people_json` as JSON, and `departments`. */
export async function duckDocuments(
  folder: string,
  { people, departments }: Dataset,
): Promise<Awaited<ReturnType<typeof openDuckDB>>> {
  const connection = await openDuckDB(2)
  const [peopleFile, departmentsFile] = [join(folder, 'people.ndjson'), join(folder, 'departments.ndjson')]
  await writeLines(peopleFile, people)
  await writeLines(departmentsFile, departments)
  await connection.run(
    `CREATE TABLE people AS SELECT * FROM read_json('${peopleFile}', format = 'newline_delimited', columns = ${TYPED})`,
  )
  await connection.run(
    `CREATE TABLE people_json AS SELECT json AS doc FROM read_ndjson_objects('${peopleFile}')`,
  )
  await connection.run(`CREATE TABLE departments AS SELECT * FROM read_json('${departmentsFile}')`)
  await rm(peopleFile)
  await rm(departmentsFile)
  return connection
}

const SURREAL_BATCH = 10_000

/** Puts documents into a table of SurrealDB, their `_id` as its `id`. */
export async function fillSurreal(
  database: Surreal,
  table: string,
  documents: readonly { readonly _id: number }[],
): Promise<void> {
  for (let at = 0; at < documents.length; at += SURREAL_BATCH) {
    const batch = documents.slice(at, at + SURREAL_BATCH).map((item) => ({ ...item, id: item._id }))
    await database.query(`INSERT INTO ${table} $batch RETURN NONE`, { batch })
  }
}

/** Opens SurrealDB embedded, on files. */
export async function openSurreal(folder: string): Promise<Surreal> {
  const database = new Surreal({ engines: createNodeEngines() })
  await database.connect(`surrealkv://${join(folder, 'documents.surreal')}`)
  await database.use({ namespace: 'bench', database: 'bench' })
  return database
}

/** Opens SurrealDB with both collections. */
export async function surrealDocuments(folder: string, dataset: Dataset): Promise<Surreal> {
  const database = await openSurreal(folder)
  await fillSurreal(database, 'people', dataset.people)
  await fillSurreal(database, 'departments', dataset.departments)
  return database
}
