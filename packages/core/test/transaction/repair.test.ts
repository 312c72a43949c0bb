import { describe, expect, test } from 'vitest'
import { FaultFileSystem } from '../../src/storage/fault-file-system.ts'
import { repairStore } from '../../src/transaction/repair.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { batchOf, comparable, createTable, type Row, readRows, TABLE, writeStep } from './history.ts'

const ROWS = 140_000

function rowOf(id: number): Row {
  return { id, name: `n${id % 5}`, score: id / 2, extra: { id } }
}

/** Makes a store with three chunks in a segment, a deletion file, and a log after them. */
async function filled(): Promise<FaultFileSystem> {
  const disk = new FaultFileSystem()
  const store = await openTableStore({ path: 'store', fileSystem: disk })
  await createTable(store)
  const transaction = store.begin()
  transaction.insert(TABLE, batchOf(Array.from({ length: ROWS }, (_, id) => rowOf(id))))
  await transaction.commit()
  await writeStep(store, { kind: 'delete', ids: [5, 70_000] })
  await store.compact({ full: false })
  for (let id = 1; id <= 3; id += 1) await writeStep(store, { kind: 'insert', rows: [rowOf(-id)] })
  await store.close()
  return disk
}

const SEGMENT = (disk: FaultFileSystem): string =>
  disk.paths().find((path) => /segments\/16\/\d+\.arrow$/.test(path)) as string

async function keysOf(disk: FaultFileSystem): Promise<ReadonlySet<number>> {
  const store = await openTableStore({ path: 'store', fileSystem: disk })
  const rows = readRows(store.snapshot())
  for (const row of [...rows.values()].slice(0, 50))
    expect(comparable(new Map([[row.id as number, row]]))).toEqual(
      comparable(new Map([[row.id as number, rowOf(row.id as number)]])),
    )
  await store.close()
  return new Set(rows.keys())
}

describe('repair', () => {
  test('leaves a sound store as it is', async () => {
    const disk = await filled()
    const before = disk.paths()
    expect(await repairStore('store', { fileSystem: disk })).toEqual({
      ok: true,
      problems: [],
      lostRowCount: 0,
    })
    expect(disk.paths()).toEqual(before)
  })

  test('saves the sound chunks of a damaged segment, and keeps the damaged file', async () => {
    const disk = await filled()
    const path = SEGMENT(disk)
    const size = disk.sizeOf(path)
    disk.flipBit(path, 8 * Math.floor(size * 0.6))
    const report = await repairStore('store', { fileSystem: disk })
    expect(report.ok).toBe(false)
    expect(report.problems[0]).toContain(path)
    expect([65_536, ROWS - 2 * 65_536]).toContain(report.lostRowCount)
    const keys = await keysOf(disk)
    expect(keys.has(5)).toBe(false)
    expect(keys.size).toBeGreaterThanOrEqual(ROWS - 2 - report.lostRowCount + 3)
    expect(disk.paths().some((each) => each.startsWith('store/damaged/'))).toBe(true)
  })

  test('says that a segment is lost whose file is gone, and opens the rest', async () => {
    const disk = await filled()
    disk.remove(SEGMENT(disk))
    const report = await repairStore('store', { fileSystem: disk })
    expect(report.lostRowCount).toBe(ROWS)
    expect([...(await keysOf(disk))].sort()).toEqual([-1, -2, -3])
  })

  test('cuts a damaged log off', async () => {
    const disk = await filled()
    const log = disk.paths().find((path) => path.startsWith('store/log/')) as string
    disk.flipBit(log, 8 * (24 + 40))
    await expect(openTableStore({ path: 'store', fileSystem: disk })).rejects.toMatchObject({
      code: 'CORRUPT',
      path: log,
    })
    const report = await repairStore('store', { fileSystem: disk })
    expect(report.problems[0]).toContain('Commits from the damage on are lost')
    expect((await keysOf(disk)).size).toBe(ROWS - 2)
  })

  test('brings rows back whose deletion cannot be read, and says so', async () => {
    const disk = await filled()
    const path = disk.paths().find((each) => each.endsWith('.deletions')) as string
    disk.flipBit(path, 8 * 30)
    await expect(openTableStore({ path: 'store', fileSystem: disk })).rejects.toMatchObject({
      code: 'CORRUPT',
      path,
    })
    const report = await repairStore('store', { fileSystem: disk })
    expect(report.problems[0]).toContain('Rows that were deleted are there again')
    const keys = await keysOf(disk)
    expect([keys.has(5), keys.has(70_000), keys.size]).toEqual([true, true, ROWS + 3])
  })

  test('cannot do without both the manifest and its copy, and says so', async () => {
    const disk = await filled()
    for (const path of disk.paths()) if (path.includes('MANIFEST')) disk.flipBit(path, 400)
    await expect(repairStore('store', { fileSystem: disk })).rejects.toMatchObject({
      code: 'CORRUPT',
    })
  })
})
