import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { Expression } from '../../expression/expression.ts'
import { type Places, placesOf } from '../../expression/interpret.ts'
import type { JoinKind, JoinPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, makeBatch } from '../../types/column.ts'
import { MISSING, takeColumn } from '../../types/take.ts'
import { batchFilter, columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { buildJoinTable, type JoinTable } from '../join-table.ts'
import { moreThanOneRow } from '../more-than-one-row.ts'
import { announceKeys, type RuntimeFilters } from '../runtime-filters.ts'
import { collect, isBatch } from './steps.ts'

/** Pairs of rows are given in batches of about this many. */
const OUTPUT_ROWS = 65_536
/** Room is made for so many pairs at least, however few rows a batch has. */
const LEAST_PAIRS = 256

/** Is the right input of a join with its rows chained by key. */
type BuildSide = {
  readonly batch: Batch
  readonly table: JoinTable
  /** Rows that some left row matched: for right and full joins. */
  readonly matched: Uint8Array | null
  /** Tells which columns are given as codes into the batch itself instead of copies of their values. */
  readonly byCode: readonly boolean[]
}

/**
 * Joins by hashing the right input and looking up the left, whose order is kept. The keys of the right input are told
 * to the scans of the left one before these start.
 */
export function* runJoin(
  plan: JoinPlan,
  left: Steps,
  right: Steps,
  filters: RuntimeFilters,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const gathered = yield* collect(
    right,
    plan.right.output.map((field) => field.type),
    context,
  )
  const build = buildSide(plan, gathered.batch, filters, context, mode)
  if (
    build.batch.length === 0 &&
    (plan.how === 'inner' || plan.how === 'semi' || plan.how === 'cross' || plan.how === 'right')
  ) {
    gathered.release()
    return
  }
  const probe = makeProbe(plan, build, context, mode)
  for (const step of left) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    yield* probe(step)
  }
  if (build.matched !== null) {
    const rest = unmatchedRight(plan, build)
    if (rest !== null) yield rest
  }
  gathered.release()
}

function keyEvaluators(
  expressions: readonly Expression[],
  places: Places,
  context: ExecutionContext,
  mode: EvaluationMode,
) {
  const evaluators = expressions.map((expression) =>
    columnEvaluator(expression, { places, parameters: context.parameters, mode }),
  )
  return (batch: Batch): Column[] => evaluators.map((evaluate) => evaluate(batch))
}

function buildSide(
  plan: JoinPlan,
  batch: Batch,
  filters: RuntimeFilters,
  context: ExecutionContext,
  mode: EvaluationMode,
): BuildSide {
  const columns = keyEvaluators(
    plan.keys.map((key) => key.right),
    placesOf(plan.right.output),
    context,
    mode,
  )(batch)
  const table = buildJoinTable(
    columns,
    batch,
    plan.keys.map((key) => key.nullsEqual === true),
  )
  announceKeys(plan, columns, batch.length, filters)
  const matched = plan.how === 'right' || plan.how === 'full' ? new Uint8Array(batch.length) : null
  return {
    batch,
    table,
    matched,
    byCode: batch.columns.map((column) => isGivenByCode(column, batch.length)),
  }
}

type Probe = (batch: Batch) => Iterable<Batch>

function makeProbe(plan: JoinPlan, build: BuildSide, context: ExecutionContext, mode: EvaluationMode): Probe {
  const columnsOf = keyEvaluators(
    plan.keys.map((key) => key.left),
    placesOf(plan.left.output),
    context,
    mode,
  )
  const residual =
    plan.residual === null
      ? null
      : batchFilter([plan.residual], {
          places: placesOf([...plan.left.output, ...plan.right.output]),
          parameters: context.parameters,
          mode,
        })
  const firstRows = (batch: Batch): Int32Array => build.table.first(columnsOf(batch), batch)
  if ((plan.how === 'semi' || plan.how === 'anti') && residual === null)
    return (batch) => existing(batch, firstRows(batch), plan.how === 'semi')
  if ((plan.how === 'inner' || plan.how === 'cross') && build.table.next === null)
    return (batch) => joinOne(batch, firstRows(batch), build, residual)
  return function* probe(batch) {
    const first = firstRows(batch)
    const pairs = new PairCursor(batch, first, build.table.next)
    const found = new Uint8Array(first.length)
    for (;;) {
      const chunk = pairs.next(Math.min(OUTPUT_ROWS, Math.max(LEAST_PAIRS, 2 * first.length)))
      if (chunk === null) break
      const joined = joinRows(batch, build, chunk.left, chunk.right)
      const kept = residual === null ? joined : residual(joined)
      if (plan.how === 'single') requireSingle(chunk, kept, found)
      markMatches(chunk, kept, found, build.matched)
      if (plan.how !== 'semi' && plan.how !== 'anti' && batchRowCount(kept) > 0) yield kept
    }
    yield* unmatchedLeft(plan.how, batch, found, build)
  }
}

