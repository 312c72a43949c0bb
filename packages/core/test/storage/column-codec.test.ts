import { Field, FixedSizeList, List, Struct } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../src/storage/bytes.ts'
import { decodeColumn, encodeColumn } from '../../src/storage/column-codec.ts'
import { sliceColumn } from '../../src/storage/column-slice.ts'
import { growableColumn } from '../../src/storage/growable-column.ts'
import { takeColumn } from '../../src/storage/take.ts'
import { type Column, columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { type DataType, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'

const item = (type: DataType): Field => new Field('item', type, true)
const some = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values)

const CASES: readonly (readonly [DataType, fc.Arbitrary<Value>])[] = [
  [types.int32, some(fc.integer())],
  [types.int64, some(fc.oneof(fc.integer(), fc.bigInt({ min: 2n ** 60n, max: 2n ** 62n })))],
  [types.float64, some(fc.double())],
  [types.bool, some(fc.boolean())],
  [types.utf8, some(fc.string())],
  [types.binary, some(fc.uint8Array({ maxLength: 4 }))],
  [types.variant, some(fc.oneof(fc.string(), fc.integer(), fc.array(fc.boolean())))],
  [new List(item(types.utf8)), some(fc.array(some(fc.string()), { maxLength: 3 }))],
  [new FixedSizeList(2, item(types.int32)), some(fc.tuple(fc.nat(9), fc.nat(9)).map((each) => [...each]))],
  [new Struct([item(types.int32)]), some(fc.record({ item: some(fc.nat(9)) }))],
]

const anyColumn: fc.Arbitrary<{ readonly type: DataType; readonly column: Column }> = fc
  .constantFrom(...CASES)
  .chain(([type, value]) =>
    fc.array(value, { maxLength: 30 }).map((values) => ({ type, column: columnFromValues(type, values) })),
  )

function valuesOf(column: Column): string {
  const read = columnReader(column)
  const plain = (_: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return `${value}n`
    return ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value
  }
  return JSON.stringify(
    Array.from({ length: column.length }, (_, at) => read(at)),
    plain,
  )
}

const range = fc.tuple(fc.nat(30), fc.nat(30))

function cut(column: Column, [left, right]: readonly [number, number]): Column {
  const start = Math.min(left, right, column.length)
  return sliceColumn(column, start, Math.min(Math.max(left, right), column.length))
}

test('a column, or a part of one, comes back from a record as it was', () => {
  fc.assert(
    fc.property(anyColumn, range, ({ type, column }, at) => {
      const part = cut(column, at)
      const writer = new ByteWriter(1)
      writer.uint8(1)
      encodeColumn(writer, part)
      const reader = new ByteReader(writer.finish())
      reader.uint8()
      expect(valuesOf(decodeColumn(reader, type))).toBe(valuesOf(part))
    }),
  )
})

test('a growable column gives what was appended, and earlier views stay as they were', () => {
  fc.assert(
    fc.property(anyColumn, fc.array(range, { maxLength: 6 }), ({ type, column }, ranges) => {
      const growable = growableColumn(type)
      const views: { readonly column: Column; readonly expected: string }[] = []
      const appended: string[] = []
      for (const each of ranges) {
        const part = cut(column, each)
        growable.append(part, 0, part.length)
        if (part.length > 0) appended.push(valuesOf(part).slice(1, -1))
        const expected = `[${appended.join(',')}]`
        const view = growable.view(growable.length)
        expect(valuesOf(view)).toBe(expected)
        views.push({ column: view, expected })
      }
      for (const view of views) expect(valuesOf({ ...view.column })).toBe(view.expected)
    }),
  )
})

test('rows taken from columns are those rows, null where none is named', () => {
  fc.assert(
    fc.property(anyColumn, fc.array(fc.integer({ min: -1, max: 29 })), ({ type, column }, wanted) => {
      const index = Int32Array.from(wanted.filter((at) => at < column.length))
      const which = Uint32Array.from(index, (_, at) => at % 2)
      const taken = takeColumn(type, [column, sliceColumn(column, 0, column.length)], { which, index })
      const read = columnReader(column)
      const expected = columnFromValues(
        type,
        Array.from(index, (at) => (at < 0 ? null : read(at))),
      )
      expect(valuesOf(taken)).toBe(valuesOf(expected))
    }),
  )
})
