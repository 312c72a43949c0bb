import type { FrontierPlan } from '../../plan/logical-plan.ts'
import { stepsAlong } from './edges.ts'
import { cellReader, type Interpretation, type Row } from './interpretation.ts'

/** Counts the ways to each node that a step from a row leads to. */
export async function frontierRows(plan: FrontierPlan, interpretation: Interpretation): Promise<Row[]> {
  const stepsFrom = stepsAlong(plan.adjacency, plan.direction, interpretation)
  const from = cellReader(plan.from.id, plan.input.output)
  const weight = plan.weight === null ? () => 1 : cellReader(plan.weight.id, plan.input.output)
  const looped = plan.looped === null ? () => 0 : cellReader(plan.looped.id, plan.input.output)
  const ways = new Map<number, number>()
  const loops = new Map<number, number>()
  for (const row of await interpretation.run(plan.input)) {
    if (from(row) === null) continue
    const node = Number(from(row))
    const steps = stepsFrom(node)
    const ownLoops = steps.filter((step) => step.node === node).length
    for (const step of steps) {
      const isLoop = step.node === node
      const left = Number(weight(row)) - (isLoop ? Number(looped(row)) / ownLoops : 0)
      const given = plan.distinct ? Math.sign(left) : left
      ways.set(step.node, (ways.get(step.node) ?? 0) + given)
      if (isLoop) loops.set(node, (loops.get(node) ?? 0) + given)
    }
  }
  return [...ways]
    .filter(([, count]) => count > 0)
    .map(([node, count]) => [
      node,
      ...(plan.ways === null ? [] : [count]),
      ...(plan.loops === null ? [] : [loops.get(node) ?? 0]),
    ])
}
