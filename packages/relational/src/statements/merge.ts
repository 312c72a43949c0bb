import {
  type Column,
  columnFromValues,
  concatColumns,
  type LogicalPlan,
  planField,
  type RowBatch,
  SheafError,
  type TableDefinition,
  types,
  values,
  type WriteTransaction,
} from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { partsOfName, quoteIdentifier, quoteText } from '../language/quote.ts'
import type { Merge, MergeAction, MergeClause } from '../language/statement.ts'
import { type ColumnOptions, optionsOf, type TableOptions } from '../layout/options.ts'
import { tableScan } from '../layout/relations.ts'
import { assignedColumns, writeChanges } from './change-rows.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { requireTable } from './define.ts'
import { checkReferenced } from './foreign-key.ts'
import { countError, defaultOf, selectText, targetColumns } from './insert.ts'
import { writeRows } from './insert-rows.ts'
import { relationText, type Target } from './returning.ts'
import { withSequences } from './sequence.ts'
import { splitAtCommas } from './split.ts'
import { collectColumns, gatherRows, readRowIds } from './table-rows.ts'

/** Is what a clause found to do: the rows that it takes, and their new values. */
type Work = {
  readonly action: 'UPDATE' | 'DELETE' | 'INSERT'
  readonly rowIds: Float64Array
  readonly rows: RowBatch
}

/** Is a MERGE while it is worked out. */
type Merging = {
  readonly statement: Merge
  readonly transaction: WriteTransaction
  readonly target: Target
  readonly options: TableOptions
  /** The source as it stands in FROM. */
  readonly source: string
  readonly sourceAlias: string
  readonly given: StatementContext
}

/** Runs MERGE INTO: a query for each clause finds its rows; then all is written. */
export function merge(statement: Merge, given: StatementContext): Promise<StatementResult> {
  return given.context.write(async (transaction) => {
    const collection = requireTable(transaction, statement.table.name)
    const merging: Merging = {
      statement,
      transaction,
      target: { collection, alias: statement.alias ?? partsOfName(collection.name)[1] },
      options: optionsOf(collection) as TableOptions,
      ...sourceOf(statement),
      given: withSequences(given, transaction),
    }
    const work: Work[] = []
    const earlier = new Map<MergeClause['rows'], string[]>()
    const changed = new Set<number>()
    for (const clause of statement.clauses) {
      const before = earlier.get(clause.rows) ?? []
      const found = await workOf(merging, clause, before, changed)
      if (found !== undefined) work.push(found)
      earlier.set(clause.rows, [...before, clause.condition?.text ?? 'true'])
    }
    return writeWork(merging, work)
  })
}

function sourceOf({ source, sourceAlias, sourceColumns }: Merge): { source: string; sourceAlias: string } {
  const tokens = tokenize(source.text)
  const own =
    tokens[0]?.key === '(' ? 'sheaf_source' : (tokens.findLast((token) => token.name !== '')?.name ?? '')
  const alias = sourceAlias ?? own
  const columns = sourceColumns.length === 0 ? '' : `(${sourceColumns.map(quoteIdentifier).join(', ')})`
  return { source: `${source.text} AS ${quoteIdentifier(alias)}${columns}`, sourceAlias: alias }
}

