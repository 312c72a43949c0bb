import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

const value = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map(String),
  fc.constantFrom(
    '2.5',
    '1.0',
    '1e0',
    '"NaN"^^<http://www.w3.org/2001/XMLSchema#double>',
    '"x"',
    '<u:x>',
    'true',
  ),
)
const order = fc.constantFrom(
  '?v ?s',
  'DESC(?v) ?s',
  '?n ?s',
  'DESC(?n) DESC(?v) ?s',
  '?s',
  'DESC(?v) DESC(?s)',
)

it('the first of an order are those of the whole order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 30 }),
      order,
      fc.nat(6),
      fc.nat(4),
      async (values, by, limit, offset) => {
        const store = await openStore(':memory:', { models: [rdf()] })
        try {
          const kb = store.rdf('kb')
          await kb.load(values.map((each, at) => `<u:${at % 7}> <u:p${at}> ${each} .`).join('\n'), {
            format: 'turtle',
          })
          const text = `SELECT ?s ?v (STRLEN(STR(?v)) AS ?n) { ?s ?p ?v } ORDER BY ${by}`
          const keys = by.replaceAll(/DESC|[()?]/g, '').split(' ')
          const shown = async (query: string) =>
            (await kb.query(query).rows()).map((row) => keys.map((key) => row[key]?.value))
          const all = await shown(text)
          expect(await shown(`${text} LIMIT ${limit} OFFSET ${offset}`)).toEqual(
            all.slice(offset, offset + limit),
          )
        } finally {
          await store.close()
        }
      },
    ),
    { numRuns: 60 },
  )
})
