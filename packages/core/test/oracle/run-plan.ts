import type { Snapshot } from '../../src/catalog/table-store.ts'
import { makeContext } from '../../src/execution/driver.ts'
import type { EvaluationMode } from '../../src/execution/expression/evaluate.ts'
import { interpretPlan } from '../../src/execution/interpreter/interpret-plan.ts'
import { isBatch } from '../../src/execution/operators/steps.ts'
import { startPlan } from '../../src/execution/planner.ts'
import type { LogicalPlan } from '../../src/plan/logical-plan.ts'
import { batchRowCount, columnReader } from '../../src/types/column.ts'
import { type ErrorCode, isSheafError } from '../../src/types/errors.ts'
import type { Value } from '../../src/types/value.ts'
import type { Row } from './compare-rows.ts'

/** Is what a plan came to: its rows, or the code of its error. */
export type Outcome =
  | { readonly rows: readonly Row[] }
  | { readonly code: ErrorCode; readonly message: string }

const NO_PARAMETERS: ReadonlyMap<string, Value> = new Map()

function contextOf(snapshot: Snapshot, parameters: ReadonlyMap<string, Value>) {
  return makeContext(snapshot, parameters, { memoryLimitBytes: 2 ** 30, now: () => 0 })
}

/** Runs a plan by the vectorised engine. */
export function runByEngine(
  plan: LogicalPlan,
  snapshot: Snapshot,
  mode: EvaluationMode,
  parameters: ReadonlyMap<string, Value> = NO_PARAMETERS,
): Row[] {
  const rows: Row[] = []
  const context = contextOf(snapshot, parameters)
  for (const step of startPlan(plan, { context, engines: new Map(), operators: new Map(), mode })) {
    if (!isBatch(step)) continue
    const readers = step.columns.map(columnReader)
    for (let at = 0; at < batchRowCount(step); at += 1)
      rows.push(
        readers.map((read) => read(step.selection === null ? at : (step.selection[at] as number)) ?? null),
      )
  }
  return rows
}

/** Runs a plan by the interpreter. */
export async function runByInterpreter(
  plan: LogicalPlan,
  snapshot: Snapshot,
  parameters: ReadonlyMap<string, Value> = NO_PARAMETERS,
): Promise<readonly Row[]> {
  return interpretPlan(plan, contextOf(snapshot, parameters))
}

/** Gives what running came to; an error that is no SheafError goes through. */
export async function outcomeOf(run: () => readonly Row[] | Promise<readonly Row[]>): Promise<Outcome> {
  try {
    return { rows: await run() }
  } catch (error) {
    if (!isSheafError(error) || error.code === 'INTERNAL') throw error
    return { code: error.code, message: error.message }
  }
}
