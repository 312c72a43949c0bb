/**
 * Tells how large columns are on the disk against their raw size, which is what Arrow keeps them in: the type's width a
 * number, and the bytes of texts.
 *
 * Run: `node scripts/run.mjs run test/faults/compression.ts [folder]`
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { flightsParquet, seededRandom } from '../../benchmarks/workloads/flights-data.ts'
import { readManifest } from '../../packages/core/src/storage/manifest.ts'
import { realFileSystem } from '../../packages/core/src/storage/real-file-system.ts'
import { decodeSegmentIndex } from '../../packages/core/src/storage/segment-index.ts'
import { segmentPath } from '../../packages/core/src/storage/segment-writer.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const EVENTS = 1_000_000

/** Is what the columns of a kind take. */
type Measured = {
  readonly kind: string
  readonly column: string
  readonly rawBytes: number
  readonly storedBytes: number
}

/** Counts the stored bytes of the columns of all tables, dictionaries with the columns that they belong to. */
function storedBytes(folder: string): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const table of readManifest(realFileSystem(), folder)?.tables ?? []) {
    if (table.id < 16) continue
    for (const entry of table.segments) {
      const path = segmentPath(folder, table.id, entry.id)
      const { offset, sizeBytes } = entry.index
      const index = decodeSegmentIndex(readFileSync(path).subarray(offset, offset + sizeBytes), path, 65_536)
      const add = (name: string, buffers: readonly { readonly sizeBytes: number }[]): void => {
        const size = buffers.reduce((sum, buffer) => sum + buffer.sizeBytes, 0)
        sizes.set(name, (sizes.get(name) ?? 0) + size)
      }
      const { fields } = index.header
      for (const chunk of index.chunks)
        for (const [at, column] of chunk.entries()) add(fields[at]?.name as string, column.buffers)
      for (const { name, node } of fields)
        if (node.dictionary !== undefined) add(name, index.dictionaries[node.dictionary] ?? [])
    }
  }
  return sizes
}

async function load(folder: string): Promise<Omit<Measured, 'storedBytes'>[]> {
  const store = await openStore(folder, { models: [relational()], durability: 'none' })
  const { relational: sql } = store
  await sql.run(
    `CREATE TABLE flights AS SELECT date AS flight_date, delay, distance, origin, destination FROM '${flightsParquet}'`,
  )
  await sql.run('CREATE TABLE lines (path VARCHAR, number INTEGER, line VARCHAR)')
  const files = globSync(['packages/*/src/**/*.ts', 'docs/**/*.md'], { cwd: ROOT }).sort()
  const lines = files.flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .map((line, number) => ({ path, number, line })),
  )
  await sql('lines').insert(lines)
  const random = seededRandom(1)
  let at = Date.UTC(2026, 0, 1)
  const events = Array.from({ length: EVENTS }, () => {
    at += Math.floor(-Math.log(1 - random()) * 1000)
    return { second: new Date(Math.floor(at / 1000) * 1000), millisecond: new Date(at) }
  })
  await sql.run('CREATE TABLE events (second TIMESTAMP, millisecond TIMESTAMP)')
  for (let from = 0; from < EVENTS; from += 100_000)
    await sql('events').insert(events.slice(from, from + 100_000))
  const [flights] = await sql
    .query(
      'SELECT count(*) AS n, sum(length(origin)) AS origin, sum(length(destination)) AS destination FROM flights',
    )
    .rows()
  await store.compact()
  await store.close()
  const rows = Number(flights?.n)
  const bytesOf = (name: 'path' | 'line'): number =>
    lines.reduce((sum, line) => sum + Buffer.byteLength(line[name]), 0)
  return [
    { kind: 'integers', column: 'delay', rawBytes: rows * 4 },
    { kind: 'integers', column: 'distance', rawBytes: rows * 4 },
    { kind: 'integers', column: 'number', rawBytes: lines.length * 4 },
    { kind: 'strings', column: 'origin', rawBytes: Number(flights?.origin) },
    { kind: 'strings', column: 'destination', rawBytes: Number(flights?.destination) },
    { kind: 'strings', column: 'path', rawBytes: bytesOf('path') },
    { kind: 'strings', column: 'line', rawBytes: bytesOf('line') },
    { kind: 'timestamps', column: 'flight_date', rawBytes: rows * 8 },
    { kind: 'timestamps', column: 'second', rawBytes: EVENTS * 8 },
    { kind: 'timestamps', column: 'millisecond', rawBytes: EVENTS * 8 },
  ]
}

const parent = process.argv[2] ?? tmpdir()
const folder = mkdtempSync(join(parent, 'sheaf-compression-'))
const columns = await load(join(folder, 'store'))
const sizes = storedBytes(join(folder, 'store'))
rmSync(folder, { recursive: true, force: true })
const asked: Readonly<Record<string, number>> = { integers: 0.4, strings: 0.3, timestamps: 0.15 }
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`
for (const { kind, column, rawBytes } of columns) {
  const part = (sizes.get(column) ?? 0) / rawBytes
  console.log(`${kind}: ${column}: ${percent(part)} of ${(rawBytes / 1e6).toFixed(1)} MB`)
}
for (const [kind, most] of Object.entries(asked)) {
  const mine = columns.filter((each) => each.kind === kind)
  const raw = mine.reduce((sum, each) => sum + each.rawBytes, 0)
  const stored = mine.reduce((sum, each) => sum + (sizes.get(each.column) ?? 0), 0)
  console.log(`${kind}, all: ${percent(stored / raw)} (asked: under ${percent(most)})`)
  if (stored / raw >= most) process.exitCode = 1
}
