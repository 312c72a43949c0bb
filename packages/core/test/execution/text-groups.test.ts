import fc from 'fast-check'
import { expect, test } from 'vitest'
import { column } from '../../src/expression/build.ts'
import { aggregate, aggregateExpression, named, scanFields } from '../../src/plan/build.ts'
import { type Column, makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { definitionOf } from '../oracle/random-table.ts'
import { runByEngine, runByInterpreter } from '../oracle/run-plan.ts'

/** Makes a dictionary column whose dictionary is its own, so that batches do not share codes. */
function dictionaryOf(values: readonly (string | null)[]): Column {
  const distinct = [...new Set(values.filter((value) => value !== null))]
  if (distinct.length === 0) distinct.push('')
  const validity = new Uint8Array((values.length + 7) >> 3)
  for (const [at, value] of values.entries())
    if (value !== null) validity[at >> 3] = (validity[at >> 3] as number) | (1 << (at & 7))
  return {
    layout: 'dictionary',
    type: types.utf8,
    length: values.length,
    validity: values.includes(null) ? validity : null,
    codes: Int32Array.from(values, (value) => (value === null ? 0 : distinct.indexOf(value))),
    dictionary: columnFromValues(types.utf8, distinct),
  }
}

const sorted = (rows: readonly (readonly Value[])[]) => rows.map((row) => JSON.stringify(row)).sort()

test('groups by several text columns, whatever dictionaries the batches bring', async () => {
  const text = fc.option(
    fc.integer({ min: 0, max: 400 }).map((number) => `text ${number}`),
    { freq: 20 },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 300 }), {
        minLength: 1,
        maxLength: 5,
      }),
      async (batches) => {
        const snapshot = memorySnapshot([
          {
            definition: {
              ...definitionOf('t', []),
              fields: ['a', 'b'].map((name) => makeField(name, types.utf8)),
              adjacencies: [],
            },
            batches: batches.map((rows) =>
              makeBatch(
                [0, 1].map((at) => dictionaryOf(rows.map((row) => row[at as 0 | 1]))),
                rows.length,
              ),
            ),
          },
        ])
        const scan = scanFields(
          't',
          ['a', 'b'].map((name) => ({ name, type: types.utf8, nullable: true })),
        )
        const groups = scan.output.map((field) => named(field.name, column(field)))
        const plan = aggregate(scan, groups, [aggregateExpression('n', 'count', [])])
        const expected = sorted(await runByInterpreter(plan, snapshot))
        for (const mode of ['auto', 'compiled', 'interpreted'] as const)
          expect(sorted(runByEngine(plan, snapshot, mode))).toEqual(expected)
      },
    ),
    { numRuns: 60 },
  )
})
