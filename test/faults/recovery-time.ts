/**
 * Tells how long a store takes to open after a crash, by how much its log holds. Segments cannot be written here, so the
 * log grows past what is flushed otherwise.
 *
 * Run: `node scripts/run.mjs run test/faults/recovery-time.ts [folder]`
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import type { FileSystem } from '../../packages/core/src/storage/file-system.ts'
import { fileError } from '../../packages/core/src/storage/file-system.ts'
import { realFileSystem } from '../../packages/core/src/storage/real-file-system.ts'

const SIZES_MB = [1, 10, 100]
const RUNS = 3
const ROWS_PER_COMMIT = 200
const ASKED_MS = 2000

/** Gives a file system on which segments cannot be written. */
function withoutSegments(fileSystem: FileSystem): FileSystem {
  return {
    ...fileSystem,
    open(path, mode) {
      if (mode === 'create' && path.endsWith('.arrow'))
        throw fileError('open', path, new Error('no segments here'))
      return fileSystem.open(path, mode)
    },
  }
}

function logBytes(store: string): number {
  const folder = join(store, 'log')
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

const COLUMNS = Array.from({ length: 8 }, (_, at) => `n${at} INTEGER`).join(', ')

function rowOf(id: number): Record<string, unknown> {
  const row: Record<string, unknown> = {
    id,
    price: id / 7,
    name: `name of row ${id}`,
    kind: `kind ${id % 10}`,
  }
  for (let at = 0; at < 8; at += 1) row[`n${at}`] = Math.imul(id, 2654435761 + at) >> (at * 2)
  return row
}

/** Writes rows of twelve fields until the log is as large, and copies the store as a crash would leave it. */
async function crashed(
  folder: string,
  sizeBytes: number,
): Promise<{ readonly path: string; readonly rows: number }> {
  const path = join(folder, `written-${sizeBytes}`)
  const store = await openStore(path, {
    models: [relational()],
    durability: 'none',
    host: { fileSystem: withoutSegments(realFileSystem()) },
  })
  await store.relational.run(
    `CREATE TABLE data (id INTEGER PRIMARY KEY, price DOUBLE, name VARCHAR, kind VARCHAR, ${COLUMNS})`,
  )
  let rows = 0
  while (logBytes(path) < sizeBytes) {
    for (let commit = 0; commit < 20; commit += 1) {
      await store
        .relational('data')
        .insert(Array.from({ length: ROWS_PER_COMMIT }, (_, at) => rowOf(rows + at)))
      rows += ROWS_PER_COMMIT
    }
  }
  const copy = join(folder, `crashed-${sizeBytes}`)
  cpSync(path, copy, { recursive: true })
  await store.close()
  rmSync(path, { recursive: true })
  return { path: copy, rows }
}

const parent = process.argv[2] ?? tmpdir()
const folder = mkdtempSync(join(parent, 'sheaf-recovery-'))
for (const size of SIZES_MB) {
  const { path, rows } = await crashed(folder, size * 1e6)
  const times: number[] = []
  const bytes = logBytes(path)
  for (let run = 0; run < RUNS; run += 1) {
    const copy = join(folder, 'run')
    cpSync(path, copy, { recursive: true })
    const start = performance.now()
    const store = await openStore(copy, { models: [relational()] })
    times.push(performance.now() - start)
    if ((await store.relational('data').count()) !== rows) throw new Error('rows are lost')
    await store.close()
    rmSync(copy, { recursive: true })
  }
  const median = times.sort((left, right) => left - right)[RUNS >> 1] as number
  console.log(`a log of ${(bytes / 1e6).toFixed(1)} MB, ${rows} rows: ${median.toFixed(0)} ms`)
  if (size === SIZES_MB.at(-1)) {
    console.log(`asked: under ${ASKED_MS} ms`)
    if (median >= ASKED_MS) process.exitCode = 1
  }
}
rmSync(folder, { recursive: true, force: true })
