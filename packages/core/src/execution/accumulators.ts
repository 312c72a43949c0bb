import { aggregateNamed } from '../expression/aggregates.ts'
import type { Expression } from '../expression/expression.ts'
import type { Places } from '../expression/interpret.ts'
import type { AggregateExpression, NamedExpression } from '../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, type DictionaryColumn } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { isFloat, isInteger, isTemporal, isText } from '../types/data-type.ts'
import { canGenerate } from '../types/generation.ts'
import type { Value } from '../types/value.ts'
import { type Accumulator, type GeneratedParts, RowCounter } from './accumulator.ts'
import type { EvaluationMode } from './expression/evaluate.ts'
import { compileFunction, Generator, layoutSignature } from './expression/generate.ts'
import { makeGeneralAccumulator } from './general-accumulator.ts'
import { countAccumulator, extremeAccumulator, sumAccumulator } from './number-accumulators.ts'
import { TextGroups } from './text-groups.ts'

type Pipeline = {
  readonly predicates: readonly Expression[]
  readonly groups: readonly NamedExpression[]
  readonly aggregates: readonly AggregateExpression[]
  /** Places of groups that follow from the others. */
  readonly determined: readonly number[]
  readonly places: Places
  readonly mode: EvaluationMode
}

/** Holds the running state of all aggregates of an aggregation, by group. */
export type Accumulators = {
  /** True where the groups are text: they are then found here, and `ids` of `add` are not looked at. Known once `fused` was asked. */
  readonly groupsText: boolean
  /** Tells whether a batch can go through one generated loop that filters, groups and aggregates. */
  fused(batch: Batch): boolean
  addFused(batch: Batch): void
  /** Adds the selected rows of a batch, whose groups are `ids`. */
  add(batch: Batch, ids: Int32Array, groupCount: number): void
  /** The groups of text, where they are; else `null`. */
  readonly textGroups: TextGroups | null
  /** Gives an aggregate's results for groups. */
  results(aggregate: number, groups: Int32Array): Column
  bytes(): number
}

/** Sums of 32-bit integers stay exact in a double for this many rows, beside half a range of before; then they are carried over. */
const SETTLE_ROWS = 2 ** 20
const COMPILE_FROM_ROWS = 512
const MAX_FUSED_DICTIONARY = 1 << 20

/** Makes the accumulators of an aggregation. */
export function makeAccumulators(pipeline: Pipeline, parameters: ReadonlyMap<string, Value>): Accumulators {
  const accumulators = pipeline.aggregates.map((item) => makeAccumulator(item, pipeline.places, parameters))
  const generated = accumulators.every((accumulator) => accumulator.generate !== undefined)
  const allowed = generated && pipeline.mode !== 'interpreted' && canGenerate()
  const versions = new Map<string, Loop>()
  const places = textPlaces(pipeline)
  /** Made once the first batch shows that the groups are dictionaries; `null` where they are not. */
  let text: TextGroups | null | undefined
  let unsettled = 0
  let fusedGroups = false

  const compiles = (batch: Batch): boolean =>
    allowed && (pipeline.mode === 'compiled' || batchRowCount(batch) >= COMPILE_FROM_ROWS)
  /** Is called before rows are added. */
  const settle = (rows: number): void => {
    if (unsettled + rows > SETTLE_ROWS) {
      for (const accumulator of accumulators) accumulator.settle()
      unsettled = 0
    }
    unsettled += rows
  }
  const run = (batch: Batch, ids: Int32Array | null, groupCount: number): void => {
    const signature = `${ids === null ? 'fused' : 'ids'}${batch.selection === null ? '-' : 's'}${batch.columns.map(layoutSignature).join(' ')}`
    let version = versions.get(signature)
    if (version === undefined) {
      version = compileLoop(pipeline, accumulators, parameters, batch, ids !== null, text ?? null)
      versions.set(signature, version)
    }
    const count = batchRowCount(batch)
    for (let start = 0; start < count; start += SETTLE_ROWS) {
      const end = Math.min(count, start + SETTLE_ROWS)
      settle(end - start)
      version(batch, ids, start, end, groupCount)
    }
  }
  return {
    get groupsText() {
      return text !== null && text !== undefined
    },
    fused(batch) {
      if (text === undefined) text = textGroups(places, batch)
      if (!compiles(batch)) return false
      if (pipeline.groups.length === 0) return true
      return text !== null && areDictionaries(places, batch) && text.enter(batch)
    },
    addFused(batch) {
      fusedGroups = text !== null && text !== undefined
      const known = text?.countAfter(batchRowCount(batch)) ?? 1
      for (const accumulator of accumulators) accumulator.grow(known)
      run(batch, null, known)
    },
    add(batch, ids, groupCount) {
      fusedGroups = text !== null && text !== undefined
      const own = text?.idsOf(batch) ?? ids
      const known = Math.max(1, text?.count ?? groupCount)
      for (const accumulator of accumulators) accumulator.grow(known)
      if (compiles(batch)) run(batch, own, known)
      else for (const accumulator of accumulators) accumulator.add(batch, own)
    },
    get textGroups() {
      return fusedGroups ? (text ?? null) : null
    },
    results(aggregate, groups) {
      const accumulator = accumulators[aggregate] as Accumulator
      const { type } = pipeline.aggregates[aggregate] as AggregateExpression
      accumulator.grow(groups.reduce((most, group) => Math.max(most, group), 0) + 1)
      return (
        accumulator.results?.(groups, type) ??
        columnFromValues(
          type,
          Array.from(groups, (group) => accumulator.result(group)),
        )
      )
    },
    bytes: () => accumulators.reduce((total, accumulator) => total + accumulator.bytes(), text?.bytes() ?? 0),
  }
}

