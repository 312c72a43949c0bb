import { type LogicalPlan, values, visitPlan } from '@sheafdb/core'
import type { StatementContext } from './context.ts'
import { parametersWithSequences, usesSequences } from './sequence.ts'
import { collectColumns } from './table-rows.ts'

/** Tells whether a query takes numbers of sequences, so that running it writes. */
export function takesNumbers(plan: LogicalPlan): boolean {
  let found = false
  visitPlan(plan, (node) => {
    if (node.kind !== 'foreign') return
    found ||= usesSequences(node.text) || (node.definitions ?? []).some(usesSequences)
  })
  return found
}

/** Runs a query that takes numbers of sequences, once, in a transaction. Gives its rows as a plan. */
export function readWithSequences(
  plan: LogicalPlan,
  given: Pick<StatementContext, 'context' | 'parameters'>,
): Promise<LogicalPlan> {
  return given.context.write(async (transaction) => {
    const parameters = parametersWithSequences(given.parameters, transaction)
    const within = given.context.within(transaction)
    const { columns, length } = await collectColumns(
      within.batches(plan, { transaction, parameters }),
      plan.output,
    )
    return values(plan.output, columns, length)
  })
}
