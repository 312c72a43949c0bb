import { DuckDBInstance } from '@duckdb/node-api'
import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { relational } from '../../src/index.ts'
import { canonical, duckAnswer, ourAnswer } from './compare.ts'
import { insertStatements, Random, randomQuery, SCHEMA } from './random-query.ts'

const QUERIES_A_SEED = 40

test('random queries give what DuckDB gives over the same rows, most of them natively', async () => {
  let queryCount = 0
  let nativeCount = 0
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const random = new Random(seed)
      const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
      const duck = await instance.connect()
      const store = await openStore(':memory:', { models: [relational()] })
      try {
        for (const text of [...SCHEMA, ...insertStatements(random)]) {
          await duck.run(text)
          await store.relational.run(text)
        }
        for (let count = 0; count < QUERIES_A_SEED; count += 1) {
          const text = randomQuery(random)
          const ours = await ourAnswer(store.relational, text)
          const theirs = await duckAnswer(duck, text)
          queryCount += 1
          if (ours.native) nativeCount += 1
          expect('error' in ours, `${text}\n${'error' in ours ? ours.error : ''}`).toBe('error' in theirs)
          if ('rows' in ours && 'rows' in theirs)
            expect(canonical(ours.rows), text).toEqual(canonical(theirs.rows))
        }
      } finally {
        await store.close()
        duck.closeSync()
        instance.closeSync()
      }
    }),
    { numRuns: 5 },
  )
  expect(nativeCount / queryCount).toBeGreaterThan(0.6)
}, 120_000)
