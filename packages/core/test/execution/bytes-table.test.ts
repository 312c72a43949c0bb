import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BytesTable } from '../../src/execution/bytes-table.ts'
import { columnReader } from '../../src/types/column.ts'
import { types } from '../../src/types/data-type.ts'

const text = new TextEncoder()

test('equal runs of bytes have equal numbers, counted from 0 up, and come back as a column', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 9 }), { maxLength: 200 }), (texts) => {
      const table = new BytesTable()
      const model = new Map<string, number>()
      for (const each of texts) {
        const bytes = text.encode(`..${each}.`)
        expect(table.find(bytes, 2, bytes.length - 1)).toBe(model.get(each) ?? -1)
        if (!model.has(each)) model.set(each, model.size)
        expect(table.idOf(bytes, 2, bytes.length - 1)).toBe(model.get(each))
      }
      expect(table.count).toBe(model.size)
      const ids = Int32Array.from([-1, ...[...model.values()].reverse()])
      const read = columnReader(table.column(ids, types.utf8))
      expect(Array.from(ids, (_, row) => read(row))).toEqual([null, ...[...model.keys()].reverse()])
    }),
  )
})

test('a hundred thousand runs stay apart while the table grows', () => {
  const table = new BytesTable()
  const numbers = Array.from({ length: 100_000 }, (_, at) => text.encode(`${at % 50_000}`))
  const ids = numbers.map((bytes) => table.idOf(bytes, 0, bytes.length))
  expect(table.count).toBe(50_000)
  expect(ids.every((id, at) => id === at % 50_000)).toBe(true)
})
