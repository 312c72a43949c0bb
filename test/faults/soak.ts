/**
 * Runs all models for some minutes over data that stays as large as it is, and watches the memory and the open files of
 * the process: after the warm-up both must stay flat.
 *
 * Run: `node scripts/run.mjs run test/faults/soak.ts [minutes] [folder]`
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openWorkload, type WorkloadStore } from './workload.ts'

/** Older entries than this many turns are deleted again. */
const KEPT = 500
const COMPACT_EVERY = 400
const REOPEN_EVERY = 2000
/** Left to others of the machine between two turns. */
const REST_MS = 15

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Is what a process holds at a time. */
export type SoakSample = {
  readonly seconds: number
  readonly turns: number
  readonly heapBytes: number
  /** Memory outside of the heap: buffers and maps among it. */
  readonly externalBytes: number
  readonly residentBytes: number
  readonly openFiles: number
}

async function turn(store: WorkloadStore, n: number): Promise<void> {
  const old = n - KEPT
  await store.transaction(async (tx) => {
    await tx.relational.run('INSERT INTO orders VALUES ($1, $2, $3)', [n, `customer ${n % 7}`, n])
    await tx.relational.run('DELETE FROM orders WHERE id = $1', [old])
    await tx.document('notes').insertOne({ _id: n, text: `note ${n}`, parts: [n, { deep: n % 10 }] })
    await tx.document('notes').deleteOne({ _id: old })
    await tx.graph('chain').run('CREATE (:Step {n: $n})', { n })
    await tx.graph('chain').run('MATCH (s:Step {n: $old}) DETACH DELETE s', { old })
    const facts = (at: number) => `<http://example.org/${at % (2 * KEPT)}> <http://example.org/n> ${at % 100}`
    await tx.rdf('facts').update(`INSERT DATA { ${facts(n)} }`)
    if (old > 0) await tx.rdf('facts').update(`DELETE DATA { ${facts(old)} }`)
    await tx
      .tensor('vectors', { dtype: 'float32', shape: [16], metric: 'l2' })
      .put(n % KEPT, new Float32Array(16).fill(n))
    await tx.kv('keys').put(['n', n], `value ${n}`)
    await tx.kv('keys').delete(['n', old])
  })
  if (n % 10 !== 0) return
  await store.relational.query('SELECT customer, sum(total) AS total FROM orders GROUP BY customer').rows()
  await store.document('notes').find({ 'parts.deep': 3 }).rows()
  await store.graph('chain').query('MATCH (s:Step) RETURN count(*) AS n').rows()
  await store.rdf('facts').query('SELECT (count(*) AS ?n) WHERE { ?s ?p ?o }').rows()
  await store
    .tensor('vectors', { dtype: 'float32', shape: [16], metric: 'l2' })
    .nearest(new Float32Array(16).fill(n), { k: 3 })
    .rows()
  const snapshot = store.snapshot()
  await snapshot.kv('keys').range({}).rows()
  snapshot.close()
}

function sample(start: number, turns: number): SoakSample {
  collect()
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  return {
    seconds: Math.round((performance.now() - start) / 1000),
    turns,
    heapBytes: heapUsed,
    externalBytes: external + arrayBuffers,
    residentBytes: rss,
    openFiles: readdirSync('/proc/self/fd').length,
  }
}

/** Runs the soak; gives a sample every few seconds. */
export async function soak(options: {
  readonly path: string
  readonly minutes: number
  readonly report?: (sample: SoakSample) => void
}): Promise<readonly SoakSample[]> {
  const start = performance.now()
  const open = async (): Promise<WorkloadStore> => {
    const store = await openWorkload(options.path, { memoryLimit: 64 << 20 })
    await store.relational.run(
      'CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer VARCHAR, total DOUBLE)',
    )
    return store
  }
  let store = await open()
  const samples: SoakSample[] = []
  const everyMs = Math.max(1000, (options.minutes * 60_000) / 120)
  let nextSample = start
  for (let n = 1; performance.now() - start < options.minutes * 60_000; n += 1) {
    await turn(store, n)
    if (n % COMPACT_EVERY === 0) await store.compact()
    if (n % REOPEN_EVERY === 0) {
      await store.close()
      store = await open()
    }
    await sleep(REST_MS)
    if (performance.now() < nextSample) continue
    nextSample += everyMs
    samples.push(sample(start, n))
    options.report?.(samples.at(-1) as SoakSample)
  }
  await store.close()
  return samples
}

/** Gives the medians of the first and the last third after the warm-up, which is the first third of all. */
export function compareThirds(
  samples: readonly SoakSample[],
  what: 'heapBytes' | 'externalBytes' | 'residentBytes' | 'openFiles',
): readonly [number, number] {
  const third = Math.floor(samples.length / 3)
  const median = (part: readonly SoakSample[]): number => {
    const sorted = part.map((each) => each[what]).sort((left, right) => left - right)
    return sorted[sorted.length >> 1] as number
  }
  return [median(samples.slice(third, 2 * third)), median(samples.slice(2 * third))]
}

async function main(): Promise<void> {
  const [minutes = '20', parent = tmpdir()] = process.argv.slice(2)
  const folder = mkdtempSync(join(parent, 'sheaf-soak-'))
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`
  const samples = await soak({
    path: join(folder, 'store'),
    minutes: Number(minutes),
    report: (each) =>
      console.log(
        `${each.seconds} s, turn ${each.turns}: heap ${megabytes(each.heapBytes)}, outside ${megabytes(each.externalBytes)}, resident ${megabytes(each.residentBytes)}, ${each.openFiles} files`,
      ),
  })
  rmSync(folder, { recursive: true, force: true })
  for (const what of ['heapBytes', 'externalBytes', 'residentBytes'] as const) {
    const [middle, end] = compareThirds(samples, what)
    console.log(`${what}: second third ${megabytes(middle)}, last third ${megabytes(end)}`)
    if (end > middle * 1.15 + 2 ** 20) process.exitCode = 1
  }
  const [middle, end] = compareThirds(samples, 'openFiles')
  console.log(`open files: second third ${middle}, last third ${end}`)
  if (end > middle + 2) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
