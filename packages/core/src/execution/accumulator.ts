import type { DataType } from 'apache-arrow'
import type { Expression } from '../expression/expression.ts'
import { interpretExpression, type Places, type RowEvaluator, readersOf } from '../expression/interpret.ts'
import type { AggregateExpression } from '../plan/logical-plan.ts'
import type { Batch, Column } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { Generator } from './expression/generate.ts'

/** Is the state of one aggregate. */
export type Accumulator = {
  /** Writes source that adds row `i` to group `g`; `undefined` where this has no source. */
  readonly generate?: (generator: Generator, scalar: boolean, rows: RowCounter) => GeneratedParts
  /** Makes room for groups. */
  grow(groupCount: number): void
  /** Adds rows one by one. */
  add(batch: Batch, ids: Int32Array): void
  /** Is called after so many rows were added, to keep sums exact. */
  settle(): void
  result(group: number): Value
  /** Gives the results of groups at once, `null` where they do not fit numbers of that type. */
  results?(groups: Int32Array, type: DataType): Column | null
  bytes(): number
}

/** Is source that runs before and after the loop. */
export type GeneratedParts = { readonly before: string; readonly after: string }

/** Counts the rows of each group once, for all aggregates of a loop that every row takes part in. */
export class RowCounter {
  #counts: Float64Array = new Float64Array(16)
  #isUsed = false

  /** Says that an aggregate relies on this counter. */
  use(): void {
    this.#isUsed = true
  }

  countOf(group: number): number {
    return this.#counts[group] ?? 0
  }

  grow(groupCount: number): void {
    if (this.#isUsed) this.#counts = grown(this.#counts, groupCount)
  }

  /** Writes source that counts. Where no row of a batch is left out, they are counted all at once. */
  generate(
    generator: Generator,
    options: { readonly scalar: boolean; readonly takesAll: boolean },
  ): GeneratedParts {
    if (!this.#isUsed) return { before: '', after: '' }
    const array = generator.input('a', () => this.#counts)
    if (!options.scalar) {
      generator.line(`${array}[g] += 1;`)
      return { before: '', after: '' }
    }
    if (options.takesAll) return { before: '', after: `${array}[0] += n - from;` }
    const local = generator.name('l')
    generator.line(`${local} += 1;`)
    return { before: `let ${local} = 0;`, after: `${array}[0] += ${local};` }
  }
}

/** Adds up what counters say of a group. */
export function countedRows(counters: readonly RowCounter[], group: number): number {
  return counters.reduce((total, counter) => total + counter.countOf(group), 0)
}

/** Tells whether values of an argument are surely `number`s of at most 32 bits in the batches that code is made for. */
export function isNarrow(generator: Generator, argument: Expression): boolean {
  if (argument.kind !== 'column') return false
  const column = generator.sampleColumn(generator.placeOf(argument.id))
  if (column.layout !== 'flat') return false
  const { values } = column
  return values.BYTES_PER_ELEMENT <= 4 && !(values instanceof Float32Array)
}

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

/** Makes a column of numbers, one a group; null for those that `countOf` says to have no row. */
export function numberResults(
  groups: Int32Array,
  type: DataType,
  of: { readonly numberOf: (group: number) => number; readonly countOf: ((group: number) => number) | null },
): Column {
  const { length } = groups
  const values = new Float64Array(length)
  let validity: Uint8Array | null = null
  for (let row = 0; row < length; row += 1) {
    const group = groups[row] as number
    if (of.countOf === null || of.countOf(group) > 0) values[row] = of.numberOf(group)
    else {
      validity ??= new Uint8Array((length + 7) >> 3).fill(255)
      validity[row >> 3] = (validity[row >> 3] as number) & ~(1 << (row & 7))
    }
  }
  return { layout: 'flat', type, length, validity, values }
}
