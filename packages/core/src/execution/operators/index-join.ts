import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { indexOver } from '../../catalog/index-match.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { JoinPlan, ScanPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
import { assert } from '../../types/errors.ts'
import { MISSING, takeColumn } from '../../types/take.ts'
import type { Value } from '../../types/value.ts'
import { batchFilter, columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { scanRequest } from './scan.ts'
import { compactBatch, isBatch } from './steps.ts'

/** Is rows of both sides that match: row `left[i]` of a batch with row i of the right columns. */
type Pairs = { readonly left: Uint32Array; readonly right: readonly Column[] }

/** Joins by asking an index of the right table for the rows that have the keys of each left row. */
export function* runIndexJoin(
  plan: JoinPlan & { readonly right: ScanPlan },
  left: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const pairsOf = matcher(plan, context, mode)
  for (const step of left) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const batch = compactBatch(step)
    const joined = joinBatch(plan, batch, pairsOf(batch))
    if (batchRowCount(joined) > 0) yield joined
    else yield null
  }
}

/** Makes what finds the pairs of a batch: those of the index that the filters of both sides keep. */
function matcher(
  plan: JoinPlan & { readonly right: ScanPlan },
  context: ExecutionContext,
  mode: EvaluationMode,
): (batch: Batch) => Pairs {
  const { right } = plan
  const source = context.snapshot.source(right.table)
  const found = indexOver(
    plan.keys.map((key) => key.right),
    right,
    source.definition,
  )
  assert(found !== null && found.index.name === plan.index, 'the index of a join is not there')
  const { parameters } = context
  const setting = { places: placesOf(plan.left.output), parameters, mode }
  const evaluators = found.order.map((at) =>
    columnEvaluator((plan.keys[at] as JoinPlan['keys'][number]).left, setting),
  )
  const columns = scanRequest(right, parameters).columns
  const keep = batchFilter(right.filters, { places: placesOf(right.output), parameters, mode })
  const residual = batchFilter(plan.residual === null ? [] : [plan.residual], {
    places: placesOf([...plan.left.output, ...right.output]),
    parameters,
    mode,
  })
  return (batch) => {
    const readers = evaluators.map((evaluate) => columnReader(evaluate(batch)))
    const keys: Value[][] = []
    for (let row = 0; row < batch.length; row += 1) keys.push(readers.map((read) => read(row)))
    const rows = source.indexLookup(found.index.name, keys, columns)
    const kept = keep(rows.batch)
    const both = residual({
      length: rows.batch.length,
      columns: [
        ...batch.columns.map((column) => takeColumn(column, rows.index, false)),
        ...rows.batch.columns,
      ],
      selection: kept.selection,
    })
    if (both.selection === null) return { left: rows.index, right: rows.batch.columns }
    const chosen = both.selection
    return {
      left: Uint32Array.from(chosen, (at) => rows.index[at] as number),
      right: rows.batch.columns.map((column) => takeColumn(column, chosen, false)),
    }
  }
}

function joinBatch(plan: JoinPlan, batch: Batch, pairs: Pairs): Batch {
  switch (plan.how) {
    case 'semi':
      return { ...batch, selection: rowsWhere(batch.length, pairs.left, true) }
    case 'anti':
      return { ...batch, selection: rowsWhere(batch.length, pairs.left, false) }
    case 'left':
      return withUnmatched(batch, pairs)
    default: {
      const left = batch.columns.map((column) => takeColumn(column, pairs.left, false))
      return makeBatch([...left, ...pairs.right], pairs.left.length)
    }
  }
}

/** Gives the rows that are among matched ones, or those that are not. */
function rowsWhere(length: number, matched: Uint32Array, among: boolean): Uint32Array {
  const flags = new Uint8Array(length)
  for (const row of matched) flags[row] = 1
  const rows = new Uint32Array(length)
  let count = 0
  for (let row = 0; row < length; row += 1) {
    if ((flags[row] === 1) !== among) continue
    rows[count] = row
    count += 1
  }
  return rows.subarray(0, count)
}

/** Puts the left rows without a match among the pairs, in the order of the left rows. */
function withUnmatched(batch: Batch, { left, right }: Pairs): Batch {
  const alone = rowsWhere(batch.length, left, false)
  const total = left.length + alone.length
  const leftRows = new Uint32Array(total)
  const rightRows = new Uint32Array(total)
  let pair = 0
  let single = 0
  for (let at = 0; at < total; at += 1) {
    const isPair =
      single >= alone.length || (pair < left.length && (left[pair] as number) < (alone[single] as number))
    leftRows[at] = (isPair ? left[pair] : alone[single]) as number
    rightRows[at] = isPair ? pair : MISSING
    if (isPair) pair += 1
    else single += 1
  }
  const columns = [
    ...batch.columns.map((column) => takeColumn(column, leftRows, false)),
    ...right.map((column) => takeColumn(column, rightRows, true)),
  ]
  return makeBatch(columns, total)
}
