import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { Generator, Parser } from 'sparqljs'
import { describe, expect, it } from 'vitest'
import { parseQuery, parseUpdate } from '../../src/language/parser.ts'
import { group } from '../oracle/arbitraries.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const folder = `${process.env.SHEAF_SUITES ?? `${root}../shared/suites`}/w3c-rdf-tests`

function accepts(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

type Case = { readonly id: string; readonly kind: string; readonly group: string; readonly action: string }

/** Where sparqljs is not the standard's opinion: what SPARQL 1.1's own tests say decides. */
const SPARQLJS_ERRS = /syn-bad-pname|syn-blabel-cross-filter|syn-bad-3[0-9]|syn-bad-4[0-9]/

describe('sparqljs, as the second opinion', () => {
  it('accepts every random query that is accepted here', () => {
    fc.assert(
      fc.property(group, (inner) => {
        const text = `PREFIX : <http://e/> SELECT ?a ?b { ${inner} }`
        expect([accepts(() => parseQuery(text)), accepts(() => new Parser().parse(text))]).toEqual([
          true,
          true,
        ])
      }),
      { numRuns: 300 },
    )
  })

  it('means the same by every random query: what it writes of what it read is the same algebra here', () => {
    fc.assert(
      fc.property(group, (inner) => {
        const text = `PREFIX : <http://e/> SELECT ?a ?b { ${inner} }`
        const written = new Generator().stringify(new Parser().parse(text))
        expect(JSON.stringify(parseQuery(written).pattern)).toBe(JSON.stringify(parseQuery(text).pattern))
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    'SELECT ?a { ?a ?b }',
    'SELECT (?a AS ?b) (?c AS ?b) { ?a ?c ?d }',
    'SELECT ?a { ?a ?b ?c } GROUP BY ?b',
    'SELECT * { ?a ?b ?c } GROUP BY ?a',
    'SELECT ?a { ?a :p ?c }',
    'SELECT ?a { BIND(1 AS ?a) ?a ?b ?c . BIND(2 AS ?a) }',
    'ASK { FILTER }',
    'CONSTRUCT { ?a ?b } WHERE { ?a ?b ?c }',
  ])('refuses what is refused here: %s', (text) => {
    expect([accepts(() => parseQuery(text)), accepts(() => new Parser().parse(text))]).toEqual([false, false])
  })

  it.skipIf(!existsSync(folder))('agrees on the syntax tests of SPARQL 1.1', () => {
    const { tests } = JSON.parse(readFileSync(`${folder}/INDEX.json`, 'utf8')) as {
      readonly tests: readonly Case[]
    }
    const syntax = tests.filter(
      ({ kind, group: part, id }) =>
        /syntax/.test(kind) && part.startsWith('sparql11') && !SPARQLJS_ERRS.test(id),
    )
    const differing = syntax.filter(({ action, kind }) => {
      const text = readFileSync(`${folder}/${action}`, 'utf8')
      const own = accepts(() =>
        kind.startsWith('update') ? parseUpdate(text, 'http://e/') : parseQuery(text, 'http://e/'),
      )
      return own !== accepts(() => new Parser({ baseIRI: 'http://e/' }).parse(text))
    })
    expect(differing.map(({ id }) => id)).toEqual([])
    expect(syntax.length).toBeGreaterThan(20)
  })
})
