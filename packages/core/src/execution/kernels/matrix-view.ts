import type { VectorMatrix } from './vector-matrix.ts'

/** Is the rows of a matrix that a version of its table has. */
export type MatrixView = {
  readonly version: string
  readonly matrix: VectorMatrix
  /** Numbers of rows, in the order in which the table is scanned. */
  readonly rows: Uint32Array
  /** The same ascending, or `null` where they are the first rows of the matrix. */
  readonly selection: Uint32Array | null
  /** Finds the row of an id, -1 where there is none. */
  readonly rowOf: (rowId: number) => number
}

/** Makes the view of rows of a matrix, given in the order in which the table is scanned. */
export function matrixView(version: string, matrix: VectorMatrix, rows: Uint32Array): MatrixView {
  const isPrefix = rows.every((row, at) => row === at)
  return {
    version,
    matrix,
    rows,
    selection: isPrefix ? null : rows.slice().sort(),
    rowOf: rowFinder(matrix, rows),
  }
}

function rowFinder(matrix: VectorMatrix, rows: Uint32Array): (rowId: number) => number {
  let byId: Map<number, number> | null = null
  const first = rows.length === 0 ? 0 : (matrix.rowIds[rows[0] as number] as number)
  return (rowId) => {
    // Row ids mostly ascend without gaps.
    const guess = rows[rowId - first]
    if (guess !== undefined && matrix.rowIds[guess] === rowId) return guess
    if (byId === null) {
      byId = new Map()
      for (const row of rows) byId.set(matrix.rowIds[row] as number, row)
    }
    return byId.get(rowId) ?? -1
  }
}

/** Marks a row that the matrix does not have. */
export const NEW_ROW = -1

const LOOK_AHEAD = 64

/**
 * Finds the rows of a view that a later version still has, by their ids and the commits that wrote them, both in the
 * order of the scan; {@link NEW_ROW} stands for those that it does not have. Scans of two versions give the same rows in
 * the same order but for the changes, so that mostly the next row is the next one here too.
 */
export function matchRows(view: MatrixView, ids: Float64Array, created: Float64Array): Int32Array {
  const { matrix, rows } = view
  const matched = new Int32Array(ids.length).fill(NEW_ROW)
  const isSame = (row: number, at: number) =>
    matrix.rowIds[row] === ids[at] && matrix.created[row] === created[at]
  let next = 0
  for (let at = 0; at < ids.length; at += 1) {
    const end = Math.min(next + LOOK_AHEAD, rows.length)
    let from = next
    while (from < end && !isSame(rows[from] as number, at)) from += 1
    if (from < end) {
      matched[at] = rows[from] as number
      next = from + 1
    } else {
      const row = view.rowOf(ids[at] as number)
      if (row >= 0 && isSame(row, at)) matched[at] = row
    }
  }
  return matched
}
