import {
  type Column,
  columnReader,
  groupKey,
  planField,
  type RowBatch,
  SheafError,
  type TableDefinition,
  takeColumn,
  types,
  type Value,
  values,
  type WriteTransaction,
} from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { quoteIdentifier } from '../language/quote.ts'
import type { Assignment, OnConflict, Piece } from '../language/statement.ts'
import { optionsOf, type TableOptions } from '../layout/options.ts'
import { tableScan } from '../layout/relations.ts'
import { assignedColumns, writeChanges } from './change-rows.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { completeRows, writeRows } from './insert-rows.ts'
import { affected, relationText, type Target } from './returning.ts'
import { collectColumns, gatherRows, readRowIds, rowIdColumn } from './table-rows.ts'
import { findExisting, uniqueSets } from './unique.ts'

type Wanted = { readonly onConflict: OnConflict; readonly returning: Piece | null }

/** Inserts rows, and does what ON CONFLICT says where a row is there already. */
export async function insertOrChange(
  transaction: WriteTransaction,
  target: Target,
  offered: RowBatch,
  { onConflict, returning }: Wanted,
  given: StatementContext,
): Promise<StatementResult> {
  const { collection } = target
  const rows = completeRows(collection, offered)
  const named = onConflict.action === 'replace' ? [] : onConflict.columns
  const sets = conflictSets(target, named, onConflict.action)
  const split = splitRows(transaction, target, rows, sets)
  if (onConflict.action === 'nothing') {
    const fresh = takeRows(rows, split.fresh)
    const { rowIds } = await writeRows(transaction, collection, fresh, given)
    return affected(transaction, target, rowIds, returning, given)
  }
  if (split.repeated.length > 0 && onConflict.action === 'update')
    throw new SheafError(
      'CONSTRAINT',
      'ON CONFLICT DO UPDATE would change a row twice. Give each key once in a statement.',
    )
  const fresh = await writeRows(transaction, collection, takeRows(rows, split.fresh), given)
  const set =
    onConflict.action === 'update' ? onConflict.set : replaceAll(collection.options as TableOptions, sets)
  const where = onConflict.action === 'update' ? onConflict.where : null
  const existing =
    onConflict.action === 'replace'
      ? [...split.taken, ...againstOwn(transaction, target, rows, split, sets)]
      : split.taken
  const changed = await change(
    transaction,
    target,
    takeRows(
      rows,
      existing.map((item) => item.row),
    ),
    existing.map((item) => item.rowId),
    { set, where },
    given,
  )
  return affected(transaction, target, Float64Array.from([...fresh.rowIds, ...changed]), returning, given)
}

/** Takes some rows of a batch. */
function takeRows(rows: RowBatch, indexes: readonly number[]): RowBatch {
  const taken = Uint32Array.from(indexes)
  return {
    fields: rows.fields,
    columns: rows.columns.map((column) => takeColumn(column, taken)),
    length: taken.length,
  }
}

/** Tells the column sets by which a conflict is found: those named; without names the key, or for DO NOTHING all. */
function conflictSets(
  { collection }: Target,
  named: readonly string[],
  action: OnConflict['action'],
): readonly (readonly string[])[] {
  const { key } = collection.tables[0] as TableDefinition
  const sets = [...(key.length > 0 ? [key] : []), ...uniqueSets(collection)]
  if (sets.length === 0)
    throw new SheafError('TYPE', `The table has no key to conflict on. Declare one: ${collection.name}`)
  if (named.length === 0) {
    if (action !== 'nothing' && sets.length > 1)
      throw new SheafError(
        'TYPE',
        `The table has several unique keys. Name the columns after ON CONFLICT: ${collection.name}`,
      )
    return sets
  }
  const wanted = new Set(named.map((name) => name.toLowerCase()))
  const found = sets.find(
    (set) => set.length === wanted.size && set.every((name) => wanted.has(name.toLowerCase())),
  )
  if (found !== undefined) return [found]
  throw new SheafError(
    'TYPE',
    `ON CONFLICT must name the columns of a PRIMARY KEY or UNIQUE constraint of ${collection.name}: ${named.join(', ')}`,
  )
}

type Taken = { readonly row: number; readonly rowId: number }
type Split = { readonly fresh: number[]; readonly taken: Taken[]; readonly repeated: number[] }

/** Tells rows whose keys are free from those whose keys are taken, by the table or by an earlier row. */
function splitRows(
  transaction: WriteTransaction,
  { collection }: Target,
  rows: RowBatch,
  sets: readonly (readonly string[])[],
): Split {
  const existing = sets.map((names) => findExisting(transaction.snapshot, collection, names, rows))
  const seen = sets.map(() => new Set<unknown>())
  const readers = sets.map((names) =>
    names.map((name) => columnReader(rows.columns[rows.fields.indexOf(name)] as Column)),
  )
  const split: Split = { fresh: [], taken: [], repeated: [] }
  for (let row = 0; row < rows.length; row += 1) {
    const texts = readers.map((set) => keyOfRow(set, row))
    if (texts.some((text, at) => text !== undefined && seen[at]?.has(text))) {
      split.repeated.push(row)
      continue
    }
    texts.forEach((text, at) => {
      if (text !== undefined) seen[at]?.add(text)
    })
    const rowId = existing.map((found) => found[row] as number).find((found) => found >= 0)
    if (rowId === undefined) split.fresh.push(row)
    else split.taken.push({ row, rowId })
  }
  return split
}