/** Gives the places of the groups where all of them are text columns that decide; none where one is not. */
function textPlaces({ groups, determined, places }: Pipeline): readonly number[] {
  if (determined.length > 0) return []
  const found = groups.flatMap(({ expression }) =>
    expression.kind === 'column' && isText(expression.type) ? [places.get(expression.id) as number] : [],
  )
  return found.length === groups.length ? found : []
}

/** Several columns are grouped by their dictionaries where these have at most so many combinations. */
const MAX_COMBINATIONS = 16_384

function textGroups(places: readonly number[], batch: Batch): TextGroups | null {
  if (places.length === 0) return null
  if (places.length === 1) return new TextGroups(places)
  if (!areDictionaries(places, batch)) return null
  const combinations = places.reduce(
    (product, place) => product * (batch.columns[place] as DictionaryColumn).dictionary.length,
    1,
  )
  return combinations <= MAX_COMBINATIONS ? new TextGroups(places) : null
}

function areDictionaries(places: readonly number[], batch: Batch): boolean {
  return places.every((place) => {
    const column = batch.columns[place] as Column
    return column.layout === 'dictionary' && column.dictionary.length <= MAX_FUSED_DICTIONARY
  })
}

/** Adds the rows of a batch from one place among the selected rows up to another. */
type Loop = (batch: Batch, ids: Int32Array | null, start: number, end: number, groupCount: number) => void

/** Writes one loop that filters, finds the group and adds to every aggregate. */
function compileLoop(
  pipeline: Pipeline,
  accumulators: readonly Accumulator[],
  parameters: ReadonlyMap<string, Value>,
  sample: Batch,
  hasIds: boolean,
  text: TextGroups | null,
): Loop {
  const generator = new Generator(pipeline.places, sample.columns, parameters)
  const rows = new RowCounter()
  if (!hasIds)
    for (const predicate of pipeline.predicates)
      generator.line(`if (!(${generator.condition(predicate)})) continue;`)
  const scalar = pipeline.groups.length === 0
  if (!scalar)
    generator.line(
      hasIds
        ? `const g = ids[${sample.selection === null ? 'i' : 'k'}];`
        : (text as TextGroups).source(generator),
    )
  const parts = accumulators.map((accumulator, at) => {
    const write = () => accumulator.generate?.(generator, scalar, rows) as GeneratedParts
    // What stands behind a filter is loaded inside its block.
    return pipeline.aggregates[at]?.filter === null ? write() : generator.scoped(write)
  })
  parts.push(rows.generate(generator, { scalar, takesAll: hasIds || pipeline.predicates.length === 0 }))
  const straight = scalar && (hasIds || pipeline.predicates.length === 0)
  const source = [
    ...parts.map((part) => part.before),
    loopSource(generator.body(), { selected: sample.selection !== null, straight }),
    ...parts.map((part) => part.after),
  ].join('\n')
  const run = compileFunction(generator, ['sel', 'from', 'n', 'ids'], source)
  return (batch, ids, start, end, groupCount) => {
    rows.grow(groupCount)
    run([batch.selection, start, end, ids], batch)
  }
}

const UNROLLED_ROWS = 16
const MAX_UNROLLED_LENGTH = 200

/**
 * Writes the loop over rows `from` up to `n`. A short body without jumps is written 16 times a turn: over 100 million
 * rows that takes a third off a sum (`pnpm bench sum-int32`), since the count and the bound are checked less often.
 */
function loopSource(
  body: string,
  { selected, straight }: { readonly selected: boolean; readonly straight: boolean },
): string {
  if (selected) return `for (let k = from; k < n; k += 1) { const i = sel[k];\n${body}\n}`
  if (!straight || body.length > MAX_UNROLLED_LENGTH) return `for (let i = from; i < n; i += 1) {\n${body}\n}`
  const rows = Array.from({ length: UNROLLED_ROWS }, (_, at) => `{ const i = k + ${at};\n${body}\n}`)
  return [
    'let k = from;',
    `for (; k + ${UNROLLED_ROWS - 1} < n; k += ${UNROLLED_ROWS}) {`,
    ...rows,
    '}',
    `for (; k < n; k += 1) { const i = k;\n${body}\n}`,
  ].join('\n')
}

function makeAccumulator(
  item: AggregateExpression,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
): Accumulator {
  const [argument] = item.args
  const simple = !item.distinct && item.order.length === 0
  if (simple && item.function === 'count') return countAccumulator(item, argument, places, parameters)
  const numeric = argument !== undefined && (isInteger(argument.type) || isFloat(argument.type))
  if (simple && numeric && (item.function === 'sum' || item.function === 'avg'))
    return sumAccumulator(item, argument, places, parameters)
  const ordered = numeric || (argument !== undefined && isTemporal(argument.type))
  if (simple && ordered && (item.function === 'min' || item.function === 'max'))
    return extremeAccumulator(item, argument as Expression, places, parameters)
  return makeGeneralAccumulator(item, aggregateNamed(item.function), places, parameters)
}
