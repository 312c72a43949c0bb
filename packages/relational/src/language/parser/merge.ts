import type { Merge, MergeAction, MergeClause, Piece } from '../statement.ts'
import { alias, assignments, returning } from './change.ts'
import type { Cursor } from './cursor.ts'

/** Parses MERGE INTO, after its WITH clause. */
export function parseMerge(cursor: Cursor, withClause: Piece | null): Merge {
  cursor.expect('MERGE', 'INTO')
  const table = cursor.relation()
  const shownAs = alias(cursor, 'USING')
  cursor.expect('USING')
  const source = mergeSource(cursor)
  const sourceAlias = alias(cursor, 'ON', 'USING')
  const sourceColumns = sourceAlias !== null && cursor.sees('(') ? cursor.names() : []
  const on = cursor.takes('USING') ? cursor.names() : condition(cursor)
  const clauses: MergeClause[] = []
  while (cursor.takes('WHEN')) clauses.push(mergeClause(cursor))
  if (clauses.length === 0) throw cursor.error('WHEN is expected here')
  return {
    kind: 'merge',
    with: withClause,
    table,
    alias: shownAs,
    source,
    sourceAlias,
    sourceColumns,
    on,
    clauses,
    returning: returning(cursor),
  }
}

/** Takes a relation's name, a query or VALUES in brackets, or a table function. */
function mergeSource(cursor: Cursor): Piece {
  const { start } = cursor.next
  if (cursor.sees('(')) cursor.brackets()
  else {
    cursor.relation()
    if (cursor.sees('(')) cursor.brackets()
  }
  return cursor.pieceFrom(start)
}

function condition(cursor: Cursor): Piece {
  cursor.expect('ON')
  return cursor.until('WHEN')
}

function mergeClause(cursor: Cursor): MergeClause {
  const rows = clauseRows(cursor)
  const test = cursor.takes('AND') ? conditionOfClause(cursor) : null
  cursor.expect('THEN')
  return { rows, condition: test, action: mergeAction(cursor) }
}

function clauseRows(cursor: Cursor): MergeClause['rows'] {
  if (cursor.takes('MATCHED')) return 'matched'
  cursor.expect('NOT', 'MATCHED')
  if (!cursor.takes('BY')) return 'not-matched-by-target'
  if (cursor.takes('SOURCE')) return 'not-matched-by-source'
  cursor.expect('TARGET')
  return 'not-matched-by-target'
}

/** Takes the condition up to THEN; a CASE in it has a THEN of its own. */
function conditionOfClause(cursor: Cursor): Piece {
  const { start } = cursor.next
  for (;;) {
    if (!cursor.sees('THEN') && !cursor.sees('CASE')) cursor.until('THEN', 'CASE')
    if (!cursor.takes('CASE')) break
    for (let depth = 1; depth > 0 && !cursor.isDone; ) {
      const { key } = cursor.advance()
      if (key === 'CASE') depth += 1
      if (key === 'END') depth -= 1
    }
    if (cursor.sees('THEN')) break
  }
  return cursor.pieceFrom(start)
}

function mergeAction(cursor: Cursor): MergeAction {
  if (cursor.takes('DO', 'NOTHING')) return { action: 'nothing' }
  if (cursor.takes('DELETE')) return { action: 'delete' }
  if (cursor.takes('ERROR'))
    return { action: 'error', message: isEnd(cursor) ? null : cursor.until('WHEN', 'RETURNING') }
  if (cursor.takes('UPDATE')) return updateAction(cursor)
  cursor.expect('INSERT')
  return insertAction(cursor)
}

function isEnd(cursor: Cursor): boolean {
  return cursor.isDone || cursor.sees('WHEN') || cursor.sees('RETURNING')
}

function updateAction(cursor: Cursor): MergeAction {
  if (cursor.takes('BY', 'NAME')) return { action: 'update', set: 'by-name' }
  if (cursor.takes('BY', 'POSITION') || isEnd(cursor)) return { action: 'update', set: 'by-position' }
  cursor.expect('SET')
  if (cursor.takes('*')) return { action: 'update', set: 'by-position' }
  return { action: 'update', set: assignments(cursor, 'WHEN', 'RETURNING') }
}

function insertAction(cursor: Cursor): MergeAction {
  if (cursor.takes('BY', 'NAME')) {
    cursor.takes('*')
    return { action: 'insert', columns: null, values: 'by-name' }
  }
  if (cursor.takes('BY', 'POSITION') || cursor.takes('*') || isEnd(cursor))
    return { action: 'insert', columns: null, values: 'by-position' }
  if (cursor.takes('DEFAULT', 'VALUES')) return { action: 'insert', columns: null, values: 'default' }
  const columns = cursor.sees('(') ? cursor.names() : null
  cursor.expect('VALUES')
  return { action: 'insert', columns, values: cursor.brackets() }
}