/** Gives the rows of a batch that have a match, or those that have none. */
function* existing(batch: Batch, first: Int32Array, wanted: boolean): Iterable<Batch> {
  const selection = new Uint32Array(first.length)
  let count = 0
  for (let at = 0; at < first.length; at += 1) {
    if ((first[at] as number) >= 0 !== wanted) continue
    selection[count] = batch.selection === null ? at : (batch.selection[at] as number)
    count += 1
  }
  if (count > 0) yield { ...batch, selection: selection.subarray(0, count) }
}

/** Where fewer of a batch's rows have a match, they are copied together. */
const SPREAD_SHARE = 0.25

/**
 * Joins rows with at most one match each: the columns of the left side stay as they are under a selection, those of the
 * right side are put beside them.
 */
function* joinOne(
  batch: Batch,
  first: Int32Array,
  build: BuildSide,
  residual: ((batch: Batch) => Batch) | null,
): Iterable<Batch> {
  const selection = new Uint32Array(first.length)
  const right = new Uint32Array(first.length)
  let count = 0
  for (let at = 0; at < first.length; at += 1) {
    const row = first[at] as number
    if (row < 0) continue
    selection[count] = batch.selection === null ? at : (batch.selection[at] as number)
    right[count] = row
    count += 1
  }
  if (count === 0) return
  const matched = selection.subarray(0, count)
  const rows = right.subarray(0, count)
  const spreads = count >= batch.length * SPREAD_SHARE
  const joined = spreads ? spreadRows(batch, build, matched, rows) : joinRows(batch, build, matched, rows)
  const kept = residual === null ? joined : residual(joined)
  if (batchRowCount(kept) > 0) yield kept
}

function spreadRows(batch: Batch, build: BuildSide, matched: Uint32Array, rows: Uint32Array): Batch {
  if (matched.length === batch.length)
    return makeBatch([...batch.columns, ...rightColumns(build, rows)], batch.length)
  // Rows without a match hold the first right row, and are not selected.
  const spread = new Uint32Array(batch.length)
  for (let at = 0; at < matched.length; at += 1) spread[matched[at] as number] = rows[at] as number
  return makeBatch([...batch.columns, ...rightColumns(build, spread)], batch.length, matched)
}

type Pairs = { readonly left: Uint32Array; readonly right: Uint32Array; readonly places: Uint32Array }

/** Walks the pairs of left rows and right rows with equal keys, a chunk at a time. */
class PairCursor {
  readonly #selection: Uint32Array | null
  readonly #first: Int32Array
  readonly #next: Int32Array | null
  #at = 0
  #row: number

  constructor(batch: Batch, first: Int32Array, next: Int32Array | null) {
    this.#selection = batch.selection
    this.#first = first
    this.#next = next
    this.#row = first[0] ?? -1
  }

  next(limit: number): Pairs | null {
    const selection = this.#selection
    const first = this.#first
    const next = this.#next
    const left = new Uint32Array(limit)
    const right = new Uint32Array(limit)
    const places = new Uint32Array(limit)
    let count = 0
    let at = this.#at
    let row = this.#row
    while (at < first.length && count < limit) {
      if (row < 0) {
        at += 1
        row = at < first.length ? (first[at] as number) : -1
        continue
      }
      left[count] = selection === null ? at : (selection[at] as number)
      right[count] = row
      places[count] = at
      count += 1
      row = next === null ? -1 : (next[row] as number)
    }
    this.#at = at
    this.#row = row
    if (count === 0) return null
    return {
      left: left.subarray(0, count),
      right: right.subarray(0, count),
      places: places.subarray(0, count),
    }
  }
}

