import type { MultiwayJoinPlan } from '../../plan/logical-plan.ts'
import { excludedEdges, type Step, stepsAlong } from './edges.ts'
import { cellReader, type Interpretation, type Row } from './interpretation.ts'

/** Gives a row for each choice of steps, one a leg, that end at the same node; or counts them for each row. */
export async function multiwayRows(plan: MultiwayJoinPlan, interpretation: Interpretation): Promise<Row[]> {
  const { output } = plan.input
  const legs = plan.legs.map((leg) => ({
    stepsFrom: stepsAlong(leg.adjacency, leg.direction, interpretation),
    from: cellReader(leg.from.id, output),
    excluded: excludedEdges(
      leg.exclude.map(({ edge }) => edge),
      output,
    ),
    unlike: leg.unlike,
  }))
  const rows = await interpretation.run(plan.input)
  return rows.flatMap((row) => {
    let choices: (readonly Step[])[] = [[]]
    for (const { stepsFrom, from, excluded, unlike } of legs) {
      const start = from(row)
      const out = excluded(row)
      const steps = start === null ? [] : stepsFrom(Number(start)).filter((step) => !out.has(step.edge))
      choices = choices.flatMap((chosen) =>
        steps
          .filter((step) => chosen.length === 0 || chosen[0]?.node === step.node)
          .filter((step) => unlike.every((other) => chosen[other]?.edge !== step.edge))
          .map((step) => [...chosen, step]),
      )
    }
    if (plan.count !== null) return [[...row, choices.length]]
    return choices.map((chosen) => [
      ...row,
      (chosen[0] as Step).node,
      ...chosen.flatMap((step, at) => (plan.legs[at]?.edge === null ? [] : [step.edge])),
    ])
  })
}
