import { isSheafError } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { parse } from '../../src/language/parser.ts'
import type { Expression, MatchClause, ProjectionClause } from '../../src/language/syntax.ts'

function expressionOf(text: string): Expression {
  const clause = parse(`RETURN ${text} AS x`).query.parts[0]?.clauses[0] as ProjectionClause
  return (clause.items[0] as ProjectionClause['items'][number]).expression
}

function failure(text: string): {
  code: string
  detail: string | undefined
  line: number | undefined
  column: number | undefined
  message: string
} {
  try {
    parse(text)
  } catch (error) {
    if (!isSheafError(error)) throw error
    return {
      code: error.code,
      detail: error.detail,
      line: error.position?.line,
      column: error.position?.column,
      message: error.message,
    }
  }
  throw new Error(`accepted: ${text}`)
}

describe('parse', () => {
  it('binds operators from OR to power as openCypher says', () => {
    expect(expressionOf('1 + 2 * 3 ^ 2')).toMatchObject({
      operator: '+',
      right: { operator: '*', right: { operator: '^' } },
    })
    expect(expressionOf('NOT a OR b AND c XOR d')).toMatchObject({
      kind: 'or',
      operands: [{ kind: 'not' }, { operator: 'xor', left: { kind: 'and' } }],
    })
    expect(expressionOf('-2 ^ 2')).toMatchObject({ operator: '^', left: { kind: 'literal', value: -2 } })
  })

  it('chains comparisons', () => {
    expect(expressionOf('1 < 2 <= 3')).toMatchObject({
      kind: 'comparison',
      operators: ['<', '<='],
      operands: { length: 3 },
    })
  })

  it('tells a pattern from arithmetic in brackets', () => {
    expect(expressionOf('(a)-->(b)')).toMatchObject({ kind: 'pattern' })
    expect(expressionOf('(a) - (b)')).toMatchObject({ kind: 'binary', operator: '-' })
    expect(expressionOf('(1)--(2)')).toMatchObject({ kind: 'binary', right: { kind: 'negate' } })
  })

  it('keeps 64-bit integers exact and refuses larger ones', () => {
    expect(expressionOf('-9223372036854775808')).toMatchObject({ value: -9223372036854775808n })
    expect(expressionOf('0x7fffffffffffffff')).toMatchObject({ value: 9223372036854775807n })
    expect(failure('RETURN 9223372036854775808')).toMatchObject({
      code: 'SYNTAX',
      detail: 'IntegerOverflow',
      column: 8,
    })
  })

  it('reads relationships of every form', () => {
    const clause = parse('MATCH (a)<-[r:A|B*1..3 {x: 1}]-(b)-->()--(c) RETURN a').query.parts[0]
      ?.clauses[0] as MatchClause
    const [, first, , second, , third] = clause.patterns[0]?.elements ?? []
    expect(first).toMatchObject({ direction: 'left', range: { min: 1, max: 3 }, types: { kind: 'labelOr' } })
    expect(second).toMatchObject({ direction: 'right', range: null })
    expect(third).toMatchObject({ direction: 'both' })
  })

  it('reads comprehensions with a label test before the bar', () => {
    expect(expressionOf('[x IN xs WHERE x:A | x.y]')).toMatchObject({
      kind: 'listComprehension',
      where: { kind: 'hasLabels' },
    })
    expect(expressionOf('[(a)-->(b:B|C) WHERE b.x > 1 | b.x]')).toMatchObject({
      kind: 'patternComprehension',
    })
  })

  it('reads subqueries, map projections, quantifiers and reduce', () => {
    expect(expressionOf('EXISTS { MATCH (a)-->() WHERE a.x = 1 }')).toMatchObject({ kind: 'exists' })
    expect(expressionOf('COUNT { (a)-->() }')).toMatchObject({ kind: 'count' })
    expect(expressionOf('COLLECT { MATCH (a) RETURN a.x }')).toMatchObject({ kind: 'collect' })
    expect(expressionOf('n {.name, .*, x: 1, other}')).toMatchObject({
      kind: 'mapProjection',
      entries: { length: 4 },
    })
    expect(expressionOf('all(x IN [1] WHERE x > 0)')).toMatchObject({ kind: 'quantifier', quantifier: 'all' })
    expect(expressionOf('reduce(s = 0, x IN [1] | s + x)')).toMatchObject({ kind: 'reduce' })
  })

  it('keeps names in backticks and escapes in strings', () => {
    expect(expressionOf('`a``b`')).toMatchObject({ kind: 'variable', name: 'a`b' })
    expect(expressionOf(String.raw`'it\'s \u00e9'`)).toMatchObject({ value: "it's é" })
  })

  it('gives the place of an error, with the line and a caret', () => {
    const error = failure('MATCH (n)\nRETRUN n')
    expect(error).toMatchObject({ code: 'SYNTAX', detail: 'UnexpectedSyntax', line: 2, column: 1 })
    expect(error.message).toContain('RETRUN n\n^')
  })

  it.each([
    ['RETURN 0x1g', 'InvalidNumberLiteral'],
    [String.raw`RETURN '\uXYZW'`, 'InvalidUnicodeLiteral'],
    ['RETURN 42 — 41', 'InvalidUnicodeCharacter'],
    ['MATCH ()-[:A*-2]->() RETURN 1', 'InvalidRelationshipPattern'],
    ['RETURN "open', 'UnexpectedSyntax'],
    ['RETURN 1 /* open', 'UnexpectedSyntax'],
  ])('names the error of %s', (text, detail) => {
    expect(failure(text).detail).toBe(detail)
  })

  it('refuses nesting past its limit without overflowing the stack', () => {
    const depth = 100_000
    expect(failure(`RETURN ${'['.repeat(depth)}${']'.repeat(depth)}`).detail).toBe('NestedTooDeep')
    expect(failure(`RETURN ${'(a:A {b: '.repeat(depth)}`).code).toBe('SYNTAX')
    expect(failure(`RETURN ${'NOT '.repeat(depth)}true`).detail).toBe('NestedTooDeep')
    expect(failure(`RETURN 1${' + 1'.repeat(depth)}`).detail).toBe('NestedTooDeep')
    expect(failure(`RETURN a${'.b'.repeat(depth)}`).detail).toBe('NestedTooDeep')
  })

  it('stays quick on brackets that might be patterns', () => {
    const text = `RETURN ${'({a: '.repeat(150)}1${'})-(b)'.repeat(150)}`
    const start = performance.now()
    expect(() => parse(text)).toThrow()
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
