import { aggregateNamed } from '../../expression/aggregates.ts'
import type { AggregateExpression, AggregatePlan, PlanField } from '../../plan/logical-plan.ts'
import { groupKey, type Value } from '../../types/value.ts'
import { type Interpretation, type Row, rowFunction } from './interpretation.ts'
import { compareKeys } from './rows.ts'

/** Gathers the rows of each group, then computes each aggregate over them. */
export async function aggregateRows(plan: AggregatePlan, interpretation: Interpretation): Promise<Row[]> {
  const keys = plan.groups.map((group) =>
    rowFunction(group.expression, plan.input.output, interpretation.context),
  )
  const groups = new Map<unknown, { readonly key: Row; readonly rows: Row[] }>()
  if (keys.length === 0) groups.set(groupKey([]), { key: [], rows: [] })
  for (const row of await interpretation.run(plan.input)) {
    const key = keys.map((compute) => compute(row))
    const group = groups.get(groupKey(key))
    if (group === undefined) groups.set(groupKey(key), { key, rows: [row] })
    else group.rows.push(row)
  }
  const computed = plan.aggregates.map((item) => aggregator(item, plan.input.output, interpretation))
  return [...groups.values()].map(({ key, rows }) => [...key, ...computed.map((compute) => compute(rows))])
}

function aggregator(
  item: AggregateExpression,
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
