import { functionNamed, makeField, openStore, types } from '@sheafdb/core'
import { List } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { tensor } from '../src/index.ts'

const doubles = new List(makeField('item', types.float64))

async function measured(name: string, left: unknown, right: unknown): Promise<unknown> {
  const store = await openStore(':memory:', { models: [tensor()] })
  await store.close()
  return functionNamed(`shared.${name}`).evaluator([doubles, doubles], types.float64)(left, right)
}

describe('functions over vectors', () => {
  it('measure two lists of numbers', async () => {
    const [left, right] = [new Float32Array([1, 0, 2]), [2, 0, 4]]
    expect(await measured('cosine_distance', left, right)).toBeCloseTo(0, 12)
    expect(await measured('l2_distance', left, right)).toBe(Math.sqrt(5))
    expect(await measured('l1_distance', left, right)).toBe(3)
    expect(await measured('inner_product', left, right)).toBe(10)
    expect(await measured('hamming_distance', left, right)).toBe(2)
    expect(await measured('cosine_distance', [0, 0], [1, 0])).toBe(1)
  })

  it('refuse what they cannot measure', async () => {
    await expect(measured('l2_distance', [1], [1, 2])).rejects.toMatchObject({ code: 'ARGUMENT' })
    await expect(measured('l2_distance', 'a', [1])).rejects.toMatchObject({ code: 'TYPE' })
    await expect(measured('l2_distance', [null], [1])).rejects.toMatchObject({ code: 'TYPE' })
  })

  it('take a part of a vector', async () => {
    expect(await measured('tensor_slice', [1, 2, 3, 4], '1:3')).toEqual([2, 3])
    expect(await measured('tensor_slice', new Float32Array([1, 2, 3, 4]), '::-1')).toEqual([4, 3, 2, 1])
    await expect(measured('tensor_slice', [1], 5)).rejects.toMatchObject({ code: 'TYPE' })
  })
})
