import { describe, expect, test } from 'vitest'
import { call, column, lambda, literal, variable } from '../../src/expression/build.ts'
import { matchesLike } from '../../src/expression/functions/text.ts'
import { planField } from '../../src/plan/build.ts'
import { typeName, types } from '../../src/types/data-type.ts'
import type { ErrorCode } from '../../src/types/errors.ts'
import type { Value } from '../../src/types/value.ts'
import { evaluate, typed } from './evaluate-constant.ts'

const failing = (code: ErrorCode) => expect.objectContaining({ code })
const TRUTHS = [true, false, null]
const truth = (value: Value) => typed(value, types.bool)

describe('logic', () => {
  test('has three values: false decides and, true decides or, null is in between', () => {
    const rank = (value: Value) => (value === null ? 1 : value === true ? 2 : 0)
    const named = [false, null, true]
    for (const a of TRUTHS) {
      for (const b of TRUTHS) {
        expect(evaluate('and', truth(a), truth(b))).toBe(named[Math.min(rank(a), rank(b))])
        expect(evaluate('or', truth(a), truth(b))).toBe(named[Math.max(rank(a), rank(b))])
        expect(evaluate('xor', truth(a), truth(b))).toBe(a === null || b === null ? null : a !== b)
      }
      expect(evaluate('not', truth(a))).toBe(a === null ? null : !a)
    }
  })

  test('chooses the first branch whose condition is true, null being not true', () => {
    expect(evaluate('case', truth(null), 1, true, 2, 3)).toBe(2)
    expect(evaluate('case', truth(null), 1, 3)).toBe(3)
    expect(evaluate('coalesce', null, 2, 3)).toBe(2)
    expect(evaluate('coalesce', null, null)).toBe(null)
  })

  test('does not evaluate what it does not choose', () => {
    const failingCast = call('cast.int64', literal('x'))
    expect(evaluate('case', false, failingCast, 1)).toBe(1)
    expect(evaluate('coalesce', 1, failingCast)).toBe(1)
    expect(evaluate('and', false, call('eq', failingCast, literal(1)))).toBe(false)
    expect(evaluate('or', true, call('eq', failingCast, literal(1)))).toBe(true)
  })

  test('gives branches of unlike types one type', () => {
    expect(evaluate('case', true, 2n ** 53n + 1n, 0.5)).toBe(2 ** 53)
    expect(typeName(call('case', literal(true), literal(1), literal('a')).type)).toBe('variant')
    expect(evaluate('coalesce', typed(1, types.date), 'a')).toEqual(new Date(86_400_000))
  })
})

describe('comparisons', () => {
  test('give null where a side is null', () => {
    for (const name of ['eq', 'ne', 'lt', 'le', 'gt', 'ge']) {
      expect(evaluate(name, typed(null, types.int64), 1)).toBe(null)
      expect(evaluate(name, 1, typed(null, types.int64))).toBe(null)
    }
    expect(evaluate('is_not_distinct_from', null, null)).toBe(true)
    expect(evaluate('is_not_distinct_from', 1, null)).toBe(false)
  })

  test('compare numbers of all types by value', () => {
    expect(evaluate('eq', 2n ** 53n, 2 ** 53)).toBe(true)
    expect(evaluate('lt', 2 ** 53, 2n ** 53n + 1n)).toBe(true)
    expect(evaluate('eq', typed(1, types.int8), typed(1, types.float64))).toBe(true)
    expect(evaluate('eq', Number.NaN, Number.NaN)).toBe(true)
    expect(evaluate('lt', Number.NaN, Number.NEGATIVE_INFINITY)).toBe(true)
    expect(evaluate('eq', 0, -0)).toBe(true)
  })

  test('of dynamic values of unlike kinds are unequal and not ordered', () => {
    const dynamic = (value: Value) => typed(value, types.variant)
    expect(evaluate('eq', dynamic(1), dynamic('1'))).toBe(false)
    expect(evaluate('ne', dynamic(1), dynamic('1'))).toBe(true)
    expect(evaluate('lt', dynamic(1), dynamic('1'))).toBe(null)
  })

  test('refuse types that cannot be compared', () => {
    expect(() => call('eq', literal(1), literal('a'))).toThrow(failing('TYPE'))
    expect(() => call('lt', typed(0, types.date), typed(0, types.timestamp))).toThrow(failing('TYPE'))
    expect(() => call('eq', literal(1))).toThrow(failing('ARGUMENT'))
  })

  test('find a value in a list, a miss being unknown where the list has null', () => {
    const list = (...members: Value[]) => typed(members, types.variant)
    expect(evaluate('in', 1, list(1, 2))).toBe(true)
    expect(evaluate('in', 3, list(1, 2))).toBe(false)
    expect(evaluate('in', 3, list(1, null))).toBe(null)
    expect(evaluate('in', typed(null, types.int64), list(1))).toBe(null)
    expect(evaluate('in', typed(null, types.int64), list())).toBe(false)
    expect(evaluate('in', 2, list(2n))).toBe(true)
    expect(evaluate('in', 2n ** 60n, list(2 ** 60))).toBe(true)
    expect(evaluate('in', Number.NaN, list(Number.NaN))).toBe(true)
    expect(evaluate('in', typed([1], types.variant), list([1]))).toBe(true)
  })
})

