import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DuckDBConnection } from '@duckdb/node-api'
import { openStore } from '@sheafdb/core'
import { type RelationalApi, relational } from '@sheafdb/relational'
import { openDuckDB } from '../../engines/duckdb.ts'

/** Is Sheaf with the relational model, durable. */
export type SheafTables = { readonly sql: RelationalApi; compact(): Promise<void>; close(): Promise<void> }

/** Opens a durable store in a folder. */
export async function openTables(folder: string): Promise<SheafTables> {
  const store = await openStore(join(folder, 'tables.sheaf'), { models: [relational()] })
  return { sql: store.relational, compact: () => store.compact(), close: () => store.close() }
}

/** Opens SQLite on a file, in WAL mode, durable. */
export function openSqlite(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, 'tables.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return database
}

/** Opens DuckDB on a file, with two threads. */
export function openDuckFile(folder: string): Promise<DuckDBConnection> {
  return openDuckDB(2, join(folder, 'tables.duckdb'))
}

/** Names how durable each engine's writes are. */
export const MODES = { sheaf: 'durability commit', sqlite: 'WAL, synchronous=FULL', duck: 'file' } as const

/** Declares the table of orders in a dialect that all three read. */
export const orderTable = (name: string): string =>
  `CREATE TABLE ${name} (id BIGINT PRIMARY KEY, customer INTEGER, status VARCHAR, total DOUBLE)`

/** Gives rows of orders by SQL that Sheaf and DuckDB read. */
export const orderQuery = (count: number): string =>
  `SELECT i AS id, (i * 7919 % 100003)::INTEGER AS customer, ['open', 'paid', 'sent', 'back'][i % 4 + 1] AS status, (i % 10007) * 0.25::DOUBLE AS total FROM range(${count}) t(i)`

const STATUS = ['open', 'paid', 'sent', 'back'] as const

/** Is an order. */
export type Order = {
  readonly id: number
  readonly customer: number
  readonly status: string
  readonly total: number
}

/** Gives one order of `orderQuery`. */
export function orderAt(id: number): Order {
  return {
    id,
    customer: (id * 7919) % 100_003,
    status: STATUS[id % 4] as string,
    total: (id % 10_007) * 0.25,
  }
}

/** Fills SQLite's table of orders. */
export function fillSqlite(database: DatabaseSync, name: string, count: number): void {
  const insert = database.prepare(`INSERT INTO ${name} VALUES (?, ?, ?, ?)`)
  database.exec('BEGIN')
  for (let id = 0; id < count; id += 1) {
    const { customer, status, total } = orderAt(id)
    insert.run(id, customer, status, total)
  }
  database.exec('COMMIT')
}

/** Adds up the bytes of the files under a path. */
export async function bytesUnder(path: string): Promise<number> {
  const info = await stat(path)
  if (!info.isDirectory()) return info.size
  let bytes = 0
  for (const name of await readdir(path)) bytes += await bytesUnder(join(path, name))
  return bytes
}

/** Makes a folder of its own in another. */
export async function ownFolder(folder: string, name: string): Promise<string> {
  const own = join(folder, name)
  await mkdir(own, { recursive: true })
  return own
}

/** Tells whether the first contender is no slower than another, times a factor. */
export function within(medians: ReadonlyMap<string, number>, engine: string, factor = 1): boolean {
  return (medians.get('Sheaf') as number) <= (medians.get(engine) as number) * factor
}
