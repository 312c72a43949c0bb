import type { DegreePlan, ExpandPlan } from '../../plan/logical-plan.ts'
import { excludedEdges, stepsAlong } from './edges.ts'
import { cellReader, type Interpretation, type Row } from './interpretation.ts'

/** Gives a row for each step from each row's node. */
export async function expandRows(plan: ExpandPlan, interpretation: Interpretation): Promise<Row[]> {
  const stepsFrom = stepsAlong(plan.adjacency, plan.direction, interpretation)
  const from = cellReader(plan.from.id, plan.input.output)
  const closes = plan.closes === null ? null : cellReader(plan.closes.id, plan.input.output)
  const excluded = excludedEdges(plan.exclude, plan.input.output)
  const rows = await interpretation.run(plan.input)
  return rows.flatMap((row) => {
    const start = from(row)
    if (start === null) return []
    const out = excluded(row)
    return stepsFrom(Number(start))
      .filter((step) => !out.has(step.edge))
      .filter((step) => closes === null || (closes(row) !== null && step.node === Number(closes(row))))
      .map((step) => [...row, step.node, ...(plan.edge === null ? [] : [step.edge])])
  })
}

/** Counts the steps from each row's node. */
export async function degreeRows(plan: DegreePlan, interpretation: Interpretation): Promise<Row[]> {
  const stepsFrom = stepsAlong(plan.adjacency, plan.direction, interpretation)
  const from = cellReader(plan.from.id, plan.input.output)
  const excluded = excludedEdges(plan.exclude, plan.input.output)
  const rows = await interpretation.run(plan.input)
  return rows.map((row) => {
    const start = from(row)
    if (start === null) return [...row, 0]
    const out = excluded(row)
    return [...row, stepsFrom(Number(start)).filter((step) => !out.has(step.edge)).length]
  })
}
