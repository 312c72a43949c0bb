import { call, column } from '../../expression/build.ts'
import { castTarget } from '../../expression/functions/cast.ts'
import type {
  DistinctPlan,
  LogicalPlan,
  PlanField,
  SetOperationPlan,
  UnionPlan,
} from '../../plan/logical-plan.ts'
import { typesEqual } from '../../types/data-type.ts'
import { groupKey, type Value } from '../../types/value.ts'
import { type Interpretation, type Row, rowFunction } from './interpretation.ts'

/** Keeps the first of equal rows, nulls being equal. */
export async function distinctRows(plan: DistinctPlan, interpretation: Interpretation): Promise<Row[]> {
  return newRows(await interpretation.run(plan.input), new Set())
}

/** Keeps the rows that are not in a set yet, and adds them to it. */
export function newRows(rows: readonly Row[], seen: Set<unknown>): Row[] {
  return rows.filter((row) => {
    const key = groupKey(row)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Gives the rows of all inputs, converted to the types of the output. */
export async function unionRows(plan: UnionPlan, interpretation: Interpretation): Promise<Row[]> {
  const rows: Row[] = []
  for (const at of plan.inputs.keys())
    for (const row of await arrangedRows(plan, at, interpretation)) rows.push(row)
  return rows
}

/** Gives the rows of the first input that the second has too, or that it has not. */
export async function setOperationRows(
  plan: SetOperationPlan,
  interpretation: Interpretation,
): Promise<Row[]> {
  const first = await arrangedRows(plan, 0, interpretation)
  const counts = new Map<unknown, number>()
  for (const row of await arrangedRows(plan, 1, interpretation))
    counts.set(groupKey(row), (counts.get(groupKey(row)) ?? 0) + 1)
  const wanted = plan.kind === 'intersect'
  if (!plan.all)
    return newRows(
      first.filter((row) => counts.has(groupKey(row)) === wanted),
      new Set(),
    )
  return first.filter((row) => {
    const left = counts.get(groupKey(row)) ?? 0
    counts.set(groupKey(row), left - 1)
    return left > 0 === wanted
  })
}

async function arrangedRows(
  plan: UnionPlan | SetOperationPlan,
  at: number,
  interpretation: Interpretation,
): Promise<Row[]> {
  const input = plan.inputs[at] as LogicalPlan
  const ids = plan.columns[at] as readonly number[]
  const reads = ids.map((id, place) => converted(input, id, plan.output[place] as PlanField, interpretation))
  return (await interpretation.run(input)).map((row) => reads.map((read) => read(row)))
}

function converted(
  input: LogicalPlan,
  id: number,
  to: PlanField,
  interpretation: Interpretation,
): (row: Row) => Value {
  const from = column(input.output.find((field) => field.id === id) as PlanField)
  const target = typesEqual(from.type, to.type) ? undefined : castTarget(to.type)
  const expression = target === undefined ? from : call(`cast.${target}`, from)
  return rowFunction(expression, input.output, interpretation.context)
}