describe('arithmetic', () => {
  test('of integers is exact in 64 bits, and fails beyond', () => {
    const most = 2n ** 63n - 1n
    expect(evaluate('add', 2 ** 53 - 1, 2 ** 53 - 1)).toBe(2n ** 54n - 2n)
    expect(evaluate('subtract', most, most)).toBe(0)
    expect(evaluate('multiply', 3_037_000_499, 3_037_000_499)).toBe(3_037_000_499n ** 2n)
    expect(() => evaluate('add', most, 1)).toThrow(failing('OVERFLOW'))
    expect(() => evaluate('subtract', -most, 2)).toThrow(failing('OVERFLOW'))
    expect(() => evaluate('multiply', most, 2)).toThrow(failing('OVERFLOW'))
    expect(() => evaluate('negate', -(2n ** 63n))).toThrow(failing('OVERFLOW'))
    expect(() => evaluate('abs', -(2n ** 63n))).toThrow(failing('OVERFLOW'))
    expect(() => evaluate('divide_integer', -(2n ** 63n), -1)).toThrow(failing('OVERFLOW'))
  })

  test('with a float is of floats', () => {
    expect(evaluate('add', 1, 0.5)).toBe(1.5)
    expect(evaluate('divide', 1, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(evaluate('divide', 0, 0)).toBe(Number.NaN)
    expect(evaluate('divide', 7, 2)).toBe(3.5)
    expect(evaluate('modulo', 5.5, 2)).toBe(1.5)
    expect(typeName(call('add', literal(1), literal(0.5)).type)).toBe('float64')
  })

  test('of integers drops fractions toward zero, and the remainder has the sign of the dividend', () => {
    expect(evaluate('divide_integer', -7, 2)).toBe(-3)
    expect(evaluate('modulo', -7, 2)).toBe(-1)
    expect(evaluate('modulo', 2n ** 60n + 1n, 2)).toBe(1)
    expect(evaluate('divide_integer', 2n ** 60n, 2n ** 59n)).toBe(2)
    expect(() => evaluate('divide_integer', 1, 0)).toThrow(failing('DIVISION_BY_ZERO'))
    expect(() => evaluate('divide_integer', 2n ** 60n, 0)).toThrow(failing('DIVISION_BY_ZERO'))
    expect(() => evaluate('modulo', 1, 0)).toThrow(failing('DIVISION_BY_ZERO'))
    expect(() => evaluate('modulo', 2n ** 60n, 0)).toThrow(failing('DIVISION_BY_ZERO'))
  })

  test('of what is no finite number is an error of ours where integers are wanted', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      expect(() => evaluate('divide_integer', value, 2)).toThrow(
        expect.objectContaining({ name: 'SheafError' }),
      )
      expect(() => evaluate('divide_integer', 2n ** 60n, value / 0)).toThrow(
        expect.objectContaining({ name: 'SheafError' }),
      )
    }
  })

  test('rounds half away from zero, to digits too', () => {
    expect(evaluate('round', 2.5)).toBe(3)
    expect(evaluate('round', -2.5)).toBe(-3)
    expect(evaluate('round', 1.005, 2)).toBe(1.01)
    expect(evaluate('round', 1e300, 2)).toBe(1e300)
    expect(evaluate('round', 1234, -2)).toBe(1200)
    expect(evaluate('round', 1e-7, 2)).toBe(0)
    expect(evaluate('floor', -0.5)).toBe(-1)
    expect(evaluate('ceil', 2n ** 60n)).toBe(2n ** 60n)
  })

  test('refuses text', () => {
    expect(() => call('add', literal(1), literal('a'))).toThrow(failing('TYPE'))
    expect(() => evaluate('add', typed(1, types.variant), typed('a', types.variant))).toThrow(failing('TYPE'))
    expect(() => evaluate('sqrt', typed('a', types.variant))).toThrow(failing('TYPE'))
  })
})

