import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { RecursivePlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount } from '../../types/column.ts'
import { SheafError } from '../../types/errors.ts'
import { distinctFilter } from './set.ts'
import { compactBatch, isBatch } from './steps.ts'

/** A recursion over a bag that does not end by itself stops here. */
const MAX_ROUNDS = 1_000_000

/** Holds the rows of the last round of each recursion that is running, by name. */
export type Rounds = Map<string, readonly Batch[]>

/** Runs the base, then the step on the rows of the round before until there are none. */
export function* runRecursive(
  plan: RecursivePlan,
  base: () => Steps,
  step: () => Steps,
  rounds: Rounds,
  context: ExecutionContext,
): Steps {
  const fresh = plan.distinct ? distinctFilter(plan.output.length) : (batch: Batch) => batch
  let input = base()
  for (let round = 0; ; round += 1) {
    if (round > MAX_ROUNDS)
      throw new SheafError(
        'LIMIT',
        `A recursion did not end within ${MAX_ROUNDS} rounds. Add a condition that ends it.`,
      )
    const found: Batch[] = []
    for (const part of input) {
      if (!isBatch(part)) {
        yield part
        continue
      }
      const batch = compactBatch(fresh(part))
      if (batchRowCount(batch) === 0) continue
      found.push(batch)
      yield batch
    }
    if (found.length === 0) return
    context.check()
    rounds.set(plan.name, found)
    input = step()
  }
}

/** Gives the rows of the last round. */
export function* runRecursiveInput(name: string, rounds: Rounds): Steps {
  yield* rounds.get(name) ?? []
}
