import { SheafError } from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { quoteIdentifier } from '../language/quote.ts'
import type { ColumnOptions } from '../layout/options.ts'

/** Adds generated columns to a query that gives the others, and brings all into the table's order. */
export function withGenerated(columns: readonly ColumnOptions[], query: string): string {
  const computed = inOrder(columns).map(
    (column) => `CAST((${column.generated}) AS ${column.type}) AS ${quoteIdentifier(column.name)}`,
  )
  const all = columns.map((column) => quoteIdentifier(column.name)).join(', ')
  return `SELECT ${all} FROM (SELECT *, ${computed.join(', ')} FROM (${query}) AS sheaf_row) AS sheaf_whole`
}

/** Puts generated columns after those that they read. @throws `TYPE` where they read each other */
export function inOrder(columns: readonly ColumnOptions[]): ColumnOptions[] {
  let left = columns.filter((column) => column.generated !== undefined)
  const ordered: ColumnOptions[] = []
  while (left.length > 0) {
    const waiting = new Set(left.map((column) => column.name.toLowerCase()))
    const ready = left.filter((column) => !readsAny(column.generated as string, waiting))
    if (ready.length === 0)
      throw new SheafError('TYPE', 'Generated columns read each other in a circle. Break it.')
    ordered.push(...ready)
    left = left.filter((column) => !ready.includes(column))
  }
  return ordered
}

function readsAny(expression: string, names: ReadonlySet<string>): boolean {
  return tokenize(expression).some((token) => names.has(token.name.toLowerCase()))
}
