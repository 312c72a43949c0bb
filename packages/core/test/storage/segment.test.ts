import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { CompressionType, compressionRegistry, tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TableStore } from '../../src/catalog/table-store.ts'
import { FaultFileSystem } from '../../src/storage/fault-file-system.ts'
import { readFile } from '../../src/storage/file-system.ts'
import { readLog } from '../../src/storage/log.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { types } from '../../src/types/data-type.ts'
import {
  batchOf,
  comparable,
  createTable,
  type Model,
  type Row,
  readRows,
  row,
  TABLE,
  writeStep,
} from '../transaction/history.ts'

compressionRegistry.set(CompressionType.ZSTD, {
  encode: (data) => zstdCompressSync(data, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decode: (data) => zstdDecompressSync(data),
})

const rows: readonly Row[] = fc
  .sample(row, { numRuns: 300, seed: 7 })
  .map((each, id) => ({ ...each, id, name: `name ${id % 7}` }))

const model: Model = new Map(rows.map((each) => [each.id as number, each]))

async function filled(
  full: boolean,
  content: readonly Row[] = rows,
): Promise<{ readonly store: TableStore; readonly disk: FaultFileSystem }> {
  const disk = new FaultFileSystem()
  const store = await openTableStore({ path: 'store', fileSystem: disk })
  await createTable(store)
  await writeStep(store, { kind: 'insert', rows: content })
  await store.compact({ full })
  return { store, disk }
}

function segmentOf(disk: FaultFileSystem): string {
  return disk
    .paths()
    .filter((path) => path.startsWith('store/segments/16/'))
    .at(-1) as string
}

describe('a segment', () => {
  test.each([false, true])('is an Arrow IPC file that other readers read (compressed: %s)', async (full) => {
    const { store, disk } = await filled(full)
    const table = tableFromIPC(readFile(disk, segmentOf(disk)))
    expect(table.numRows).toBe(rows.length)
    for (const name of ['id', 'name', 'score', 'flag']) {
      const column = table.getChild(name)
      const read = Array.from({ length: rows.length }, (_, at) => column?.get(at))
      expect(read).toEqual(rows.map((each) => each[name]))
    }
    expect(comparable(readRows(store.snapshot()))).toEqual(comparable(model))
  })

  test('keeps integers in as few bits as they need, and text that repeats as codes', async () => {
    const { store } = await filled(true)
    const columns = ['id', 'name'].map((field) => ({ field, type: types.int64 }))
    const [batch] = store.snapshot().source(TABLE).scan({ columns, predicates: [] })
    expect(batch?.columns[0]).toMatchObject({ layout: 'flat', values: expect.any(Int16Array) })
    expect(batch?.columns[1]?.layout).toBe('dictionary')
  })

  test('skips chunks by zone maps and finds the range of a key', async () => {
    const { store } = await filled(true)
    const source = store.snapshot().source(TABLE)
    const columns = [
      { field: 'id', type: types.int64 },
      { field: 'name', type: types.utf8 },
    ]
    const count = (predicate: { column: number; operator: 'eq' | 'ge' | 'lt'; value: unknown }): number => {
      const counters = { segmentsRead: 0, segmentsSkipped: 0, rowsRead: 0, bytesRead: 0 }
      for (const _ of source.scan({ columns, predicates: [predicate] }, counters));
      return counters.rowsRead
    }
    expect(count({ column: 0, operator: 'eq', value: 17 })).toBe(1)
    expect(count({ column: 0, operator: 'ge', value: 290 })).toBe(10)
    expect(count({ column: 0, operator: 'lt', value: 0 })).toBe(0)
    expect(count({ column: 1, operator: 'eq', value: 'nobody' })).toBe(0)
  })

  test('answers a path in a variant from its typed child', async () => {
    const content = rows.map((each, at) => ({ ...each, extra: { a: at, b: 'x' } }))
    const { store } = await filled(true, content)
    const read = (): never => {
      throw new Error('no value is read whole')
    }
    const columns = [{ field: 'extra', type: types.variant, access: { path: ['a'], read } }]
    const [batch] = store.snapshot().source(TABLE).scan({ columns, predicates: [] })
    expect(batch?.columns[0]).toMatchObject({ layout: 'flat', values: Int16Array.from(rows, (_, at) => at) })
  })

  test('that is cut short is CORRUPT, by name', async () => {
    const { store, disk } = await filled(true)
    await store.close()
    const path = segmentOf(disk)
    disk.cut(path, disk.sizeOf(path) - 10)
    await expect(openTableStore({ path: 'store', fileSystem: disk })).rejects.toMatchObject({
      code: 'CORRUPT',
      path,
    })
  })

  test('with any bit flipped is never read as other data', async () => {
    const { store, disk } = await filled(true)
    await store.close()
    const path = segmentOf(disk)
    const size = disk.sizeOf(path)
    let found = 0
    for (let at = 0; at < size; at += 97) {
      disk.flipBit(path, at * 8 + (at % 8))
      const again = await openTableStore({ path: 'store', fileSystem: disk })
      try {
        expect(comparable(readRows(again.snapshot()))).toEqual(comparable(model))
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPT', path })
        found += 1
      }
      await again.close()
      disk.flipBit(path, at * 8 + (at % 8))
    }
    expect(found).toBeGreaterThan(size / 97 / 4)
  })

  test('damage is found by verify', async () => {
    const { store, disk } = await filled(true)
    expect(await store.verify()).toEqual({ ok: true, problems: [] })
    disk.flipBit(segmentOf(disk), 8 * 1000)
    const { ok, problems } = await store.verify()
    expect(ok).toBe(false)
    expect(problems[0]).toContain(segmentOf(disk))
  })

  test('takes the rows of a large commit past the log', async () => {
    const disk = new FaultFileSystem()
    const store = await openTableStore({ path: 'store', fileSystem: disk })
    await createTable(store)
    const many = Array.from({ length: 70_000 }, (_, id) => ({ ...rows[id % rows.length], id: 70_000 - id }))
    const transaction = store.begin()
    transaction.insert(TABLE, batchOf(many))
    transaction.delete(TABLE, Float64Array.of(0, 69_999))
    await transaction.commit()
    expect(store.report().find((each) => each.table === TABLE)).toMatchObject({
      rowCount: 69_998,
      segmentCount: 1,
    })
    expect(readLog(disk, 'store/log/0000000001.log').endOffset).toBeLessThan(10_000)
    const expected = comparable(readRows(store.snapshot()))
    await store.close()
    const again = await openTableStore({ path: 'store', fileSystem: disk })
    expect(comparable(readRows(again.snapshot()))).toEqual(expected)
  })
})
