import type * as RDF from '@rdfjs/types'
import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareForOrder, literalOrder } from '../../src/functions/comparison.ts'
import { dataFactory, rdf } from '../../src/index.ts'
import { parseQuery } from '../../src/language/parser.ts'
import { type Term, termKey } from '../../src/layout/term.ts'
import { evaluate, type NaiveDataset, type NaiveSolution, solutionKey } from './naive.ts'

const { namedNode, literal, quad, defaultGraph } = dataFactory
const NODES = ['a', 'b', 'c', 'd', 'e']
const PREDICATES = ['p', 'q', 'r']
const XSD = 'http://www.w3.org/2001/XMLSchema#'

const iri = (name: string) => namedNode(`http://e/${name}`)
const node = fc.constantFrom(...NODES)
const predicate = fc.constantFrom(...PREDICATES)
const value = fc.oneof(
  { weight: 3, arbitrary: node.map((name): RDF.Term => iri(name)) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 3 })
      .map((n): RDF.Term => literal(String(n), namedNode(`${XSD}integer`))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('1.0', '2.5').map((n): RDF.Term => literal(n, namedNode(`${XSD}decimal`))),
  },
  { weight: 1, arbitrary: fc.constantFrom('x', 'y').map((text): RDF.Term => literal(text)) },
)
const graphName = fc.constantFrom('', '', '', 'g1', 'g2')
const quads = fc.array(
  fc
    .tuple(node, predicate, value, graphName)
    .map(([s, p, o, g]) => quad(iri(s), iri(p), o as RDF.Quad_Object, g === '' ? defaultGraph() : iri(g))),
  { maxLength: 40 },
)

const variable = fc.constantFrom('?a', '?b', '?c', '?d')
const constantNode = fc.constantFrom(...NODES, 'unknown').map((name) => `:${name}`)
const subject = fc.oneof({ weight: 4, arbitrary: variable }, { weight: 1, arbitrary: constantNode })
const object = fc.oneof(
  { weight: 5, arbitrary: variable },
  { weight: 1, arbitrary: constantNode },
  { weight: 1, arbitrary: fc.constantFrom('1', '2.5', '"x"', '7') },
)
const verb = fc.oneof(
  { weight: 6, arbitrary: predicate.map((name) => `:${name}`) },
  { weight: 1, arbitrary: variable },
)
const path = fc.oneof(
  predicate.map((name) => `:${name}+`),
  predicate.map((name) => `:${name}*`),
  predicate.map((name) => `:${name}?`),
  fc.tuple(predicate, predicate).map(([p, q]) => `(:${p}/:${q})+`),
  fc.tuple(predicate, predicate).map(([p, q]) => `(:${p}|^:${q})`),
  fc.tuple(predicate, predicate).map(([p, q]) => `(:${p}|:${q})*`),
  fc.tuple(predicate, predicate).map(([p, q]) => `!(:${p}|^:${q})`),
  predicate.map((name) => `^:${name}/:q`),
)
const triple = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(subject, verb, object).map((parts) => `${parts.join(' ')} .`) },
  { weight: 1, arbitrary: fc.tuple(subject, path, object).map((parts) => `${parts.join(' ')} .`) },
)
const triples = fc.array(triple, { minLength: 1, maxLength: 3 }).map((all) => all.join(' '))
const comparison = fc
  .tuple(
    variable,
    fc.constantFrom('=', '!=', '<', '>'),
    fc.oneof(variable, fc.constantFrom('1', '"x"', ':a', '2.5')),
  )
  .map((parts) => parts.join(' '))
const condition = fc.oneof(
  comparison,
  variable.map((name) => `bound(${name})`),
  fc.tuple(comparison, comparison).map(([left, right]) => `${left} || ${right}`),
  fc.tuple(comparison, comparison).map(([left, right]) => `!(${left} && ${right})`),
)

const { group } = fc.letrec<{ group: string; part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    triples,
    tie('group').map((inner) => `OPTIONAL { ${inner} }`),
    fc.tuple(tie('group'), condition).map(([inner, test]) => `OPTIONAL { ${inner} FILTER(${test}) }`),
    fc.tuple(tie('group'), tie('group')).map(([left, right]) => `{ ${left} } UNION { ${right} }`),
    tie('group').map((inner) => `MINUS { ${inner} }`),
    fc.tuple(triples, fc.boolean()).map(([inner, not]) => `FILTER ${not ? 'NOT ' : ''}EXISTS { ${inner} }`),
    fc.tuple(triples, comparison).map(([inner, test]) => `FILTER EXISTS { ${inner} FILTER(${test}) }`),
    condition.map((test) => `FILTER(${test})`),
    fc
      .tuple(
        variable,
        fc.array(fc.constantFrom(':a', ':b', '1', 'UNDEF', ':unknown'), { minLength: 1, maxLength: 3 }),
      )
      .map(([name, all]) => `VALUES ${name} { ${all.join(' ')} }`),
    fc
      .tuple(fc.constantFrom(':g1', ':g2', '?g'), tie('group'))
      .map(([name, inner]) => `GRAPH ${name} { ${inner} }`),
    fc
      .tuple(fc.constantFrom('?a ?b', '?c', '?b ?d'), triples)
      .map(([names, inner]) => `{ SELECT DISTINCT ${names} { ${inner} } }`),
    triples.map((inner) => `{ ${inner} }`),
  ),
  group: fc
    .tuple(triples, fc.array(tie('part'), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest].join(' ')),
}))

