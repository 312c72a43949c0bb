import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { afterAll, expect, test } from 'vitest'
import { tensor } from '../../src/index.ts'

const work = mkdtempSync(join(tmpdir(), 'sheaf-files-'))
afterAll(() => rmSync(work, { recursive: true }))
const openMemory = () => openStore(':memory:', { models: [tensor()] })

test('a file goes into a collection of one shape and out of it', async () => {
  const store = await openMemory()
  const path = join(work, 'pairs.safetensors')
  const pairs = store.tensor('pairs', { dtype: 'float16', shape: [2], metric: 'l2' })
  await pairs.putMany([
    { id: 'b', values: [1, 0.5] },
    { id: 'a', values: [3, 4] },
  ])
  expect(await pairs.exportSafetensors(path, { metadata: { made: 'here' } })).toEqual({ count: 2 })
  const again = store.tensor('again', { dtype: 'float32', shape: [2], metric: 'l2' })
  expect(await again.importSafetensors(path)).toEqual({ count: 2 })
  expect((await again.nearest([1, 0.5], { k: 1 }).rows())[0]).toEqual({ id: 'b', distance: 0 })
  const other = store.tensor('other', { dtype: 'float32', shape: [3] })
  await expect(other.importSafetensors(path)).rejects.toMatchObject({ code: 'ARGUMENT' })
  await expect(again.importSafetensors(path, { mode: 'reference' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  })
  await expect(again.importSafetensors(join(work, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(again.importSafetensors(path, { mode: 'x' as never })).rejects.toMatchObject({
    code: 'ARGUMENT',
  })
  await store.close()
})

test('an attached file that changes or goes is told of', async () => {
  const store = await openMemory()
  const path = join(work, 'outside.safetensors')
  await store.tensor('made').putMany([{ id: 'x', values: [[1, 2], [3, 4]] }]) // biome-ignore format: one matrix
  await store.tensor('made').exportSafetensors(path)
  const outside = store.tensor('outside')
  await outside.attach(path)
  expect((await outside.get('x'))?.values).toEqual(Float64Array.of(1, 2, 3, 4))
  await store.tensor('made').put('x', [[1, 2], [3, 5]]) // biome-ignore format: one matrix
  await store.tensor('made').exportSafetensors(path)
  await expect(outside.get('x')).rejects.toMatchObject({ code: 'CORRUPT', path })
  truncateSync(path, 20)
  await expect(outside.get('x')).rejects.toMatchObject({ code: 'CORRUPT' })
  rmSync(path)
  await expect(outside.get('x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  writeFileSync(path, '')
  await expect(outside.attach(path)).rejects.toMatchObject({ code: 'CORRUPT', detail: 'HeaderTooSmall' })
  await store.close()
})

test('tensors go out and in as DLPack describes them', async () => {
  const store = await openMemory()
  const some = store.tensor('some')
  const put = { id: 'half', values: [[0.5], [-2]], dtype: 'float16', shape: [2, 1] } as const
  await some.putMany([put, { id: 'flags', values: [true, false], dtype: 'bool', shape: [2] }])
  const half = some.toDLPack('half')
  expect(half).toEqual({
    data: Uint8Array.of(0, 0x38, 0, 0xc0),
    device: { deviceType: 1, deviceId: 0 },
    dtype: { code: 2, bits: 16, lanes: 1 },
    shape: [2, 1],
    strides: [1, 1],
    byteOffset: 0,
  })
  await some.fromDLPack('again', half, { from: 'half' })
  const {
    id: _,
    attributes: _none,
    ...wanted
  } = (await some.get('half')) as object as Record<string, unknown>
  expect(await some.get('again')).toMatchObject({ ...wanted, attributes: { from: 'half' } })
  await some.fromDLPack('flags 2', some.toDLPack('flags'))
  expect((await some.get('flags 2'))?.dtype).toBe('bool')
  expect(() => some.toDLPack('none')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  const refuse = (change: object, code: string) =>
    expect(some.fromDLPack('x', { ...half, ...change } as never)).rejects.toMatchObject({ code })
  await refuse({ strides: [2, 1], shape: [2, 2] }, 'ARGUMENT')
  await refuse({ strides: [1, -1] }, 'ARGUMENT')
  await refuse({ device: { deviceType: 2, deviceId: 0 } }, 'UNSUPPORTED')
  await refuse({ dtype: { code: 9, bits: 16, lanes: 1 } }, 'UNSUPPORTED')
  await refuse({ data: undefined }, 'ARGUMENT')
  await store.close()
})

test('a Zarr group is written and read back', async () => {
  const store = await openMemory()
  const path = join(work, 'group.zarr')
  const made = store.tensor('made')
  await made.putMany([
    { id: 'half', values: [0.5, -2], dtype: 'float16', shape: [2] },
    { id: 'flags', values: [true, false, true], dtype: 'bool', shape: [3, 1] },
    { id: 'wide', values: BigInt64Array.of(-(2n ** 63n), 5n), dtype: 'int64', shape: [1, 2] },
    { id: 'one', values: [7], dtype: 'float64', shape: [] },
    { id: 'none', values: [], dtype: 'int8', shape: [0, 2] },
  ])
  expect(await made.exportZarr(path)).toEqual({ count: 5 })
  const read = store.tensor('read')
  expect(await read.importZarr(path)).toEqual({ count: 5, skipped: [] })
  for (const id of ['half', 'flags', 'wide', 'one', 'none'])
    expect(await read.get(id)).toEqual(await made.get(id))
  const single = store.tensor('single', { dtype: 'float32', shape: [2] })
  expect(await single.importZarr(join(path, 'half'))).toEqual({ count: 1, skipped: [] })
  expect((await single.get('half'))?.values).toEqual(Float32Array.of(0.5, -2))
  await expect(single.importZarr(join(path, 'wide'))).rejects.toMatchObject({ code: 'ARGUMENT' })
  await expect(made.exportZarr(path)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
  await expect(read.importZarr(join(work, 'nowhere'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(read.importZarr(work)).resolves.toMatchObject({ count: 5 })
  await made.put('../out', [1])
  await expect(made.exportZarr(join(work, 'other.zarr'))).rejects.toMatchObject({ code: 'ARGUMENT' })
  await store.close()
})
