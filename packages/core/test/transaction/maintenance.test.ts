import { describe, expect, test } from 'vitest'
import type { TableReport, TableStore } from '../../src/catalog/table-store.ts'
import { FaultFileSystem } from '../../src/storage/fault-file-system.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore, type TableStoreOptions, type Timers } from '../../src/transaction/table-store.ts'
import {
  applyStep,
  comparable,
  createTable,
  type Model,
  type Row,
  readRows,
  type Step,
  TABLE,
  writeStep,
} from './history.ts'

/** Runs what is put off when the test says so, and something of the test's at each pause. */
class TestTimers implements Timers {
  readonly waiting: { readonly run: () => void; readonly ms: number }[] = []
  onPause: () => Promise<void> = async () => {}

  later(run: () => void, ms: number): void {
    this.waiting.push({ run, ms })
  }

  pause(): Promise<void> {
    return this.onPause()
  }
}

type Opened = { readonly store: TableStore; readonly disk: FaultFileSystem; readonly timers: TestTimers }

async function opened(options: Partial<TableStoreOptions> = {}): Promise<Opened> {
  const disk = new FaultFileSystem()
  const timers = new TestTimers()
  const store = await openTableStore({ path: 'store', fileSystem: disk, timers, ...options })
  await createTable(store)
  return { store, disk, timers }
}

function reportOf(store: TableStore): TableReport {
  return store.report().find((each) => each.table === TABLE) as TableReport
}

const row = (id: number, name = 'x'.repeat(50)): Row => ({ id, name })

function insert(store: TableStore, ...ids: number[]): Promise<void> {
  return writeStep(store, { kind: 'insert', rows: ids.map((id) => row(id)) })
}

describe('flush', () => {
  test.each(['none', 'interval'] as const)(
    'goes on beside a loop of commits that wait for no disk (durability %s)',
    async (durability) => {
      const memoryLimit = 400_000
      const fileSystem = new MemoryFileSystem()
      const store = await openTableStore({ path: 'store', fileSystem, durability, memoryLimit })
      await createTable(store)
      let largest = 0
      for (let id = 0; id < 20_000; id += 10) {
        await insert(store, ...Array.from({ length: 10 }, (_, at) => id + at))
        if (id % 1000 === 0) largest = Math.max(largest, reportOf(store).memtableBytes)
      }
      expect(reportOf(store).segmentCount).toBeGreaterThan(0)
      expect(largest).toBeLessThan(2 * memoryLimit)
      expect(readRows(store.snapshot()).size).toBe(20_000)
      await store.close()
    },
  )

  test('keeps commits waiting while memtables are full', async () => {
    const { store, timers } = await opened({ memoryLimit: 40_000 })
    let id = 0
    for (; timers.waiting.length === 0; id += 1) await insert(store, id)
    const begun = Array.from({ length: 400 }, (_, at) => insert(store, id + at))
    let settled = 0
    for (const each of begun) void each.then(() => (settled += 1))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const before = settled
    expect(before).toBeLessThan(400)
    timers.waiting.pop()?.run()
    await Promise.all(begun)
    expect(settled).toBe(400)
    expect(readRows(store.snapshot()).size).toBe(id + 400)
  })

  test('begins in the background when much was written, and drops the log', async () => {
    const { store, disk, timers } = await opened({ memoryLimit: 40_000 })
    for (let id = 0; timers.waiting.length === 0; id += 1) await insert(store, id)
    expect(reportOf(store).segmentCount).toBe(0)
    timers.waiting.pop()?.run()
    await store.compact({ full: false })
    expect(reportOf(store)).toMatchObject({ segmentCount: 1, memtableBytes: 0 })
    expect(disk.paths().filter((path) => path.startsWith('store/log/'))).not.toContain(
      'store/log/0000000001.log',
    )
  })

  test('and merging let commits through at every pause, and lose none of them', async () => {
    const { store, disk, timers } = await opened()
    let model: Model = new Map()
    const write = async (step: Step): Promise<void> => {
      await writeStep(store, step)
      model = applyStep(model, step)
    }
    for (let id = 0; id < 40; id += 1) await write({ kind: 'insert', rows: [row(id)] })
    await store.compact({ full: false })
    await write({ kind: 'delete', ids: [1, 2, 3] })
    let next = 100
    let pauses = 0
    timers.onPause = async () => {
      pauses += 1
      if (pauses > 40) return
      await write({ kind: 'rename', ids: [next % 40], name: `during ${next}` })
      await write({ kind: 'delete', ids: [(next * 7) % 40] })
      await write({ kind: 'insert', rows: [row(next)] })
      next += 1
    }
    await store.compact({ full: true })
    expect(pauses).toBeGreaterThan(10)
    timers.onPause = async () => {}
    expect(comparable(readRows(store.snapshot()))).toEqual(comparable(model))
    for (const outcome of ['kept', 'lost'] as const) {
      const again = await openTableStore({ path: 'store', fileSystem: disk.afterCrash(outcome), timers })
      expect(comparable(readRows(again.snapshot()))).toEqual(comparable(model))
      await again.close()
    }
    await store.compact({ full: true })
    expect(comparable(readRows(store.snapshot()))).toEqual(comparable(model))
  })

  test('that fails is tried again, and commits go on', async () => {
    const { store, disk } = await opened()
    await insert(store, 1)
    disk.fault = (_, call, path) => (call === 'write' && path.endsWith('.arrow') ? 'fail' : 'none')
    await expect(store.compact({ full: false })).rejects.toMatchObject({ code: 'IO' })
    await insert(store, 2)
    disk.fault = () => 'none'
    await store.compact({ full: false })
    expect([...readRows(store.snapshot()).keys()].sort()).toEqual([1, 2])
    expect(reportOf(store)).toMatchObject({ segmentCount: 1, memtableBytes: 0 })
  })
})

