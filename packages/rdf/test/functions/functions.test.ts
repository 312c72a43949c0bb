import { describe, expect, it } from 'vitest'
import { castTerm } from '../../src/functions/cast.ts'
import { compareForOrder, equalTerms, orderTerms } from '../../src/functions/comparison.ts'
import { parseDateTime, zoneDuration } from '../../src/functions/date-time.ts'
import { decimalToNumber, divideDecimals, formatDecimal, parseDecimal } from '../../src/functions/decimal.ts'
import { formatFloatingPoint, numericLiteral, numericOf } from '../../src/functions/literal-value.ts'
import { arithmetic } from '../../src/functions/numeric.ts'
import { regularExpression, replacement } from '../../src/functions/regular-expression.ts'
import { effectiveBoolean } from '../../src/functions/terms.ts'
import { matchesLanguage, substring } from '../../src/functions/text.ts'
import { BlankNodeTerm, NamedNodeTerm, stringLiteral, typedLiteral } from '../../src/layout/term.ts'
import { XSD } from '../../src/layout/vocabulary.ts'

const number = (value: string, type = 'integer') => typedLiteral(value, XSD + type)

function compute(
  operator: 'add' | 'subtract' | 'multiply' | 'divide',
  left: string,
  right: string,
): string | undefined {
  const kind = (text: string) => (text.includes('e') ? 'double' : text.includes('.') ? 'decimal' : 'integer')
  const [a, b] = [left, right].map((text) => numericOf(number(text, kind(text))))
  const result = a && b ? arithmetic(operator, a, b) : null
  return result === null ? undefined : numericLiteral(result).value
}

describe('arithmetic', () => {
  it.each([
    ['add', '1', '2', '3'],
    ['add', '9007199254740991', '1', '9007199254740992'],
    ['add', '0.1', '0.2', '0.3'],
    ['multiply', '3', '1.5', '4.5'],
    ['divide', '1', '4', '0.25'],
    ['divide', '1', '3', '0.333333333333333333333333'],
    ['divide', '1e0', '0', 'INF'],
    ['subtract', '1e0', '1', '0.0E0'],
  ] as const)('%s of %s and %s is %s', (operator, left, right, expected) => {
    expect(compute(operator, left, right)).toBe(expected)
  })

  it('has no exact quotient by zero', () => {
    expect(compute('divide', '1', '0')).toBeUndefined()
    expect(divideDecimals({ unscaled: 1n, scale: 0 }, { unscaled: 0n, scale: 0 })).toBeUndefined()
  })
})

describe('equality and order', () => {
  it('compare numbers by value, across types', () => {
    expect(equalTerms(number('1'), number('1.0', 'decimal'))).toBe(true)
    expect(equalTerms(number('NaN', 'double'), number('NaN', 'double'))).toBe(false)
    expect(orderTerms(number('10'), number('9.5', 'double'))).toBe(1)
  })

  it('know nothing of datatypes that are not known', () => {
    const [a, b] = [typedLiteral('a', 'http://t'), typedLiteral('b', 'http://t')]
    expect(equalTerms(a, b)).toBe(null)
    expect(equalTerms(a, a)).toBe(true)
    expect(orderTerms(a, b)).toBe(null)
    expect(equalTerms(new NamedNodeTerm('a'), new NamedNodeTerm('b'))).toBe(false)
  })

  it('leave times with and without zone undecided within fourteen hours', () => {
    const zoned = number('2024-01-01T00:00:00Z', 'dateTime')
    expect(orderTerms(zoned, number('2024-01-01T05:00:00', 'dateTime'))).toBe(null)
    expect(orderTerms(zoned, number('2024-01-03T05:00:00', 'dateTime'))).toBe(-1)
    expect(equalTerms(zoned, number('2024-01-01T02:00:00+02:00', 'dateTime'))).toBe(true)
  })

  it('sort unbound, blank nodes, IRIs, literals', () => {
    const terms = [
      null,
      new BlankNodeTerm('b'),
      new NamedNodeTerm('a'),
      number('2'),
      number('10'),
      stringLiteral('a'),
    ]
    const shuffled = [terms[4], terms[1], terms[5], terms[0], terms[3], terms[2]] as typeof terms
    expect(shuffled.sort(compareForOrder)).toEqual(terms)
  })
})

describe('values', () => {
  it('have an effective boolean value, or none', () => {
    expect(effectiveBoolean(stringLiteral(''))).toBe(false)
    expect(effectiveBoolean(number('0'))).toBe(false)
    expect(effectiveBoolean(number('NaN', 'double'))).toBe(false)
    expect(effectiveBoolean(number('2'))).toBe(true)
    expect(effectiveBoolean(number('x', 'boolean'))).toBe(false)
    expect(effectiveBoolean(new NamedNodeTerm('a'))).toBe(null)
  })

  it('are cast as the table of casts says', () => {
    expect(castTerm(stringLiteral(' 12 '), `${XSD}integer`)?.value).toBe('12')
    expect(castTerm(number('1.9', 'decimal'), `${XSD}integer`)?.value).toBe('1')
    expect(castTerm(stringLiteral('1.9'), `${XSD}integer`)).toBe(null)
    expect(castTerm(number('1e0', 'double'), `${XSD}string`)?.value).toBe('1')
    expect(castTerm(new NamedNodeTerm('a'), `${XSD}string`)?.value).toBe('a')
    expect(castTerm(number('INF', 'double'), `${XSD}decimal`)).toBe(null)
  })

  it('are written in canonical forms', () => {
    expect(formatFloatingPoint(1500)).toBe('1.5E3')
    expect(formatFloatingPoint(Number.NEGATIVE_INFINITY)).toBe('-INF')
    expect(formatDecimal(parseDecimal('-00.50') as never)).toBe('-0.5')
    expect(decimalToNumber(parseDecimal('123.456') as never)).toBe(123.456)
  })

  it('read times strictly', () => {
    expect(parseDateTime('2024-02-30T00:00:00Z')).toBeUndefined()
    expect(parseDateTime('2024-02-29T00:00:00+15:00')).toBeUndefined()
    expect(parseDateTime('2024-02-29T12:00:00.5-05:00')?.ms).toBe(Date.parse('2024-02-29T17:00:00.500Z'))
    expect(zoneDuration(-330)).toBe('-PT5H30M')
  })
})

describe('text', () => {
  it('is cut by code points', () => {
    expect(substring('a😀bc', 2, 2)).toBe('😀b')
    expect(substring('abc', 0, 2)).toBe('a')
  })

  it('matches language ranges', () => {
    expect(matchesLanguage('en-GB', 'en')).toBe(true)
    expect(matchesLanguage('eng', 'en')).toBe(false)
    expect(matchesLanguage('', '*')).toBe(false)
  })

  it('matches expressions of XPath, or says that they are none', () => {
    expect(regularExpression('A B', 'xi')?.test('ab')).toBe(true)
    expect(regularExpression('a.c', 'q')?.test('abc')).toBe(false)
    expect(regularExpression('(', '')).toBe(null)
    expect(regularExpression('a', 'z')).toBe(null)
    expect(regularExpression('(b)', '')?.replace('abc', replacement('[$1\\$]') as string)).toBe('a[b$]c')
    expect(replacement('$x')).toBe(null)
  })
})
