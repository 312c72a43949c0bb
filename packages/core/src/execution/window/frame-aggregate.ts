import { aggregateNamed } from '../../expression/aggregates.ts'
import type { SortKey, WindowExpression } from '../../plan/logical-plan.ts'
import { type Column, columnReader } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { groupKey, type Value } from '../../types/value.ts'
import { orderByKeys, type RowOrder } from '../sort-rows.ts'
import { type FrameParts, type Frames, makeParts, partsOf } from './frames.ts'
import type { WindowLayout } from './layout.ts'

/** After so many rows stepped over the event loop may run. */
const SLICE_STEPS = 8192

/** Is the columns that an aggregate over frames reads, by row. */
export type AggregateInput = {
  readonly args: readonly Column[]
  readonly filter: Column | null
  readonly order: readonly SortKey[]
  readonly orderKeys: readonly Column[]
}

/**
 * Computes any aggregate over the frame of each row, by its steps. A frame that starts where the one before did and
 * ends no earlier goes on from its state; any other starts anew.
 *
 * @returns the column, by row
 */
export function* frameAggregateColumn(
  item: WindowExpression,
  layout: WindowLayout,
  frames: Frames,
  input: AggregateInput,
): Generator<null, Column, undefined> {
  const state = new FrameState(item, layout, input)
  const parts = makeParts()
  const results = new Array<Value>(layout.rows.length).fill(null)
  let before = 0
  for (let partition = 0; partition + 1 < layout.starts.length; partition += 1) {
    state.restart()
    for (
      let place = layout.starts[partition] as number;
      place < (layout.starts[partition + 1] as number);
      place += 1
    ) {
      partsOf(frames, layout, place, parts)
      results[layout.rows[place] as number] = state.result(parts)
      if (state.stepCount - before < SLICE_STEPS) continue
      before = state.stepCount
      yield null
    }
  }
  return columnFromValues(item.type, results)
}

/** Is the state of an aggregate over a frame, and the frame. */
class FrameState {
  stepCount = 0
  readonly #definition: ReturnType<typeof aggregateNamed>
  readonly #step: (state: unknown, ...values: Value[]) => unknown
  readonly #types: readonly Column['type'][]
  readonly #rows: Uint32Array
  readonly #read: readonly ((row: number) => Value)[]
  readonly #filter: ((row: number) => Value) | null
  readonly #compare: RowOrder | null
  readonly #isDistinct: boolean
  readonly #ignoresNulls: boolean
  #seen = new Set<unknown>()
  #state: unknown
  #bounds: readonly number[] = []
  #result: Value = null

  constructor(item: WindowExpression, layout: WindowLayout, input: AggregateInput) {
    this.#definition = aggregateNamed(item.function)
    this.#step = this.#definition.step as (state: unknown, ...values: Value[]) => unknown
    this.#types = item.args.map((arg) => arg.type)
    this.#rows = layout.rows
    this.#read = input.args.map(columnReader)
    this.#filter = input.filter === null ? null : columnReader(input.filter)
    this.#compare = input.order.length === 0 ? null : orderByKeys(input.order, input.orderKeys)
    this.#isDistinct = item.distinct
    this.#ignoresNulls = item.ignoreNulls || this.#definition.keepsNulls !== true
    this.restart()
  }

  /** Forgets the frame. */
  restart(): void {
    this.#state = this.#definition.start(this.#types)
    this.#seen = new Set()
    this.#bounds = []
    this.#result = this.#finished()
  }

  result(parts: FrameParts): Value {
    const bounds = Array.from(parts.bounds.subarray(0, 2 * parts.count))
    const known = this.#bounds
    if (bounds.length === known.length && bounds.every((place, at) => place === known[at]))
      return this.#result
    const grows =
      this.#compare === null &&
      known.length === 2 &&
      bounds.length === 2 &&
      bounds[0] === known[0] &&
      (bounds[1] as number) > (known[1] as number)
    if (!grows) this.restart()
    if (this.#compare !== null) this.#takeInOrder(bounds, this.#compare)
    else
      for (let at = 0; at < bounds.length; at += 2)
        for (
          let place = grows ? (known[1] as number) : (bounds[at] as number);
          place < (bounds[at + 1] as number);
          place += 1
        )
          this.#take(this.#rows[place] as number)
    this.#bounds = bounds
    this.#result = this.#finished()
    return this.#result
  }

  #takeInOrder(bounds: readonly number[], compare: RowOrder): void {
    const rows: number[] = []
    for (let at = 0; at < bounds.length; at += 2)
      for (const row of this.#rows.subarray(bounds[at], bounds[at + 1])) rows.push(row)
    rows.sort(compare)
    for (const row of rows) this.#take(row)
  }

  #take(row: number): void {
    this.stepCount += 1
    if (this.#filter !== null && this.#filter(row) !== true) return
    const values = this.#read.map((read) => read(row) ?? null)
    if (this.#ignoresNulls && values.some((value) => value === null)) return
    if (this.#isDistinct) {
      const key = groupKey(values)
      if (this.#seen.has(key)) return
      this.#seen.add(key)
    }
    this.#state = this.#step(this.#state, ...values)
  }

  /** Later steps must not change what was given before: a list is copied. */
  #finished(): Value {
    const result = this.#definition.finish(this.#state as never) ?? null
    return Array.isArray(result) ? [...result] : result
  }
}
