import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Model, openStore, type Store } from '@sheafdb/core'
import { type RelationalApi, relational } from '@sheafdb/relational'
import { openDuckDB } from '../engines/duckdb.ts'

/** Is a table to make: its columns as declared, and a query of DuckDB that makes its rows. */
export type TableRecipe = { readonly name: string; readonly columns: string; readonly rows: string }

/** Is where the data lies: a store of Sheaf, and a file of DuckDB. */
export type CachedData = { readonly sheaf: string; readonly duckdb: string }

/** Makes tables in a store and in DuckDB, once on a machine: later calls find them in the folder for temporary files. */
export async function cachedTables(name: string, tables: readonly TableRecipe[]): Promise<CachedData> {
  const folder = join(tmpdir(), `sheaf-bench-${name}`)
  const done = await stat(join(folder, 'done')).catch(() => null)
  if (done === null) {
    const work = `${folder}-${process.pid}`
    await mkdir(work, { recursive: true })
    await makeDuckDB(work, tables)
    await makeSheaf(work, tables)
    await writeFile(join(work, 'done'), '')
    await rm(folder, { recursive: true, force: true })
    await rename(work, folder)
  }
  return { sheaf: join(folder, 'data.sheaf'), duckdb: join(folder, 'data.duckdb') }
}

async function makeDuckDB(folder: string, tables: readonly TableRecipe[]): Promise<void> {
  const connection = await openDuckDB(2, join(folder, 'data.duckdb'))
  for (const { name, columns, rows } of tables) {
    await connection.run(`CREATE TABLE ${name} (${columns})`)
    await connection.run(`INSERT INTO ${name} ${rows}`)
    await connection.run(`COPY ${name} TO '${join(folder, `${name}.parquet`)}' (FORMAT parquet)`)
  }
  await connection.run('CHECKPOINT')
  connection.closeSync()
}

async function makeSheaf(folder: string, tables: readonly TableRecipe[]): Promise<void> {
  const store = await openStore(join(folder, 'data.sheaf'), {
    models: [relational()],
    durability: 'none',
    memoryLimit: 2 ** 31,
  })
  for (const { name, columns } of tables) {
    const file = join(folder, `${name}.parquet`)
    await store.relational.run(`CREATE TABLE ${name} (${columns})`)
    await store.relational.run(`COPY ${name} FROM '${file}'`)
    await rm(file)
  }
  await store.close()
}

/** Opens the store with such data, for reading. */
export async function openCached(
  data: CachedData,
): Promise<Store<readonly [Model<'relational', RelationalApi>]>> {
  return openStore(data.sheaf, { models: [relational()], readOnly: true, memoryLimit: 2 ** 33 })
}
