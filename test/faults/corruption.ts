/**
 * Damages one file of a store at a time (bits flipped, ends cut off, blocks of 4 KiB zeroed or swapped) and reads it: the
 * damage must be reported, or be harmless, that is, everything reads as before. Nothing may hang, crash or differ.
 *
 * Run: `node scripts/run.mjs run test/faults/corruption.ts [damages of each kind and file] [seed]`
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isSheafError } from '@sheafdb/core'
import { randomOf } from './simulation.ts'
import { openWorkload, prepare, readState, runTransaction, transactionsOf } from './workload.ts'

const TRANSACTIONS = 60
const BLOCK_BYTES = 4096
const SLOW_MS = 30_000

const DAMAGES = {
  'bit flip': (bytes, random) => {
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8))
    return bytes
  },
  truncation: (bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length)),
  'zeroed block': (bytes, random) => {
    const start = blockOf(bytes, random)
    return bytes.fill(0, start, Math.min(start + BLOCK_BYTES, bytes.length))
  },
  'swapped blocks': (bytes, random) => {
    const [one, two] = [blockOf(bytes, random), blockOf(bytes, random)]
    const size = Math.min(BLOCK_BYTES, bytes.length - Math.max(one, two))
    const kept = Buffer.from(bytes.subarray(one, one + size))
    bytes.copyWithin(one, two, two + size)
    kept.copy(bytes, two)
    return bytes
  },
} as const satisfies Record<string, (bytes: Buffer, random: () => number) => Buffer>

function blockOf(bytes: Buffer, random: () => number): number {
  return Math.floor(random() * Math.ceil(bytes.length / BLOCK_BYTES)) * BLOCK_BYTES
}

/** Counts what became of damages. `silent` and `broken` must stay empty. */
export type CorruptionOutcome = {
  total: number
  found: number
  harmless: number
  readonly silent: string[]
  readonly broken: string[]
  readonly kinds: Set<string>
}

/** Makes a store with files of every kind: two log files' worth of commits, merged segments, deleted positions. */
async function makeStore(path: string): Promise<void> {
  const store = await openWorkload(path)
  await prepare(store)
  await store.relational.run('CREATE TABLE bulk (id INTEGER PRIMARY KEY, v VARCHAR)')
  await store.relational.run("INSERT INTO bulk SELECT i, 'v' || (i % 100) FROM range(70000) r(i)")
  for (let n = 1; n <= TRANSACTIONS; n += 1) {
    await runTransaction(store, n)
    if (n === 40) await store.compact()
    if (n === 50) {
      // What a snapshot still sees stays in its segment, and is listed as deleted beside it.
      const snapshot = store.snapshot()
      await store.relational.run('DELETE FROM bulk WHERE id % 1000 = 0')
      await store.compact()
      snapshot.close()
    }
  }
  await store.close()
}

function kindOf(file: string): string {
  if (file.startsWith('MANIFEST')) return file.endsWith('.copy') ? 'copy of the manifest' : 'manifest'
  if (file.startsWith('log')) return 'log'
  if (file.endsWith('.deletions')) return 'deletions'
  return file.endsWith('.arrow') ? 'segment' : file
}

/** Says how a damaged store reads: as an error with a code, as before, or as something else. */
async function readDamaged(path: string): Promise<'found' | 'same' | string> {
  let store: Awaited<ReturnType<typeof openWorkload>>
  try {
    store = await openWorkload(path)
  } catch (error) {
    if (isSheafError(error, 'CORRUPT', 'IO', 'VERSION', 'NOT_FOUND')) return 'found'
    throw error
  }
  try {
    const { ok } = await store.verify()
    const state = await readState(store)
    const bulk = await store.relational
      .query('SELECT count(*) AS n, sum(id) AS s, min(v) AS v FROM bulk')
      .rows()
    const isSame =
      transactionsOf(state) === TRANSACTIONS &&
      JSON.stringify(bulk) === JSON.stringify([{ n: 69930, s: 2447550000, v: 'v0' }])
    if (!ok) return 'found'
    return isSame ? 'same' : `it reads as ${transactionsOf(state)} transactions, ${JSON.stringify(bulk)}`
  } catch (error) {
    if (isSheafError(error, 'CORRUPT', 'IO', 'VERSION')) return 'found'
    throw error
  } finally {
    await store.close().catch(() => undefined)
  }
}

/** Damages each file of a store so many times in each way. */
export async function corrupt(options: {
  readonly times: number
  readonly seed: number
  readonly folder?: string
}): Promise<CorruptionOutcome> {
  const random = randomOf(options.seed)
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'sheaf-corrupt-'))
  const sound = join(folder, 'sound')
  await makeStore(sound)
  const files = readdirSync(sound, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'LOCK')
    .map((entry) => join(entry.parentPath, entry.name).slice(sound.length + 1))
  const outcome: CorruptionOutcome = {
    total: 0,
    found: 0,
    harmless: 0,
    silent: [],
    broken: [],
    kinds: new Set(files.map(kindOf)),
  }
  for (let time = 0; time < options.times; time += 1) {
    for (const file of files) {
      for (const [name, damage] of Object.entries(DAMAGES)) {
        const path = join(folder, 'damaged')
        cpSync(sound, path, { recursive: true })
        const before = readFileSync(join(path, file))
        const after = damage(Buffer.from(before), random)
        if (before.length > 0 && !before.equals(after)) {
          writeFileSync(join(path, file), after)
          await judge(outcome, path, `${name} in ${file} (time ${time})`)
        }
        rmSync(path, { recursive: true })
      }
    }
  }
  rmSync(folder, { recursive: true })
  return outcome
}

async function judge(outcome: CorruptionOutcome, path: string, what: string): Promise<void> {
  outcome.total += 1
  const start = performance.now()
  try {
    const result = await readDamaged(path)
    if (result === 'found') outcome.found += 1
    else if (result === 'same') outcome.harmless += 1
    else outcome.silent.push(`${what}: ${result}`)
  } catch (error) {
    outcome.broken.push(`${what}: ${String(error)}`)
  }
  if (performance.now() - start > SLOW_MS) outcome.broken.push(`${what}: it takes too long`)
}

async function main(): Promise<void> {
  const [times = 10, seed = 1] = process.argv.slice(2).map(Number)
  const outcome = await corrupt({ times, seed })
  for (const problem of [...outcome.silent, ...outcome.broken]) console.log(problem)
  console.log(
    `${outcome.total} damages to ${[...outcome.kinds].join(', ')}: ${outcome.found} found, ${outcome.harmless} harmless, ${outcome.silent.length} silent, ${outcome.broken.length} crashes or hangs`,
  )
  if (outcome.silent.length + outcome.broken.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
