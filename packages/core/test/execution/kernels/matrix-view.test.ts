import { FixedSizeList } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchRows, matrixView, NEW_ROW } from '../../../src/execution/kernels/matrix-view.ts'
import { VectorMatrix } from '../../../src/execution/kernels/vector-matrix.ts'
import type { FixedListColumn } from '../../../src/types/column.ts'
import { makeField, types } from '../../../src/types/data-type.ts'

function vector(...values: number[]): FixedListColumn {
  const child = {
    layout: 'flat',
    type: types.float32,
    length: values.length,
    validity: null,
    values: Float32Array.from(values),
  } as const
  const type = new FixedSizeList(values.length, makeField('item', types.float32))
  return { layout: 'fixed', type, length: 1, validity: null, size: values.length, child }
}

function matrixOf(rows: readonly (readonly [id: number, created: number])[]): VectorMatrix {
  const matrix = new VectorMatrix({ rowCount: rows.length, size: 1, precision: 'f32' })
  for (const [id, created] of rows) matrix.append(vector(id), 0, { id, created })
  return matrix
}

describe('a view of a matrix', () => {
  test('finds the rows that a later version still has, whatever changed', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 2 }))
    const table = fc.uniqueArray(row, { selector: ([id]) => id, maxLength: 40 })
    fc.assert(
      fc.property(table, table, (before, after) => {
        const view = matrixView('1', matrixOf(before), Uint32Array.from(before.keys()))
        const [ids, created] = [0, 1].map((at) => Float64Array.from(after, (each) => each[at] as number))
        const expected = after.map(([id, commit]) =>
          before.findIndex((each) => each[0] === id && each[1] === commit),
        )
        expect([...matchRows(view, ids as Float64Array, created as Float64Array)]).toEqual(expected)
        for (const [at, [id]] of before.entries()) expect(view.rowOf(id)).toBe(at)
        expect(view.rowOf(99)).toBe(NEW_ROW)
      }),
      { numRuns: 500 },
    )
  })

  test('stays as it is while rows are appended to its matrix', () => {
    const matrix = matrixOf([
      [1, 1],
      [2, 1],
    ])
    const view = matrixView('1', matrix, Uint32Array.of(0, 1))
    const search = { k: 5, metric: 'l2', selection: view.selection, count: view.rows.length } as const
    const before = matrix.nearest([2.9], search)
    matrix.grow(70_000)
    for (let id = 3; id < 70_000; id += 1) matrix.append(vector(id), 0, { id, created: 2 })
    expect(matrix.nearest([2.9], search)).toEqual(before)
    const near = matrix.nearest([4.1], { k: 3, metric: 'l2', selection: null })
    expect(near.map((item) => item.row)).toEqual([3, 4, 2])
    const later = matrixView('2', matrix, Uint32Array.of(0, 2, 69_998))
    expect(later.selection).toEqual(Uint32Array.of(0, 2, 69_998))
    const found = matrix.nearest([2.9], { k: 2, metric: 'cosine', selection: later.selection })
    expect(found.map((item) => item.row)).toEqual([0, 2])
    expect(matrix.nearest([69_999], { k: 1, metric: 'l2', selection: null })).toEqual([
      { row: 69_998, distance: 0 },
    ])
  })
})
