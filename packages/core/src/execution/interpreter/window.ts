import { hasWindowFunction, type WindowRows, windowFunctionNamed } from '../../expression/window-functions.ts'
import type { FrameBound, SortKey, WindowExpression, WindowPlan } from '../../plan/logical-plan.ts'
import { groupKey, type Value } from '../../types/value.ts'
import { frameCount, wrongOffset } from '../window/frame-offset.ts'
import { aggregator } from './aggregate.ts'
import { type Interpretation, type Row, rowFunction } from './interpretation.ts'
import { compareKeys } from './rows.ts'

/** Is a partition in its order: the rows, and the values of their sort keys. */
type Partition = { readonly rows: readonly Row[]; readonly keys: readonly Row[] }

/** Computes each function on each row, from the rows of its partition. */
export async function windowRows(plan: WindowPlan, interpretation: Interpretation): Promise<Row[]> {
  const { context } = interpretation
  const rows = await interpretation.run(plan.input)
  const partition = plan.partition.map((item) => rowFunction(item, plan.input.output, context))
  const order = plan.order.map((key) => rowFunction(key.expression, plan.input.output, context))
  const functions = plan.functions.map((item) => functionOver(item, plan, interpretation))
  const partitions = new Map<unknown, { row: Row; keys: Row }[]>()
  for (const row of rows) {
    const key = groupKey(partition.map((compute) => compute(row)))
    const members = partitions.get(key) ?? []
    partitions.set(key, members)
    members.push({ row, keys: order.map((compute) => compute(row)) })
  }
  return [...partitions.values()].flatMap((members) => {
    members.sort((left, right) => compareKeys(plan.order, left.keys, right.keys))
    const sorted = { rows: members.map((item) => item.row), keys: members.map((item) => item.keys) }
    return sorted.rows.map((row, place) => [...row, ...functions.map((compute) => compute(sorted, place))])
  })
}

type Compute = (partition: Partition, place: number) => Value

function functionOver(item: WindowExpression, plan: WindowPlan, interpretation: Interpretation): Compute {
  const { context } = interpretation
  const { output } = plan.input
  const args = item.args.map((arg) => rowFunction(arg, output, context))
  const frameOf = frameFunction(item, plan, interpretation)
  const isKept = (row: Row): boolean => !item.ignoreNulls || args[0] === undefined || args[0](row) !== null
  const order = item.order.map((key) => rowFunction(key.expression, output, context))
  const inOrder = (places: readonly number[], { rows }: Partition): readonly number[] => {
    if (order.length === 0) return places
    const keysAt = (place: number): Row => order.map((key) => key(rows[place] as Row))
    return [...places].sort((left, right) => compareKeys(item.order, keysAt(left), keysAt(right)))
  }
  const framed = (partition: Partition, place: number): readonly number[] =>
    inOrder(
      frameOf(partition, place).filter((at) => isKept(partition.rows[at] as Row)),
      partition,
    )
  if (!hasWindowFunction(item.function)) {
    const compute = aggregator(item, output, interpretation)
    return (partition, place) => compute(framed(partition, place).map((at) => partition.rows[at] as Row))
  }
  const { evaluate } = windowFunctionNamed(item.function)
  return (partition, place) => {
    const rows: WindowRows = {
      count: partition.rows.length,
      ignoreNulls: item.ignoreNulls,
      value: (argument, at) => args[argument]?.(partition.rows[at] as Row) ?? null,
      peers: (at) => peersOf(plan.order, partition, at),
      frame: (at) => framed(partition, at),
    }
    return evaluate(rows, place) ?? null
  }
}

function isPeer(order: readonly SortKey[], { keys }: Partition, left: number, right: number): boolean {
  return compareKeys(order, keys[left] as Row, keys[right] as Row) === 0
}

function peersOf(order: readonly SortKey[], partition: Partition, place: number): [number, number] {
  const places = partition.rows.map((_, at) => at).filter((at) => isPeer(order, partition, at, place))
  return [places[0] as number, (places.at(-1) as number) + 1]
}

/** Makes what tells the rows of a frame: those of the partition that stand on the right side of both bounds. */
function frameFunction(
  item: WindowExpression,
  plan: WindowPlan,
  { context }: Interpretation,
): (partition: Partition, place: number) => number[] {
  const { unit, start, end, exclude } = item.frame
  const values = [start, end].map((bound) =>
    'value' in bound ? rowFunction(bound.value, plan.input.output, context) : () => null,
  ) as [(row: Row) => Value, (row: Row) => Value]
  return (partition, place) => {
    const row = partition.rows[place] as Row
    const from = side(start, values[0](row))
    const to = side(end, values[1](row))
    return partition.rows
      .map((_, at) => at)
      .filter((at) => from(partition, place, at) >= 0 && to(partition, place, at) <= 0)
      .filter((at) => !isExcluded(partition, place, at))
  }

  /** Makes what tells where a row stands against a bound of the frame of another: before, on or after it. */
  function side(
    bound: FrameBound,
    value: Value,
  ): (partition: Partition, place: number, at: number) => number {
    if (bound.kind === 'unbounded-preceding') return () => 1
    if (bound.kind === 'unbounded-following') return () => -1
    const sign = bound.kind === 'preceding' ? -1 : 1
    if (unit === 'range') {
      if (!('value' in bound)) return (partition, place, at) => byPeers(partition, place, at)
      return (partition, place, at) => byValue(partition, place, at, value, sign)
    }
    const distance = 'value' in bound ? sign * frameCount(value) : 0
    if (unit === 'rows') return (_, place, at) => at - (place + distance)
    return (partition, place, at) => groupOf(partition, at) - (groupOf(partition, place) + distance)
  }

  function byPeers({ keys }: Partition, place: number, at: number): number {
    return compareKeys(plan.order, keys[at] as Row, keys[place] as Row)
  }

  function byValue(partition: Partition, place: number, at: number, value: Value, sign: number): number {
    const own = partition.keys[place] as Row
    if (own[0] === null) return byPeers(partition, place, at)
    if (value === null || compareKeys(plan.order, [value], own) * sign < 0) throw wrongOffset(value)
    return compareKeys(plan.order, partition.keys[at] as Row, [value])
  }

  function groupOf(partition: Partition, place: number): number {
    let group = 0
    for (let at = 1; at <= place; at += 1) if (!isPeer(plan.order, partition, at - 1, at)) group += 1
    return group
  }

  function isExcluded(partition: Partition, place: number, at: number): boolean {
    if (exclude === 'none') return false
    if (exclude === 'current-row') return at === place
    if (exclude === 'ties' && at === place) return false
    return isPeer(plan.order, partition, place, at)
  }
}