describe('casts', () => {
  test('convert what fits, and fail with VALUE on what does not', () => {
    expect(evaluate('cast.int64', '42')).toBe(42)
    expect(evaluate('cast.int64', '9223372036854775807')).toBe(2n ** 63n - 1n)
    expect(evaluate('cast.int64', ' -1.5e1 ')).toBe(-15)
    expect(evaluate('cast.int32', 2.5)).toBe(2)
    expect(evaluate('cast.int32', 3.5)).toBe(4)
    expect(evaluate('cast.int8', true)).toBe(1)
    expect(evaluate('cast.float64', '1e3')).toBe(1000)
    expect(evaluate('cast.float64', '-inf')).toBe(Number.NEGATIVE_INFINITY)
    expect(evaluate('cast.bool', 'YES')).toBe(true)
    expect(evaluate('cast.bool', 0)).toBe(false)
    for (const [name, value] of [
      ['cast.int64', 'x'],
      ['cast.int64', ''],
      ['cast.int64', '9223372036854775808'],
      ['cast.int8', 128],
      ['cast.uint8', -1],
      ['cast.int64', Number.NaN],
      ['cast.float64', '1.2.3'],
      ['cast.bool', 'maybe'],
    ] as const) {
      expect(() => evaluate(name, value), `${name} ${value}`).toThrow(failing('VALUE'))
      expect(evaluate(`try_${name}`, value)).toBe(null)
    }
  })

  test('to text give what SQL shows', () => {
    expect(evaluate('cast.utf8', 1)).toBe('1')
    expect(evaluate('cast.utf8', 2n ** 60n)).toBe(String(2n ** 60n))
    expect(evaluate('cast.utf8', typed(1, types.float64))).toBe('1.0')
    expect(evaluate('cast.utf8', Number.NaN)).toBe('nan')
    expect(evaluate('cast.utf8', -0)).toBe('-0.0')
    expect(evaluate('cast.utf8', true)).toBe('true')
  })

  test('to variant make dates tell what they are', () => {
    expect(evaluate('cast.variant', typed(1, types.date))).toEqual(new Date(86_400_000))
    expect(evaluate('cast.variant', typed(1_500, types.timestamp))).toEqual(new Date(1))
  })
})

