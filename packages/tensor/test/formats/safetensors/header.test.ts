import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { layOutSafetensors, parseSafetensors } from '../../../src/formats/safetensors/file.ts'
import { dtypeNamed } from '../../../src/layout/dtype.ts'

function fileOf(header: string, dataBytes: number): Uint8Array {
  const json = Buffer.from(header)
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

const one = '"dtype":"U8","shape":[2],"data_offsets":[0,2]'

describe('the header of a safetensors file', () => {
  test.each([
    ['a name twice', `{"a":{${one}},"a":{${one}}}`, 2],
    ['a hole', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2],
    ['an overlap', `{"a":{${one}},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3],
    ['offsets turned around', '{"a":{"dtype":"U8","shape":[0],"data_offsets":[2,0]}}', 2],
    ['an unknown dtype', '{"a":{"dtype":"U9","shape":[2],"data_offsets":[0,2]}}', 2],
    ['three offsets', '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1,2]}}', 2],
    ['a size below 0', '{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}', 2],
    ['a size that is no integer', '{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}', 2],
    ['half a byte', '{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', 1],
    ['metadata that is no text', '{"__metadata__":{"a":1}}', 0],
    ['an array', '[]', 0],
    ['text after its end', '{} {}', 0],
    ['deep nesting', '['.repeat(10_000), 0],
    ['an unknown escape', '{"\\x":1}', 0],
  ])('is refused with %s', (_, header, dataBytes) => {
    expect(() => parseSafetensors(fileOf(header, dataBytes))).toThrow(
      expect.objectContaining({ code: 'CORRUPT' }),
    )
  })

  test('takes any name, __proto__ too', () => {
    const { tensors } = parseSafetensors(fileOf(`{"__proto__":{${one}}}`, 2))
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([['__proto__', [2]]])
  })

  test('reads what it wrote, and no damaged byte makes it crash', () => {
    const tensor = fc.record({
      name: fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__' && name.isWellFormed()),
      dtype: fc
        .constantFrom('int8' as const, 'float32' as const, 'int64' as const, 'bool' as const)
        .map(dtypeNamed),
      shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(tensor, { selector: (item) => item.name, maxLength: 4 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (described, place, flip) => {
          const tensors = described.map((item) => {
            const count = item.shape.reduce((product, size) => product * size, 1)
            return { ...item, bytes: new Uint8Array((count * item.dtype.bits) / 8).fill(1) }
          })
          const bytes = new Uint8Array(Buffer.concat(layOutSafetensors(tensors, [['made', 'here']])))
          const read = parseSafetensors(bytes)
          expect(read.metadata.get('made')).toBe('here')
          expect(new Map(read.tensors.map(({ name, shape }) => [name, shape]))).toEqual(
            new Map(tensors.map(({ name, shape }) => [name, shape])),
          )
          for (const item of read.tensors) expect((item.start * 8) % item.dtype.bits).toBe(0)
          const at = place % bytes.length
          bytes[at] = (bytes[at] as number) ^ flip
          try {
            parseSafetensors(bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CORRUPT' })
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
