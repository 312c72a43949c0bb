import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { openStore } from '@sheafdb/core'
import { afterAll, expect, test } from 'vitest'
import { readNpy, writeNpy } from '../../src/formats/numpy/npy.ts'
import { layOutZip, readZip } from '../../src/formats/numpy/zip.ts'
import { tensor } from '../../src/index.ts'

const work = mkdtempSync(join(tmpdir(), 'sheaf-numpy-'))
afterAll(() => rmSync(work, { recursive: true }))
const openMemory = () => openStore(':memory:', { models: [tensor()] })

/** Makes a file as NumPy does, of version 1 or another. */
function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = `${header}\n`
  const size = Buffer.alloc(version === 1 ? 2 : 4)
  if (version === 1) size.writeUInt16LE(text.length)
  else size.writeUInt32LE(text.length)
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.of(version, 0),
    size,
    Buffer.from(text),
    data,
  ])
}

test('files as NumPy writes them are read: either order of bytes, of rows or columns, each version', () => {
  const little = npy(
    "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }",
    Buffer.of(1, 0, 2, 0, 3, 0, 4, 0),
  )
  expect(readNpy(little, 'a')).toEqual({
    name: 'a',
    dtype: 'int16',
    shape: [2, 2],
    values: Int16Array.of(1, 2, 3, 4),
  })
  const big = npy(
    "{'shape': (2, 2), 'fortran_order': True, 'descr': '>i2'}",
    Buffer.of(0, 1, 0, 2, 0, 3, 0, 4),
    2,
  )
  expect(readNpy(big, 'a').values).toEqual(Int16Array.of(1, 3, 2, 4))
  const half = npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", Buffer.of(0, 0x38), 3)
  expect(readNpy(half, 'a')).toMatchObject({ dtype: 'float16', shape: [1], values: Float32Array.of(0.5) })
  const scalar = npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", Buffer.of(1))
  expect(readNpy(scalar, 'a')).toMatchObject({ dtype: 'bool', shape: [], values: Uint8Array.of(1) })
})

test('damaged files and elements that are no numbers are refused', () => {
  const good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", Buffer.alloc(8))
  for (let size = 0; size < good.length; size += 1)
    expect(() => readNpy(good.subarray(0, size), 'x')).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
  const refuse = (header: string, code: string) =>
    expect(() => readNpy(npy(header, Buffer.alloc(64)), 'x')).toThrow(expect.objectContaining({ code }))
  refuse("{'descr': '<U7', 'fortran_order': False, 'shape': (1,), }", 'UNSUPPORTED')
  refuse("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 'UNSUPPORTED')
  refuse("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", 'UNSUPPORTED')
  refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999, 99999999999999), }", 'CORRUPT')
  refuse("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", 'CORRUPT')
  refuse("{'descr': '<f4', 'shape': (1,), }", 'CORRUPT')
  refuse("__import__('os')", 'CORRUPT')
})

test('elements begin at a multiple of 64 bytes, and a file comes back', () => {
  for (const dtype of ['bool', 'int8', 'uint16', 'float16', 'float32', 'float64'] as const) {
    const array = { name: 'a', dtype, shape: [2, 1], values: Float32Array.of(1, 0) }
    const values = dtype === 'float16' || dtype === 'float32' ? array.values : readValues(dtype)
    const parts = writeNpy({ ...array, values })
    expect((parts[0] as Uint8Array).length % 64).toBe(0)
    expect(readNpy(Buffer.concat(parts), 'a')).toEqual({ ...array, values })
  }
  expect(() => writeNpy({ name: 'a', dtype: 'bfloat16', shape: [1], values: Float32Array.of(1) })).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED' }),
  )
})

function readValues(dtype: 'bool' | 'int8' | 'uint16' | 'float64') {
  if (dtype === 'int8') return Int8Array.of(1, -2)
  if (dtype === 'uint16') return Uint16Array.of(1, 65_535)
  return dtype === 'bool' ? Uint8Array.of(1, 0) : Float64Array.of(1.5, -2)
}

test('ZIP files are read, stored or deflated; damaged ones are refused', () => {
  const packed = Buffer.concat(layOutZip([{ name: 'a.npy', parts: [Buffer.from('ab'), Buffer.from('c')] }]))
  expect(readZip(packed).map((member) => [member.name, Buffer.from(member.read()).toString()])).toEqual([
    ['a.npy', 'abc'],
  ])
  const deflated = deflateRawSync(Buffer.from('abc'))
  const other = Buffer.concat(layOutZip([{ name: 'a', parts: [deflated] }]))
  const central = other.indexOf(Buffer.of(0x50, 0x4b, 1, 2))
  other.writeUInt16LE(8, central + 10)
  other.writeUInt32LE(3, central + 24)
  other.writeUInt32LE(packed.readUInt32LE(14), central + 16)
  expect(Buffer.from(readZip(other)[0]?.read() ?? []).toString()).toBe('abc')
  for (let size = 0; size < packed.length; size += 1)
    expect(() => readZip(packed.subarray(0, size)).map((member) => member.read())).toThrow(
      expect.objectContaining({ code: 'CORRUPT' }),
    )
  packed[34] = 0x7a
  expect(() => readZip(packed)[0]?.read()).not.toThrow(TypeError)
})

test('an array of vectors becomes a tensor a row in a collection of one shape', async () => {
  const store = await openMemory()
  const path = join(work, 'rows.npy')
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
  writeFileSync(path, npy(header, new Uint8Array(Float32Array.of(1, 0, 0, 1, 1, 1).buffer)))
  const vectors = store.tensor('vectors', { dtype: 'float32', shape: [2], metric: 'l2' })
  expect(await vectors.importNpy(path)).toEqual({ count: 3 })
  expect((await vectors.nearest([0, 1], { k: 1 }).rows())[0]?.id).toBe(1)
  const whole = store.tensor('whole')
  expect(await whole.importNpy(path)).toEqual({ count: 1 })
  expect((await whole.get('rows'))?.shape).toEqual([3, 2])
  await whole.importNpy(path, { id: 7 as never }).catch(() => undefined)
  expect(await whole.importNpy(path, { id: 'named' })).toEqual({ count: 1 })
  const out = join(work, 'out.npy')
  expect(await vectors.exportNpy(out)).toEqual({ count: 3 })
  expect(readFileSync(out).subarray(128)).toEqual(readFileSync(path).subarray(-24))
  await whole.exportNpz(join(work, 'all.npz'))
  const again = store.tensor('again')
  expect(await again.importNpz(join(work, 'all.npz'))).toEqual({ count: await whole.count() })
  expect((await again.get('named'))?.values).toEqual(Float32Array.of(1, 0, 0, 1, 1, 1))
  await expect(again.importNpy(join(work, 'none.npy'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(again.importNpz(path)).rejects.toMatchObject({ code: 'CORRUPT' })
  await store.close()
})
