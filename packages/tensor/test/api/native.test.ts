import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { Tensor as OrtTensor } from 'onnxruntime-common'
import { afterAll, expect, test } from 'vitest'
import { givenCount } from '../../src/formats/dlpack-native.ts'
import { tensor } from '../../src/index.ts'

const work = mkdtempSync(join(tmpdir(), 'sheaf-native-'))
afterAll(() => rmSync(work, { recursive: true }))
const openMemory = () => openStore(':memory:', { models: [tensor()] })

type Library = { func(definition: string): (...args: unknown[]) => unknown }

function compile(): Library | string {
  const path = join(work, 'consumer.so')
  try {
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      '-O1',
      '-o',
      path,
      join(import.meta.dirname, 'native-consumer.c'),
    ])
  } catch (error) {
    return `there is no gcc here: ${(error as Error).message.split('\n')[0]}`
  }
  const koffi = createRequire(import.meta.url)('koffi') as { load(path: string): Library }
  return koffi.load(path)
}

const library = compile()

if (typeof library === 'string') test.skip(`native code takes tensors without a copy (${library})`, () => {})
else {
  test('native code takes a tensor where the store has it, and lets it go', async () => {
    const store = await openStore(join(work, 'native.sheaf'), { models: [tensor()] })
    const some = store.tensor('some', { dtype: 'float32', shape: [2, 3] })
    await some.put('m', [[1, 2, 3], [4, 5, 6.5]]) // biome-ignore format: one matrix
    await store.compact()
    const capsule = some.toDLPack('m')
    const before = givenCount()
    const { address } = capsule
    expect(givenCount()).toBe(before + 1)
    expect(capsule.address).toBe(address)
    expect(library.func('double sum_matrix(uint64_t)')(address)).toBe(21.5)
    const place = BigInt(library.func('uint64_t data_of(uint64_t)')(address) as number | bigint)
    const { koffi } = {
      koffi: createRequire(import.meta.url)('koffi') as { address(value: unknown): bigint },
    }
    expect(place).toBe(koffi.address(capsule.data))
    expect(koffi.address(some.toDLPack('m').data)).toBe(place)
    library.func('void release(uint64_t)')(address)
    expect(givenCount()).toBe(before)
    await store.close()
  })

  test('a tensor at an address is taken by its strides, and its deleter is called', async () => {
    const store = await openMemory()
    const some = store.tensor('some')
    const make = library.func('uint64_t make_columns()')
    await some.fromDLPack('columns', BigInt(make() as number | bigint))
    expect(await some.get('columns')).toMatchObject({
      dtype: 'int16',
      shape: [2, 3],
      values: Int16Array.of(0, 20, 40, 10, 30, 50),
    })
    expect(library.func('int deleted_count()')()).toBe(1)
    await expect(some.fromDLPack('none', 0n)).rejects.toMatchObject({ code: 'ARGUMENT' })
    await store.close()
  })
}

test('tensors of ONNX Runtime come in and go out', async () => {
  const store = await openMemory()
  const some = store.tensor('some')
  await some.fromOnnx('given', new OrtTensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]))
  await some.fromOnnx('flags', new OrtTensor('bool', [true, false]))
  await some.fromOnnx('wide', new OrtTensor('int64', BigInt64Array.of(-1n, 2n ** 60n), [2]))
  expect(await some.get('given')).toMatchObject({ dtype: 'float32', shape: [2, 2] })
  expect((await some.get('flags'))?.dtype).toBe('bool')
  const { type, data, dims } = some.toOnnx('wide')
  const back = new OrtTensor(type as 'int64', data as BigInt64Array, dims)
  expect(Array.from(back.data as BigInt64Array)).toEqual([-1n, 2n ** 60n])
  await some.putMany([{ id: 'half', dtype: 'float16', shape: [2], values: [0.5, -2] }])
  const half = some.toOnnx('half')
  expect([half.type, half.data]).toEqual(['float16', Uint16Array.of(0x3800, 0xc000)])
  await some.fromOnnx('half 2', half)
  expect((await some.get('half 2'))?.values).toEqual(Float32Array.of(0.5, -2))
  const refuse = (given: object, code: string) =>
    expect(some.fromOnnx('x', given as never)).rejects.toMatchObject({ code })
  await refuse({ type: 'string', data: new Uint8Array(1), dims: [1] }, 'UNSUPPORTED')
  await refuse({ type: 'float32', data: new Float32Array(3), dims: [2, 2] }, 'ARGUMENT')
  await refuse({ type: 'float32', dims: [1] }, 'ARGUMENT')
  await store.close()
})
