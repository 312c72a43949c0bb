import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DISK_ENGINES, type KeyValueEngine } from '../engines/key-value.ts'
import type { Contender, Workload } from '../src/workload.ts'
import { keyOf } from './kv-data.ts'
import { isFaster } from './kv-read.ts'

const ALONE = 300
const TOGETHER = 20_000
const VALUE = 'v'.repeat(100)
/** What one put alone took, found by the first workload's kind of run. */
const alone = { ms: Number.NaN }

async function contend(
  folder: string,
  run: (engine: KeyValueEngine, round: number) => Promise<number>,
): Promise<Contender[]> {
  const contenders: Contender[] = []
  for (const [at, open] of DISK_ENGINES.entries()) {
    const own = join(folder, String(at))
    await mkdir(own)
    const engine = await open(own, 'durable')
    let round = 0
    contenders.push({
      engine: engine.engine,
      ...(engine.mode === undefined ? {} : { mode: engine.mode }),
      run: () => {
        round += 1
        return run(engine, round)
      },
      close: () => engine.close(),
    })
  }
  return contenders
}

async function putAlone(engine: KeyValueEngine, round: number): Promise<number> {
  for (let at = 0; at < ALONE; at += 1) await engine.put(keyOf(round * ALONE + at), VALUE)
  return ALONE
}

/** Writes entries durably, each awaited before the next. */
export const kvPut: Workload = {
  name: 'kv-put',
  title: `durable puts awaited one by one (${ALONE})`,
  asked: { text: 'one fsync each: level with SQLite', reached: (medians) => isFaster(medians, 'SQLite') },
  runs: 7,
  warmups: 2,
  prepare: (folder) => contend(folder, putAlone),
  figures: (medians) =>
    Object.fromEntries(
      [...medians].map(([engine, time]) => [`${engine}, each put`, `${(time / ALONE).toFixed(3)} ms`]),
    ),
}

/** Writes entries durably, all issued before the first is awaited. */
export const kvPutTogether: Workload = {
  name: 'kv-puts-together',
  title: `durable puts issued together (${TOGETHER / 1000} K)`,
  asked: {
    text: '20 times the rate of one by one',
    reached: (medians) => (alone.ms / (medians.get('Sheaf') as number)) * TOGETHER >= 20,
  },
  runs: 5,
  warmups: 1,
  async prepare(folder) {
    const contenders = await contend(folder, async (engine, round) => {
      const puts: unknown[] = []
      for (let at = 0; at < TOGETHER; at += 1) puts.push(engine.put(keyOf(round * TOGETHER + at), VALUE))
      await Promise.all(puts)
      return TOGETHER
    })
    const own = join(folder, 'alone')
    await mkdir(own)
    const [open] = DISK_ENGINES
    const engine = await (open as (typeof DISK_ENGINES)[number])(own, 'durable')
    await putAlone(engine, 0)
    const start = performance.now()
    await putAlone(engine, 1)
    alone.ms = (performance.now() - start) / ALONE
    await engine.close()
    return contenders.filter((contender) => contender.engine !== 'SQLite')
  },
  figures: (medians) => ({
    ...Object.fromEntries(
      [...medians].map(([engine, time]) => [
        `${engine}, puts a second`,
        `${((TOGETHER / time) * 1000).toFixed(0)}`,
      ]),
    ),
    'Sheaf, times the rate of one by one': ((alone.ms / (medians.get('Sheaf') as number)) * TOGETHER).toFixed(
      0,
    ),
  }),
}
