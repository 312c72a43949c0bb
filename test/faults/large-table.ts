/**
 * Loads 10 million entries, opens the store anew and looks keys up in it: how long opening takes, and how many bytes of
 * files a lookup reads that finds nothing in memory.
 *
 * Run: `node scripts/run.mjs run test/faults/large-table.ts [millions of rows] [folder]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'
import { seededRandom } from '../../benchmarks/workloads/flights-data.ts'
import type { FileSystem } from '../../packages/core/src/storage/file-system.ts'
import { realFileSystem } from '../../packages/core/src/storage/real-file-system.ts'

const BATCH = 10_000
const VALUE_BYTES = 84
const LOOKUPS = 200
const OPENINGS = 5
const ASKED_OPEN_MS = 300
const ASKED_LOOKUP_BYTES = 64 << 10

/** Gives a file system that maps nothing and counts the bytes that are read. */
function readCounting(fileSystem: FileSystem, counted: { bytes: number }): FileSystem {
  return {
    ...fileSystem,
    open(path, mode) {
      const handle = fileSystem.open(path, mode)
      return {
        path: handle.path,
        get sizeBytes() {
          return handle.sizeBytes
        },
        read(offset, sizeBytes) {
          counted.bytes += sizeBytes
          return handle.read(offset, sizeBytes)
        },
        write: (offset, bytes) => handle.write(offset, bytes),
        truncate: (sizeBytes) => handle.truncate(sizeBytes),
        sync: (isAwaitedAlone) => handle.sync(isAwaitedAlone),
        syncNow: () => handle.syncNow(),
        map: () => null,
        close: () => handle.close(),
      }
    },
  }
}

/** Spreads numbers over keys, so that neighbours come at different times. */
const keyOf = (number: number): string =>
  `user:${(Math.imul(number, 2654435761) >>> 0).toString(36)}:${number}`

async function load(path: string, rows: number): Promise<void> {
  const store = await openStore(path, { models: [kv()], durability: 'none' })
  const random = seededRandom(3)
  for (let from = 0; from < rows; from += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, at) => ({
      type: 'put' as const,
      key: keyOf(from + at),
      value: Uint8Array.from({ length: VALUE_BYTES }, () => random() * 256),
    }))
    await store.kv('entries').batch(batch)
  }
  await store.compact()
  await store.close()
}

const [millions = '10', parent = tmpdir()] = process.argv.slice(2)
const rows = Number(millions) * 1e6
const folder = mkdtempSync(join(parent, 'sheaf-large-'))
const path = join(folder, 'store')
await load(path, rows)

const times: number[] = []
for (let opening = 0; opening < OPENINGS; opening += 1) {
  const start = performance.now()
  const store = await openStore(path, { models: [kv()] })
  if ((await store.kv('entries').get(keyOf(opening))) === undefined) throw new Error('a key is lost')
  times.push(performance.now() - start)
  await store.close()
}
const median = times.sort((left, right) => left - right)[OPENINGS >> 1] as number
console.log(
  `${millions} M rows: opened, and a first key read, in ${median.toFixed(0)} ms (asked: under ${ASKED_OPEN_MS})`,
)

const counted = { bytes: 0 }
const store = await openStore(path, {
  models: [kv()],
  // Too little for the columns of one chunk: each lookup reads what it needs.
  memoryLimit: 1 << 20,
  host: { fileSystem: readCounting(realFileSystem(), counted) },
})
const random = seededRandom(5)
const segments = store.stats().tables.find((table) => table.table === 'kv:entries')?.segmentCount
// The first lookup reads the index of each segment, which is kept.
await store.kv('entries').get(keyOf(0))
const readBytes = async (key: () => string, isThere: boolean): Promise<number> => {
  counted.bytes = 0
  for (let at = 0; at < LOOKUPS; at += 1)
    if (((await store.kv('entries').get(key())) !== undefined) !== isThere)
      throw new Error('a lookup is wrong')
  return counted.bytes / LOOKUPS
}
const found = await readBytes(() => keyOf(Math.floor(random() * rows)), true)
const missing = await readBytes(() => keyOf(rows + Math.floor(random() * rows)), false)
await store.close()
rmSync(folder, { recursive: true, force: true })
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`
console.log(
  `${segments} segments; a lookup reads ${kilobytes(found)}, of a key that is not there ${kilobytes(missing)} (asked: under ${kilobytes(ASKED_LOOKUP_BYTES)})`,
)
if (median >= ASKED_OPEN_MS || Math.max(found, missing) >= ASKED_LOOKUP_BYTES) process.exitCode = 1
