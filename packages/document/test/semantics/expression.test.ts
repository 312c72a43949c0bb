import { ObjectId } from '@sheafdb/document'
import { beforeAll, describe, expect, test } from 'vitest'
import type { MongoError } from '../../src/language/errors.ts'
import { parseExpression } from '../../src/language/parser-expression.ts'
import { compileContext, compileExpression, scopeOf } from '../../src/semantics/expression.ts'
import { installObjectId } from '../../src/semantics/object-id.ts'
import { installOperators } from '../../src/semantics/operators/index.ts'

beforeAll(() => {
  installObjectId()
  installOperators()
})

const DOCUMENT = {
  a: 7,
  b: 2.5,
  n: null,
  big: 5n,
  text: 'Straße',
  list: [3, 1, 2],
  docs: [{ x: 1 }, { x: 2, y: 'z' }, 'odd'],
  when: new Date('2024-02-29T13:45:30.123Z'),
  id: new ObjectId('65e0a1b2c3d4e5f601234567'),
}

function evaluate(expression: unknown): unknown {
  return compileExpression(parseExpression(expression), compileContext())(scopeOf(DOCUMENT))
}

function codeOf(expression: unknown): number {
  try {
    evaluate(expression)
  } catch (error) {
    return (error as MongoError).mongoCode
  }
  return 0
}

describe('expressions', () => {
  test.each<[unknown, unknown]>([
    ['$docs.x', [1, 2]],
    ['$list.0', []],
    ['$nowhere', undefined],
    [{ $add: ['$a', '$b', 1] }, 10.5],
    [{ $add: [2147483647, 1] }, 2147483648n],
    [{ $add: ['$when', 1000] }, new Date('2024-02-29T13:45:31.123Z')],
    [{ $subtract: ['$big', 7] }, -2n],
    [{ $divide: [7, 2] }, 3.5],
    [{ $mod: [-7, 3] }, -1],
    [{ $round: [2.5] }, 2],
    [{ $round: [1234.5678, 2] }, 1234.57],
    [{ $trunc: [-1.79, 1] }, -1.7],
    [{ $pow: [2, 10] }, 1024],
    [{ $cmp: ['$nowhere', null] }, -1],
    [{ $and: ['$a', '$n'] }, false],
    [{ $ifNull: ['$n', '$nowhere', 'x'] }, 'x'],
    // biome-ignore lint/suspicious/noThenProperty: it is the language's own word.
    [{ $cond: { if: '$n', then: 1, else: 2 } }, 2],
    // biome-ignore lint/suspicious/noThenProperty: it is the language's own word.
    [{ $switch: { branches: [{ case: { $gt: ['$a', 5] }, then: 'high' }], default: 'low' } }, 'high'],
    [{ $let: { vars: { x: '$a' }, in: { $multiply: ['$$x', '$$x'] } } }, 49],
    [{ $map: { input: '$list', as: 'i', in: { $add: ['$$i', 1] } } }, [4, 2, 3]],
    [{ $filter: { input: '$list', cond: { $gt: ['$$this', 1] } } }, [3, 2]],
    [{ $reduce: { input: '$list', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
    [{ $sortArray: { input: '$list', sortBy: 1 } }, [1, 2, 3]],
    [{ $slice: ['$list', -2] }, [1, 2]],
    [{ $arrayElemAt: ['$list', -1] }, 2],
    [
      { $zip: { inputs: ['$list', ['a']], useLongestLength: true, defaults: [0, '-'] } },
      [
        [3, 'a'],
        [1, '-'],
        [2, '-'],
      ],
    ],
    [{ $setUnion: ['$list', [3, 4]] }, [1, 2, 3, 4]],
    [{ $objectToArray: { k: 1 } }, [{ k: 'k', v: 1 }]],
    [
      {
        $arrayToObject: [
          [
            ['a', 1],
            ['b', 2],
          ],
        ],
      },
      { a: 1, b: 2 },
    ],
    [{ $mergeObjects: [{ a: 1 }, null, { b: 2 }] }, { a: 1, b: 2 }],
    [{ $setField: { field: 'a.b', input: {}, value: 1 } }, { 'a.b': 1 }],
    [{ $concat: ['a', '$text'] }, 'aStraße'],
    [{ $toUpper: '$text' }, 'STRAßE'],
    [{ $strLenBytes: '$text' }, 7],
    [{ $strLenCP: '$text' }, 6],
    [{ $substrCP: ['$text', 4, 2] }, 'ße'],
    [{ $split: ['a-b-c', '-'] }, ['a', 'b', 'c']],
    [{ $trim: { input: '  x ' } }, 'x'],
    [{ $regexFind: { input: 'aXbX', regex: 'x', options: 'i' } }, { match: 'X', idx: 1, captures: [] }],
    [{ $replaceAll: { input: 'a.b.c', find: '.', replacement: { $literal: '$&' } } }, 'a$&b$&c'],
    [{ $toInt: '42' }, 42],
    [{ $toLong: 42.9 }, 42n],
    [{ $toString: '$id' }, '65e0a1b2c3d4e5f601234567'],
    [{ $convert: { input: 'x', to: 'int', onError: 'no' } }, 'no'],
    [{ $type: '$big' }, 'long'],
    [{ $year: '$when' }, 2024],
    [{ $dayOfYear: '$when' }, 60],
    [{ $hour: { date: '$when', timezone: 'Europe/Oslo' } }, 14],
    [{ $isoWeek: '$when' }, 9],
    [{ $dateAdd: { startDate: '$when', unit: 'year', amount: 1 } }, new Date('2025-02-28T13:45:30.123Z')],
    [{ $dateDiff: { startDate: '$when', endDate: new Date('2024-03-01'), unit: 'day' } }, 1n],
    [{ $dateTrunc: { date: '$when', unit: 'month' } }, new Date('2024-02-01')],
    [{ $dateToString: { date: '$when', format: '%Y/%m/%d %H:%M', timezone: '+01:00' } }, '2024/02/29 14:45'],
    [{ $dateFromString: { dateString: '2024-06-15T12:00:00+02:00' } }, new Date('2024-06-15T10:00:00Z')],
    [{ $dateFromParts: { isoWeekYear: 2024, isoWeek: 9, isoDayOfWeek: 4 } }, new Date('2024-02-29')],
    [{ $literal: { $add: [1] } }, { $add: [1] }],
  ])('%o gives %o', (expression, expected) => {
    expect(evaluate(expression)).toEqual(expected)
  })

  test.each<[unknown, number]>([
    [{ $nope: 1 }, 168],
    [{ $divide: [1, 0] }, 2],
    [{ $add: ['$text', 1] }, 14],
    [{ $abs: 'x' }, 28765],
    [{ $toInt: 'x' }, 241],
    ['$$nope', 17276],
    [{ $cond: [1, 2] }, 16020],
    [{ $hour: { date: '$when', timezone: 'Nowhere/City' } }, 40485],
    [{ $dateAdd: { startDate: '$when', unit: 'fortnight', amount: 1 } }, 9],
    [{ $filter: { input: 5, cond: true } }, 28651],
  ])('%o fails with %i', (expression, code) => {
    expect(codeOf(expression)).toBe(code)
  })
})
