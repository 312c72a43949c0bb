import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../../src/storage/checksum.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

test('crc32c gives the check values of RFC 3720', () => {
  expect(crc32c(text('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e)
})

test('crc32c of two runs of bytes, one after the other, is that of both', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ maxLength: 50 }), (left, right) => {
      const both = Uint8Array.from([...left, ...right])
      expect(crc32c(right, crc32c(left))).toBe(crc32c(both))
    }),
  )
})
