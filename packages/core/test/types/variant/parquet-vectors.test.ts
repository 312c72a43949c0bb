import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeVariant, encodeVariant } from '../../../src/types/variant/index.ts'
import { exactText } from './random-value.ts'

const suites = process.env.SHEAF_SUITES ?? join(import.meta.dirname, '../../../../../../shared/suites')
const folder = join(suites, 'parquet-testing')
const present = existsSync(folder)

/** What the vectors hold, in this store's values. The dictionary of the suite writes some of them as text only. */
const EXPECTED: Readonly<Record<string, unknown>> = {
  long_string:
    'This string is for sure and certainly longer than 64 bytes and it also includes several non ascii characters such as 🐢, 💖, ♥️, 🎣 and 🤦!!',
  primitive_binary: Uint8Array.from(Buffer.from('AxM33q2+78r+', 'base64')),
  primitive_date: new Date('2025-04-16'),
  primitive_decimal4: 12.34,
  primitive_decimal8: 12345678.9,
  primitive_decimal16: 1.2345678912345678e16,
  primitive_int64: 1234567890123456789n,
  primitive_float: Math.fround(1234567890.1234),
  primitive_time: (12 * 3600 + 33 * 60 + 54) * 1e6 + 123456,
  primitive_timestamp: new Date('2025-04-16T12:34:56.78-04:00'),
  primitive_timestampntz: new Date('2025-04-16T12:34:56.78Z'),
  primitive_timestamp_nanos: new Date('2024-11-07T12:33:54.123Z'),
  primitive_timestampntz_nanos: new Date('2024-11-07T12:33:54.123Z'),
}

const UNLIKE_JSON = new Set(['object_primitive'])

describe.skipIf(!present)(
  'the variant vectors of parquet-testing (skipped without the suites folder)',
  () => {
    const names = present
      ? readdirSync(join(folder, 'variant'))
          .filter((name) => name.endsWith('.metadata'))
          .map((name) => name.replace('.metadata', ''))
      : []
    const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(folder, 'variant', name)))
    const dictionary = present
      ? JSON.parse(
          readFileSync(join(folder, 'variant/data_dictionary.json'), 'utf8').replace(/,\s*}\s*$/, '}'),
        )
      : {}

    test.each(names)('reads %s', (name) => {
      const value = decodeVariant(read(`${name}.metadata`), read(`${name}.value`))
      if (UNLIKE_JSON.has(name)) {
        expect(Object.keys(value as object).sort()).toEqual(Object.keys(dictionary[name]).sort())
      } else {
        expect(value).toEqual(name in EXPECTED ? EXPECTED[name] : dictionary[name])
      }
      const again = encodeVariant(value)
      expect(exactText(decodeVariant(again.metadata, again.value))).toBe(exactText(value))
    })

    const shredded = present
      ? readdirSync(join(folder, 'shredded_variant')).filter((name) => name.endsWith('.variant.bin'))
      : []

    test('reads every whole variant of the shredded cases', () => {
      for (const name of shredded) {
        const bytes = Uint8Array.from(readFileSync(join(folder, 'shredded_variant', name)))
        const split = metadataSize(bytes)
        const value = decodeVariant(bytes.subarray(0, split), bytes.subarray(split))
        const again = encodeVariant(value)
        expect(exactText(decodeVariant(again.metadata, again.value)), name).toBe(exactText(value))
      }
      expect(shredded.length).toBeGreaterThan(100)
    })
  },
)

function metadataSize(bytes: Uint8Array): number {
  const width = ((bytes[0] as number) >> 6) + 1
  const read = (at: number): number => Buffer.from(bytes).readUIntLE(at, width)
  const count = read(1)
  return 1 + width * (count + 2) + read(1 + width * (count + 1))
}
