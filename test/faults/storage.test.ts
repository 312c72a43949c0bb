/**
 * A short history of transactions, flushes and merges, in which each call to the file system fails once: torn,
 * refused, or with the power going away. Whatever was acknowledged must be there afterwards, nothing by half.
 */
import { isSheafError } from '@sheafdb/core'
import { type Fault, FaultFileSystem, type FileCall } from '@sheafdb/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TableStore } from '../../packages/core/src/catalog/table-store.ts'
import { openTableStore, type TableStoreOptions } from '../../packages/core/src/transaction/table-store.ts'
import {
  applyStep,
  comparable,
  createTable,
  type Model,
  readRows,
  row,
  type Step,
  TABLE,
  writeStep,
} from '../../packages/core/test/transaction/history.ts'

const rows = fc.sample(row, { numRuns: 40, seed: 11 }).map((each, id) => ({ ...each, id }))

/** Segments are written from eight rows on, so that the history meets them. */
const OPTIONS: Omit<TableStoreOptions, 'fileSystem'> = {
  path: 'store',
  directRows: 8,
  clock: () => 0,
  timers: { later() {}, pause: () => Promise.resolve() },
}

const STEPS: readonly Step[] = [
  { kind: 'insert', rows: rows.slice(0, 5) },
  { kind: 'replace', rows: rows.slice(3, 7) },
  { kind: 'compact', full: false },
  { kind: 'rename', ids: [1, 4], name: 'renamed' },
  { kind: 'delete', ids: [0, 2] },
  { kind: 'insert', rows: rows.slice(10, 30) },
  { kind: 'compact', full: true },
  { kind: 'delete', ids: [12, 13] },
  { kind: 'replace', rows: rows.slice(12, 16) },
]

/** The states that the history goes through: `null` before there is a table. */
const MODELS: (Model | null)[] = [null, new Map()]
for (const step of STEPS) if (step.kind !== 'compact') MODELS.push(applyStep(MODELS.at(-1) as Model, step))

function open(disk: FaultFileSystem): Promise<TableStore> {
  return openTableStore({ ...OPTIONS, fileSystem: disk })
}

/** Runs the history until a write is refused. Gives how many states were acknowledged. */
async function run(disk: FaultFileSystem): Promise<{ readonly reached: number; readonly error: unknown }> {
  let reached = 0
  let store: TableStore
  try {
    store = await open(disk)
  } catch (error) {
    return { reached, error }
  }
  let failure: unknown
  try {
    await createTable(store)
    reached += 1
    for (const step of STEPS) {
      if (step.kind === 'compact') await compactOrFail(store, step.full)
      else {
        await writeStep(store, step)
        reached += 1
      }
    }
  } catch (error) {
    failure = error
    if (!disk.crashed) checkReads(store, reached)
  }
  await store.close().catch((error: unknown) => {
    failure ??= error
  })
  return { reached, error: failure }
}

/** A flush or a merge that fails loses nothing: the history goes on. */
async function compactOrFail(store: TableStore, full: boolean): Promise<void> {
  try {
    await store.compact({ full })
  } catch (error) {
    if (!isSheafError(error, 'IO', 'NO_SPACE')) throw error
  }
}

/** After a failed write, what was acknowledged can still be read. */
function checkReads(store: TableStore, reached: number): void {
  expect(stateOf(store)).toEqual(comparable(MODELS[reached] ?? new Map()))
}

function stateOf(store: TableStore): unknown {
  const snapshot = store.snapshot()
  const state = snapshot.catalog.table(TABLE) === undefined ? [] : comparable(readRows(snapshot))
  snapshot.close()
  return state
}

async function checkReopened(disk: FaultFileSystem, reached: number): Promise<void> {
  const store = await open(disk)
  const state = JSON.stringify(stateOf(store))
  // The write that was under way when it ended may have been kept, or not.
  const allowed = MODELS.slice(reached, reached + 2).map((model) =>
    JSON.stringify(model === null ? [] : comparable(model)),
  )
  expect(allowed).toContain(state)
  expect(await store.verify()).toEqual({ ok: true, problems: [] })
  if (store.snapshot().catalog.table(TABLE) === undefined) await createTable(store)
  await writeStep(store, { kind: 'replace', rows: rows.slice(30, 32) })
  const after = JSON.stringify(stateOf(store))
  await store.close()
  const again = await open(disk)
  expect(JSON.stringify(stateOf(again))).toBe(after)
  await again.compact({ full: true })
  await again.close()
  const compacted = await open(disk)
  expect(JSON.stringify(stateOf(compacted))).toBe(after)
  await compacted.close()
}

/** Is the calls that change nothing: a power cut at one is the same as at the next that does. */
const READING: ReadonlySet<FileCall> = new Set(['read', 'list', 'lock'])

function numbers(seed: number): () => number {
  let state = seed + 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Lists the calls of the history when nothing fails. */
async function callsOf(): Promise<readonly FileCall[]> {
  const calls: FileCall[] = []
  const disk = new FaultFileSystem({
    fault: (_, call) => {
      calls.push(call)
      return 'none'
    },
  })
  expect(await run(disk)).toEqual({ reached: MODELS.length - 1, error: undefined })
  return calls
}

describe('a fault at every call of a history', () => {
  test.each<Fault>(['fail', 'tear'])(
    'that makes the call %s loses nothing acknowledged',
    async (fault) => {
      const calls = await callsOf()
      for (let at = 0; at < calls.length; at += 1) {
        const disk = new FaultFileSystem({ fault: (index) => (index === at ? fault : 'none') })
        const { reached, error } = await run(disk)
        if (error !== undefined) expect(isSheafError(error, 'IO')).toBe(true)
        disk.fault = () => 'none'
        await checkReopened(disk, reached)
      }
    },
    120_000,
  )

  test('a power cut loses nothing acknowledged, whatever becomes of what was not synced', async () => {
    const calls = await callsOf()
    for (let at = 0; at < calls.length; at += 1) {
      if (READING.has(calls[at] as FileCall)) continue
      const disk = new FaultFileSystem({ fault: (index) => (index === at ? 'crash' : 'none') })
      const { reached } = await run(disk)
      for (const outcome of ['lost', 'kept', 'torn'] as const)
        await checkReopened(disk.afterCrash(outcome, numbers(at)), reached)
    }
  }, 120_000)

  test('a full disk loses nothing acknowledged, and has a code of its own', async () => {
    const whole = new FaultFileSystem()
    await run(whole)
    const used = whole.paths().reduce((sum, path) => sum + whole.sizeOf(path), 0)
    let refused = 0
    for (let capacityBytes = 100; capacityBytes < used * 2; capacityBytes += Math.ceil(used / 60)) {
      const disk = new FaultFileSystem({ capacityBytes })
      const { reached, error } = await run(disk)
      if (error !== undefined) {
        expect(isSheafError(error, 'NO_SPACE')).toBe(true)
        refused += 1
      }
      disk.capacityBytes = Number.POSITIVE_INFINITY
      await checkReopened(disk, reached)
    }
    expect(refused).toBeGreaterThan(10)
  }, 120_000)
})
