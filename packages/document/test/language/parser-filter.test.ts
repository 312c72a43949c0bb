import { describe, expect, test } from 'vitest'
import type { MongoError } from '../../src/language/errors.ts'
import { parseExpression } from '../../src/language/parser-expression.ts'
import { parseFilter } from '../../src/language/parser-filter.ts'
import { parsePipeline } from '../../src/language/parser-pipeline.ts'
import { parseUpdate } from '../../src/language/parser-update.ts'

function codeOf(parse: () => unknown): number {
  try {
    parse()
  } catch (error) {
    return (error as MongoError).mongoCode
  }
  return 0
}

describe('parsing', () => {
  test('turns a filter into plain data', () => {
    expect(parseFilter({ 'a.b': { $gt: 1, $ne: null }, c: 'x' })).toEqual({
      kind: 'and',
      filters: [
        {
          kind: 'and',
          filters: [
            { kind: 'field', path: ['a', 'b'], condition: { kind: 'gt', value: 1 } },
            {
              kind: 'field',
              path: ['a', 'b'],
              condition: { kind: 'not', conditions: [{ kind: 'eq', value: null }] },
            },
          ],
        },
        { kind: 'field', path: ['c'], condition: { kind: 'eq', value: 'x' } },
      ],
    })
  })

  test('turns an expression into plain data', () => {
    expect(parseExpression({ $add: ['$a.b', 1, '$$x.y'] })).toEqual({
      kind: 'operator',
      name: '$add',
      argument: {
        kind: 'array',
        items: [
          { kind: 'field', path: ['a', 'b'] },
          { kind: 'literal', value: 1 },
          { kind: 'variable', name: 'x', path: ['y'] },
        ],
      },
    })
  })

  test.each([
    ['an unknown operator', () => parseFilter({ a: { $nope: 1 } }), 2],
    ['an unknown operator at the top', () => parseFilter({ $nope: 1 }), 2],
    ['an empty $or', () => parseFilter({ $or: [] }), 2],
    ['a filter that is no object', () => parseFilter('x'), 14],
    ['a path of an expression without name', () => parseExpression('$'), 16872],
    ['two operators in one object', () => parseExpression({ $add: [], $subtract: [] }), 15983],
    ['an unknown stage', () => parsePipeline([{ $nope: 1 }]), 40324],
    ['two stages in one object', () => parsePipeline([{ $match: {}, $limit: 1 }]), 40323],
    ['an unknown update operator', () => parseUpdate({ $nope: { a: 1 } }), 9],
    ['two updates of one path', () => parseUpdate({ $set: { a: 1 }, $inc: { 'a.b': 1 } }), 40],
  ])('refuses %s with the code of MongoDB', (_, parse, code) => {
    expect(codeOf(parse)).toBe(code)
  })

  test('refuses what is nested too deep instead of running out of stack', () => {
    let filter: unknown = { a: 1 }
    let expression: unknown = 1
    for (let level = 0; level < 10_000; level += 1) {
      filter = { $and: [filter] }
      expression = { $not: [expression] }
    }
    expect(codeOf(() => parseFilter(filter))).toBe(15)
    expect(codeOf(() => parseExpression(expression))).toBe(15)
  })
})
