import type { RecursiveInputPlan, RecursivePlan } from '../../plan/logical-plan.ts'
import { SheafError } from '../../types/errors.ts'
import type { Interpretation, Row } from './interpretation.ts'
import { newRows } from './set.ts'

const MAX_ROUNDS = 1_000_000

/** Runs the base, then the step on the rows of the round before until there are none. @throws `LIMIT` */
export async function recursiveRows(plan: RecursivePlan, interpretation: Interpretation): Promise<Row[]> {
  const seen = new Set<unknown>()
  const all: Row[] = []
  let found = await interpretation.run(plan.base)
  for (let round = 0; round <= MAX_ROUNDS; round += 1) {
    const fresh = plan.distinct ? newRows(found, seen) : found
    if (fresh.length === 0) return all
    for (const row of fresh) all.push(row)
    interpretation.rounds.set(plan.name, fresh)
    found = await interpretation.run(plan.step)
  }
  throw new SheafError(
    'LIMIT',
    `A recursion did not end within ${MAX_ROUNDS} rounds. Add a condition that ends it.`,
  )
}

/** Gives the rows of the last round. */
export function recursiveInputRows(plan: RecursiveInputPlan, { rounds }: Interpretation): readonly Row[] {
  return rounds.get(plan.name) ?? []
}
