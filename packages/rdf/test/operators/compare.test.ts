import { openStore } from '@sheafdb/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

const open = () => openStore(':memory:', { models: [rdf()] })
let store: Awaited<ReturnType<typeof open>>

beforeAll(async () => {
  store = await open()
  await store.rdf('kb').load(
    `@prefix : <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
     :integer :v 5 . :decimal :v 5.0 . :longer :v 5.00000000000000000001 . :double :v 5e0 . :float :v "5"^^xsd:float .
     :huge :v 123456789012345678901234567890 . :byte :v "300"^^xsd:byte . :small :v "5"^^xsd:byte . :bad :v "x"^^xsd:integer .
     :text :v "5" . :iri :v :integer . :blank :v [] . :nan :v "NaN"^^xsd:double . :infinite :v "INF"^^xsd:double .
     :day :v "2020-01-02"^^xsd:date . :moment :v "2020-01-02T00:00:00Z"^^xsd:dateTime . :true :v true .`,
    { format: 'turtle' },
  )
})
afterAll(() => store.close())

async function subjects(condition: string): Promise<string[]> {
  const rows = await store
    .rdf('kb')
    .query(
      `PREFIX : <http://e/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT ?s { ?s :v ?v FILTER(${condition}) }`,
    )
    .rows()
  return rows.map((row) => (row['s']?.value ?? '').replace('http://e/', '')).sort()
}

describe('comparisons of stored values', () => {
  it('compare numbers of all types exactly', async () => {
    expect(await subjects('?v = 5')).toEqual(['decimal', 'double', 'float', 'integer', 'small'])
    expect(await subjects('5 < ?v')).toEqual(['huge', 'infinite', 'longer'])
    expect(await subjects('?v <= 5.0')).toEqual(['decimal', 'double', 'float', 'integer', 'small'])
    expect(await subjects('?v > 5.0000000000000000000')).toEqual(['huge', 'infinite', 'longer'])
  })

  it('compare dates with dates, and IRIs with themselves', async () => {
    expect(await subjects('?v >= "2020-01-02"^^xsd:date')).toEqual(['day'])
    expect(await subjects('?v < "2020-01-02T01:00:00+01:00"^^xsd:dateTime')).toEqual([])
    expect(await subjects('?v = "2020-01-02T01:00:00+01:00"^^xsd:dateTime')).toEqual(['moment'])
    expect(await subjects('?v = :integer')).toEqual(['iri'])
    expect(await subjects('?v < :integer')).toEqual([])
  })

  it('are errors where types do not compare, which ! keeps', async () => {
    expect(await subjects('!(?v < "2020-01-02"^^xsd:date)')).toEqual(['day'])
    expect(await subjects('?v != "5"')).toContain('iri')
  })

  it('compare two stored values, one of which may be unbound', async () => {
    const ask = (pattern: string) =>
      store.rdf('kb').query(`PREFIX : <http://e/> SELECT ?v ?w { ${pattern} }`).count()
    expect(await ask(':integer :v ?v . :longer :v ?w FILTER(?v < ?w)')).toBe(1)
    expect(await ask(':integer :v ?v . :decimal :v ?w FILTER(?v = ?w)')).toBe(1)
    expect(await ask(':iri :v ?v OPTIONAL { :nothing :v ?w } FILTER(?v != ?w)')).toBe(0)
    expect(await ask(':iri :v ?v . :text :v ?w FILTER(?v != ?w)')).toBe(1)
  })
})

describe('the order of stored values', () => {
  it('is that of the standard', async () => {
    const rows = await store
      .rdf('kb')
      .query(
        'PREFIX : <http://e/> SELECT ?s { ?s :v ?v FILTER(?s IN (:iri, :blank, :integer, :longer, :huge, :text)) } ORDER BY ?v',
      )
      .rows()
    expect(rows.map((row) => row['s']?.value.slice(9))).toEqual([
      'blank',
      'iri',
      'integer',
      'longer',
      'huge',
      'text',
    ])
  })
})

describe('sums', () => {
  it('are exact, of integers and decimals of any size', async () => {
    const total = async (values: string) =>
      (await store.rdf('kb').query(`SELECT (SUM(?v) AS ?sum) { VALUES ?v { ${values} } }`).first())?.['sum']
        ?.value
    expect(await total('0.1 0.2 0.3')).toBe('0.6')
    expect(await total('9007199254740991 9007199254740991 1')).toBe('18014398509481983')
    expect(await total('1.5 2.5')).toBe('4.0')
    expect(await total('2000000000000000 0.000001 2000000000000000')).toBe('4000000000000000.000001')
    expect(await total('1 1.5e0')).toBe('2.5E0')
    expect(await total('1 "x"')).toBeUndefined()
  })
})
