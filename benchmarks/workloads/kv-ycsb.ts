import { DISK_ENGINES, type KeyValueEngine, loadAll } from '../engines/key-value.ts'
import type { Contender, Workload } from '../src/workload.ts'
import { seededRandom } from './flights-data.ts'
import { keyOf, RECORDS, randomText, records, shuffled, zipfian } from './kv-data.ts'

type Mix = {
  readonly name: string
  readonly title: string
  readonly operations: number
  /** Shares of reads, updates, inserts, scans; the rest reads, changes and writes back. */
  readonly read: number
  readonly update: number
  readonly insert: number
  readonly scan: number
  /** Reads the records that were inserted last. */
  readonly latest?: boolean
}

const MIXES: readonly Mix[] = [
  {
    name: 'a',
    title: '50 % read, 50 % update',
    operations: 10_000,
    read: 0.5,
    update: 0.5,
    insert: 0,
    scan: 0,
  },
  {
    name: 'b',
    title: '95 % read, 5 % update',
    operations: 20_000,
    read: 0.95,
    update: 0.05,
    insert: 0,
    scan: 0,
  },
  { name: 'c', title: 'read only', operations: 50_000, read: 1, update: 0, insert: 0, scan: 0 },
  {
    name: 'd',
    title: '95 % read of the latest, 5 % insert',
    operations: 20_000,
    read: 0.95,
    update: 0,
    insert: 0.05,
    scan: 0,
    latest: true,
  },
  {
    name: 'e',
    title: '95 % scan of up to 100, 5 % insert',
    operations: 2_000,
    read: 0,
    update: 0,
    insert: 0.05,
    scan: 0.95,
  },
  {
    name: 'f',
    title: '50 % read, 50 % read-modify-write',
    operations: 10_000,
    read: 0.5,
    update: 0,
    insert: 0,
    scan: 0,
  },
]

/** Does the operations of a mix: each waits for the one before. The sequence is the same for every engine. */
function runMix(mix: Mix, engine: KeyValueEngine): () => Promise<number> {
  const random = seededRandom(31)
  const rank = zipfian(RECORDS, random)
  const spread = shuffled(RECORDS)
  let count = RECORDS
  const pick = (): string => keyOf(mix.latest === true ? count - 1 - rank() : (spread[rank()] as number))
  const value = randomText(1000, random)
  return async () => {
    let total = 0
    for (let at = 0; at < mix.operations; at += 1) {
      const choice = random()
      if (choice < mix.read) {
        total += ((await engine.get(pick())) as string).length
      } else if (choice < mix.read + mix.update) {
        await engine.put(pick(), value)
      } else if (choice < mix.read + mix.update + mix.insert) {
        await engine.put(keyOf(count), value)
        count += 1
      } else if (mix.scan > 0) {
        total += await engine.scan(pick(), { limit: 1 + Math.floor(random() * 100) })
      } else {
        const key = pick()
        const read = (await engine.get(key)) as string
        await engine.put(key, `${read.slice(1)}${read[0]}`)
      }
    }
    return total
  }
}

function ycsb(mix: Mix): Workload {
  return {
    name: `kv-ycsb-${mix.name}`,
    title: `YCSB ${mix.name.toUpperCase()}: ${mix.title}; ${RECORDS / 1000} K records of 1 KB, zipfian (${mix.operations / 1000} K operations)`,
    asked: {
      text: 'ahead of all',
      reached: (medians) => Math.min(...medians.values()) === medians.get('Sheaf'),
    },
    runs: 5,
    warmups: 1,
    async prepare(folder) {
      const contenders: Contender[] = []
      const entries = [...records()]
      for (const open of DISK_ENGINES) {
        const engine = await open(folder, 'buffered')
        await loadAll(engine, entries)
        contenders.push({
          engine: engine.engine,
          ...(engine.mode === undefined ? {} : { mode: engine.mode }),
          run: runMix(mix, engine),
          close: () => engine.close(),
        })
      }
      return contenders
    },
    figures: (medians) =>
      Object.fromEntries(
        [...medians].map(([engine, time]) => [
          `${engine}, each operation`,
          `${((time * 1000) / mix.operations).toFixed(2)} us`,
        ]),
      ),
  }
}

/** Holds the core workloads of YCSB, A to F: writes reach the system, not the disk, in every engine. */
export const kvYcsb: readonly Workload[] = MIXES.map(ycsb)
