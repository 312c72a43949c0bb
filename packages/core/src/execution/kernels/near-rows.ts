import type { ExecutionContext } from '../../catalog/engine.ts'
import type { VectorIndex } from '../../catalog/vector-index.ts'
import type { NearestPlan } from '../../plan/logical-plan.ts'
import { hasRoom } from './has-room.ts'
import type { MatrixView } from './matrix-view.ts'

/** Below this many rows looking at each is quicker than an index. */
const FEW_ROWS = 2000
/** A row that an index looks at costs about as much as so many that are looked at one after the other. */
const ROWS_PER_ASKED = 20
/** Rows that an index has not taken in yet are looked at one by one, as long as they are at most this part. */
const LARGEST_TAIL = 0.5
/** An index is asked for more than is wanted where some of what it gives is not visible. */
const WIDENING = 4
const SLACK = 8

type Search = {
  readonly query: ArrayLike<number>
  readonly k: number
  readonly context: ExecutionContext
  /** The rows that may be found, ascending; `null` for the first ones of the view. */
  readonly visible: Uint32Array | null
  readonly isFiltered: boolean
}

/**
 * Finds rows among which the nearest are very likely, ascending, by the index that a plan names; `null` where there is
 * none, or where looking at every visible row is quicker.
 */
export function nearRows(plan: NearestPlan, view: MatrixView, search: Search): Uint32Array | null {
  if (plan.index === null || plan.index.metric !== plan.metric) return null
  const { matrix } = view
  const visibleCount = search.visible?.length ?? view.rows.length
  if (visibleCount < FEW_ROWS || search.k * WIDENING > visibleCount) return null
  const part = visibleCount / matrix.rowCount
  const asked = askedFirst(search.k, plan.index.ef, part)
  if (asked * ROWS_PER_ASKED > visibleCount) return null
  const { vectorIndexes, snapshot } = search.context
  if (vectorIndexes === undefined || plan.input.kind !== 'scan') return null
  if (!hasRoom(search.context, matrix.sizeBytes + vectorIndexes.sizeBytes(matrix, plan.index))) return null
  const index = vectorIndexes.index(matrix, plan.index, { snapshot, table: plan.input.table })
  if (index === null || index.rowCount < matrix.rowCount * LARGEST_TAIL) return null
  const isVisible = membership(search.visible, view.rows.length, matrix.rowCount)
  const rows = fromIndex(index, isVisible, { ...search, asked })
  for (const row of index.missingRows()) if (isVisible(row)) rows.push(row)
  return Uint32Array.from(rows).sort()
}

/** Counts the rows to ask an index for: as many of those that are visible are looked at as without a filter. */
function askedFirst(k: number, ef: number, part: number): number {
  return Math.ceil(Math.max(k + SLACK, ef) / part)
}

function membership(visible: Uint32Array | null, count: number, rowCount: number): (row: number) => boolean {
  if (visible === null) return (row) => row < count
  const flags = new Uint8Array(rowCount)
  for (const row of visible) flags[row] = 1
  return (row) => flags[row] === 1
}

/** Asks for more until enough of what comes is visible. */
function fromIndex(
  index: VectorIndex,
  isVisible: (row: number) => boolean,
  search: Pick<Search, 'query' | 'k'> & { readonly asked: number },
): number[] {
  const query = Float32Array.from(search.query)
  for (let count = search.asked; ; count *= WIDENING) {
    const asked = Math.min(count, index.rowCount)
    const found = index.search(query, asked, asked)
    const rows = Array.from(found).filter(isVisible)
    if (rows.length >= search.k || asked === index.rowCount) return rows
  }
}
