import { isSheafError, type SheafError } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { parseQuery, parseUpdate } from '../../src/language/parser.ts'

function errorOf(parse: () => unknown): SheafError {
  try {
    parse()
  } catch (error) {
    if (isSheafError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the parser', () => {
  it('points at the token that does not fit', () => {
    const error = errorOf(() => parseQuery('SELECT * {\n  ?s ?p }'))
    expect(error.code).toBe('SYNTAX')
    expect(error.position).toEqual({ offset: 19, line: 2, column: 9 })
    expect(error.message).toContain('  ?s ?p }\n        ^')
  })

  it('points at the end of a query that ends too early', () => {
    const error = errorOf(() => parseQuery('SELECT * { ?s ?p ?o'))
    expect(error.message).toContain('ends too early')
    expect(error.position?.offset).toBe(19)
  })

  it('points at a prefix that is not declared', () => {
    expect(errorOf(() => parseQuery('SELECT * { ?s ex:p ?o }')).position?.offset).toBe(14)
  })

  it('tells queries from updates', () => {
    expect(errorOf(() => parseQuery('INSERT DATA { <a:a> <b:b> 1 }')).message).toContain('update()')
    expect(errorOf(() => parseUpdate('ASK { ?s ?p ?o }')).message).toContain('query()')
  })

  it('refuses brackets nested too deep instead of running out of stack', () => {
    const text = `SELECT * ${'{'.repeat(10_000)}${'}'.repeat(10_000)}`
    expect(errorOf(() => parseQuery(text)).code).toBe('LIMIT')
  })

  it('gives the variables of SELECT * in the order of the text', () => {
    const query = parseQuery('SELECT * { ?z ?y ?x }')
    expect(query.pattern).toMatchObject({ variables: [{ value: 'z' }, { value: 'y' }, { value: 'x' }] })
  })

  it('keeps the base of the text', () => {
    expect(parseQuery('BASE <b/> SELECT * { ?s ?p ?o }', 'http://e/').baseIri).toBe('http://e/b/')
  })
})
