import {
  type CollectionDefinition,
  type LogicalPlan,
  SheafError,
  type TableDefinition,
  type WriteTransaction,
} from '@sheafdb/core'
import { aggregateCalls } from '../language/lower/aggregate.ts'
import { partsOfName, quoteIdentifier, quoteRelation } from '../language/quote.ts'
import type { Piece } from '../language/statement.ts'
import type { ExpressionNode } from '../language/syntax.ts'
import { readTree } from '../language/tree.ts'
import { tableScan } from '../layout/relations.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { gatherRows } from './table-rows.ts'

/** Is a table that a statement writes to, and the name that its expressions know it by. */
export type Target = { readonly collection: CollectionDefinition; readonly alias: string }

/** Checks that RETURNING reads the rows alone. @throws `TYPE` for aggregates, windows and subqueries in it */
export async function checkReturning(
  returning: Piece | null,
  { database }: Pick<StatementContext, 'database'>,
): Promise<void> {
  if (returning === null || /^\s*\*\s*$/.test(returning.text)) return
  const text = `SELECT ${returning.text}`
  const { node } = readTree(await database.serialize(text), text)
  const found = node.type === 'SELECT_NODE' ? forbiddenIn(node.select_list) : undefined
  if (found !== undefined)
    throw new SheafError('TYPE', `RETURNING takes the columns of the written rows and cannot hold ${found}.`)
}

function forbiddenIn(list: readonly ExpressionNode[]): string | undefined {
  if (aggregateCalls(list).length > 0) return 'an aggregate'
  const text = JSON.stringify(list)
  if (text.includes('"class":"WINDOW"')) return 'a window'
  return text.includes('"class":"SUBQUERY"') ? 'a subquery' : undefined
}

/** Gives what a statement did, with the rows of RETURNING as they are in the transaction now. */
export function affected(
  transaction: WriteTransaction,
  target: Target,
  rowIds: Float64Array,
  returning: Piece | null,
  given: StatementContext,
): StatementResult | Promise<StatementResult> {
  if (returning === null) return { rowsAffected: rowIds.length }
  const table = target.collection.tables[0] as TableDefinition
  const rows = gatherRows(transaction.snapshot, table, tableScan(target.collection).output, rowIds)
  return returned(transaction, target, rows, returning, given)
}

/** Gives the rows of RETURNING over rows at hand. */
export async function returned(
  transaction: WriteTransaction,
  target: Target,
  rows: LogicalPlan,
  returning: Piece,
  given: StatementContext,
): Promise<StatementResult> {
  const { context, parameters } = given
  const relations = new Map([[target.collection.name.toLowerCase(), rows]])
  const text = `SELECT ${returning.text} FROM ${relationText(target)}`
  const { plan } = await given.plannerFor(context.within(transaction)).plan(text, { parameters, relations })
  const rowsAffected = rows.kind === 'values' ? rows.rowCount : 0
  return { rowsAffected, query: context.query(() => plan, { parameters }) }
}

/** Writes a target in FROM. */
export function relationText({ collection, alias }: Target): string {
  const name = quoteRelation(collection.name)
  return alias.toLowerCase() === partsOfName(collection.name)[1].toLowerCase()
    ? name
    : `${name} AS ${quoteIdentifier(alias)}`
}
