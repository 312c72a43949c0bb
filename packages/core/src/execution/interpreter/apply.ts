import { bindOuters } from '../../plan/bind-outers.ts'
import type { ApplyPlan } from '../../plan/logical-plan.ts'
import { freeOuters } from '../../plan/traverse.ts'
import { moreThanOneRow } from '../more-than-one-row.ts'
import { cellReader, type Interpretation, nullsFor, type Row } from './interpretation.ts'

/** Runs the right side for each left row. */
export async function applyRows(plan: ApplyPlan, interpretation: Interpretation): Promise<Row[]> {
  const free = freeOuters(plan.right)
  const reads = plan.left.output
    .filter((field) => free.has(field.id))
    .map((field) => ({ id: field.id, read: cellReader(field.id, plan.left.output) }))
  const given: Row[] = []
  for (const row of await interpretation.run(plan.left)) {
    const bound = bindOuters(plan.right, new Map(reads.map(({ id, read }) => [id, read(row)])))
    for (const made of appliedRow(plan, row, await interpretation.run(bound))) given.push(made)
  }
  return given
}

function appliedRow(plan: ApplyPlan, row: Row, found: readonly Row[]): readonly Row[] {
  switch (plan.how) {
    case 'semi':
      return found.length > 0 ? [row] : []
    case 'anti':
      return found.length > 0 ? [] : [row]
    case 'inner':
      return found.map((other) => [...row, ...other])
    case 'single':
      if (found.length > 1) throw moreThanOneRow()
  }
  return found.length === 0
    ? [[...row, ...nullsFor(plan.right.output)]]
    : found.map((other) => [...row, ...other])
}
