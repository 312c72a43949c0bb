import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'
import { ClassicLevel } from 'classic-level'
import { open } from 'lmdb'

/** Is a key-value store as the workloads use it: what an engine can do at once, it does without a promise. */
export type KeyValueEngine = {
  readonly engine: string
  readonly mode?: string
  get(key: string): string | undefined | Promise<string | undefined>
  put(key: string, value: string): unknown
  /** Writes entries as a load does. */
  load(entries: readonly (readonly [string, string])[]): Promise<void>
  /** Reads entries from a key on, up to another where one is given, and gives the values' total length. */
  scan(from: string, options: { readonly limit?: number; readonly before?: string }): number | Promise<number>
  close(): Promise<void>
}

/** Says whether a write waits for the disk. */
export type Writes = 'durable' | 'buffered'

/** Opens an engine in a folder. */
export type OpenEngine = (folder: string, writes: Writes) => Promise<KeyValueEngine>

/** Opens Sheaf. */
export async function openSheaf(folder: string, writes: Writes): Promise<KeyValueEngine> {
  const durability = writes === 'durable' ? 'commit' : 'interval'
  const store = await openStore(join(folder, 'kv.sheaf'), { models: [kv()], durability })
  const entries = store.kv<string>('entries')
  return {
    engine: 'Sheaf',
    mode: `durability ${durability}`,
    get: (key) => entries.getSync(key),
    put: (key, value) => entries.put(key, value),
    load: (list) => entries.putMany(list),
    async scan(from, { limit = -1, before }) {
      let total = 0
      const bounds = before === undefined ? { gte: from } : { gte: from, lt: before }
      for (const { value } of await entries.range({ ...bounds, limit }).rows()) total += value.length
      return total
    },
    close: () => store.close(),
  }
}

/** Opens LMDB. Its writes are synced when their promise resolves, unless `noSync`. */
export async function openLmdb(folder: string, writes: Writes): Promise<KeyValueEngine> {
  const noSync = writes === 'buffered'
  const database = open<string, string>({
    path: join(folder, 'lmdb'),
    encoding: 'string',
    noSync,
    mapSize: 2 ** 31,
  })
  return {
    engine: 'lmdb',
    mode: noSync ? 'noSync' : 'synced',
    get: (key) => database.get(key),
    put: (key, value) => database.put(key, value),
    async load(list) {
      await database.transaction(() => {
        for (const [key, value] of list) database.put(key, value)
      })
    },
    scan(from, { limit, before }) {
      let total = 0
      const range = {
        start: from,
        ...(limit === undefined ? {} : { limit }),
        ...(before === undefined ? {} : { end: before }),
      }
      for (const { value } of database.getRange(range)) total += value.length
      return total
    },
    close: () => database.close(),
  }
}

/** Opens LevelDB. */
export async function openClassicLevel(folder: string, writes: Writes): Promise<KeyValueEngine> {
  const database = new ClassicLevel<string, string>(join(folder, 'level'), { valueEncoding: 'utf8' })
  await database.open()
  const sync = writes === 'durable'
  return {
    engine: 'classic-level',
    mode: sync ? 'sync: true' : 'sync: false',
    get: (key) => database.getSync(key),
    put: (key, value) => database.put(key, value, { sync }),
    load: (list) =>
      database.batch(
        list.map(([key, value]) => ({ type: 'put' as const, key, value })),
        { sync },
      ),
    async scan(from, { limit = -1, before }) {
      let total = 0
      const bounds = before === undefined ? { gte: from } : { gte: from, lt: before }
      for (const [, value] of await database.iterator({ ...bounds, limit }).all()) total += value.length
      return total
    },
    close: () => database.close(),
  }
}

/** Opens SQLite with a write-ahead log. */
export async function openSqlite(folder: string, writes: Writes): Promise<KeyValueEngine> {
  const database = new DatabaseSync(join(folder, 'kv.sqlite'))
  const synchronous = writes === 'durable' ? 'FULL' : 'NORMAL'
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  database.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID')
  const select = database.prepare('SELECT value FROM entries WHERE key = ?')
  const insert = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)')
  const first = database.prepare('SELECT value FROM entries WHERE key >= ? ORDER BY key LIMIT ?')
  const between = database.prepare('SELECT value FROM entries WHERE key >= ? AND key < ? ORDER BY key')
  return {
    engine: 'SQLite',
    mode: `WAL, synchronous ${synchronous}`,
    get: (key) => select.get(key)?.['value'] as string | undefined,
    put: (key, value) => insert.run(key, value),
    async load(list) {
      database.exec('BEGIN')
      for (const [key, value] of list) insert.run(key, value)
      database.exec('COMMIT')
    },
    scan(from, { limit = -1, before }) {
      let total = 0
      const rows = before === undefined ? first.all(from, limit) : between.all(from, before)
      for (const row of rows) total += (row['value'] as string).length
      return total
    },
    async close() {
      database.close()
    },
  }
}

/** Makes a Map: nothing is ordered or kept, the floor of what a read can cost. */
export async function openMap(): Promise<KeyValueEngine> {
  const map = new Map<string, string>()
  return {
    engine: 'Map',
    get: (key) => map.get(key),
    put: (key, value) => map.set(key, value),
    async load(list) {
      for (const [key, value] of list) map.set(key, value)
    },
    scan() {
      throw new Error('A Map has no order of keys')
    },
    async close() {
      map.clear()
    },
  }
}

/** Lists the engines that keep entries on disk; Sheaf is the first. */
export const DISK_ENGINES: readonly OpenEngine[] = [openSheaf, openLmdb, openClassicLevel, openSqlite]

/** Loads entries in batches. */
export async function loadAll(
  engine: KeyValueEngine,
  entries: Iterable<readonly [string, string]>,
  batchSize = 10_000,
): Promise<void> {
  let batch: (readonly [string, string])[] = []
  for (const entry of entries) {
    batch.push(entry)
    if (batch.length < batchSize) continue
    await engine.load(batch)
    batch = []
  }
  if (batch.length > 0) await engine.load(batch)
}

/** Adds up the sizes of the files in a folder. */
export async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    files
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  )
  return sizes.reduce((total, size) => total + size, 0)
}
