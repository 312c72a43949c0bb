import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { SpillSpace } from '../../catalog/spill.ts'
import { call, column as columnExpression } from '../../expression/build.ts'
import { castTarget } from '../../expression/functions/cast.ts'
import { interpretExpression, placesOf } from '../../expression/interpret.ts'
import type { DistinctPlan, PlanField, SetOperationPlan, UnionPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { typeName, types, typesEqual } from '../../types/data-type.ts'
import type { Value } from '../../types/value.ts'
import { KeyInterner, NO_KEY } from '../key-interner.ts'
import { canSpill, Partitions } from '../spill/partitions.ts'
import { isBatch, mapSteps } from './steps.ts'

/** Makes what keeps the rows of batches that have not been seen before, nulls being equal. */
export function distinctFilter(columnCount: number): (batch: Batch) => Batch {
  const interner = new KeyInterner(new Array<boolean>(columnCount).fill(true))
  let known = 0
  return (batch) => {
    if (columnCount === 0) {
      const first = known === 0
      known = 1
      return first
        ? {
            ...batch,
            selection: Uint32Array.of(batch.selection === null ? 0 : (batch.selection[0] as number)),
          }
        : { ...batch, selection: new Uint32Array(0) }
    }
    const ids = interner.intern(batch.columns, batch)
    const selection = new Uint32Array(ids.length)
    let count = 0
    for (let at = 0; at < ids.length; at += 1) {
      if (ids[at] !== known) continue
      selection[count] = batch.selection === null ? at : (batch.selection[at] as number)
      count += 1
      known += 1
    }
    return { ...batch, selection: selection.subarray(0, count) }
  }
}

/**
 * Gives each distinct row once: its first. When there is no room for more, rows that are not known are put aside on
 * disk in parts, which are looked at one after the other.
 */
export function* runDistinct(plan: DistinctPlan, input: Steps, context: ExecutionContext, depth = 0): Steps {
  if (plan.output.length === 0) {
    yield* mapSteps(input, distinctFilter(0))
    return
  }
  const memory = new DistinctRows(plan, context, depth)
  try {
    for (const step of input) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      const fresh = memory.add(step)
      yield batchRowCount(fresh) > 0 ? fresh : null
    }
    memory.release()
    for (const file of memory.aside?.finish() ?? [])
      if (file.rowCount > 0) yield* runDistinct(plan, file.read(), context, depth + 1)
  } finally {
    memory.release()
    memory.aside?.remove()
  }
}

/** Holds the rows seen, as far as there is room. */
class DistinctRows {
  aside: Partitions | null = null
  readonly #interner: KeyInterner
  readonly #types: readonly PlanField['type'][]
  readonly #context: ExecutionContext
  readonly #depth: number
  readonly #bytesPerRow: number
  #reserved = 0
  #known = 0

  constructor(plan: DistinctPlan, context: ExecutionContext, depth: number) {
    this.#interner = new KeyInterner(plan.output.map(() => true))
    this.#types = plan.output.map((field) => field.type)
    this.#context = context
    this.#depth = depth
    this.#bytesPerRow = BYTES_PER_KEY + BYTES_PER_VALUE * plan.output.length
  }

