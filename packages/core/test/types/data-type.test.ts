import {
  Decimal,
  Dictionary,
  FixedSizeList,
  Int32,
  List,
  Struct,
  TimestampMillisecond,
  TimestampSecond,
  Utf8,
} from 'apache-arrow'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fieldFromJson, fieldToJson } from '../../src/catalog/type-json.ts'
import {
  commonType,
  type DataType,
  fieldIdOf,
  isVariant,
  makeField,
  ReferenceType,
  typeName,
  types,
  typesEqual,
} from '../../src/types/data-type.ts'
import { decimalText } from '../../src/types/decimal.ts'
import { caretLine, isSheafError, positionAt, SheafError, sourceError } from '../../src/types/errors.ts'
import { columnKinds } from '../oracle/random-table.ts'

const name = (left: DataType, right: DataType) => typeName(commonType(left, right))

describe('the common type of two', () => {
  test('holds the values of both', () => {
    expect(name(types.int8, types.int32)).toBe('int32')
    expect(name(types.uint8, types.int8)).toBe('int16')
    expect(name(types.uint32, types.int8)).toBe('int64')
    expect(name(types.uint8, types.uint32)).toBe('uint32')
    expect(name(types.int64, types.float32)).toBe('float64')
    expect(name(types.null, types.utf8)).toBe('utf8')
    expect(name(types.bool, types.int8)).toBe('variant')
    expect(name(types.date, types.timestamp)).toBe('variant')
    expect(name(new TimestampSecond(), new TimestampMillisecond())).toBe('variant')
  })

  test('is the same both ways, and the type itself with itself', () => {
    const all = Object.values(types)
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.constantFrom(...all), (left, right) => {
        expect(name(left, right)).toBe(name(right, left))
        expect(name(left, left)).toBe(typeName(left))
      }),
    )
  })
})

describe('types', () => {
  const all: DataType[] = [
    ...columnKinds.map((kind) => kind.type),
    new Decimal(2, 18, 128),
    new TimestampMillisecond('UTC'),
    new List(
      makeField('item', new Struct([makeField('a', new FixedSizeList(3, makeField('item', new Int32())))])),
    ),
    types.null,
  ]

  test('come back from the catalog as they were', () => {
    for (const type of all) {
      const field = makeField('column', type, { nullable: false, fieldId: 7 })
      const back = fieldFromJson(JSON.parse(JSON.stringify(fieldToJson(field))))
      expect(typesEqual(back.type as DataType, type), typeName(type)).toBe(true)
      expect([back.name, back.nullable]).toEqual(['column', false])
      expect(isVariant(back.type as DataType)).toBe(isVariant(type))
    }
  })

  test('have names that tell them apart', () => {
    const names = all.map(typeName)
    expect(new Set(names).size).toBe(names.length)
    expect(typeName(new Dictionary(new Utf8(), new Int32()) as never)).toBe('utf8')
    expect(typeName(new ReferenceType('node', 'social'))).toBe('node(social)')
    expect(fieldIdOf(makeField('a', types.int8, { fieldId: 3 }))).toBe(3)
    expect(fieldIdOf(makeField('a', types.int8))).toBeUndefined()
  })
})

test('decimals are shown exactly', () => {
  expect(decimalText(0n, 2)).toBe('0.00')
  expect(decimalText(-5n, 2)).toBe('-0.05')
  expect(decimalText(123_456n, 3)).toBe('123.456')
  expect(decimalText(7n, 0)).toBe('7')
})

describe('errors', () => {
  test('are known across copies of the package, by their codes', () => {
    const error = new SheafError('TYPE', 'wrong', { detail: 'InvalidType' })
    expect(isSheafError(error)).toBe(true)
    expect(isSheafError(error, 'IO', 'TYPE')).toBe(true)
    expect(isSheafError(error, 'IO')).toBe(false)
    expect(isSheafError(new Error('TYPE'))).toBe(false)
    expect(
      isSheafError(Object.assign(new Error('x'), { code: 'TYPE', [Symbol.for('sheaf.error')]: true })),
    ).toBe(true)
  })

  test('point at their place in a text', () => {
    const text = 'first\nsecond line\n'
    expect(positionAt(text, 0)).toEqual({ offset: 0, line: 1, column: 1 })
    expect(positionAt(text, 5)).toEqual({ offset: 5, line: 1, column: 6 })
    expect(positionAt(text, 6)).toEqual({ offset: 6, line: 2, column: 1 })
    expect(positionAt(text, 99).offset).toBe(text.length)
    expect(caretLine(text, positionAt(text, 13))).toBe('second line\n       ^')
    const error = sourceError('SYNTAX', 'No.', { text, offset: 13 })
    expect(error.message).toBe('No. (line 2, column 8)\nsecond line\n       ^')
    expect(error.phase).toBe('compile time')
  })

  test('cut long lines around the caret, which stays under its place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), (offset) => {
        const text = Array.from({ length: 1000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join('')
        const [line, caret] = caretLine(text, positionAt(text, offset)).split('\n') as [string, string]
        expect(line.length).toBeLessThanOrEqual(100)
        expect(line[caret.length - 1]).toBe(text[offset])
      }),
    )
  })
})