const query = fc
  .tuple(fc.boolean(), group)
  .map(
    ([distinct, inner]) =>
      `PREFIX : <http://e/> SELECT ${distinct ? 'DISTINCT ' : ''}?a ?b ?c ?d ?g { ${inner} }`,
  )

const RUNS = Number(process.env.SHEAF_RANDOM_QUERIES ?? 300)

describe('random queries', () => {
  it('give what the definitions of the standard give', async () => {
    await fc.assert(
      fc.asyncProperty(quads, query, async (data, text) => {
        const store = await openStore(':memory:', { models: [rdf()] })
        try {
          const dataset = store.rdf('random')
          await dataset.load(data as unknown as RDF.Quad[])
          const rows = await dataset.query(text).rows()
          const found = rows.map((row) => solutionKey(new Map(Object.entries(row) as [string, Term][])))
          const naive = new Map<string, RDF.Quad[]>()
          for (const each of data as unknown as RDF.Quad[]) {
            const graph = naive.get(each.graph.value) ?? []
            if (!graph.some((other) => other.equals(each))) graph.push(each)
            naive.set(each.graph.value, graph)
          }
          const expected = evaluate(parseQuery(text).pattern, { dataset: naive as NaiveDataset, graph: '' })
          expect(found.sort()).toEqual(expected.map(solutionKey).sort())
        } finally {
          await store.close()
        }
      }),
      { numRuns: RUNS },
    )
  }, 600_000)

  it('group as counting by hand does', async () => {
    await fc.assert(
      fc.asyncProperty(quads, group, async (data, inner) => {
        const store = await openStore(':memory:', { models: [rdf()] })
        try {
          const dataset = store.rdf('random')
          await dataset.load(data as unknown as RDF.Quad[])
          const text = `PREFIX : <http://e/> SELECT ?a (COUNT(*) AS ?n) (COUNT(?b) AS ?c) (COUNT(DISTINCT ?b) AS ?d)
            (SUM(?b) AS ?s) (MIN(?b) AS ?lo) (MAX(?b) AS ?hi) { ${inner} } GROUP BY ?a`
          const rows = await dataset.query(text).rows()
          const found = rows.map((row) =>
            ['a', 'n', 'c', 'd', 's', 'lo', 'hi'].map((name) => row[name]?.value ?? null),
          )
          const naive = new Map<string, RDF.Quad[]>()
          for (const each of data as unknown as RDF.Quad[]) {
            const graph = naive.get(each.graph.value) ?? []
            if (!graph.some((other) => other.equals(each))) graph.push(each)
            naive.set(each.graph.value, graph)
          }
          const { pattern } = parseQuery(`PREFIX : <http://e/> SELECT ?a ?b { ${inner} }`)
          const solutions = evaluate(pattern, { dataset: naive as NaiveDataset, graph: '' })
          expect(found.map(String).sort()).toEqual(groupsOf(solutions).map(String).sort())
        } finally {
          await store.close()
        }
      }),
      { numRuns: RUNS },
    )
  }, 600_000)
})

function groupsOf(solutions: readonly NaiveSolution[]): (string | null)[][] {
  const groups = new Map<string, NaiveSolution[]>()
  for (const solution of solutions) {
    const key = solution.has('a') ? termKey(solution.get('a') as Term) : ''
    groups.set(key, [...(groups.get(key) ?? []), solution])
  }
  return [...groups.values()].map((members) => {
    const values = members.flatMap((member) => member.get('b') ?? [])
    const distinct = new Set(values.map(termKey))
    const ordered = [...values].sort(byExtreme)
    return [
      members[0]?.get('a')?.value ?? null,
      String(members.length),
      String(values.length),
      String(distinct.size),
      values.length === members.length ? sumOf(values) : null,
      ordered[0]?.value ?? null,
      ordered.findLast((term) => byExtreme(term, ordered.at(-1) as Term) === 0)?.value ?? null,
    ]
  })
}

function byExtreme(left: Term, right: Term): number {
  if (left.termType === 'Literal' && right.termType === 'Literal') {
    const order = literalOrder(left, right)
    if (order !== undefined && order !== null) return order
  }
  return compareForOrder(left, right)
}

function sumOf(values: readonly Term[]): string | null {
  let total = 0
  let isDecimal = false
  for (const value of values) {
    if (value.termType !== 'Literal' || Number.isNaN(Number(value.value))) return null
    total += Number(value.value)
    isDecimal ||= value.datatype.value.endsWith('decimal')
  }
  return isDecimal && Number.isInteger(total) ? `${total}.0` : String(total)
}
