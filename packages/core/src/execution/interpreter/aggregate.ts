import { aggregateNamed } from '../../expression/aggregates.ts'
import type { AggregateExpression, AggregatePlan, PlanField } from '../../plan/logical-plan.ts'
import { groupKey, type Value } from '../../types/value.ts'
import { type Interpretation, type Row, rowFunction } from './interpretation.ts'
import { compareKeys } from './rows.ts'

/** Gathers the rows of each group, then computes each aggregate over them; for each grouping set anew. */
export async function aggregateRows(plan: AggregatePlan, interpretation: Interpretation): Promise<Row[]> {
  const keys = plan.groups.map((group) =>
    rowFunction(group.expression, plan.input.output, interpretation.context),
  )
  const computed = plan.aggregates.map((item) => aggregator(item, plan.input.output, interpretation))
  const rows = await interpretation.run(plan.input)
  const sets = plan.sets?.indexes ?? [keys.map((_, at) => at)]
  return sets.flatMap((set, index) => {
    const shown = plan.sets?.set ? [index] : []
    const groups = groupsOf(
      rows,
      keys.map((compute, at) => (set.includes(at) ? compute : () => null)),
      set.length === 0,
    )
    return groups.map(({ key, rows: own }) => [...key, ...computed.map((compute) => compute(own)), ...shown])
  })
}

type Group = { readonly key: Row; readonly rows: Row[] }

function groupsOf(
  rows: readonly Row[],
  keys: readonly ((row: Row) => Value)[],
  isWhole: boolean,
): readonly Group[] {
  const groups = new Map<unknown, Group>()
  if (isWhole) groups.set(groupKey(keys.map(() => null)), { key: keys.map(() => null), rows: [] })
  for (const row of rows) {
    const key = keys.map((compute) => compute(row))
    const group = groups.get(groupKey(key))
    if (group === undefined) groups.set(groupKey(key), { key, rows: [row] })
    else group.rows.push(row)
  }
  return [...groups.values()]
}

/** Makes what computes an aggregate over rows. */
export function aggregator(
  item: Pick<AggregateExpression, 'function' | 'args' | 'distinct' | 'filter' | 'order'>,
  output: readonly PlanField[],
  { context }: Interpretation,
): (rows: readonly Row[]) => Value {
  const definition = aggregateNamed(item.function)
  const filter = item.filter === null ? null : rowFunction(item.filter, output, context)
  const args = item.args.map((arg) => rowFunction(arg, output, context))
  const order = item.order.map((key) => rowFunction(key.expression, output, context))
  const step = definition.step as (state: unknown, ...values: Value[]) => unknown
  return (rows) => {
    const taken = rows
      .filter((row) => filter === null || filter(row) === true)
      .map((row) => ({ values: args.map((arg) => arg(row)), keys: order.map((key) => key(row)) }))
      .filter(({ values }) => definition.keepsNulls === true || !values.includes(null))
    const distinct = item.distinct ? firstOfEach(taken) : taken
    const state = distinct
      .sort((left, right) => compareKeys(item.order, left.keys, right.keys))
      .reduce<unknown>(
        (current, { values }) => step(current, ...values),
        definition.start(item.args.map((arg) => arg.type)),
      )
    return definition.finish(state as never) ?? null
  }
}

function firstOfEach<Item extends { readonly values: readonly Value[] }>(items: readonly Item[]): Item[] {
  const seen = new Set<unknown>()
  return items.filter(({ values }) => {
    const key = groupKey(values)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
