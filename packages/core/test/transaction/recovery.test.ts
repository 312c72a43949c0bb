import { expect, test } from 'vitest'
import { FaultFileSystem } from '../../src/storage/fault-file-system.ts'
import { logPath } from '../../src/storage/log.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { createTable, readRows, writeStep } from './history.ts'

const LOG = logPath('store', 1)

// The next record was written where the file ended, and not where the reader looks for it, at a multiple of eight: all
// that came after a power cut that took only these zeros was lost at the next opening. The writer now says where it goes on.
test('a log whose last record lacks some of the zeros at its end is gone on with', async () => {
  for (let cut = 0; cut < 8; cut += 1) {
    const disk = new FaultFileSystem()
    const store = await openTableStore({ path: 'store', fileSystem: disk, durability: 'none' })
    await createTable(store)
    await writeStep(store, { kind: 'insert', rows: [{ id: 1, name: 'one' }] })
    const killed = disk.afterKill()
    killed.cut(LOG, killed.sizeOf(LOG) - cut)
    const second = await openTableStore({ path: 'store', fileSystem: killed })
    await writeStep(second, { kind: 'insert', rows: [{ id: 2, name: 'two' }] })
    const kept = readRows(second.snapshot())
    expect(kept.has(2)).toBe(true)
    const third = await openTableStore({ path: 'store', fileSystem: killed.afterCrash('lost') })
    expect([...readRows(third.snapshot()).keys()]).toEqual([...kept.keys()])
    await third.close()
  }
})

// Commits that a killed process left in the system's cache were read back and shown, and never synced: a power cut could
// take them although later commits counted on them. They are synced now before the store is open.
test('what is read back from the log of a killed process outlives a power cut from then on', async () => {
  const disk = new FaultFileSystem()
  const store = await openTableStore({ path: 'store', fileSystem: disk, durability: 'none' })
  await createTable(store)
  await writeStep(store, { kind: 'insert', rows: [{ id: 1, name: 'one' }] })
  const killed = disk.afterKill()
  const second = await openTableStore({ path: 'store', fileSystem: killed })
  expect(readRows(second.snapshot()).has(1)).toBe(true)
  const third = await openTableStore({ path: 'store', fileSystem: killed.afterCrash('lost') })
  expect(readRows(third.snapshot()).has(1)).toBe(true)
  await third.close()
})

// A process that was killed between making a file and syncing its folder left a name that a power cut could still take,
// with all that the next process wrote under it. The folders are synced now before anything is built on their names.
test('what is written after a kill in the middle of a flush outlives a power cut from then on', async () => {
  let calls = 0
  for (let at = 0; ; at += 1) {
    const disk = new FaultFileSystem()
    const store = await openTableStore({ path: 'store', fileSystem: disk })
    await createTable(store)
    await writeStep(store, { kind: 'insert', rows: [{ id: 1, name: 'one' }] })
    calls = disk.callCount
    disk.fault = (index) => (index === calls + at ? 'crash' : 'none')
    await store.compact().catch(() => undefined)
    if (!disk.crashed) break
    const killed = disk.afterKill()
    const second = await openTableStore({ path: 'store', fileSystem: killed })
    await writeStep(second, { kind: 'insert', rows: [{ id: 2, name: 'two' }] })
    const third = await openTableStore({ path: 'store', fileSystem: killed.afterCrash('lost') })
    expect([...readRows(third.snapshot()).keys()]).toEqual([1, 2])
    await third.close()
  }
})