  /** Gives the rows that are new. */
  add(batch: Batch): Batch {
    const most = batchRowCount(batch) * this.#bytesPerRow
    const isFull = this.aside !== null || !this.#context.tryReserve(most)
    if (isFull && canSpill(this.#context, this.#depth)) return this.#putAside(batch)
    if (isFull) this.#context.reserve(most)
    this.#reserved += most
    const ids = this.#interner.intern(batch.columns, batch)
    const fresh = selectRows(batch, ids, (id) => this.#isNew(id))
    const used = this.#interner.count * this.#bytesPerRow
    this.#context.release(this.#reserved - used)
    this.#reserved = used
    return fresh
  }

  /** New ids appear in ascending order. */
  #isNew(id: number): boolean {
    if (id !== this.#known) return false
    this.#known += 1
    return true
  }

  #putAside(batch: Batch): Batch {
    const ids = this.#interner.find(batch.columns, batch)
    const unknown = selectRows(batch, ids, (id) => id === NO_KEY)
    this.aside ??= new Partitions(this.#context.spill as SpillSpace, this.#types, this.#depth)
    if (batchRowCount(unknown) > 0) this.aside.add(unknown, batch.columns)
    return { ...batch, selection: new Uint32Array(0) }
  }

  release(): void {
    this.#context.release(this.#reserved)
    this.#reserved = 0
  }
}

/** Gives the rows of all inputs, one input after the other. */
export function* runUnion(plan: UnionPlan, inputs: readonly (() => Steps)[]): Steps {
  for (let at = 0; at < inputs.length; at += 1) {
    const arrange = arrangement(plan, at)
    for (const step of (inputs[at] as () => Steps)()) {
      if (!isBatch(step)) yield step
      else if (batchRowCount(step) > 0) yield arrange(step)
    }
  }
}

/** Gives the rows of the first input that the second has too, or that it has not. */
export function* runSetOperation(
  plan: SetOperationPlan,
  inputs: readonly [() => Steps, () => Steps],
  context: ExecutionContext,
): Steps {
  const interner = new KeyInterner(plan.output.map(() => true))
  const counts = new KeyCounts()
  let reserved = 0
  const account = (): void => {
    const bytes = interner.count * (BYTES_PER_KEY + BYTES_PER_VALUE * plan.output.length)
    if (bytes > reserved) context.reserve(bytes - reserved)
    reserved = Math.max(bytes, reserved)
  }
  const second = arrangement(plan, 1)
  for (const step of inputs[1]()) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const batch = second(step)
    counts.add(interner.intern(batch.columns, batch))
    account()
    yield null
  }
  const first = arrangement(plan, 0)
  const keeps = counts.filter(plan.kind === 'intersect', plan.all)
  for (const step of inputs[0]()) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const batch = first(step)
    // A row that the second input has not needs an id where it is given only once.
    const isNew = plan.kind === 'except' && !plan.all
    const ids = isNew ? interner.intern(batch.columns, batch) : interner.find(batch.columns, batch)
    const kept = selectRows(batch, ids, keeps)
    account()
    if (batchRowCount(kept) > 0) yield kept
    else yield null
  }
  context.release(reserved)
}

const BYTES_PER_KEY = 40
const BYTES_PER_VALUE = 24

/** Counts rows by key. */
class KeyCounts {
  #counts = new Float64Array(1024)

  add(ids: Int32Array): void {
    for (const id of ids) this.#set(id, this.#of(id) + 1)
  }

  /** Makes what decides, row after row, whether a row of the first input is given. */
  filter(wanted: boolean, all: boolean): (id: number) => boolean {
    if (all) {
      return (id) => {
        const left = id === NO_KEY ? 0 : this.#of(id)
        if (left > 0) this.#set(id, left - 1)
        return left > 0 === wanted
      }
    }
    const given = new Set<number>()
    return (id) => {
      const isThere = id !== NO_KEY && this.#of(id) > 0
      if (isThere !== wanted || given.has(id)) return false
      given.add(id)
      return true
    }
  }

  #of(id: number): number {
    return this.#counts[id] ?? 0
  }

  #set(id: number, count: number): void {
    if (id >= this.#counts.length) {
      const larger = new Float64Array(Math.max(id + 1, this.#counts.length * 2))
      larger.set(this.#counts)
      this.#counts = larger
    }
    this.#counts[id] = count
  }
}

function selectRows(batch: Batch, ids: Int32Array, keeps: (id: number) => boolean): Batch {
  const selection = new Uint32Array(ids.length)
  let count = 0
  for (let at = 0; at < ids.length; at += 1) {
    if (!keeps(ids[at] as number)) continue
    selection[count] = batch.selection === null ? at : (batch.selection[at] as number)
    count += 1
  }
  return { ...batch, selection: selection.subarray(0, count) }
}

function arrangement(plan: UnionPlan | SetOperationPlan, at: number): (batch: Batch) => Batch {
  const output = (plan.inputs[at] as { output: readonly PlanField[] }).output
  const ids = plan.columns[at] as readonly number[]
  const places = ids.map((id) => output.findIndex((field) => field.id === id))
  const convert = places.map((place, to) =>
    converter(output[place] as PlanField, plan.output[to] as PlanField),
  )
  return (batch) => ({
    ...batch,
    columns: places.map((place, to) =>
      (convert[to] as (column: Column, batch: Batch) => Column)(batch.columns[place] as Column, batch),
    ),
  })
}

function converter(from: PlanField, to: PlanField): (column: Column, batch: Batch) => Column {
  if (typesEqual(from.type, to.type)) return (column) => column
  if (typeName(from.type) === 'null')
    return (column) => ({
      layout: 'boxed',
      type: to.type,
      length: column.length,
      values: new Array(column.length).fill(null),
    })
  const target = castTarget(to.type)
  const cast = target === undefined ? columnExpression(from) : call(`cast.${target}`, columnExpression(from))
  const evaluate = interpretExpression(cast, placesOf([from]), new Map())
  return (column, batch) => {
    const readers = [columnReader(column)]
    const converted = new Array<Value>(column.length).fill(null)
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      converted[index] = evaluate(readers, index, [])
    }
    return columnFromValues(target === undefined ? types.variant : to.type, converted)
  }
}
