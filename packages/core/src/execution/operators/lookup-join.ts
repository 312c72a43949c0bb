import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { TableSource } from '../../catalog/table-source.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { JoinPlan, ScanPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
import { MISSING, takeColumn } from '../../types/take.ts'
import { batchFilter, columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { scanRequest } from './scan.ts'
import { compactBatch, isBatch } from './steps.ts'

/**
 * Finds the right row of each left row: `present` holds the left rows that have one, `null` where all do; `columns` are
 * as long as the left ones, with nulls where there is none.
 */
type Lookup = (batch: Batch) => { readonly columns: readonly Column[]; readonly present: Uint32Array | null }

/** Joins by reading the right row of each left row from its table: by row id or by its whole key, so at most one. */
export function* runLookupJoin(
  plan: JoinPlan & { readonly right: ScanPlan },
  left: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const source = context.snapshot.source(plan.right.table)
  const lookup =
    plan.access === 'row-id'
      ? rowIdLookup(plan, source, context, mode)
      : keyLookup(plan, source, context, mode)
  const parameters = context.parameters
  const keep = batchFilter(plan.right.filters, { places: placesOf(plan.right.output), parameters, mode })
  const residual =
    plan.residual === null
      ? (batch: Batch): Batch => batch
      : batchFilter([plan.residual], {
          places: placesOf([...plan.left.output, ...plan.right.output]),
          parameters,
          mode,
        })
  for (const step of left) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const batch = compactBatch(step)
    const joined = joinBatch(plan, batch, lookup(batch), keep, residual)
    if (batchRowCount(joined) > 0) yield joined
    else yield null
  }
}

function joinBatch(
  plan: JoinPlan,
  left: Batch,
  { columns: right, present }: ReturnType<Lookup>,
  keep: (batch: Batch) => Batch,
  residual: (batch: Batch) => Batch,
): Batch {
  const kept = keep({ length: left.length, columns: right, selection: present })
  const matched = residual({
    length: left.length,
    columns: [...left.columns, ...right],
    selection: kept.selection,
  })
  switch (plan.how) {
    case 'semi':
      return { ...left, selection: matched.selection }
    case 'anti':
      return { ...left, selection: complement(left.length, matched.selection) }
    case 'left': {
      const rows = new Uint32Array(left.length).fill(MISSING)
      for (const row of matched.selection ?? rows.keys()) rows[row] = row
      return makeBatch(
        [...left.columns, ...right.map((column) => takeColumn(column, rows, true))],
        left.length,
      )
    }
    default:
      return matched
  }
}

function selectWhere(length: number, test: (row: number) => boolean): Uint32Array | null {
  const rows = new Uint32Array(length)
  let count = 0
  for (let row = 0; row < length; row += 1) {
    if (!test(row)) continue
    rows[count] = row
    count += 1
  }
  return count === length ? null : rows.subarray(0, count)
}

function complement(length: number, selection: Uint32Array | null): Uint32Array | null {
  if (selection === null) return new Uint32Array(0)
  const chosen = new Uint8Array(length)
  for (const row of selection) chosen[row] = 1
  return selectWhere(length, (row) => chosen[row] === 0)
}

function rowIdLookup(
  plan: JoinPlan & { readonly right: ScanPlan },
  source: TableSource,
  context: ExecutionContext,
  mode: EvaluationMode,
): Lookup {
  const request = scanRequest(plan.right, context.parameters).columns
  const [key] = plan.keys as [JoinPlan['keys'][number]]
  const evaluate = columnEvaluator(key.left, {
    places: placesOf(plan.left.output),
    parameters: context.parameters,
    mode,
  })
  return (batch) => {
    const ids = idsOf(evaluate(batch), batch.length)
    const { columns, found } = source.gather(ids, request)
    return { columns, present: selectWhere(batch.length, (row) => found[row] === 1) }
  }
}

/** Reads ids as numbers; -1, which no row has, for null and for what is no whole number. */
function idsOf(column: Column, length: number): Float64Array {
  const ids = new Float64Array(length)
  if (
    column.layout === 'flat' &&
    column.validity === null &&
    !(column.values instanceof BigInt64Array) &&
    !(column.values instanceof BigUint64Array)
  ) {
    ids.set(column.values)
    return ids
  }
  const read = columnReader(column)
  for (let row = 0; row < length; row += 1) {
    const value = read(row)
    ids[row] = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : -1
  }
  return ids
}

function keyLookup(
  plan: JoinPlan & { readonly right: ScanPlan },
  source: TableSource,
  context: ExecutionContext,
  mode: EvaluationMode,
): Lookup {
  const request = scanRequest(plan.right, context.parameters).columns
  const setting = { places: placesOf(plan.left.output), parameters: context.parameters, mode }
  const fields = plan.keys.map(
    (key) =>
      plan.right.columns.find((column) => key.right.kind === 'column' && column.id === key.right.id)?.field,
  )
  const evaluators = source.definition.key.map((field) =>
    columnEvaluator((plan.keys[fields.indexOf(field)] as JoinPlan['keys'][number]).left, setting),
  )
  return (batch) => {
    const readers = evaluators.map((evaluate) => columnReader(evaluate(batch)))
    const keys = Array.from({ length: batch.length }, (_, row) => readers.map((read) => read(row)))
    const { batch: rows, index } = source.lookup(keys, request)
    const compact = compactBatch(rows)
    const found = new Uint32Array(batch.length).fill(MISSING)
    for (let place = 0; place < index.length; place += 1) found[index[place] as number] = place
    return {
      columns: compact.columns.map((column) => takeColumn(column, found, true)),
      present: selectWhere(batch.length, (row) => found[row] !== MISSING),
    }
  }
}
