import { evaluateConstant } from '../../expression/interpret.ts'
import type { Metric, NearestPlan } from '../../plan/logical-plan.ts'
import { SheafError } from '../../types/errors.ts'
import { compareValues } from '../../types/value.ts'
import { cellReader, type Interpretation, type Row } from './interpretation.ts'
import { rowCount } from './rows.ts'

/** Measures the distance of every row's vector, sorts, and gives the first k. */
export async function nearestRows(plan: NearestPlan, interpretation: Interpretation): Promise<Row[]> {
  const { parameters } = interpretation.context
  const k = rowCount(plan.k, parameters)
  const query = Array.from(evaluateConstant(plan.query, parameters) as ArrayLike<number>)
  const vectorOf = cellReader(plan.vector.id, plan.input.output)
  const rows = await interpretation.run(plan.input)
  return rows
    .flatMap((row) => {
      const vector = vectorOf(row)
      if (vector === null) return []
      return [
        { row, distance: distance(plan.metric, Array.from(vector as ArrayLike<unknown>, Number), query) },
      ]
    })
    .sort((left, right) => compareDistances(left.distance, right.distance))
    .slice(0, k)
    .map((item) => [...item.row, item.distance])
}

/** Puts what is no number (a vector with NaN) last. */
function compareDistances(left: number, right: number): number {
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
  return compareValues(left, right)
}

function distance(metric: Metric, left: readonly number[], right: readonly number[]): number {
  if (left.length !== right.length)
    throw new SheafError(
      'ARGUMENT',
      `The query vector must have as many numbers as the vectors stored: ${right.length} and ${left.length}`,
    )
  const sum = (terms: readonly number[]) => terms.reduce((total, term) => total + term, 0)
  const product = (a: readonly number[], b: readonly number[]) =>
    sum(a.map((value, at) => value * (b[at] as number)))
  if (metric === 'l2') return Math.sqrt(sum(left.map((value, at) => (value - (right[at] as number)) ** 2)))
  if (metric === 'dot') return 1 - product(left, right)
  const differs = left.map((value, at) => value !== right[at])
  if (metric === 'hamming') return differs.filter(Boolean).length
  if (metric === 'l1') return sum(left.map((value, at) => Math.abs(value - (right[at] as number))))
  if (metric === 'jaccard') {
    const either = left.filter((value, at) => value !== 0 || right[at] !== 0).length
    const both = left.filter((value, at) => value !== 0 && right[at] !== 0).length
    return either === 0 ? 0 : 1 - both / either
  }
  const norms = Math.sqrt(product(left, left) * product(right, right))
  return norms === 0 ? 1 : 1 - product(left, right) / norms
}
