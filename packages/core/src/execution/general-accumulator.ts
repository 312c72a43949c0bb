import type { AggregateDefinition } from '../expression/aggregates.ts'
import { interpretExpression, type Places, readersOf } from '../expression/interpret.ts'
import type { AggregateExpression } from '../plan/logical-plan.ts'
import type { Batch } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import { groupKey } from '../types/value.ts'
import type { Accumulator } from './accumulator.ts'
import { compareBySortKeys } from './sort-keys.ts'

const BYTES_PER_STATE = 64

/** Runs any aggregate of the registry a row at a time: distinct ones, ordered ones, and those over values of any type. */
export function makeGeneralAccumulator(
  item: AggregateExpression,
  definition: AggregateDefinition,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
): Accumulator {
  const filter = item.filter === null ? null : interpretExpression(item.filter, places, parameters)
  const args = item.args.map((arg) => interpretExpression(arg, places, parameters))
  const order = item.order.map((key) => interpretExpression(key.expression, places, parameters))
  const types = item.args.map((arg) => arg.type)
  const states: unknown[] = []
  const seen: Set<unknown>[] = []
  const buffered: { readonly keys: Value[]; readonly values: Value[] }[][] = []
  const step = definition.step as (state: unknown, ...values: Value[]) => unknown
  let stepCount = 0

  const [onlyArg] = args
  const isPlain = args.length === 1 && filter === null && !item.distinct && order.length === 0
  const addPlain = (batch: Batch, ids: Int32Array): void => {
    const readers = readersOf(batch)
    const stepOne = step as (state: unknown, value: Value) => unknown
    const { selection } = batch
    for (let at = 0; at < ids.length; at += 1) {
      const value = (onlyArg as (typeof args)[number])(
        readers,
        selection === null ? at : (selection[at] as number),
        [],
      )
      if (value === null && definition.keepsNulls !== true) continue
      stepCount += 1
      const group = ids[at] as number
      states[group] = stepOne(states[group], value)
    }
  }
  const take = (group: number, values: Value[]): void => {
    stepCount += 1
    states[group] = step(states[group], ...values)
  }
  return {
    grow(count) {
      while (states.length < count) {
        states.push(definition.start(types))
        if (item.distinct) seen.push(new Set())
        if (order.length > 0) buffered.push([])
      }
    },
    add(batch: Batch, ids: Int32Array) {
      if (isPlain) {
        addPlain(batch, ids)
        return
      }
      const readers = readersOf(batch)
      for (let at = 0; at < ids.length; at += 1) {
        const index = batch.selection === null ? at : (batch.selection[at] as number)
        if (filter !== null && filter(readers, index, []) !== true) continue
        const values = args.map((arg) => arg(readers, index, []))
        if (definition.keepsNulls !== true && values.some((value) => value === null)) continue
        const group = ids[at] as number
        if (item.distinct && !isNew(seen[group] as Set<unknown>, values)) continue
        if (order.length === 0) take(group, values)
        else
          (buffered[group] as { keys: Value[]; values: Value[] }[]).push({
            keys: order.map((key) => key(readers, index, [])),
            values,
          })
      }
    },
    settle() {},
    result(group) {
      const rows = buffered[group]
      if (rows !== undefined) {
        rows.sort((left, right) => compareBySortKeys(item.order, left.keys, right.keys))
        for (const row of rows) take(group, row.values)
        buffered[group] = []
      }
      return definition.finish(states[group] as never)
    },
    bytes: () => (states.length + stepCount) * BYTES_PER_STATE,
  }
}

function isNew(seen: Set<unknown>, values: readonly Value[]): boolean {
  const key = values.length === 1 ? groupKey(values[0]) : groupKey(values)
  if (seen.has(key)) return false
  seen.add(key)
  return true
}
