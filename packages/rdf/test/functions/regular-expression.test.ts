import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { regularExpression, replacement } from '../../src/functions/regular-expression.ts'
import { rdf } from '../../src/index.ts'

describe('regular expressions', () => {
  const long = `${'a'.repeat(50_000)}!`

  it.each([
    '(a+)+$',
    '(a|a)+$',
    '(a|aa)*b',
    '(?:a?){40}b',
    '((a*)*)*b',
    '.*.*.*=.*',
    'a*a*a*a*a*b',
    '(a|a)(a|a)(a|a)b',
  ])('end on a text that makes trying all ways take for ever: %s', (pattern) => {
    expect(regularExpression(pattern, '')?.test(long)).toBe(false)
    expect(regularExpression(pattern, '')?.replace(long, 'x')).toBe(long)
  })

  it('end in a query, where an expression is what it was', async () => {
    const store = await openStore(':memory:', { models: [rdf()] })
    try {
      const query = store
        .rdf('kb')
        .query(
          `SELECT (REGEX(?t, "(a+)+$") AS ?hostile) (REPLACE(?t, "(a+)+!", "$1.") AS ?replaced) { VALUES ?t { "${long}" } }`,
        )
      const [row] = await query.rows()
      expect(row?.['hostile']?.value).toBe('false')
      expect(row?.['replaced']?.value).toBe(`${'a'.repeat(50_000)}.`)
    } finally {
      await store.close()
    }
  })

  it('give the same by either way', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      '.',
      '\\s',
      '\\S',
      '[ab]',
      '[\\sa]',
      '[^b]',
      '\\d',
      '\\w',
      '^',
      '$',
      '(a|b)',
    )
    const pattern = fc
      .array(fc.tuple(part, fc.constantFrom('', '', '*', '+', '?')), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.map(([each, times]) => (/[$^]/.test(each) ? each : each + times)).join(''))
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '\n', '\r', '\u00a0', '1', 'é'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(pattern, text, fc.constantFrom('', 's', 'i'), (source, input, flags) => {
        const plain = new RegExp(source, `u${flags}`)
        const found = regularExpression(source, flags)
        expect(found?.test(input)).toBe(plain.test(input))
        if (!plain.test(''))
          expect(found?.replace(input, '<$&>')).toBe(input.replace(new RegExp(source, `ug${flags}`), '<$&>'))
      }),
      { numRuns: 2000 },
    )
  })

  it('put groups into replacements', () => {
    const by = replacement('$2-$1-$12-\\$-$0') as string
    expect(regularExpression('(a+)(b)', '')?.replace('aab', by)).toBe('b-aa-aa2-$-aab')
    expect(regularExpression('((a)+)(b)', '')?.replace('aab', by)).toBe('a-aa-aa2-$-aab')
  })
})
