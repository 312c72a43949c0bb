import { compareValues, groupKey } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import {
  dataFactory,
  fromRdfTerm,
  languageLiteral,
  stringLiteral,
  termKey,
  typedLiteral,
} from '../../src/layout/term.ts'

const { namedNode, blankNode, literal, quad } = dataFactory

describe('terms', () => {
  it('have keys that are equal for exactly the same terms', () => {
    const terms = [
      namedNode('a'),
      blankNode('a'),
      literal('a'),
      literal('a', 'en'),
      literal('a', { language: 'en', direction: 'ltr' }),
      literal('a', namedNode('http://t')),
      literal('"a', namedNode('http://t')),
      quad(namedNode('a'), namedNode('b'), literal('c')),
      quad(namedNode('a'), namedNode('b'), literal('d')),
    ].map((term) => fromRdfTerm(term as never))
    expect(new Set(terms.map(termKey)).size).toBe(terms.length)
    expect(termKey(literal('a', namedNode('http://www.w3.org/2001/XMLSchema#string')) as never)).toBe(
      termKey(stringLiteral('a')),
    )
  })

  it('take part in the order and grouping of the core', () => {
    const [one, other] = [languageLiteral('x', 'EN'), languageLiteral('x', 'en')]
    expect(one.equals(other)).toBe(true)
    expect(compareValues(one, other)).toBe(0)
    expect(groupKey(one)).toBe(groupKey(other))
    expect(groupKey(one)).not.toBe(groupKey(stringLiteral('x')))
  })

  it('are equal to the terms of other RDF/JS libraries', () => {
    const foreign = {
      termType: 'Literal',
      value: '1',
      language: '',
      datatype: { termType: 'NamedNode', value: 'http://t' },
    }
    expect(typedLiteral('1', 'http://t').equals(foreign as never)).toBe(true)
    expect(fromRdfTerm(foreign as never).equals(foreign as never)).toBe(true)
  })

  it('refuse triple terms nested too deep', () => {
    let term: unknown = { termType: 'NamedNode', value: 'x' }
    for (let depth = 0; depth < 200; depth += 1)
      term = { termType: 'Quad', subject: namedNode('s'), predicate: namedNode('p'), object: term }
    expect(() => fromRdfTerm(term as never)).toThrow(RangeError)
  })
})
