import type { ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import type { ColumnId } from '../../expression/expression.ts'
import { bindOuters } from '../../plan/bind-outers.ts'
import type { ApplyPlan, LogicalPlan } from '../../plan/logical-plan.ts'
import { freeOuters } from '../../plan/traverse.ts'
import {
  type Batch,
  batchRowCount,
  type Column,
  columnReader,
  makeBatch,
  nullColumn,
} from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { takeColumn } from '../../types/take.ts'
import { groupKey, type Value } from '../../types/value.ts'
import { moreThanOneRow } from '../more-than-one-row.ts'
import { columnBytes, compactBatch, isBatch } from './steps.ts'

/** Results of the right side are kept up to this many rows in all; then they are forgotten. */
const MAX_KEPT_ROWS = 1_000_000
const OUTPUT_ROWS = 65_536

/**
 * Runs the right side once for each distinct list of the values that it reads of the left: what the optimizer could
 * not turn into joins. Output goes out batch by batch of the left.
 */
export function* runApply(
  plan: ApplyPlan,
  left: Steps,
  run: (right: LogicalPlan) => Steps,
  context: ExecutionContext,
): Steps {
  const right = new RightSide(plan, run, context)
  for (const step of left) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    yield* appliedBatch(plan, step, right)
  }
  right.release()
}

function* appliedBatch(plan: ApplyPlan, batch: Batch, right: RightSide): Steps {
  const keysAt = right.keyReader(batch)
  const rowCount = batchRowCount(batch)
  const isTest = plan.how === 'semi' || plan.how === 'anti'
  let rows: number[] = []
  let found: Batch[] = []
  for (let at = 0; at < rowCount; at += 1) {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    const result = yield* right.rowsFor(keysAt(row))
    if (plan.how === 'single' && result.length > 1) throw moreThanOneRow()
    if (isTest) {
      if (result.length > 0 === (plan.how === 'semi')) rows.push(row)
      continue
    }
    const given = result.length === 0 && plan.how !== 'inner' ? right.nothing : result
    for (let count = 0; count < given.length; count += 1) rows.push(row)
    if (given.length > 0) found.push(given)
    if (rows.length < OUTPUT_ROWS) continue
    yield combined(plan, batch, rows, found)
    rows = []
    found = []
  }
  if (rows.length === 0) return
  if (isTest) yield { ...batch, selection: Uint32Array.from(rows) }
  else yield combined(plan, batch, rows, found)
}

function combined(plan: ApplyPlan, batch: Batch, rows: readonly number[], found: readonly Batch[]): Batch {
  const taken = Uint32Array.from(rows)
  return makeBatch(
    [
      ...batch.columns.map((column) => takeColumn(column, taken)),
      ...plan.right.output.map((field, at) =>
        concatColumns(
          field.type,
          found.map((part) => part.columns[at] as Column),
        ),
      ),
    ],
    rows.length,
  )
}

/** Gives the rows that the right side has for values of the left, each list of values once. */
class RightSide {
  /** One row of nulls. */
  readonly nothing: Batch
  readonly #plan: ApplyPlan
  readonly #run: (right: LogicalPlan) => Steps
  readonly #context: ExecutionContext
  readonly #ids: readonly ColumnId[]
  readonly #known = new Map<unknown, Batch>()
  #keptRows = 0
  #reserved = 0

  constructor(plan: ApplyPlan, run: (right: LogicalPlan) => Steps, context: ExecutionContext) {
    this.#plan = plan
    this.#run = run
    this.#context = context
    const free = freeOuters(plan.right)
    this.#ids = plan.left.output.map((field) => field.id).filter((id) => free.has(id))
    this.nothing = makeBatch(
      plan.right.output.map((field) => nullColumn(field.type, 1)),
      1,
    )
  }

  /** Makes what reads, of a row of the left, the values that the right side refers to. */
  keyReader(batch: Batch): (row: number) => readonly Value[] {
    const { output } = this.#plan.left
    const readers = this.#ids.map((id) =>
      columnReader(batch.columns[output.findIndex((field) => field.id === id)] as Column),
    )
    return (row) => readers.map((read) => read(row) ?? null)
  }

  *rowsFor(values: readonly Value[]): Generator<Step, Batch, undefined> {
    const key = groupKey(values)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const bound = bindOuters(this.#plan.right, new Map(this.#ids.map((id, at) => [id, values[at]])))
    const batch = yield* this.#collected(this.#run(bound))
    this.#keep(key, batch)
    return batch
  }

  *#collected(steps: Steps): Generator<Step, Batch, undefined> {
    const parts: Batch[] = []
    let length = 0
    // Whether there is a row, or a second one, is known without the others.
    const enough =
      this.#plan.how === 'semi' || this.#plan.how === 'anti'
        ? 1
        : this.#plan.how === 'single'
          ? 2
          : Number.POSITIVE_INFINITY
    for (const step of steps) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      const part = compactBatch(step)
      parts.push(part)
      length += part.length
      if (length >= enough) break
    }
    const columns = this.#plan.right.output.map((field, at) =>
      concatColumns(
        field.type,
        parts.map((part) => part.columns[at] as Column),
      ),
    )
    return makeBatch(columns, length)
  }

  #keep(key: unknown, batch: Batch): void {
    if (this.#keptRows > MAX_KEPT_ROWS) {
      this.#known.clear()
      this.release()
      this.#keptRows = 0
    }
    const bytes = batch.columns.reduce((total, column) => total + columnBytes(column), ENTRY_BYTES)
    this.#context.reserve(bytes)
    this.#reserved += bytes
    this.#keptRows += batch.length + 1
    this.#known.set(key, batch)
  }

  release(): void {
    this.#context.release(this.#reserved)
    this.#reserved = 0
  }
}

const ENTRY_BYTES = 200