/** Gives what is equal for equal keys; `undefined` where a part is null, which equals nothing. */
function keyOfRow(readers: readonly ((row: number) => Value)[], row: number): unknown {
  const [only] = readers
  if (readers.length === 1 && only !== undefined) {
    const value = only(row)
    return value === null ? undefined : groupKey(value)
  }
  const key = readers.map((read) => read(row))
  return key.includes(null) ? undefined : key.map((value) => String(groupKey(value))).join('\0')
}

/** For OR REPLACE, finds the rows that an earlier row of the same statement has just written. */
function againstOwn(
  transaction: WriteTransaction,
  { collection }: Target,
  rows: RowBatch,
  { repeated }: Split,
  sets: readonly (readonly string[])[],
): Taken[] {
  if (repeated.length === 0) return []
  const last = new Map<number, Taken>()
  const found = findExisting(
    transaction.snapshot,
    collection,
    sets[0] as readonly string[],
    takeRows(rows, repeated),
  )
  repeated.forEach((row, index) => {
    const rowId = found[index] as number
    if (rowId >= 0) last.set(rowId, { row, rowId })
  })
  return [...last.values()]
}

function replaceAll({ columns }: TableOptions, sets: readonly (readonly string[])[]): Assignment[] {
  const key = new Set(sets.flat())
  return columns
    .filter((column) => !key.has(column.name) && column.generated === undefined)
    .map((column) => ({
      columns: [column.name],
      value: { text: `excluded.${quoteIdentifier(column.name)}`, offset: 0 },
    }))
}

/** Changes rows that are there, from the rows that were refused, which expressions know as `excluded`. */
async function change(
  transaction: WriteTransaction,
  target: Target,
  rows: RowBatch,
  rowIds: readonly number[],
  { set, where }: { readonly set: readonly Assignment[]; readonly where: Piece | null },
  given: StatementContext,
): Promise<Float64Array> {
  if (rowIds.length === 0 || set.length === 0) return Float64Array.from(rowIds)
  const { collection } = target
  const table = collection.tables[0] as TableDefinition
  const shown = tableScan(collection).output
  const ids = Float64Array.from(rowIds)
  const present = gatherRows(transaction.snapshot, table, shown, ids, { rowId: true })
  const excluded = values(
    [
      planField(excludedName('_row_id'), types.uint64, false),
      ...rows.fields.map((name) => {
        const field = shown.find((item) => item.name === name)
        return planField(excludedName(name), field?.type ?? types.utf8)
      }),
    ],
    [rowIdColumn(ids), ...rows.columns],
    ids.length,
  )
  const options = optionsOf(collection) as TableOptions
  const alias = quoteIdentifier(target.alias)
  const assigned = assignedColumns(
    set.map((item) => ({ ...item, value: { ...item.value, text: renameExcluded(item.value.text) } })),
    options,
  )
  const condition = where === null ? '' : ` WHERE (${renameExcluded(where.text)})`
  const text = `SELECT ${alias}._row_id AS _row_id, ${assigned.map((item) => item.text).join(', ')} FROM ${relationText(target)} JOIN excluded ON ${alias}._row_id = ${quoteIdentifier(excludedName('_row_id'))}${condition}`
  const relations = new Map([
    [collection.name.toLowerCase(), present],
    ['excluded', excluded],
  ])
  const within = given.context.within(transaction)
  const { parameters } = given
  const { plan } = await given.plannerFor(within).plan(text, { parameters, relations })
  const { columns, length } = await collectColumns(
    within.batches(plan, { transaction, parameters }),
    plan.output,
  )
  const changed = readRowIds(columns[0] as Column, length)
  await writeChanges(
    transaction,
    collection,
    changed,
    { fields: assigned.map((item) => item.name), columns: columns.slice(1), length },
    given,
  )
  return changed
}

/** Names a column of the refused rows apart from the table's own, so that a plain name means the table's. */
function excludedName(name: string): string {
  return `excluded ${name}`
}

function renameExcluded(text: string): string {
  const tokens = tokenize(text)
  let renamed = ''
  let from = 0
  tokens.forEach((token, index) => {
    if (token.key !== 'EXCLUDED' || tokens[index + 1]?.key !== '.') return
    const name = tokens[index + 2]
    if (name === undefined) return
    renamed += text.slice(from, token.start) + quoteIdentifier(excludedName(name.name))
    from = name.end
  })
  return renamed + text.slice(from)
}
