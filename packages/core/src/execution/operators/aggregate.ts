import type { DataType } from 'apache-arrow'
import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { SpillSpace } from '../../catalog/spill.ts'
import type { Expression } from '../../expression/expression.ts'
import type { Places } from '../../expression/interpret.ts'
import type { AggregateExpression, GroupingSets, NamedExpression } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, makeBatch, nullColumn } from '../../types/column.ts'
import { takeColumn } from '../../types/take.ts'
import { makeAccumulators } from '../accumulators.ts'
import {
  type BatchFilter,
  batchFilter,
  columnEvaluator,
  type EvaluationMode,
} from '../expression/evaluate.ts'
import { GroupKeys } from '../group-keys.ts'
import { KeyInterner, NO_KEY } from '../key-interner.ts'
import { canSpill, Partitions } from '../spill/partitions.ts'
import { sliceRows } from './limit.ts'
import { isBatch } from './steps.ts'

/** Is an aggregation with the filters and projections under it merged in: all expressions read the source's columns. */
export type AggregatePipeline = {
  readonly predicates: readonly Expression[]
  readonly groups: readonly NamedExpression[]
  readonly aggregates: readonly AggregateExpression[]
  readonly sets: GroupingSets | null
  /** Places of groups that follow from the others. */
  readonly determined: readonly number[]
  readonly places: Places
  readonly mode: EvaluationMode
}

const OUTPUT_ROWS = 65_536

/**
 * Groups the rows of its input. The order of the groups is not defined. Grouping sets are grouped side by side, each
 * batch by all of them. When there is no room for more groups, rows of new ones are put aside on disk in parts, which
 * are grouped one after the other once the groups in memory have been given.
 */
export function runAggregate(input: Steps, pipeline: AggregatePipeline, context: ExecutionContext): Steps {
  const sets = pipeline.sets?.indexes ?? [pipeline.groups.map((_, at) => at)]
  return runSets(
    input,
    pipeline,
    sets.map((places, index) => ({ places, index })),
    context,
    0,
  )
}

type ChosenSet = { readonly places: readonly number[]; readonly index: number }

function* runSets(
  input: Steps,
  pipeline: AggregatePipeline,
  sets: readonly ChosenSet[],
  context: ExecutionContext,
  depth: number,
): Steps {
  const running = sets.map((set) => new RunningSet(pipeline, set, context, depth))
  const memory = new GroupMemory(running, context, depth)
  try {
    for (const step of input) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      memory.add(step)
      yield null
    }
    for (const set of running) yield* set.emit()
    memory.release()
    for (const set of running) yield* set.rest()
  } finally {
    memory.release()
    for (const set of running) set.remove()
  }
}

/** With little room left, batches are taken in by so many rows. */
const SLICE_ROWS = 2048
const BYTES_PER_GROUP = 40
const BYTES_PER_VALUE = 24

/** Accounts for groups before they are made, and decides when rows of new ones are put aside. */
class GroupMemory {
  readonly #running: readonly RunningSet[]
  readonly #context: ExecutionContext
  readonly #depth: number
  readonly #bytesPerRow: number
  #reserved = 0
  #isFull = false

  constructor(running: readonly RunningSet[], context: ExecutionContext, depth: number) {
    this.#running = running
    this.#context = context
    this.#depth = depth
    this.#bytesPerRow = running.reduce((total, set) => total + set.bytesPerGroup, 0)
  }

