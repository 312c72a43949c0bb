import type { DataType } from 'apache-arrow'
import type { ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import { type Batch, batchRowCount, type Column, makeBatch } from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { takeColumn } from '../../types/take.ts'

/** Tells whether a step is a batch, and not a pause. */
export function isBatch(step: Step): step is Batch {
  return step !== null && !(step instanceof Promise)
}

/** Gives a batch without a selection: selected rows copied together. */
export function compactBatch(batch: Batch): Batch {
  const { selection } = batch
  if (selection === null) return batch
  return makeBatch(
    batch.columns.map((column) => takeColumn(column, selection)),
    selection.length,
  )
}

/** Gives rows of a batch by their place among the selected rows. */
export function takeRows(batch: Batch, rows: Uint32Array): readonly Column[] {
  return batch.columns.map((column) => takeColumn(column, rows))
}

const OUTPUT_ROWS = 65_536

/** Gives a batch without a selection in batches of the usual size. */
export function* inBatches(batch: Batch): Generator<Batch, void, undefined> {
  if (batch.length <= OUTPUT_ROWS) {
    if (batch.length > 0) yield batch
    return
  }
  for (let start = 0; start < batch.length; start += OUTPUT_ROWS) {
    const rows = new Uint32Array(Math.min(OUTPUT_ROWS, batch.length - start))
    for (let at = 0; at < rows.length; at += 1) rows[at] = start + at
    yield makeBatch(takeRows(batch, rows), rows.length)
  }
}

/** Changes each batch of a running operator; pauses are handed on, empty batches left out. */
export function* mapSteps(input: Steps, change: (batch: Batch) => Batch): Steps {
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const batch = change(step)
    if (batchRowCount(batch) > 0) yield batch
  }
}

/** Estimates the bytes that a column holds. */
export function columnBytes(column: Column): number {
  switch (column.layout) {
    case 'flat':
    case 'bit':
      return column.values.byteLength
    case 'bytes':
      return column.offsets.byteLength + ((column.offsets[column.length] ?? 0) - (column.offsets[0] ?? 0))
    case 'dictionary':
      return column.codes.byteLength
    case 'boxed':
      return column.length * 32
    case 'list':
      return column.offsets.byteLength + columnBytes(column.child)
    case 'fixed':
      return columnBytes(column.child)
    case 'struct':
      return column.children.reduce((total, child) => total + columnBytes(child), 0)
  }
}

/** Runs an operator to its end and joins its rows into one batch; accounts for the memory until `release`. */
export function* collect(
  input: Steps,
  types: readonly DataType[],
  context: ExecutionContext,
): Generator<Step, { readonly batch: Batch; readonly release: () => void }, undefined> {
  const parts: Batch[] = []
  let reserved = 0
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const part = compactBatch(step)
    if (part.length > 0) {
      const bytes = part.columns.reduce((total, column) => total + columnBytes(column), 0)
      context.reserve(bytes)
      reserved += bytes
      parts.push(part)
    }
    yield null
  }
  const length = parts.reduce((total, part) => total + part.length, 0)
  const columns = types.map((type, at) =>
    concatColumns(
      type,
      parts.map((part) => part.columns[at] as Column),
    ),
  )
  return { batch: makeBatch(columns, length), release: () => context.release(reserved) }
}
