import type * as RDF from '@rdfjs/types'
import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareForOrder, literalOrder } from '../../src/functions/comparison.ts'
import { rdf } from '../../src/index.ts'
import { parseQuery } from '../../src/language/parser.ts'
import { type Term, termKey } from '../../src/layout/term.ts'
import { group, quads } from './arbitraries.ts'
import { evaluate, type NaiveDataset, type NaiveSolution, solutionKey } from './naive.ts'

const query = fc
  .tuple(fc.boolean(), group)
  .map(
    ([distinct, inner]) =>
      `PREFIX : <http://e/> SELECT ${distinct ? 'DISTINCT ' : ''}?a ?b ?c ?d ?g { ${inner} }`,
  )

const RUNS = Number(process.env.SHEAF_RANDOM_QUERIES ?? 300)
const SEED = process.env.SHEAF_RANDOM_SEED
const OPTIONS = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) }

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
      OPTIONS,
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
      OPTIONS,
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