  add(batch: Batch): void {
    if (!this.#isFull && this.#tryAdd(batch)) return
    const count = batchRowCount(batch)
    for (let start = 0; start < count; start += SLICE_ROWS) {
      const slice = sliceRows(batch, start, Math.min(count, start + SLICE_ROWS))
      if (!this.#isFull && this.#tryAdd(slice)) continue
      if (canSpill(this.#context, this.#depth)) {
        this.#isFull = true
        for (const set of this.#running) set.addKnown(slice)
      } else for (const set of this.#running) set.add(slice)
      this.#account()
    }
  }

  #tryAdd(batch: Batch): boolean {
    const most = batchRowCount(batch) * this.#bytesPerRow
    if (!this.#context.tryReserve(most)) return false
    for (const set of this.#running) set.add(batch)
    this.#context.release(most)
    this.#account()
    return true
  }

  #account(): void {
    const bytes = this.#running.reduce((total, set) => total + set.bytes(), 0)
    if (bytes > this.#reserved) {
      this.#context.reserve(bytes - this.#reserved)
      this.#reserved = bytes
    }
  }

  release(): void {
    this.#context.release(this.#reserved)
    this.#reserved = 0
  }
}

/** Is the groups of one grouping set, and the rows put aside whose groups are not among them. */
class RunningSet {
  readonly bytesPerGroup: number
  readonly #pipeline: AggregatePipeline
  readonly #set: ChosenSet
  readonly #context: ExecutionContext
  readonly #depth: number
  readonly #groups: readonly NamedExpression[]
  readonly #accumulators: ReturnType<typeof makeAccumulators>
  readonly #grouping: Grouping | null
  readonly #filter: BatchFilter
  readonly #keysOf: (batch: Batch) => readonly Column[]
  #aside: Partitions | null = null

  constructor(pipeline: AggregatePipeline, set: ChosenSet, context: ExecutionContext, depth: number) {
    const groups = set.places.map((at) => pipeline.groups[at] as NamedExpression)
    const setting = { places: pipeline.places, parameters: context.parameters, mode: pipeline.mode }
    const evaluators = groups.map((group) => columnEvaluator(group.expression, setting))
    this.#pipeline = pipeline
    this.#set = set
    this.#context = context
    this.#depth = depth
    this.#groups = groups
    this.#keysOf = (batch) => evaluators.map((evaluate) => evaluate(batch))
    this.#accumulators = makeAccumulators({ ...pipeline, groups }, context.parameters)
    const deciding = set.places.flatMap((at, place) => (pipeline.determined.includes(at) ? [] : [place]))
    this.#grouping = groups.length === 0 ? null : makeGrouping(groups.length, deciding, this.#keysOf)
    this.#filter = batchFilter(pipeline.predicates, setting)
    // A set of no groups has one, whatever comes.
    this.bytesPerGroup =
      groups.length === 0
        ? 0
        : BYTES_PER_GROUP + BYTES_PER_VALUE * (groups.length + pipeline.aggregates.length)
  }

  add(step: Batch): void {
    if (this.#accumulators.fused(step)) this.#accumulators.addFused(step)
    else this.#take(this.#filter(step))
  }

  #take(batch: Batch): void {
    const count = batchRowCount(batch)
    if (count === 0) return
    const grouping = this.#grouping
    const ids =
      grouping === null || this.#accumulators.groupsText ? new Int32Array(count) : grouping.idsOf(batch)
    this.#accumulators.add(batch, ids, grouping === null ? 1 : grouping.count())
  }

  /** Adds rows of the groups that are there; the others are put aside. */
  addKnown(step: Batch): void {
    const batch = this.#filter(step)
    if (this.#grouping === null) {
      this.#take(batch)
      return
    }
    const keys = this.#keysOf(batch)
    const [known, unknown] = split(batch, this.#isKnown(batch, keys))
    this.#take(known)
    if (batchRowCount(unknown) === 0) return
    this.#aside ??= new Partitions(
      this.#context.spill as SpillSpace,
      batch.columns.map((column) => column.type),
      this.#depth,
    )
    this.#aside.add(unknown, keys)
  }

  #isKnown(batch: Batch, keys: readonly Column[]): (at: number, row: number) => boolean {
    if (!this.#accumulators.groupsText) {
      const ids = (this.#grouping as Grouping).find(batch, keys)
      return (at) => ids[at] !== NO_KEY
    }
    const ids = this.#accumulators.textGroups?.find(batch)
    return (at) => ids !== undefined && ids[at] !== NO_KEY
  }

  bytes(): number {
    return this.#accumulators.bytes() + (this.#grouping?.bytes() ?? 0)
  }

  *emit(): Steps {
    for (const batch of emit(this.#grouping, this.#groups, this.#accumulators, this.#pipeline.aggregates))
      yield this.#pipeline.sets === null ? batch : withMissingGroups(batch, this.#pipeline, this.#set)
  }

  /** Groups what was put aside, part by part. */
  *rest(): Steps {
    const pipeline = { ...this.#pipeline, predicates: [] }
    for (const file of this.#aside?.finish() ?? []) {
      if (file.rowCount > 0)
        yield* runSets(file.read(), pipeline, [this.#set], this.#context, this.#depth + 1)
      file.remove()
    }
  }

  remove(): void {
    this.#aside?.remove()
  }
}

function split(batch: Batch, isKnown: (at: number, row: number) => boolean): [Batch, Batch] {
  const known: number[] = []
  const unknown: number[] = []
  const count = batchRowCount(batch)
  for (let at = 0; at < count; at += 1) {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    if (isKnown(at, row)) known.push(row)
    else unknown.push(row)
  }
  const selected = (rows: readonly number[]): Batch => ({ ...batch, selection: Uint32Array.from(rows) })
  return [selected(known), selected(unknown)]
}

/** Puts the groups of a set in their places among all groups, nulls in those of the others, and the set's index last. */
function withMissingGroups(
  batch: Batch,
  { groups, sets }: AggregatePipeline,
  { places, index }: ChosenSet,
): Batch {
  const columns = groups.map((group, at) => {
    const place = places.indexOf(at)
    return place < 0 ? nullColumn(group.expression.type, batch.length) : (batch.columns[place] as Column)
  })
  columns.push(...batch.columns.slice(places.length))
  if (sets?.set)
    columns.push({
      layout: 'flat',
      type: sets.set.type,
      length: batch.length,
      validity: null,
      values: new Int32Array(batch.length).fill(index),
    })
  return makeBatch(columns, batch.length)
}

type Grouping = {
  idsOf(batch: Batch): Int32Array
  /** Gives the groups of rows, {@link NO_KEY} for those that have none. */
  find(batch: Batch, columns: readonly Column[]): Int32Array
  count(): number
  /** Gives a column of each group key, by group. */
  keyColumns(types: readonly DataType[]): readonly Column[]
  bytes(): number
}

function makeGrouping(
  groupCount: number,
  deciding: readonly number[],
  keysOf: (batch: Batch) => readonly Column[],
): Grouping {
  const interner = new KeyInterner(new Array<boolean>(deciding.length).fill(true))
  const decidingOf = (columns: readonly Column[]) => deciding.map((at) => columns[at] as Column)
  const keys = new GroupKeys(groupCount)
  return {
    idsOf(batch) {
      const columns = keysOf(batch)
      const ids = interner.intern(decidingOf(columns), batch)
      keys.add(columns, batch, ids, interner.count)
      return ids
    },
    find: (batch, columns) => interner.find(decidingOf(columns), batch),
    count: () => interner.count,
    keyColumns: (types) => keys.columns(types),
    bytes: () => interner.count * (BYTES_PER_GROUP + BYTES_PER_VALUE * groupCount),
  }
}

function* emit(
  grouping: Grouping | null,
  groups: readonly NamedExpression[],
  accumulators: ReturnType<typeof makeAccumulators>,
  aggregates: readonly AggregateExpression[],
): Generator<Batch, void, undefined> {
  const text = accumulators.textGroups
  const seen = text?.seenGroups() ?? numbered(text?.count ?? grouping?.count() ?? 1)
  const types = groups.map((group) => group.expression.type)
  const own = text === null ? (grouping?.keyColumns(types) ?? []) : []
  for (let start = 0; start < seen.length; start += OUTPUT_ROWS) {
    const ids = seen.subarray(start, start + OUTPUT_ROWS)
    const keys = text === null ? own.map((column) => rowsOf(column, ids)) : text.keyColumns(ids, types)
    yield makeBatch([...keys, ...aggregates.map((_, at) => accumulators.results(at, ids))], ids.length)
  }
}

function numbered(count: number): Int32Array {
  const ids = new Int32Array(count)
  for (let id = 0; id < count; id += 1) ids[id] = id
  return ids
}

/** Gives the rows of a slice of groups; the column itself where they are all of its rows. */
function rowsOf(column: Column, ids: Int32Array): Column {
  return ids.length === column.length ? column : takeColumn(column, Uint32Array.from(ids))
}
