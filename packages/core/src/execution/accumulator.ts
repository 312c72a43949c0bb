import type { Expression } from '../expression/expression.ts'
import type { AggregateExpression } from '../plan/logical-plan.ts'
import type { Batch } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { Generator } from './expression/generate.ts'
import { interpretExpression, type Places, type RowEvaluator, readersOf } from './expression/interpret.ts'

/** Is the state of one aggregate. */
export type Accumulator = {
  /** Writes source that adds row `i` to group `g`; `undefined` where this has no source. */
  readonly generate?: (generator: Generator, scalar: boolean) => GeneratedParts
  /** Makes room for groups. */
  grow(groupCount: number): void
  /** Adds rows one by one. */
  add(batch: Batch, ids: Int32Array): void
  /** Is called after so many rows were added, to keep sums exact. */
  settle(): void
  result(group: number): Value
  bytes(): number
}

/** Is source that runs before and after the loop. */
export type GeneratedParts = { readonly before: string; readonly after: string }

/** Writes the condition under which a row takes part: its filter is true and its argument not null. */
export function openRow(
  generator: Generator,
  filter: Expression | null,
  argument: Expression | undefined,
): { value: string; close: string } {
  let close = ''
  if (filter !== null) {
    generator.line(`if (${generator.condition(filter)}) {`)
    close += '}'
  }
  if (argument === undefined) return { value: '', close }
  const source = generator.expression(argument)
  if (source.isNull === undefined) return { value: source.value, close }
  generator.line(`if (!(${source.isNull})) {`)
  return { value: source.value, close: `${close}}` }
}

/** Calls `add` for each row that takes part, with its argument. */
export function rowAdder(
  item: AggregateExpression,
  argument: Expression | undefined,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
  add: (group: number, value: Value) => void,
): (batch: Batch, ids: Int32Array) => void {
  const filter = item.filter === null ? null : interpretExpression(item.filter, places, parameters)
  const evaluate: RowEvaluator | null =
    argument === undefined ? null : interpretExpression(argument, places, parameters)
  return (batch: Batch, ids: Int32Array): void => {
    const readers = readersOf(batch)
    for (let at = 0; at < ids.length; at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      if (filter !== null && filter(readers, index, []) !== true) continue
      const value = evaluate === null ? true : evaluate(readers, index, [])
      if (value !== null && value !== undefined) add(ids[at] as number, value)
    }
  }
}

/** Gives an array with room for a count, doubling it. */
export function grown(array: Float64Array, count: number): Float64Array {
  if (array.length >= count) return array
  const larger = new Float64Array(Math.max(count, array.length * 2))
  larger.set(array)
  return larger
}
