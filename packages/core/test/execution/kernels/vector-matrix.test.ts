import { FixedSizeList } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measures } from '../../../src/execution/kernels/measure.ts'
import { precisionOf, VectorMatrix } from '../../../src/execution/kernels/vector-matrix.ts'
import type { Metric } from '../../../src/plan/logical-plan.ts'
import type { FixedListColumn, NumberArray } from '../../../src/types/column.ts'
import { makeField, types } from '../../../src/types/data-type.ts'

function matrixOf(values: NumberArray, size: number): VectorMatrix {
  const length = values.length / size
  const type = new FixedSizeList(size, makeField('item', types.float32))
  const child = {
    layout: 'flat',
    type: types.float32,
    length: values.length,
    validity: null,
    values,
  } as const
  const column: FixedListColumn = { layout: 'fixed', type, length, validity: null, size, child }
  const matrix = new VectorMatrix({ rowCount: length, size, precision: precisionOf(values) })
  for (let row = 0; row < length; row += 1) matrix.append(column, row, { id: 100 + row, created: 1 })
  return matrix
}

const METRICS: readonly Metric[] = ['cosine', 'l2', 'dot']

describe('a matrix of vectors', () => {
  test('finds what a naive search finds, in single and in double precision', () => {
    const number = fc.float({ min: -8, max: 8, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }).chain((size) =>
          fc.record({
            size: fc.constant(size),
            vectors: fc.array(fc.array(number, { minLength: size, maxLength: size }), {
              minLength: 1,
              maxLength: 60,
            }),
            query: fc.array(number, { minLength: size, maxLength: size }),
          }),
        ),
        fc.constantFrom(...METRICS),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        fc.boolean(),
        ({ size, vectors, query }, metric, k, isDouble, isSelected) => {
          const values = isDouble ? Float64Array.from(vectors.flat()) : Float32Array.from(vectors.flat())
          const selection = isSelected
            ? Uint32Array.from(vectors.keys()).filter((row) => row % 3 === 0)
            : null
          const found = matrixOf(values, size).nearest(query, { k, metric, selection })
          const expected = vectors
            .map((vector, row) => ({ row, distance: measures[metric](vector, query) }))
            .filter(({ row }) => selection === null || selection.includes(row))
            .sort((left, right) => left.distance - right.distance || left.row - right.row)
            .slice(0, k)
          expect(found.map((item) => item.distance)).toEqual(expected.map((item) => item.distance))
          for (const { row, distance } of found)
            expect(measures[metric](vectors[row] as number[], query)).toBe(distance)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('measures in double precision what single precision cannot', () => {
    const matrix = matrixOf(Float32Array.of(1e30, 0, 2e30, 0, 5, 5), 2)
    const found = matrix.nearest([1.9e30, 0], { k: 3, metric: 'l2', selection: null })
    expect(found.map((item) => item.row)).toEqual([1, 0, 2])
  })

  test('leaves out vectors that cannot be ranked', () => {
    const matrix = matrixOf(Float32Array.of(Number.NaN, 0, 1, 1, Number.POSITIVE_INFINITY, 1), 2)
    for (const metric of METRICS)
      expect(matrix.nearest([1, 1], { k: 3, metric, selection: null }).map((item) => item.row)).toEqual([1])
  })

  test('takes integers of 64 bits', () => {
    const matrix = matrixOf(BigInt64Array.of(1n, 2n, 3n, 4n), 2)
    expect(matrix.nearest([3, 4], { k: 1, metric: 'l2', selection: null })).toEqual([{ row: 1, distance: 0 }])
  })
})