/** Writes FROM and WHERE of the query for a clause: no column of the side that has no row can be named in it. */
function rowsText(merging: Merging, clause: MergeClause, before: readonly string[]): string {
  const { statement, target, source, sourceAlias } = merging
  const table = relationText(target)
  const using = 'text' in statement.on ? null : statement.on
  const condition =
    'text' in statement.on
      ? statement.on.text
      : statement.on
          .map((name) => {
            const column = quoteIdentifier(name)
            return `${quoteIdentifier(target.alias)}.${column} = ${quoteIdentifier(sourceAlias)}.${column}`
          })
          .join(' AND ')
  const tests = [
    ...before.map((text) => `NOT coalesce((${text})::BOOLEAN, false)`),
    ...(clause.condition === null ? [] : [`(${clause.condition.text})`]),
  ]
  const where = (first: readonly string[]) => {
    const all = [...first, ...tests]
    return all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`
  }
  switch (clause.rows) {
    case 'matched':
      return using === null
        ? `FROM ${table} JOIN ${source} ON (${condition})${where([])}`
        : `FROM ${table} JOIN ${source} USING (${using.map(quoteIdentifier).join(', ')})${where([])}`
    case 'not-matched-by-target':
      return `FROM ${source}${where([`NOT EXISTS (SELECT 1 FROM ${table} WHERE (${condition}))`])}`
    default:
      return `FROM ${table}${where([`NOT EXISTS (SELECT 1 FROM ${source} WHERE (${condition}))`])}`
  }
}

/** Finds the rows of a clause. `changed` are target rows that a clause before took: each is changed once. */
async function workOf(
  merging: Merging,
  clause: MergeClause,
  before: readonly string[],
  changed: Set<number>,
): Promise<Work | undefined> {
  const from = rowsText(merging, clause, before)
  const { action } = clause
  if (clause.rows === 'not-matched-by-target' && (action.action === 'update' || action.action === 'delete'))
    throw new SheafError('SYNTAX', 'Rows that are not in the table can only be inserted. Use INSERT there.')
  if (clause.rows !== 'not-matched-by-target' && action.action === 'insert')
    throw new SheafError('SYNTAX', 'INSERT goes with WHEN NOT MATCHED [BY TARGET] alone. Use UPDATE there.')
  switch (action.action) {
    case 'nothing':
      await read(merging, `SELECT 1 AS one ${from}`)
      return undefined
    case 'error':
      return raise(merging, action, from)
    case 'insert':
      return insertWork(merging, action, from)
    default:
      return changeWork(merging, action, from, changed)
  }
}

async function read(merging: Merging, text: string): Promise<{ columns: readonly Column[]; length: number }> {
  const { statement, transaction, target, given } = merging
  const within = given.context.within(transaction)
  const { parameters, relations } = given
  const whole = statement.with === null ? text : `${statement.with.text} ${text}`
  const { plan } = await given.plannerFor(within).plan(whole, {
    parameters,
    rowIdsOf: target.collection.name.toLowerCase(),
    ...(relations && { relations }),
  })
  return collectColumns(within.batches(plan, { transaction, parameters }), plan.output)
}

async function raise(
  merging: Merging,
  action: Extract<MergeAction, { action: 'error' }>,
  from: string,
): Promise<undefined> {
  const message = action.message?.text ?? quoteText('a row met an ERROR clause of MERGE')
  const { columns, length } = await read(
    merging,
    `SELECT CAST((${message}) AS VARCHAR) AS message ${from} LIMIT 1`,
  )
  if (length === 0) return undefined
  const rows = await merging.given.context.read(values([planField('message', types.utf8)], columns, length))
  throw new SheafError(
    'CONSTRAINT',
    `MERGE stopped: ${String(rows[0]?.[0])}. Correct the rows of the source.`,
  )
}

async function insertWork(
  merging: Merging,
  action: Extract<MergeAction, { action: 'insert' }>,
  from: string,
): Promise<Work> {
  const { options } = merging
  const items = await insertedItems(merging, action)
  const fields = options.columns.map((column) => column.name)
  const named = items.map(({ text }, index) => `${text} AS v${index}`).join(', ')
  const source = items.length === 0 ? `SELECT 1 AS unused ${from}` : `SELECT ${named} ${from}`
  const given = items.map(({ column }) => column)
  const text =
    items.length === 0
      ? `${selectText(null, [], options)} FROM (${source}) AS sheaf_rows`
      : selectText(source, given, options)
  const rows = await read(merging, text)
  return { action: 'INSERT', rowIds: new Float64Array(0), rows: { fields, ...rows } }
}

type Inserted = { readonly column: ColumnOptions; readonly text: string }

/** Gives the columns that INSERT fills, each with its expression. */
async function insertedItems(
  merging: Merging,
  { columns: names, values: given }: Extract<MergeAction, { action: 'insert' }>,
): Promise<Inserted[]> {
  const { options, target, sourceAlias } = merging
  if (given === 'default') return []
  const columns = targetColumns({ columns: names }, options)
  if (typeof given !== 'string') {
    const texts = splitAtCommas(given.text)
    if (texts.length !== columns.length) throw countError(target.collection, columns.length, texts.length)
    return columns.map((column, index) => {
      const text = (texts[index] as string).trim()
      return { column, text: text.toUpperCase() === 'DEFAULT' ? `(${defaultOf(column)})` : `(${text})` }
    })
  }
  const shape = await sourceNames(merging)
  const filled = given === 'by-name' ? targetColumns({ columns: shape }, options) : columns
  if (given === 'by-position' && shape.length !== columns.length)
    throw countError(target.collection, columns.length, shape.length)
  return filled.map((column, index) => ({
    column,
    text: `${quoteIdentifier(sourceAlias)}.${quoteIdentifier(shape[index] as string)}`,
  }))
}

async function sourceNames({ statement, source, transaction, given }: Merging): Promise<string[]> {
  const text = `${statement.with?.text ?? ''} SELECT * FROM ${source}`
  const { parameters, relations } = given
  const planner = given.plannerFor(given.context.within(transaction))
  const { columns } = await planner.plan(text, { parameters, ...(relations && { relations }) })
  return columns.map((column) => column.name)
}

async function changeWork(
  merging: Merging,
  action: Extract<MergeAction, { action: 'update' | 'delete' }>,
  from: string,
  changed: Set<number>,
): Promise<Work> {
  const { target, options } = merging
  const assigned =
    action.action === 'delete' ? [] : assignedColumns(await assignments(merging, action.set), options)
  const items = [`${quoteIdentifier(target.alias)}._row_id AS _row_id`, ...assigned.map((item) => item.text)]
  const { columns, length } = await read(merging, `SELECT ${items.join(', ')} ${from}`)
  const rowIds = length === 0 ? new Float64Array(0) : readRowIds(columns[0] as Column, length)
  for (const rowId of rowIds) {
    if (changed.has(rowId))
      throw new SheafError('CONSTRAINT', 'MERGE would change a row twice. Give each key once in the source.')
    changed.add(rowId)
  }
  return {
    action: action.action === 'delete' ? 'DELETE' : 'UPDATE',
    rowIds: rowIds.slice(),
    rows: { fields: assigned.map((item) => item.name), columns: columns.slice(1), length },
  }
}

async function assignments(
  merging: Merging,
  set: Extract<MergeAction, { action: 'update' }>['set'],
): Promise<Parameters<typeof assignedColumns>[0]> {
  if (typeof set !== 'string') return set
  const { options, target, sourceAlias } = merging
  const names = await sourceNames(merging)
  const columns =
    set === 'by-name'
      ? targetColumns({ columns: names }, options)
      : options.columns.filter((column) => column.generated === undefined)
  if (columns.length !== names.length) throw countError(target.collection, columns.length, names.length)
  return columns.map((column, index) => ({
    columns: [column.name],
    value: { text: `${quoteIdentifier(sourceAlias)}.${quoteIdentifier(names[index] as string)}`, offset: 0 },
  }))
}

async function writeWork(merging: Merging, work: readonly Work[]): Promise<StatementResult> {
  const { transaction, target, given, statement } = merging
  const { collection } = target
  const table = collection.tables[0] as TableDefinition
  const shown = tableScan(collection).output
  const whole = (rowIds: Float64Array): LogicalPlan => gatherRows(transaction.snapshot, table, shown, rowIds)
  const results: { readonly action: string; readonly rows: LogicalPlan }[] = []
  let rowsAffected = 0
  for (const { action, rowIds, rows } of work) {
    if (action === 'DELETE') {
      results.push({ action, rows: whole(rowIds) })
      checkReferenced(transaction, collection, rowIds, null)
      transaction.delete(table.name, rowIds)
    } else if (action === 'UPDATE') {
      if (rows.fields.length > 0) await writeChanges(transaction, collection, rowIds, rows, given)
      results.push({ action, rows: whole(rowIds) })
    } else {
      const inserted = rows.length === 0 ? null : await writeRows(transaction, collection, rows, given)
      results.push({ action, rows: whole(inserted?.rowIds ?? new Float64Array(0)) })
    }
    rowsAffected += action === 'INSERT' ? rows.length : rowIds.length
  }
  if (statement.returning === null) return { rowsAffected }
  return { rowsAffected, ...(await returning(merging, statement.returning.text, results)) }
}

/** Gives RETURNING: `*` is the table's columns, and `merge_action` what was done with the row. */
async function returning(
  { transaction, target, given }: Merging,
  text: string,
  results: readonly { readonly action: string; readonly rows: LogicalPlan }[],
): Promise<Pick<StatementResult, 'query'>> {
  const shown = tableScan(target.collection).output
  const parts = results.flatMap(({ action, rows }) => (rows.kind === 'values' ? [{ action, rows }] : []))
  const length = parts.reduce((sum, { rows }) => sum + rows.rowCount, 0)
  const columns = shown.map((field, index) =>
    concatColumns(
      field.type,
      parts.map(({ rows }) => rows.columns[index] as Column),
    ),
  )
  const actions = parts.flatMap(({ action, rows }) => new Array<string>(rows.rowCount).fill(action))
  const relation = values(
    [...shown.map((field) => planField(field.name, field.type)), planField('merge_action', types.utf8)],
    [...columns, columnFromValues(types.utf8, actions)],
    length,
  )
  const { context, parameters } = given
  const relations = new Map([[target.collection.name.toLowerCase(), relation]])
  const { plan } = await given
    .plannerFor(context.within(transaction))
    .plan(`SELECT ${withoutAction(text)} FROM ${relationText(target)}`, { parameters, relations })
  return { query: context.query(() => plan, { parameters }) }
}

/** Leaves the action out of `*`. */
function withoutAction(text: string): string {
  const tokens = tokenize(text)
  const star = tokens.findIndex(
    (token, index) => token.key === '*' && (index === 0 || [',', '.'].includes(tokens[index - 1]?.key ?? '')),
  )
  const token = tokens[star]
  return token === undefined
    ? text
    : `${text.slice(0, token.end)} EXCLUDE (merge_action)${text.slice(token.end)}`
}
