import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildJoinTable } from '../../src/execution/join-table.ts'
import { boxedColumn, type Column, makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { types } from '../../src/types/data-type.ts'

const key = fc.option(
  fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 40, 1.5)),
)

function rowsOf(table: ReturnType<typeof buildJoinTable>, first: number): number[] {
  const rows: number[] = []
  for (let row = first; row >= 0; row = table.next === null ? -1 : (table.next[row] as number)) rows.push(row)
  return rows
}

test('finds the rows with an equal key in their order, whether keys lie close or far apart', () => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 40 }),
      fc.array(key, { maxLength: 40 }),
      fc.boolean(),
      (right, left, boxed) => {
        const column = (values: typeof right): Column =>
          boxed
            ? boxedColumn(types.float64, values)
            : columnFromValues(
                types.int64,
                values.map((value) => (value === null ? null : Math.floor(value))),
              )
        const whole = (value: number | null) => (value === null || boxed ? value : Math.floor(value))
        const table = buildJoinTable([column(right)], makeBatch([], right.length), [false])
        const found = table.first([column(left)], makeBatch([], left.length))
        for (const [at, value] of left.entries()) {
          const expected = right.flatMap((other, row) =>
            value !== null && whole(other) === whole(value) ? [row] : [],
          )
          expect(rowsOf(table, found[at] as number)).toEqual(expected)
        }
      },
    ),
  )
})
