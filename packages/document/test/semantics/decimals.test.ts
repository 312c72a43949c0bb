import { openStore } from '@sheafdb/core'
import { Decimal128 } from 'bson'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { document } from '../../src/index.ts'
import { averageOfDecimals, sumOfDecimals } from '../../src/semantics/decimal-arithmetic.ts'

const decimal = (text: string) => Decimal128.fromString(text)
const sum = (...values: (string | number | bigint)[]) =>
  sumOfDecimals(values.map((value) => (typeof value === 'string' ? decimal(value) : value))).toString()
const average = (...values: (string | number | bigint)[]) =>
  averageOfDecimals(values.map((value) => (typeof value === 'string' ? decimal(value) : value))).toString()

test('decimals are added exactly, with integers and doubles', () => {
  expect(sum('0.1', '0.2')).toBe('0.3')
  expect(sum('19.99', 1, 2n)).toBe('22.99')
  expect(sum('1', 0.1)).toBe('1.1')
  expect(sum('-5.50', '5.5')).toBe('0.00')
  expect(sum('1E+6000', '1')).toBe('1.000000000000000000000000000000000E+6000')
})

test('sums are rounded to 34 digits, halves to the even one', () => {
  const nines = '9'.repeat(34)
  expect(sum(nines, '1')).toBe('1.000000000000000000000000000000000E+34')
  expect(sum(`${'1'.repeat(33)}0`, '0.5')).toBe(`${'1'.repeat(33)}0`)
  expect(sum(`${'1'.repeat(34)}`, '0.5')).toBe(`${'1'.repeat(33)}2`)
})

test('an average has the digits of its sum where they suffice, else 34', () => {
  expect(average('1.50', '2.50')).toBe('2.00')
  expect(average('1', '2')).toBe('1.5')
  expect(average('1', '1', '2')).toBe('1.333333333333333333333333333333333')
  expect(average('-1', '-1', '-3')).toBe('-1.666666666666666666666666666666667')
})

test('NaN and infinities go on as in doubles', () => {
  expect(sum('Infinity', '1')).toBe('Infinity')
  expect(sum('Infinity', '-Infinity')).toBe('NaN')
  expect(average('NaN', 1)).toBe('NaN')
})

test('sums of cents are those of whole numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), { minLength: 1 }), (cents) => {
      const total = cents.reduce((left, right) => left + right, 0n)
      expect(sum(...cents.map((each) => `${each}E-2`))).toBe(decimal(`${total}E-2`).toString())
    }),
  )
})

test('$sum and $avg of a group take decimals with them', async () => {
  const store = await openStore(':memory:', { models: [document()] })
  try {
    await store.document('sales').insertMany([
      { shop: 'a', price: decimal('0.10') },
      { shop: 'a', price: decimal('0.20') },
      { shop: 'a', price: 3 },
      { shop: 'b', price: 1.5 },
    ])
    const rows = await store
      .document('sales')
      .aggregate([
        { $group: { _id: '$shop', total: { $sum: '$price' }, mean: { $avg: '$price' } } },
        { $sort: { _id: 1 } },
      ])
      .rows()
    expect(rows.map(({ total, mean }) => [String(total), String(mean)])).toEqual([
      ['3.30', '1.10'],
      ['1.5', '1.5'],
    ])
  } finally {
    await store.close()
  }
})