describe('compaction', () => {
  test('drops dead rows when no snapshot sees them any more', async () => {
    const { store } = await opened()
    await insert(store, ...Array.from({ length: 200 }, (_, id) => id))
    await store.compact({ full: true })
    const before = reportOf(store).segmentBytes
    const held = store.snapshot()
    await writeStep(store, { kind: 'delete', ids: Array.from({ length: 199 }, (_, id) => id) })
    await store.compact({ full: true })
    expect(readRows(held).size).toBe(200)
    expect(reportOf(store)).toMatchObject({ rowCount: 1, segmentBytes: before })
    held.close()
    await store.compact({ full: true })
    expect(reportOf(store).segmentBytes).toBeLessThan(before)
    expect([...readRows(store.snapshot()).keys()]).toEqual([199])
  })

  test('makes one segment of many, and removes their files', async () => {
    const { store, disk } = await opened()
    for (let id = 0; id < 6; id += 1) {
      await insert(store, id)
      await store.compact({ full: false })
    }
    await store.compact({ full: true })
    expect(reportOf(store).segmentCount).toBe(1)
    expect(disk.paths().filter((path) => path.startsWith('store/segments/16/'))).toHaveLength(1)
  })

  test('removes the files of a table that was dropped', async () => {
    const { store, disk } = await opened()
    await insert(store, 1)
    await store.compact({ full: true })
    const transaction = store.begin()
    transaction.dropCollection('test', 'wide')
    await transaction.commit()
    await store.compact({ full: true })
    expect(disk.paths().filter((path) => path.startsWith('store/segments/16/'))).toEqual([])
    await store.close()
    const again = await openTableStore({ path: 'store', fileSystem: disk })
    expect(again.snapshot().catalog.collections()).toEqual([])
  })

  test('stops when it is told to', async () => {
    const { store } = await opened()
    await insert(store, 1)
    await expect(store.compact({ full: true, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })
})

describe('earlier versions', () => {
  test('can be opened as long as they are retained', async () => {
    const { store } = await opened({ retention: { commits: 3 } })
    const versions: number[] = []
    for (let id = 0; id < 8; id += 1) {
      await writeStep(store, { kind: 'replace', rows: [row(1, `v${id}`)] })
      versions.push(store.lastCommit)
      await store.compact({ full: true })
    }
    const nameAt = (version: number): unknown => readRows(store.snapshot(version)).get(1)?.name
    expect(versions.slice(-4).map(nameAt)).toEqual(['v4', 'v5', 'v6', 'v7'])
    expect(() => store.snapshot(versions[0])).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(() => store.snapshot(99)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })
})

describe('durability', () => {
  test('by interval resolves a commit before it is synced, and syncs soon after', async () => {
    let syncs = 0
    const { store, disk, timers } = await opened({ durability: 'interval' })
    disk.fault = (_, call) => {
      if (call === 'sync') syncs += 1
      return 'none'
    }
    await insert(store, 1)
    await insert(store, 2)
    expect(syncs).toBe(0)
    expect(timers.waiting).toHaveLength(1)
    timers.waiting.pop()?.run()
    await new Promise((resolve) => setImmediate(resolve))
    expect(syncs).toBe(1)
    const again = await openTableStore({ path: 'store', fileSystem: disk.afterCrash('lost') })
    expect(readRows(again.snapshot()).size).toBe(2)
  })

  test('refuses writes after a sync of the log that failed, and goes on reading', async () => {
    const { store, disk } = await opened()
    await insert(store, 1)
    disk.fault = (_, call) => (call === 'sync' ? 'fail' : 'none')
    await expect(insert(store, 2)).rejects.toMatchObject({ code: 'IO' })
    disk.fault = () => 'none'
    expect(() => store.begin()).toThrow(expect.objectContaining({ code: 'IO' }))
    expect([...readRows(store.snapshot()).keys()]).toEqual([1])
    await store.close()
    const again = await openTableStore({ path: 'store', fileSystem: disk })
    await insert(again, 3)
    expect(readRows(again.snapshot()).has(3)).toBe(true)
  })
})

// A merge that began when the store had just closed took all files for garbage and removed them: closing waited for what
// ran, but not for what that went on to begin. Now nothing begins once the store closes.
test('closing a store while it is compacted leaves every file that it needs', async () => {
  for (let turns = 0; turns < 60; turns += 1) {
    const fileSystem = new MemoryFileSystem()
    const store = await openTableStore({ path: 'store', fileSystem, memoryLimit: 8 })
    await createTable(store)
    for (let id = 0; id < 6; id += 1) {
      await writeStep(store, { kind: 'replace', rows: [{ id, name: 'a' }] })
      if (id % 2 === 0) await store.compact({ full: false })
    }
    const compacting = store.compact().catch((error: unknown) => error)
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await store.close()
    const outcome = await compacting
    if (outcome !== undefined) expect(outcome).toMatchObject({ code: 'CLOSED' })
    await new Promise((resolve) => setTimeout(resolve, 2))
    const again = await openTableStore({ path: 'store', fileSystem })
    expect(readRows(again.snapshot()).size).toBe(6)
    expect(await again.verify()).toEqual({ ok: true, problems: [] })
    await again.close()
  }
})
