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

test('what is not there yet says so', async () => {
  const store = await openMemory()
  const some = store.tensor('some')
  await expect(some.importZarr('x')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await expect(some.exportZarr('x')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await expect(some.fromDLPack('x', null)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  expect(() => some.toDLPack('x')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  await store.close()
})
