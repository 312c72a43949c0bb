import type { ProjectionClause, ProjectionItem, SortItem } from '../syntax.ts'
import { type Cursor, commaList } from './cursor.ts'

/** Reads what follows WITH or RETURN. */
export function parseProjection(cursor: Cursor, kind: 'with' | 'return', start: number): ProjectionClause {
  const distinct = cursor.takeWords('distinct')
  const star = cursor.takeSymbol('*')
  const items = !star || cursor.takeSymbol(',') ? commaList(cursor, parseItem) : []
  const orderBy = cursor.takeWords('order', 'by') ? commaList(cursor, parseSortItem) : []
  const skip = cursor.takeWords('skip') || cursor.takeWords('offset') ? cursor.rules.expression(cursor) : null
  const limit = cursor.takeWords('limit') ? cursor.rules.expression(cursor) : null
  const where = kind === 'with' && cursor.takeWords('where') ? cursor.rules.expression(cursor) : null
  return { kind, distinct, star, items, orderBy, skip, limit, where, ...cursor.span(start) }
}

function parseItem(cursor: Cursor): ProjectionItem {
  const { start } = cursor.peek()
  const expression = cursor.rules.expression(cursor)
  const end = cursor.lastEnd()
  const alias = cursor.takeWords('as') ? cursor.schemaName('a name') : null
  const bare = expression.kind === 'variable' ? expression.name : cursor.text.slice(start, end)
  return { expression, name: alias?.name ?? bare, alias, ...cursor.span(start) }
}

function parseSortItem(cursor: Cursor): SortItem {
  const { start } = cursor.peek()
  const expression = cursor.rules.expression(cursor)
  const descending = cursor.takeWords('desc') || cursor.takeWords('descending')
  if (!descending) void (cursor.takeWords('asc') || cursor.takeWords('ascending'))
  return { expression, descending, ...cursor.span(start) }
}
