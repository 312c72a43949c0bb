/**
 * Puts entries of 100 bytes under random keys, and tells how many bytes are written and kept for each byte of them.
 *
 * Run: `node scripts/run.mjs run test/faults/amplification.ts [millions of puts] [folder]`
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'

const KEY_BYTES = 16
const VALUE_BYTES = 84
const BATCH = 10_000
const REST_MS = 2000
const ASKED_WRITES = 10
const ASKED_SPACE = 1.3

/** Makes numbers that repeat with their seed. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function folderBytes(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** Is what a run wrote and kept for each byte of keys and values. */
export type Amplification = {
  readonly putBytes: number
  readonly writtenBytes: number
  readonly liveBytes: number
  readonly diskBytes: number
  /** What the store itself says of its files against the rows in them that live. */
  readonly spaceOfSegments: number
}

/** Puts entries whose keys are random among as many as there are puts, so that more than a third are overwritten. */
export async function measureAmplification(options: {
  readonly path: string
  readonly puts: number
  readonly report?: (done: number) => void
}): Promise<Amplification> {
  const store = await openStore(options.path, { models: [kv()], durability: 'none' })
  const entries = store.kv('entries')
  const next = random(7)
  const seen = new Uint8Array(Math.ceil(options.puts / 8))
  let distinct = 0
  for (let done = 0; done < options.puts; done += BATCH) {
    const batch: { type: 'put'; key: Uint8Array; value: Uint8Array }[] = []
    for (let at = 0; at < BATCH; at += 1) {
      const number = next() % options.puts
      const mask = 1 << (number & 7)
      if (((seen[number >> 3] as number) & mask) === 0) distinct += 1
      seen[number >> 3] = (seen[number >> 3] as number) | mask
      // Bytes that do not compress: what is saved by compressing is not to be counted here.
      const value = new Uint8Array(VALUE_BYTES)
      const words = new Uint32Array(value.buffer)
      for (let word = 0; word < words.length; word += 1) words[word] = next()
      batch.push({ type: 'put', key: keyOf(number), value })
    }
    await entries.batch(batch)
    options.report?.(done + BATCH)
  }
  // What a user finds on the disk when nothing is written any more: no compaction was asked for.
  await rest(store)
  const { written, spaceAmplification } = store.stats().storage
  await store.close()
  return {
    putBytes: options.puts * (KEY_BYTES + VALUE_BYTES),
    writtenBytes: written.log + written.segments + written.deletions + written.manifests,
    liveBytes: distinct * (KEY_BYTES + VALUE_BYTES),
    diskBytes: folderBytes(options.path),
    spaceOfSegments: spaceAmplification,
  }
}

/** Waits until maintenance in the background has come to its end. */
async function rest(store: { stats(): { readonly storage: { readonly written: object } } }): Promise<void> {
  const state = (): string => JSON.stringify(store.stats().storage.written)
  for (let before = '', now = state(); now !== before; now = state()) {
    before = now
    await sleep(REST_MS)
  }
}

/** Spreads numbers over keys of 16 bytes, so that neighbours are not near. */
function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES)
  const view = new DataView(key.buffer)
  view.setUint32(0, Math.imul(number, 2654435761) >>> 0)
  view.setUint32(4, number)
  view.setUint32(8, Math.imul(number, 2246822519) >>> 0)
  view.setUint32(12, Math.imul(number, 3266489917) >>> 0)
  return key
}

async function main(): Promise<void> {
  const [millions = '10', parent = tmpdir()] = process.argv.slice(2)
  const folder = mkdtempSync(join(parent, 'sheaf-amplification-'))
  const puts = Math.round(Number(millions) * 1e6)
  const start = performance.now()
  const found = await measureAmplification({
    path: join(folder, 'store'),
    puts,
    report: (done) => {
      if (done % 500_000 === 0)
        console.log(`${done / 1e6} M puts, ${((performance.now() - start) / 1000).toFixed(0)} s`)
    },
  })
  rmSync(folder, { recursive: true, force: true })
  const writes = found.writtenBytes / found.putBytes
  const space = found.diskBytes / found.liveBytes
  console.log(`write amplification ${writes.toFixed(2)} (asked: under ${ASKED_WRITES})`)
  console.log(`space amplification ${space.toFixed(2)} (asked: under ${ASKED_SPACE})`)
  console.log(`of it by rows that were overwritten: ${found.spaceOfSegments.toFixed(2)}`)
  if (writes >= ASKED_WRITES || space >= ASKED_SPACE) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
