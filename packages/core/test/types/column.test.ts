import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Column, columnReader, columnValues, isNullAt } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { concatColumns } from '../../src/types/concat.ts'
import { types } from '../../src/types/data-type.ts'
import { headColumn, MISSING, takeColumn } from '../../src/types/take.ts'
import { compareValues, type Value } from '../../src/types/value.ts'
import { columnKinds, type Draw, drawColumn, drawValues, pick, upTo } from '../oracle/random-table.ts'

function drawAny(draw: Draw): { column: Column; values: Value[] } {
  const kind = pick(draw, columnKinds)
  const values = drawValues(draw, kind, upTo(draw, 12))
  return { column: drawColumn(draw, kind.type, values), values }
}

function read(column: Column): Value[] {
  return Array.from({ length: column.length }, (_, at) => columnReader(column)(at))
}

function expectValues(column: Column, values: readonly Value[]): void {
  expect(column.length).toBe(values.length)
  expect(compareValues(read(column), values)).toBe(0)
  for (const [at, value] of values.entries()) expect(isNullAt(column, at)).toBe(value === null)
}

describe('a column of any type and layout', () => {
  test('gives the values that it was made of', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const { column, values } = drawAny(draw)
        expectValues(column, values)
        expect(compareValues(columnValues(column), values)).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('gives rows in any order, again and again, and null for what is missing', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const { column, values } = drawAny(draw)
        const indexes = Array.from({ length: upTo(draw, 10) }, () =>
          values.length === 0 || upTo(draw, 4) === 0 ? MISSING : upTo(draw, values.length - 1),
        )
        const taken = takeColumn(column, Uint32Array.from(indexes), true)
        expectValues(
          taken,
          indexes.map((index) => (index === MISSING ? null : (values[index] as Value))),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('gives its first rows', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const { column, values } = drawAny(draw)
        const count = upTo(draw, values.length)
        expectValues(headColumn(column, count), values.slice(0, count))
      }),
      { numRuns: 500 },
    )
  })

  test('is joined with others of its type, whatever their layouts', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const kind = pick(draw, columnKinds)
        const parts = Array.from({ length: upTo(draw, 4) }, () => drawValues(draw, kind, upTo(draw, 10)))
        const columns = parts.map((values) => drawColumn(draw, kind.type, values))
        // A part may be the head of a longer column, or rows taken from one.
        const cut = columns.map((column) =>
          upTo(draw, 2) === 0 ? takeColumn(column, Uint32Array.from(Array(column.length).keys())) : column,
        )
        expectValues(concatColumns(kind.type, cut), parts.flat())
      }),
      { numRuns: 1000 },
    )
  })
})

describe('columns made of values', () => {
  test('refuse values of another kind', () => {
    expect(() => columnFromValues(types.int32, ['a'])).toThrow(expect.objectContaining({ code: 'TYPE' }))
    expect(() => columnFromValues(types.int32, [1.5])).toThrow(expect.objectContaining({ code: 'TYPE' }))
    expect(() => columnFromValues(types.int64, [Number.NaN])).toThrow(
      expect.objectContaining({ code: 'TYPE' }),
    )
    expect(() => columnFromValues(types.bool, [1])).toThrow(expect.objectContaining({ code: 'TYPE' }))
    expect(() => columnFromValues(types.utf8, [1])).toThrow(expect.objectContaining({ code: 'TYPE' }))
    expect(() => columnFromValues(types.binary, ['a'])).toThrow(expect.objectContaining({ code: 'TYPE' }))
  })

  test('refuse numbers out of the range of their type', () => {
    for (const [type, value] of [
      [types.int8, 128],
      [types.uint8, -1],
      [types.int32, 2 ** 31],
      [types.uint32, 2n ** 32n],
      [types.int64, 2n ** 63n],
      [types.uint64, -1],
    ] as const)
      expect(() => columnFromValues(type, [value])).toThrow(expect.objectContaining({ code: 'OVERFLOW' }))
  })

  test('take dates for the types of time', () => {
    const date = new Date('2024-02-29T12:00:00.001Z')
    expect(read(columnFromValues(types.date, [date]))).toEqual([19_782])
    expect(read(columnFromValues(types.timestamp, [date]))).toEqual([1_709_208_000_001_000])
    expect(read(columnFromValues(types.date, [new Date('1969-12-31T23:59:59Z')]))).toEqual([-1])
    expect(() => columnFromValues(types.date, [new Date(Number.NaN)])).toThrow(/Invalid Date/)
  })
})