describe('text functions', () => {
  test('count code points', () => {
    expect(evaluate('length', '😀é')).toBe(2)
    expect(evaluate('substring', 'a😀bc', 2, 2)).toBe('😀b')
    expect(evaluate('substring', 'abc', 0, 2)).toBe('a')
    expect(evaluate('substring', 'abc', 2)).toBe('bc')
    expect(evaluate('reverse', 'a😀')).toBe('😀a')
  })

  test('match patterns, `%` any run, `_` one code point, a backslash for themselves', () => {
    for (const [text, pattern, matches] of [
      ['', '', true],
      ['', '%', true],
      ['a', '', false],
      ['abc', 'a%', true],
      ['abc', '%b%', true],
      ['abc', '_b_', true],
      ['😀', '_', true],
      ['a%', 'a\\%', true],
      ['ab', 'a\\%', false],
      ['a\\', 'a\\\\', true],
      ['aaa', '%a%a%a%a%', false],
      ['a\nb', 'a%b', true],
    ] as const)
      expect(matchesLike(text, pattern), `${text} like ${pattern}`).toBe(matches)
  })

  test('match long texts without going back again and again', () => {
    const before = performance.now()
    expect(matchesLike('a'.repeat(3000), `${'%a'.repeat(30)}%b`)).toBe(false)
    expect(performance.now() - before).toBeLessThan(2000)
  })

  test('replace text as it is, not as a pattern', () => {
    expect(evaluate('replace', 'a.b', '.', '$&')).toBe('a$&b')
  })
})

describe('functions of lists and objects', () => {
  const list = (...items: Value[]) => typed(items, types.variant)

  test('take elements from both ends, null past them', () => {
    expect(evaluate('list.get', list(1, 2), 0)).toBe(1)
    expect(evaluate('list.get', list(1, 2), -1)).toBe(2)
    expect(evaluate('list.get', list(1, 2), 2)).toBe(null)
    expect(evaluate('list.slice', list(1, 2, 3), 1, typed(null, types.int64))).toEqual([2, 3])
  })

  test('read own members only', () => {
    const object = typed({ a: { b: 1 } }, types.variant)
    expect(evaluate('variant.get', object, 'a', 'b')).toBe(1)
    expect(evaluate('variant.get', object, 'constructor')).toBe(null)
    expect(evaluate('variant.get', object, '__proto__')).toBe(null)
    expect(evaluate('variant.get', typed('text', types.variant), 'length')).toBe(null)
  })

  test('make objects in which __proto__ is a key like any other', () => {
    const made = evaluate('object', '__proto__', 1, 'a', 2) as object
    expect(Object.keys(made)).toEqual(['__proto__', 'a'])
    expect(evaluate('variant.get', typed(made, types.variant), '__proto__')).toBe(1)
  })

  test('call lambdas with elements, columns around them in sight', () => {
    const item = variable('item')
    const doubled = lambda([item], call('multiply', item, literal(2)))
    expect(evaluate('list.map', list(1, 2), doubled)).toEqual([2, 4])
    const large = lambda([item], call('gt', item, literal(1)))
    expect(evaluate('list.filter', list(1, 2, null), large)).toEqual([2])
    const state = variable('state')
    const added = lambda([state, item], call('add', state, item))
    expect(evaluate('list.reduce', list(1, 2, 3), 0, added)).toBe(6)
  })

  test('sort by the one order, nulls last', () => {
    expect(evaluate('list.sort', list('a', null, 2, 1n))).toEqual([1n, 2, 'a', null])
  })

  test('refuse what is no list', () => {
    expect(() => evaluate('list.get', typed('a', types.variant), 0)).toThrow(failing('TYPE'))
    expect(() => call('list.get', literal('a'), literal(0))).toThrow(failing('TYPE'))
  })
})

describe('expressions', () => {
  test('name the function that is not there', () => {
    expect(() => call('nonsense')).toThrow(failing('NOT_FOUND'))
  })

  test('are frozen, and keep the one form of an integer', () => {
    expect(Object.isFrozen(call('add', literal(1), literal(2)))).toBe(true)
    expect(literal(5n).value).toBe(5)
    expect(literal(2n ** 60n).value).toBe(2n ** 60n)
  })

  test('know whether they can be null', () => {
    const field = column(planField('a', types.int64))
    const never = column(planField('b', types.int64, false))
    expect(call('add', field, never).nullable).toBe(true)
    expect(call('add', never, never).nullable).toBe(false)
    expect(call('is_null', field).nullable).toBe(false)
    expect(call('coalesce', field, never).nullable).toBe(false)
  })
})
