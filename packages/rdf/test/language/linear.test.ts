import { openStore } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

/** Counts the rows that all steps of a query's plan give, over a dataset of a size. */
async function rowsOf(query: string, size: number): Promise<number> {
  const store = await openStore(':memory:', { models: [rdf()] })
  try {
    const lines: string[] = []
    for (let at = 0; at < size; at += 1) {
      lines.push(`<http://e/d${at}> <http://e/by> <http://e/p${at % Math.ceil(size / 4)}> .`)
      lines.push(`<http://e/d${at}> <http://e/in> ${at % 20} .`)
      if (at % 3 === 0) lines.push(`<http://e/d${at}> <http://e/note> "note ${at}" .`)
      if (at > 0) lines.push(`<http://e/d${at}> <http://e/cites> <http://e/d${at >> 1}> .`)
    }
    await store.rdf('kb').load(lines.join('\n'), { format: 'turtle' })
    const text = await store.rdf('kb').query(`PREFIX : <http://e/> ${query}`).explain({ analyze: true })
    return [...text.matchAll(/-- (?:.*, )?(\d+) rows/g)].reduce((sum, [, count]) => sum + Number(count), 0)
  } finally {
    await store.close()
  }
}

describe('the work of a query grows as the data does', () => {
  it.each([
    'SELECT ?y (COUNT(?d) AS ?all) (COUNT(?n) AS ?notes) { ?d :in ?y OPTIONAL { ?d :note ?n } } GROUP BY ?y',
    'SELECT ?y (COUNT(?c) AS ?all) { ?d :in ?y OPTIONAL { ?d :cites ?c . ?c :note ?n } } GROUP BY ?y',
    'SELECT (COUNT(*) AS ?n) { ?d :by ?p MINUS { ?d :note ?n } }',
    'SELECT (COUNT(*) AS ?n) { ?d :in ?y FILTER NOT EXISTS { ?other :cites ?d } }',
    'SELECT (COUNT(*) AS ?n) { ?d :by ?p FILTER NOT EXISTS { ?other :by ?p ; :note ?text } }',
    'SELECT (COUNT(*) AS ?n) { ?d :cites ?c OPTIONAL { ?c :note ?n } FILTER(!bound(?n)) }',
  ])('%s', async (query) => {
    const [small, large] = [await rowsOf(query, 1000), await rowsOf(query, 4000)]
    expect(small).toBeGreaterThan(1000)
    expect(large).toBeLessThan(small * 4.5)
  })
})
