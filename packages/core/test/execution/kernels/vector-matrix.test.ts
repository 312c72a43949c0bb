import { type DataType, FixedSizeList, Float16 } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measures } from '../../../src/execution/kernels/measure.ts'
import { precisionOf } from '../../../src/execution/kernels/row-format.ts'
import { VectorMatrix } from '../../../src/execution/kernels/vector-matrix.ts'
import type { Metric } from '../../../src/plan/logical-plan.ts'
import type { FixedListColumn, NumberArray } from '../../../src/types/column.ts'
import { BrainFloatType, makeField, types } from '../../../src/types/data-type.ts'
import { fromBrain, fromHalf, toBrain, toHalf } from '../../../src/types/half.ts'

function matrixOf(values: NumberArray, size: number, element: DataType = types.float32): VectorMatrix {
  const isBits = element === types.bool
  const child = isBits
    ? ({
        layout: 'bit',
        type: element,
        length: values.length,
        validity: null,
        values: packed(values),
      } as const)
    : ({ layout: 'flat', type: element, length: values.length, validity: null, values } as const)
  const length = values.length / size
  const type = new FixedSizeList(size, makeField('item', element))
  const column: FixedListColumn = { layout: 'fixed', type, length, validity: null, size, child }
  const matrix = new VectorMatrix({ rowCount: length, size, precision: precisionOf(element) })
  for (let row = 0; row < length; row += 1) matrix.append(column, row, { id: 100 + row, created: 1 })
  return matrix
}

function packed(values: NumberArray): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3)
  values.forEach((value, at) => {
    bits[at >> 3] = (bits[at >> 3] as number) | (Number(value) << (at & 7))
  })
  return bits
}

const METRICS: readonly Metric[] = ['cosine', 'l2', 'dot', 'l1', 'hamming', 'jaccard']

/** Is elements of a type: how random numbers from -8 to 8 become such ones. */
const ELEMENTS: readonly {
  readonly type: DataType
  readonly round: (value: number) => number
  readonly make: { from(values: number[]): NumberArray }
}[] = [
  { type: types.float32, round: Math.fround, make: Float32Array },
  { type: types.float64, round: (value) => value, make: Float64Array },
  { type: types.int8, round: (value) => Math.trunc(value * 15), make: Int8Array },
  { type: types.uint8, round: (value) => Math.trunc(Math.abs(value) * 30), make: Uint8Array },
  { type: types.int32, round: (value) => Math.trunc(value * 1e8), make: Int32Array },
  { type: new Float16(), round: (value) => fromHalf(toHalf(value)), make: Float32Array },
  { type: new BrainFloatType(), round: (value) => fromBrain(toBrain(value)), make: Float32Array },
  { type: types.bool, round: (value) => Number(value > 0), make: Uint8Array },
]

describe('a matrix of vectors', () => {
  test('finds what a naive search finds, by each metric over each type of elements', () => {
    const number = fc.float({ min: -8, max: 8, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }).chain((size) =>
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
        fc.constantFrom(...ELEMENTS),
        fc.boolean(),
        fc.boolean(),
        ({ size, vectors: given, query: asked }, metric, k, { type, round, make }, isSelected, isRounded) => {
          const vectors = given.map((vector) => vector.map(round))
          const query = isRounded ? asked.map(round) : asked
          const values = make.from(vectors.flat())
          const selection = isSelected
            ? Uint32Array.from(vectors.keys()).filter((row) => row % 3 === 0)
            : null
          const found = matrixOf(values, size, type).nearest(query, { k, metric, selection })
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
      { numRuns: 1500 },
    )
  })

  test('measures in double precision what single precision cannot', () => {
    const matrix = matrixOf(Float32Array.of(1e30, 0, 2e30, 0, 5, 5), 2)
    const found = matrix.nearest([1.9e30, 0], { k: 3, metric: 'l2', selection: null })
    expect(found.map((item) => item.row)).toEqual([1, 0, 2])
  })

  test('leaves out vectors that cannot be ranked', () => {
    const matrix = matrixOf(Float32Array.of(Number.NaN, 0, 1, 1, Number.POSITIVE_INFINITY, 1), 2)
    for (const metric of ['cosine', 'l2', 'dot', 'l1'] as const)
      expect(matrix.nearest([1, 1], { k: 3, metric, selection: null }).map((item) => item.row)).toEqual([1])
  })

  test('takes integers of 64 bits', () => {
    const matrix = matrixOf(BigInt64Array.of(1n, 2n, 3n, 4n), 2, types.int64)
    expect(matrix.nearest([3, 4], { k: 1, metric: 'l2', selection: null })).toEqual([{ row: 1, distance: 0 }])
  })
})
