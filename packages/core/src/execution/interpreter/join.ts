import type { JoinPlan } from '../../plan/logical-plan.ts'
import { compareValues, type Value } from '../../types/value.ts'
import { moreThanOneRow } from '../more-than-one-row.ts'
import { type Interpretation, nullsFor, type Row, rowFunction } from './interpretation.ts'

/** Compares each left row with each right row. */
export async function joinRows(plan: JoinPlan, interpretation: Interpretation): Promise<Row[]> {
  const matches = matcher(plan, interpretation)
  const left = await interpretation.run(plan.left)
  const right = await interpretation.run(plan.right)
  const pairs: Row[] = []
  const leftMatched = new Set<Row>()
  const rightMatched = new Set<number>()
  for (const a of left) {
    for (const [at, b] of right.entries()) {
      if (!matches(a, b)) continue
      if (plan.how === 'single' && leftMatched.has(a)) throw moreThanOneRow()
      leftMatched.add(a)
      rightMatched.add(at)
      pairs.push([...a, ...b])
    }
  }
  const leftAlone = (): Row[] =>
    left.filter((row) => !leftMatched.has(row)).map((row) => [...row, ...nullsFor(plan.right.output)])
  const rightAlone = (): Row[] =>
    right.filter((_, at) => !rightMatched.has(at)).map((row) => [...nullsFor(plan.left.output), ...row])
  switch (plan.how) {
    case 'inner':
    case 'cross':
      return pairs
    case 'semi':
      return left.filter((row) => leftMatched.has(row))
    case 'anti':
      return left.filter((row) => !leftMatched.has(row))
    case 'left':
    case 'single':
      return [...pairs, ...leftAlone()]
    case 'right':
      return [...pairs, ...rightAlone()]
    case 'full':
      return [...pairs, ...leftAlone(), ...rightAlone()]
  }
}

function matcher(plan: JoinPlan, { context }: Interpretation): (left: Row, right: Row) => boolean {
  const keys = plan.keys.map((key) => ({
    left: rowFunction(key.left, plan.left.output, context),
    right: rowFunction(key.right, plan.right.output, context),
    nullsEqual: key.nullsEqual === true,
  }))
  const residual =
    plan.residual === null
      ? null
      : rowFunction(plan.residual, [...plan.left.output, ...plan.right.output], context)
  return (left, right) =>
    keys.every((key) => keysEqual(key.left(left), key.right(right), key.nullsEqual)) &&
    (residual === null || residual([...left, ...right]) === true)
}

function keysEqual(left: Value, right: Value, nullsEqual: boolean): boolean {
  if (left === null || right === null) return nullsEqual && left === right
  return compareValues(left, right) === 0
}
