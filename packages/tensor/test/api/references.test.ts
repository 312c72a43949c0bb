import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { afterAll, expect, test } from 'vitest'
import { tensor } from '../../src/index.ts'

const work = mkdtempSync(join(tmpdir(), 'sheaf-references-'))
afterAll(() => rmSync(work, { recursive: true }))
const openMemory = () => openStore(':memory:', { models: [tensor()] })

/** Makes a file look as if it was written long ago: lately written ones are always read whole. */
function age(path: string): void {
  utimesSync(path, 1_600_000_000, 1_600_000_000)
}

async function attached(name: string) {
  const store = await openMemory()
  const path = join(work, name)
  const values = Float32Array.from({ length: 600 * 1000 }, (_, at) => at)
  await store.tensor('made').putMany([{ id: 'm', values, shape: [600, 1000] }])
  await store.tensor('made').exportSafetensors(path)
  age(path)
  await store.tensor('outside').attach(path)
  return { store, path, outside: store.tensor('outside') }
}

test('a slice of an attached tensor reads the bytes that it spans, no more', async () => {
  const { store, outside } = await attached('spans.safetensors')
  const counted = async (text: string) => {
    let bytes = 0
    const { values, shape } = await outside.slice(text, { id: 'm', onRead: (count) => { bytes += count } }) // biome-ignore format: one call
    return { values: Array.from(values as Float32Array), shape, bytes }
  }
  expect(await counted('5, 10:13')).toEqual({ values: [5010, 5011, 5012], shape: [3], bytes: 12 })
  expect((await counted('100:200')).bytes).toBe(100 * 4000)
  expect((await counted('::200, 0')).bytes).toBe(3 * 4)
  expect(await counted('-1, ::-500')).toMatchObject({ values: [599_999, 599_499], shape: [2] })
  expect((await counted('0:0')).bytes).toBe(0)
  expect((await counted('3:5, 998:')).values).toEqual([3998, 3999, 4998, 4999])
  await store.close()
})

test('a slice of a stored tensor looks at the bytes that it spans', async () => {
  const store = await openMemory()
  const some = store.tensor('some')
  await some.putMany([
    { id: 'x', values: Int16Array.from({ length: 1 << 20 }, (_, at) => at), shape: [1024, 1024] },
  ])
  let bytes = 0
  const part = await some.slice('1000, 1:3', { id: 'x', onRead: (count) => { bytes += count } }) // biome-ignore format: one call
  expect([part, bytes]).toEqual([
    { values: Int16Array.of(1000 * 1024 + 1, 1000 * 1024 + 2), shape: [2], dtype: 'int16' },
    4,
  ])
  await store.close()
})

test('an attached file that was changed, cut or taken away is an error, for a slice too', async () => {
  const { store, path, outside } = await attached('changed.safetensors')
  const bytes = readFileSync(path)
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  writeFileSync(path, bytes)
  await expect(outside.slice('0', { id: 'm' })).rejects.toMatchObject({ code: 'CORRUPT', path })
  await expect(outside.get('m')).rejects.toMatchObject({ code: 'CORRUPT', path })
  truncateSync(path, 1000)
  await expect(outside.slice('-1', { id: 'm' })).rejects.toMatchObject({ code: 'CORRUPT' })
  rmSync(path)
  await expect(outside.slice('0', { id: 'm' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await store.close()
})

test('a file that was copied back, of another time but the same bytes, is the same', async () => {
  const { store, path, outside } = await attached('copied.safetensors')
  writeFileSync(path, readFileSync(path))
  expect(Array.from((await outside.slice('1, :2', { id: 'm' })).values as Float32Array)).toEqual([1000, 1001])
  await store.close()
})

test('a model parted over files is read by its index, attached and written', async () => {
  const store = await openMemory()
  const made = store.tensor('made')
  for (const id of ['a', 'b', 'c']) await made.put(id, Float32Array.of(1, 2, id.charCodeAt(0)))
  const index = join(work, 'model.safetensors.index.json')
  expect(await made.exportSafetensors(index, { maxShardBytes: 24 })).toEqual({ count: 3 })
  expect(JSON.parse(readFileSync(index, 'utf8'))).toEqual({
    metadata: { total_size: 36 },
    weight_map: {
      a: 'model-00001-of-00002.safetensors',
      b: 'model-00001-of-00002.safetensors',
      c: 'model-00002-of-00002.safetensors',
    },
  })
  expect(await store.tensor('read').importSafetensors(index)).toEqual({ count: 3 })
  await store.tensor('attached').attach(index)
  for (const name of ['read', 'attached'])
    expect((await store.tensor(name).get('c'))?.values).toEqual(Float32Array.of(1, 2, 99))
  const refuse = async (weights: unknown, code: string) => {
    const path = join(work, 'bad.index.json')
    writeFileSync(path, JSON.stringify({ weight_map: weights }))
    await expect(store.tensor('bad').importSafetensors(path)).rejects.toMatchObject({ code })
  }
  await refuse({ a: '../outside.safetensors' }, 'CORRUPT')
  await refuse({ a: 'none.safetensors' }, 'NOT_FOUND')
  await refuse({ z: 'model-00001-of-00002.safetensors' }, 'CORRUPT')
  await refuse(undefined, 'CORRUPT')
  await store.close()
})

test('a Zarr array stays where it is: a slice reads the chunks that hold it', async () => {
  for (const version of [2, 3] as const) {
    const store = await openMemory()
    const path = join(work, `outside-${version}.zarr`)
    const values = Int32Array.from({ length: 100 * 100 }, (_, at) => at)
    await store.tensor('made').putMany([{ id: 'm', values, shape: [100, 100] }])
    await store.tensor('made').exportZarr(path, { version, chunks: [30, 40] })
    const outside = store.tensor('outside')
    expect(await outside.attach(path)).toEqual({ count: 1, skipped: [] })
    expect((await outside.get('m'))?.values).toEqual(values)
    let bytes = 0
    const part = await outside.slice('5:7, -2:', { id: 'm', onRead: (count) => { bytes += count } }) // biome-ignore format: one call
    expect([part.shape, Array.from(part.values as Int32Array)]).toEqual([
      [2, 2],
      [598, 599, 698, 699],
    ])
    expect(bytes).toBeGreaterThanOrEqual(30 * 40 * 4)
    expect(bytes).toBeLessThan(30 * 40 * 4 + 2000)
    const back = await outside.slice('::-50, 3', { id: 'm' })
    expect(Array.from(back.values as Int32Array)).toEqual([9903, 4903])
    expect((await outside.slice('None, 1:1, 0', { id: 'm' })).shape).toEqual([1, 0])
    expect(() => outside.toDLPack('m')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
    appendFileSync(join(path, 'm', version === 3 ? 'c/0/0' : '0.0'), 'x')
    await expect(outside.get('m')).rejects.toMatchObject({ code: 'CORRUPT' })
    await expect(outside.slice('0', { id: 'm' })).rejects.toMatchObject({ code: 'CORRUPT' })
    rmSync(path, { recursive: true })
    await expect(outside.get('m')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    mkdirSync(path)
    await expect(outside.get('m')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await store.close()
  }
})
