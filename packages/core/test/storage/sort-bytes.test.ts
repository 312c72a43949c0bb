import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sortBytes } from '../../src/storage/sort-bytes.ts'
import type { BytesColumn } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { types } from '../../src/types/data-type.ts'
import { compareText } from '../../src/types/value.ts'

const words = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.stringMatching(/^http:\/\/e\/[ab]{0,9}$/),
    fc.constantFrom('', '\u0000', '\u0000\u0000', 'a', 'a\u0000'),
  ),
  { maxLength: 1500, size: 'max' },
)

it('sorts text by code point, equal text in its own order', () => {
  fc.assert(
    fc.property(words, (values) => {
      const order = [...sortBytes(columnFromValues(types.utf8, values) as BytesColumn)]
      const expected = values
        .map((_, at) => at)
        .sort((left, right) => compareText(values[left] as string, values[right] as string) || left - right)
      expect(order).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

it('sorts many texts of a long common start', () => {
  const values = Array.from({ length: 5000 }, (_, at) => `http://example.org/thing/${(at * 7919) % 5000}`)
  const order = [...sortBytes(columnFromValues(types.utf8, values) as BytesColumn)]
  expect(order.map((at) => values[at])).toEqual([...values].sort())
})
