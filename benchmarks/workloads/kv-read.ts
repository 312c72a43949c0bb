import { DISK_ENGINES, type KeyValueEngine, loadAll, type OpenEngine, openMap } from '../engines/key-value.ts'
import type { Contender, Workload } from '../src/workload.ts'
import { ENTRIES, keyOf, shuffled, smallEntries } from './kv-data.ts'

const READS = 100_000
const SCANS = 500
const SCANNED = 100
/** The keys of one prefix: the number without its last two digits. */
const PREFIX_DIGITS = -2

/** Tells whether Sheaf is the quickest of the given. */
export function isFaster(medians: ReadonlyMap<string, number>, than: string): boolean {
  return (medians.get('Sheaf') as number) < (medians.get(than) as number)
}

async function contend(
  folder: string,
  engines: readonly OpenEngine[],
  run: (engine: KeyValueEngine) => Promise<number>,
): Promise<Contender[]> {
  const contenders: Contender[] = []
  const entries = [...smallEntries()]
  for (const open of engines) {
    const engine = await open(folder, 'buffered')
    await loadAll(engine, entries)
    contenders.push({ engine: engine.engine, run: () => run(engine), close: () => engine.close() })
  }
  return contenders
}

function each(medians: ReadonlyMap<string, number>, count: number, what: string): Record<string, string> {
  return Object.fromEntries(
    [...medians].map(([engine, time]) => [
      `${engine}, each ${what}`,
      `${((time * 1000) / count).toFixed(2)} us`,
    ]),
  )
}

/** Reads warm keys at random, at once. */
export const kvGet: Workload = {
  name: 'kv-get',
  title: `random get of warm keys, sync, ${ENTRIES / 1000} K entries of 100 bytes (${READS / 1000} K gets)`,
  asked: { text: 'faster than lmdb', reached: (medians) => isFaster(medians, 'lmdb') },
  runs: 7,
  warmups: 2,
  prepare(folder) {
    const order = shuffled(ENTRIES)
    const keys = Array.from(order.subarray(0, READS), keyOf)
    return contend(folder, [...DISK_ENGINES, openMap], async (engine) => {
      let total = 0
      for (const key of keys) total += (engine.get(key) as string).charCodeAt(7)
      return total
    })
  },
  figures: (medians) => each(medians, READS, 'get'),
}

/** Reads a hundred entries from a key on. */
export const kvRange: Workload = {
  name: 'kv-range',
  title: `range scan of ${SCANNED} from a random key on (${SCANS} scans)`,
  asked: { text: 'faster than lmdb', reached: (medians) => isFaster(medians, 'lmdb') },
  runs: 7,
  warmups: 2,
  prepare(folder) {
    const starts = Array.from(shuffled(ENTRIES - SCANNED).subarray(0, SCANS), keyOf)
    return contend(folder, DISK_ENGINES, async (engine) => {
      let total = 0
      for (const start of starts) total += await engine.scan(start, { limit: SCANNED })
      return total
    })
  },
  figures: (medians) => each(medians, SCANS, 'scan'),
}

/** Reads the hundred entries of a prefix. */
export const kvPrefix: Workload = {
  name: 'kv-prefix',
  title: `scan of the 100 entries of a prefix (${SCANS} scans)`,
  asked: { text: 'faster than lmdb', reached: (medians) => isFaster(medians, 'lmdb') },
  runs: 7,
  warmups: 2,
  prepare(folder) {
    const prefixes = Array.from(shuffled(ENTRIES).subarray(0, SCANS), (index) =>
      keyOf(index).slice(0, PREFIX_DIGITS),
    )
    return contend(folder, DISK_ENGINES, async (engine) => {
      let total = 0
      for (const prefix of prefixes) total += await engine.scan(prefix, { before: `${prefix}:` })
      return total
    })
  },
  figures: (medians) => each(medians, SCANS, 'scan'),
}
