import {
  Bool,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationMillisecond,
  FixedSizeBinary,
  Float16,
  Int32,
  LargeUtf8,
  List,
  Map_,
  Null,
  RecordBatchStreamWriter,
  Struct,
  Table,
  TimeMicrosecond,
  TimestampNanosecond,
  TimestampSecond,
  tableFromArrays,
  tableFromIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchToRecordBatch, columnFromData, recordBatchToBatch, schemaOf } from '../../src/types/arrow.ts'
import { columnReader, makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { type DataType, makeField, typeName, types } from '../../src/types/data-type.ts'
import { compareValues, type Value } from '../../src/types/value.ts'
import { columnKinds, drawColumn, drawValues, upTo } from '../oracle/random-table.ts'

/** Writes a batch as an Arrow IPC stream and reads it back, as another reader would. */
function throughIpc(
  columns: Parameters<typeof makeBatch>[0],
  fields: { name: string; type: DataType }[],
): Value[][] {
  const schema = schemaOf(fields.map((field) => ({ ...field, nullable: true })))
  const batch = makeBatch(columns, columns[0]?.length ?? 0)
  const writer = new RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  writer.write(batchToRecordBatch(batch, schema))
  writer.finish()
  const table = tableFromIPC(writer.toUint8Array(true))
  return fields.map((_, at) =>
    table.batches.flatMap((part) => {
      const column = recordBatchToBatch(part).columns[at]
      return column === undefined ? [] : valuesOf(column)
    }),
  )
}

function valuesOf(column: Parameters<typeof columnReader>[0]): Value[] {
  return Array.from({ length: column.length }, (_, index) => columnReader(column)(index))
}

describe('a column as Arrow', () => {
  for (const kind of columnKinds) {
    test(`of ${typeName(kind.type)} comes back from IPC as it was, in every layout`, () => {
      fc.assert(
        fc.property(fc.gen(), (draw) => {
          const values = drawValues(draw, kind, 1 + upTo(draw, 20))
          const column = drawColumn(draw, kind.type, values)
          const [given] = throughIpc([column], [{ name: 'column', type: kind.type }])
          expect(compareValues(given, values)).toBe(0)
        }),
        { numRuns: 60 },
      )
    })
  }

  for (const [type, values] of [
    [new Decimal(2, 20, 128), [0n, -1n, 12_345n, -(10n ** 19n), null]],
    [new DateMillisecond(), [0, 86_400_000, null]],
    [new TimestampSecond(), [0, -1, null]],
    [new TimestampNanosecond(), [2n ** 60n, -1, null]],
    [new TimeMicrosecond(), [0, 1, null]],
    [new DurationMillisecond(), [5, null]],
    [new Null(), [null, null]],
  ] as const) {
    test(`of ${type} comes back from IPC as it was`, () => {
      const [given] = throughIpc([columnFromValues(type, values)], [{ name: 'column', type }])
      expect(given).toEqual(values)
    })
  }

  test('gives selected rows only', () => {
    const schema = schemaOf([{ name: 'n', type: types.int32, nullable: false }])
    const batch = makeBatch([columnFromValues(types.int32, [1, 2, 3])], 3, Uint32Array.of(0, 2))
    expect(
      batchToRecordBatch(batch, schema)
        .toArray()
        .map((row) => row?.n),
    ).toEqual([1, 3])
  })
})

describe('Arrow data of other makers', () => {
  const check = (vector: Vector, values: readonly Value[]) => {
    const given = vector.data.flatMap((data) => valuesOf(columnFromData(data as never)))
    expect(given.map(plain)).toEqual(values)
  }

  test('is read in any of its types', () => {
    check(vectorFromArray(['a', null, 'é'], new Utf8()), ['a', null, 'é'])
    check(vectorFromArray(['a', null, 'é'], new LargeUtf8()), ['a', null, 'é'])
    check(vectorFromArray(['a', 'b', null, 'a'], new Dictionary(new Utf8(), new Int32())), [
      'a',
      'b',
      null,
      'a',
    ])
    check(vectorFromArray([true, null, false], new Bool()), [true, null, false])
    check(vectorFromArray([1.5, null], new Float16()), [1.5, null])
    check(vectorFromArray([new Date(0), null], new DateDay()), [0, null])
    check(vectorFromArray([Uint8Array.of(1, 2), null], new FixedSizeBinary(2)), [[1, 2], null])
    check(vectorFromArray([{ a: 1 }, null], new Struct([makeField('a', new Int32())])), [{ a: 1 }, null])
  })

  test('is read from the middle of its buffers, at any offset', () => {
    const values = Array.from({ length: 40 }, (_, at) => (at % 3 === 0 ? null : at))
    const numbers = vectorFromArray(values, new Int32())
    const flags = vectorFromArray(
      values.map((value) => (value === null ? null : value % 2 === 0)),
      new Bool(),
    )
    const texts = vectorFromArray(
      values.map((value) => (value === null ? null : String(value))),
      new Utf8(),
    )
    for (const [start, end] of [
      [0, 5],
      [3, 20],
      [8, 16],
      [9, 40],
      [33, 33],
    ] as const) {
      check(numbers.slice(start, end), values.slice(start, end))
      check(
        flags.slice(start, end),
        values.slice(start, end).map((value) => (value === null ? null : value % 2 === 0)),
      )
      check(
        texts.slice(start, end),
        values.slice(start, end).map((value) => (value === null ? null : String(value))),
      )
    }
  })

  test('is read where a list or a struct stands in the middle of its buffers', () => {
    const lists = vectorFromArray([[1], [2, 3], null, [], [4]], new List(makeField('item', new Int32())))
    check(lists.slice(1, 5), [[2, 3], null, [], [4]])
    const records = vectorFromArray(
      [{ a: 1 }, { a: 2 }, null, { a: 4 }],
      new Struct([makeField('a', new Int32())]),
    )
    check(records.slice(1, 4), [{ a: 2 }, null, { a: 4 }])
  })

  test('of a map gives maps or their like', () => {
    const type = new Map_(
      makeField(
        'entries',
        new Struct([makeField('key', new Utf8(), { nullable: false }), makeField('value', new Int32())]),
        { nullable: false },
      ) as never,
    )
    const vector = vectorFromArray([new Map([['a', 1]]), null], type)
    const [first, second] = vector.data.flatMap((data) => valuesOf(columnFromData(data as never)))
    expect([...(first as Iterable<unknown>)]).toEqual([['a', 1]])
    expect(second).toBeNull()
  })

  test('in several batches gives all of them', () => {
    const table = new Table([
      ...tableFromArrays({ n: Int32Array.of(1, 2) }).batches,
      ...tableFromArrays({ n: Int32Array.of(3) }).batches,
    ])
    expect(table.batches.flatMap((batch) => valuesOf(recordBatchToBatch(batch).columns[0] as never))).toEqual(
      [1, 2, 3],
    )
  })
})

function plain(value: Value): Value {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as number[])
  if (value instanceof Vector) return value.toArray()
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : value
}
