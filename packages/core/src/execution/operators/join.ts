import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { Expression } from '../../expression/expression.ts'
import { type Places, placesOf } from '../../expression/interpret.ts'
import type { JoinKind, JoinPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, makeBatch } from '../../types/column.ts'
import { MISSING, takeColumn } from '../../types/take.ts'
import { batchFilter, columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { KeyInterner, NO_KEY } from '../key-interner.ts'
import { moreThanOneRow } from '../more-than-one-row.ts'
import { collect, isBatch } from './steps.ts'

/** Pairs of rows are given in batches of about this many. */
const OUTPUT_ROWS = 65_536

/** Is the right input of a join with its rows chained by key. */
type BuildSide = {
  readonly batch: Batch
  readonly keys: KeyInterner
  /** First row of each key, -1 for none. */
  readonly heads: Int32Array
  /** Next row of the same key, -1 at the end. */
  readonly next: Int32Array
  /** Rows that some left row matched: for right and full joins. */
  readonly matched: Uint8Array | null
  /** Tells which columns are given as codes into the batch itself instead of copies of their values. */
  readonly byCode: readonly boolean[]
}

/** Joins by hashing the right input and looking up the left, whose order is kept. */
export function* runJoin(
  plan: JoinPlan,
  left: Steps,
  right: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const gathered = yield* collect(
    right,
    plan.right.output.map((field) => field.type),
    context,
  )
  const build = buildSide(plan, gathered.batch, context, mode)
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

function buildSide(plan: JoinPlan, batch: Batch, context: ExecutionContext, mode: EvaluationMode): BuildSide {
  const keys = new KeyInterner(plan.keys.map((key) => key.nullsEqual === true))
  const columnsOf = keyEvaluators(
    plan.keys.map((key) => key.right),
    placesOf(plan.right.output),
    context,
    mode,
  )
  const ids = keys.intern(columnsOf(batch), batch)
  const heads = new Int32Array(keys.count).fill(-1)
  const next = new Int32Array(batch.length).fill(-1)
  // Backwards, so that a chain gives its rows in their own order.
  for (let row = batch.length - 1; row >= 0; row -= 1) {
    const id = ids[row] as number
    if (id === NO_KEY) continue
    next[row] = heads[id] as number
    heads[id] = row
  }
  const matched = plan.how === 'right' || plan.how === 'full' ? new Uint8Array(batch.length) : null
  return {
    batch,
    keys,
    heads,
    next,
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
  const keyIds = (batch: Batch): Int32Array => build.keys.find(columnsOf(batch), batch)
  if ((plan.how === 'semi' || plan.how === 'anti') && residual === null)
    return (batch) => existing(batch, keyIds(batch), build, plan.how === 'semi')
  return function* probe(batch) {
    const ids = keyIds(batch)
    const pairs = new PairCursor(batch, ids, build)
    const found = new Uint8Array(ids.length)
    for (;;) {
      const chunk = pairs.next(OUTPUT_ROWS)
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
function* existing(batch: Batch, ids: Int32Array, build: BuildSide, wanted: boolean): Iterable<Batch> {
  const selection = new Uint32Array(ids.length)
  let count = 0
  for (let at = 0; at < ids.length; at += 1) {
    const id = ids[at] as number
    if ((id !== NO_KEY && id < build.heads.length && (build.heads[id] as number) >= 0) !== wanted) continue
    selection[count] = batch.selection === null ? at : (batch.selection[at] as number)
    count += 1
  }
  if (count > 0) yield { ...batch, selection: selection.subarray(0, count) }
}

type Pairs = { readonly left: Uint32Array; readonly right: Uint32Array; readonly places: Uint32Array }

/** Walks the pairs of left rows and right rows with equal keys, a chunk at a time. */
class PairCursor {
  readonly #batch: Batch
  readonly #ids: Int32Array
  readonly #build: BuildSide
  #at = 0
  #row = -1
  #open = false

  constructor(batch: Batch, ids: Int32Array, build: BuildSide) {
    this.#batch = batch
    this.#ids = ids
    this.#build = build
  }

  next(limit: number): Pairs | null {
    const { heads, next } = this.#build
    const { selection } = this.#batch
    const left = new Uint32Array(limit)
    const right = new Uint32Array(limit)
    const places = new Uint32Array(limit)
    let count = 0
    while (this.#at < this.#ids.length && count < limit) {
      if (!this.#open) {
        const id = this.#ids[this.#at] as number
        this.#row = id === NO_KEY || id >= heads.length ? -1 : (heads[id] as number)
        this.#open = true
      }
      while (this.#row >= 0 && count < limit) {
        left[count] = selection === null ? this.#at : (selection[this.#at] as number)
        right[count] = this.#row
        places[count] = this.#at
        count += 1
        this.#row = next[this.#row] as number
      }
      if (this.#row < 0) {
        this.#at += 1
        this.#open = false
      }
    }
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
  const right = build.batch.columns.map((column, at): Column => {
    if (build.byCode[at] !== true) return takeColumn(column, rightRows)
    return {
      layout: 'dictionary',
      type: column.type,
      length: rightRows.length,
      validity: null,
      codes: rightRows,
      dictionary: column,
    }
  })
  return makeBatch([...left.columns.map((column) => takeColumn(column, leftRows)), ...right], leftRows.length)
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
