import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { Metric, NearestPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { SheafError } from '../../types/errors.ts'
import { evaluateConstant, placesOf } from '../expression/interpret.ts'
import { rowCountOf } from './limit.ts'
import { collect, takeRows } from './steps.ts'

const DISTANCES: Record<Metric, (left: ArrayLike<number>, right: ArrayLike<number>) => number> = {
  l2: (left, right) => {
    let total = 0
    for (let at = 0; at < left.length; at += 1) total += ((left[at] as number) - (right[at] as number)) ** 2
    return Math.sqrt(total)
  },
  dot: (left, right) => 1 - product(left, right),
  cosine: (left, right) => {
    const norms = Math.sqrt(product(left, left) * product(right, right))
    return norms === 0 ? 1 : 1 - product(left, right) / norms
  },
}

function product(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let total = 0
  for (let at = 0; at < left.length; at += 1) total += (left[at] as number) * (right[at] as number)
  return total
}

/** Gives the k rows whose vector is nearest to the query's, nearest first; rows without a vector are left out. */
export function* runNearest(plan: NearestPlan, input: Steps, context: ExecutionContext): Steps {
  const k = rowCountOf(plan.k, context, 0)
  const query = evaluateConstant(plan.query, context.parameters) as ArrayLike<number>
  const gathered = yield* collect(
    input,
    plan.input.output.map((field) => field.type),
    context,
  )
  const { batch } = gathered
  const column = batch.columns[placesOf(plan.input.output).get(plan.vector.id) as number] as Column
  const read = columnReader(column)
  const measure = DISTANCES[plan.metric]
  const found: { row: number; distance: number }[] = []
  for (let row = 0; row < batchRowCount(batch); row += 1) {
    const vector = read(row) as ArrayLike<number> | null
    if (vector === null) continue
    if (vector.length !== query.length) {
      throw new SheafError(
        'ARGUMENT',
        `The query vector must have as many numbers as the vectors stored: ${query.length} and ${vector.length}`,
      )
    }
    found.push({ row, distance: measure(vector, query) })
  }
  found.sort((left, right) => left.distance - right.distance || left.row - right.row)
  const best = found.slice(0, k)
  const result: Batch = makeBatch(
    [
      ...takeRows(
        batch,
        Uint32Array.from(best, (item) => item.row),
      ),
      columnFromValues(
        plan.distance.type,
        best.map((item) => item.distance),
      ),
    ],
    best.length,
  )
  if (result.length > 0) yield result
  gathered.release()
}