/** Larger build sides are copied: their columns would be decoded whole. */
const MAX_CODED_ROWS = 131_072

/**
 * Tells whether a column of the build side is better given as a dictionary column over the build side: text and boxed
 * values without nulls. What groups or filters by it then works once a build row.
 */
function isGivenByCode(column: Column, length: number): boolean {
  if (length > MAX_CODED_ROWS) return false
  if (column.layout === 'bytes') return column.validity === null
  return column.layout === 'boxed' && column.values.every((value) => value !== null && value !== undefined)
}

function joinRows(left: Batch, build: BuildSide, leftRows: Uint32Array, rightRows: Uint32Array): Batch {
  const columns = left.columns.map((column) => takeColumn(column, leftRows))
  return makeBatch([...columns, ...rightColumns(build, rightRows)], leftRows.length)
}

function rightColumns(build: BuildSide, rows: Uint32Array): Column[] {
  return build.batch.columns.map((column, at): Column => {
    if (build.byCode[at] !== true) return takeColumn(column, rows)
    return {
      layout: 'dictionary',
      type: column.type,
      length: rows.length,
      validity: null,
      codes: rows,
      dictionary: column,
    }
  })
}

/** @throws `VALUE` where a left row has a second match */
function requireSingle(pairs: Pairs, kept: Batch, found: Uint8Array): void {
  const count = batchRowCount(kept)
  let last = -1
  for (let at = 0; at < count; at += 1) {
    const place = pairs.places[kept.selection === null ? at : (kept.selection[at] as number)] as number
    // The pairs of a left row stand side by side.
    if (place === last || found[place] === 1) throw moreThanOneRow()
    last = place
  }
}

function markMatches(pairs: Pairs, kept: Batch, found: Uint8Array, matched: Uint8Array | null): void {
  const count = batchRowCount(kept)
  for (let at = 0; at < count; at += 1) {
    const pair = kept.selection === null ? at : (kept.selection[at] as number)
    found[pairs.places[pair] as number] = 1
    if (matched !== null) matched[pairs.right[pair] as number] = 1
  }
}

/** Gives what a join says of the left rows as a whole: unmatched ones with nulls, or those that exist or do not. */
function* unmatchedLeft(how: JoinKind, batch: Batch, found: Uint8Array, build: BuildSide): Iterable<Batch> {
  if (how === 'inner' || how === 'right' || how === 'cross') return
  const wanted = how === 'semi' ? 1 : 0
  const rows = new Uint32Array(found.length)
  let count = 0
  for (let at = 0; at < found.length; at += 1) {
    if (found[at] !== wanted) continue
    rows[count] = batch.selection === null ? at : (batch.selection[at] as number)
    count += 1
  }
  if (count === 0) return
  const selection = rows.subarray(0, count)
  if (how === 'semi' || how === 'anti') yield { ...batch, selection }
  else {
    const missing = new Uint32Array(count).fill(MISSING)
    yield makeBatch(
      [
        ...batch.columns.map((column) => takeColumn(column, selection)),
        ...build.batch.columns.map((column) => takeColumn(column, missing, true)),
      ],
      count,
    )
  }
}

function unmatchedRight(plan: JoinPlan, build: BuildSide): Batch | null {
  const matched = build.matched as Uint8Array
  const rows: number[] = []
  for (let row = 0; row < matched.length; row += 1) if (matched[row] === 0) rows.push(row)
  if (rows.length === 0) return null
  const right = Uint32Array.from(rows)
  const leftColumns = plan.left.output.map(
    (field) =>
      ({
        layout: 'boxed',
        type: field.type,
        length: rows.length,
        values: new Array(rows.length).fill(null),
      }) as const,
  )
  return makeBatch(
    [...leftColumns, ...build.batch.columns.map((column) => takeColumn(column, right))],
    rows.length,
  )
}
