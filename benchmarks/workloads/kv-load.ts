import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'
import { DISK_ENGINES, folderBytes, loadAll, openSheaf } from '../engines/key-value.ts'
import type { Workload } from '../src/workload.ts'
import { ENTRIES, keyOf, smallEntries } from './kv-data.ts'
import { isFaster } from './kv-read.ts'

const sizes = new Map<string, number>()

/** Loads 500,000 entries in batches of 10,000, and closes. */
export const kvLoad: Workload = {
  name: 'kv-load',
  title: `bulk load of ${ENTRIES / 1000} K entries of 100 bytes, closed at the end`,
  asked: { text: 'faster than lmdb', reached: (medians) => isFaster(medians, 'lmdb') },
  runs: 3,
  warmups: 0,
  async prepare(folder) {
    const entries = [...smallEntries()]
    return Promise.all(
      DISK_ENGINES.map(async (open, at) => {
        const own = join(folder, String(at))
        await mkdir(own, { recursive: true })
        const probe = await open(own, 'durable')
        await probe.close()
        return {
          engine: probe.engine,
          ...(probe.mode === undefined ? {} : { mode: probe.mode }),
          run: async () => {
            await rm(own, { recursive: true, force: true })
            await mkdir(own)
            const engine = await open(own, 'durable')
            await loadAll(engine, entries)
            await engine.close()
            sizes.set(probe.engine, await folderBytes(own))
            return ENTRIES
          },
        }
      }),
    )
  },
  figures: () =>
    Object.fromEntries(
      [...sizes].map(([engine, bytes]) => [`${engine}, size on disk`, `${(bytes / 1e6).toFixed(1)} MB`]),
    ),
}

/** Opens a store of 500,000 entries and reads the first. */
export const kvReopen: Workload = {
  name: 'kv-reopen',
  title: `reopen of ${ENTRIES / 1000} K entries and first get`,
  asked: { text: 'under 20 ms', reached: (medians) => (medians.get('Sheaf') as number) < 20 },
  runs: 9,
  warmups: 2,
  async prepare(folder) {
    const engine = await openSheaf(folder, 'buffered')
    await loadAll(engine, smallEntries())
    await engine.close()
    let next = 0
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          const store = await openStore(join(folder, 'kv.sheaf'), { models: [kv()] })
          next += 54_321
          const value = store.kv<string>('entries').getSync(keyOf(next % ENTRIES))
          await store.close()
          return value?.length
        },
      },
    ]
  },
}

/** Measures the size on disk of entries with keys of 100 bytes and values of 100 bytes, after compaction. */
export const kvSize: Workload = {
  name: 'kv-size',
  title: `size on disk of ${ENTRIES / 1000} K entries, keys and values of 100 bytes each`,
  asked: { text: 'under 140 MB', reached: () => (longKeySizes.get('Sheaf') as number) < 140e6 },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const path = (at: number): string => join(folder, `size-${at}`)
    return Promise.all(
      DISK_ENGINES.map(async (open, at) => {
        await mkdir(path(at), { recursive: true })
        const engine = await open(path(at), 'buffered')
        await loadAll(engine, longEntries())
        await engine.close()
        longKeySizes.set(engine.engine, await folderBytes(path(at)))
        return { engine: engine.engine, run: async () => (await folderBytes(path(at))) > 0 }
      }),
    )
  },
  figures: () =>
    Object.fromEntries(
      [...longKeySizes].map(([engine, bytes]) => [`${engine}, size`, `${(bytes / 1e6).toFixed(1)} MB`]),
    ),
}

const longKeySizes = new Map<string, number>()

function* longEntries(): Generator<[key: string, value: string]> {
  for (const [key, value] of smallEntries()) yield [`${key}:${value.slice(0, 85)}`, value]
}
