/**
 * Loads ten times as much data as `memoryLimit` allows to be in memory, and sorts, groups, looks up, updates and compacts
 * it: the process must not die, every answer must be right, and what it holds must stay near the limit.
 *
 * Run: `node scripts/run.mjs run test/faults/memory.ts [limit in MB] [folder]`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { tableFromArrays } from 'apache-arrow'

const MEGABYTE = 2 ** 20
const DATA_PER_LIMIT = 10
/** An id, a group, a double and a text of 80 characters. */
const ROW_BYTES = 100
const BATCH_ROWS = 20_000
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-_'

/** Is what a phase took. */
export type MemorySample = {
  readonly phase: string
  readonly seconds: number
  /** The most memory of its own that the process held, and the most with the files that it maps. */
  readonly anonymousBytes: number
  readonly residentBytes: number
}

/** Reads a line of `/proc/self/status`, in bytes. */
function statusOf(name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? 0) * 1024
}

/** Makes numbers that repeat with their seed. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
}

function textOf(next: () => number): string {
  let text = ''
  for (let part = 0; part < 16; part += 1) {
    let bits = next() >>> 3
    for (let at = 0; at < 5; at += 1) {
      text += LETTERS[bits % LETTERS.length]
      bits = Math.floor(bits / LETTERS.length)
    }
  }
  return text
}

const groupOf = (id: number): number => Math.imul(id, 2654435761) >>> 12

function batchOf(from: number, rows: number): ReturnType<typeof tableFromArrays> {
  const next = random(from + 1)
  const ids = Int32Array.from({ length: rows }, (_, at) => from + at)
  return tableFromArrays({
    id: ids,
    part: Int32Array.from(ids, groupOf),
    size: Float64Array.from(ids, () => next() / 2 ** 32),
    text: Array.from(ids, () => textOf(next)),
  })
}

/** Does all of it with a limit; `problem` tells of a wrong answer. */
export async function runInMemory(options: {
  readonly path: string
  readonly limitBytes: number
  readonly report?: (sample: MemorySample) => void
}): Promise<{ readonly samples: readonly MemorySample[]; readonly problems: readonly string[] }> {
  const samples: MemorySample[] = []
  const problems: string[] = []
  const rows = Math.ceil((options.limitBytes * DATA_PER_LIMIT) / ROW_BYTES / BATCH_ROWS) * BATCH_ROWS
  const store = await openStore(options.path, {
    models: [relational()],
    memoryLimit: options.limitBytes,
    durability: 'none',
  })
  let anonymous = 0
  let resident = 0
  const watch = (): void => {
    anonymous = Math.max(anonymous, statusOf('RssAnon'))
    resident = Math.max(resident, statusOf('VmRSS'))
  }
  const timer = setInterval(watch, 20)
  const phase = async (name: string, work: () => Promise<void>): Promise<void> => {
    anonymous = 0
    resident = 0
    const start = performance.now()
    await work()
    watch()
    const seconds = (performance.now() - start) / 1000
    const sample = { phase: name, seconds, anonymousBytes: anonymous, residentBytes: resident }
    samples.push(sample)
    options.report?.(sample)
  }
  const check = (what: string, holds: boolean): void => {
    if (!holds) problems.push(what)
  }
  const { relational: sql } = store
  await phase('load', async () => {
    await sql.run(
      'CREATE TABLE data (id INTEGER PRIMARY KEY, part INTEGER, size DOUBLE, text VARCHAR); CREATE INDEX by_part ON data (part)',
    )
    for (let from = 0; from < rows; from += BATCH_ROWS) await sql('data').insert(batchOf(from, BATCH_ROWS))
  })
  await phase('sort all', async () => {
    let count = 0
    let last = ''
    let ascending = true
    for await (const batch of sql.query('SELECT id, text FROM data ORDER BY text').batches()) {
      const texts = batch.getChild('text')
      const first = String(texts?.get(0))
      ascending &&= last <= first
      last = String(texts?.get(batch.numRows - 1))
      count += batch.numRows
    }
    check('the sort lost rows, or their order', ascending && count === rows)
  })
  await phase('group by a value nearly each row has alone', async () => {
    const [found] = await sql
      .query(
        'SELECT count(*) AS parts, sum(n) AS n FROM (SELECT part, count(*) AS n FROM data GROUP BY part)',
      )
      .rows()
    check('the groups are not all rows', Number(found?.n) === rows)
  })
  await phase('join with itself', async () => {
    const [found] = await sql
      .query('SELECT count(*) AS n FROM data a JOIN data b ON a.id = b.id WHERE a.size >= 0')
      .rows()
    check('the join lost rows', Number(found?.n) === rows)
  })
  await phase('lookups by index and by key', async () => {
    for (let at = 0; at < 200; at += 1) {
      const id = Math.floor((rows / 200) * at)
      const byPart = await sql.query('SELECT id FROM data WHERE part = $1', [groupOf(id)]).rows()
      check(
        `row ${id} is not found by its index`,
        byPart.some((row) => row.id === id),
      )
      const byKey = await sql.query('SELECT part FROM data WHERE id = $1', [id]).rows()
      check(`row ${id} is not found by its key`, byKey[0]?.part === groupOf(id))
    }
  })
  await phase('update of a tenth', async () => {
    await sql.run(`UPDATE data SET size = 2 WHERE id % 10 = 3`)
    const [found] = await sql.query('SELECT count(*) AS n FROM data WHERE size = 2').rows()
    check('the update lost rows', Number(found?.n) === Math.ceil((rows - 3) / 10))
  })
  await phase('compact', () => store.compact())
  await phase('verify', async () => {
    check('the store is damaged', (await store.verify()).ok)
  })
  clearInterval(timer)
  await store.close()
  return { samples, problems }
}

async function main(): Promise<void> {
  const [limit = '128', parent = tmpdir()] = process.argv.slice(2)
  const limitBytes = Number(limit) * MEGABYTE
  const folder = mkdtempSync(join(parent, 'sheaf-memory-'))
  const megabytes = (bytes: number): string => `${Math.round(bytes / MEGABYTE)} MB`
  console.log(
    `limit ${limit} MB, data ${DATA_PER_LIMIT} times as much; at the start ${megabytes(statusOf('RssAnon'))}`,
  )
  const { samples, problems } = await runInMemory({
    path: join(folder, 'store'),
    limitBytes,
    report: ({ phase, seconds, anonymousBytes, residentBytes }) =>
      console.log(
        `${phase}: ${seconds.toFixed(1)} s, most memory ${megabytes(anonymousBytes)}, with maps ${megabytes(residentBytes)}`,
      ),
  })
  rmSync(folder, { recursive: true, force: true })
  const most = Math.max(...samples.map((sample) => sample.anonymousBytes))
  console.log(`most memory ${megabytes(most)}, ${(most / limitBytes).toFixed(1)} times the limit`)
  for (const problem of problems) console.log(`WRONG: ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
