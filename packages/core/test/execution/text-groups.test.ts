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

/** Makes a column that holds its texts one after the other. */
function bytesOf(values: readonly (string | null)[]): Column {
  const encoder = new TextEncoder()
  const texts = values.map((value) => encoder.encode(value ?? ''))
  const offsets = new Int32Array(values.length + 1)
  for (const [at, text] of texts.entries()) offsets[at + 1] = (offsets[at] as number) + text.length
  const data = new Uint8Array(offsets[values.length] as number)
  for (const [at, text] of texts.entries()) data.set(text, offsets[at])
  const { validity } = dictionaryOf(values) as Extract<Column, { layout: 'dictionary' }>
  return { layout: 'bytes', type: types.utf8, length: values.length, validity, offsets, data }
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
            batches: batches.map((rows, index) =>
              makeBatch(
                [0, 1].map((at) =>
                  (index % 2 === 0 ? dictionaryOf : bytesOf)(rows.map((row) => row[at as 0 | 1])),
                ),
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
        for (const some of [groups, groups.slice(1)]) {
          const plan = aggregate(scan, some, [aggregateExpression('n', 'count', [])])
          const expected = sorted(await runByInterpreter(plan, snapshot))
          for (const mode of ['auto', 'compiled', 'interpreted'] as const)
            expect(sorted(runByEngine(plan, snapshot, mode))).toEqual(expected)
        }
      },
    ),
    { numRuns: 60 },
  )
})
