import type { Assignment, Delete, Insert, OnConflict, Piece, Update } from '../statement.ts'
import type { Cursor } from './cursor.ts'

/** Takes the other name of a relation, unless a word that goes on with the statement comes next. */
export function alias(cursor: Cursor, ...stops: string[]): string | null {
  if (cursor.takes('AS')) return cursor.name()
  const { kind, key } = cursor.next
  return kind === 'quoted' || (kind === 'word' && !stops.includes(key)) ? cursor.name() : null
}

/** Takes RETURNING and what it gives. */
export function returning(cursor: Cursor): Piece | null {
  return cursor.takes('RETURNING') ? cursor.until() : null
}

/** Parses INSERT, after the word and its WITH clause. */
export function parseInsert(cursor: Cursor, withClause: Piece | null): Insert {
  cursor.expect('INSERT')
  const or = cursor.takes('OR') ? cursor.advance().key : null
  if (or !== null && or !== 'REPLACE' && or !== 'IGNORE')
    throw cursor.error('REPLACE or IGNORE is expected after OR')
  cursor.expect('INTO')
  const table = cursor.relation()
  const shownAs = alias(
    cursor,
    'SELECT',
    'VALUES',
    'DEFAULT',
    'FROM',
    'WITH',
    'BY',
    'TABLE',
    'DESCRIBE',
    'RETURNING',
    'ON',
  )
  let byName = false
  if (cursor.takes('BY', 'NAME')) byName = true
  else cursor.takes('BY', 'POSITION')
  const columns = cursor.sees('(') && !isQuery(cursor) ? cursor.names() : null
  if (cursor.takes('BY', 'NAME')) byName = true
  const query = cursor.takes('DEFAULT', 'VALUES') ? null : insertSource(cursor)
  const onConflict = parseConflict(cursor, or)
  const result: Insert = {
    kind: 'insert',
    with: withClause,
    table,
    alias: shownAs,
    columns,
    byName,
    query,
    onConflict,
    returning: returning(cursor),
  }
  return result
}

function isQuery(cursor: Cursor): boolean {
  let at = 0
  while (cursor.peek(at).key === '(') at += 1
  return ['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'].includes(cursor.peek(at).key)
}

/** Takes the query up to ON CONFLICT or RETURNING; an ON of a join is none of these. */
function insertSource(cursor: Cursor): Piece {
  const first = cursor.until('ON', 'RETURNING')
  let end = first.offset + first.text.length
  while (cursor.sees('ON') && cursor.peek(1).key !== 'CONFLICT') {
    cursor.advance()
    const more = cursor.until('ON', 'RETURNING')
    end = more.offset + more.text.length
  }
  return { text: cursor.text.slice(first.offset, end), offset: first.offset }
}

function parseConflict(cursor: Cursor, or: string | null): OnConflict | null {
  if (or === 'IGNORE') return { action: 'nothing', columns: [] }
  if (or === 'REPLACE') return { action: 'replace' }
  if (!cursor.takes('ON', 'CONFLICT')) return null
  const columns = cursor.sees('(') ? cursor.names() : []
  if (cursor.takes('WHERE')) throw cursor.error('A condition on the conflict target is not supported')
  cursor.expect('DO')
  if (cursor.takes('NOTHING')) return { action: 'nothing', columns }
  cursor.expect('UPDATE', 'SET')
  const set = assignments(cursor, 'WHERE', 'RETURNING')
  const where = cursor.takes('WHERE') ? cursor.until('RETURNING') : null
  return { action: 'update', columns, set, where }
}

/** Takes `column = value, …`. */
export function assignments(cursor: Cursor, ...stops: string[]): Assignment[] {
  const list: Assignment[] = []
  do {
    const columns = cursor.sees('(') ? cursor.names() : [columnName(cursor)]
    cursor.expect('=')
    list.push({ columns, value: cursor.until(',', ...stops) })
  } while (cursor.takes(',') && !cursor.isDone && !stops.includes(cursor.next.key))
  return list
}

/** Takes a column's name, which may stand after its table's. */
function columnName(cursor: Cursor): string {
  let name = cursor.name()
  while (cursor.takes('.')) name = cursor.name()
  return name
}

/** Parses UPDATE. */
export function parseUpdate(cursor: Cursor, withClause: Piece | null): Update {
  cursor.expect('UPDATE')
  const table = cursor.relation()
  const shownAs = alias(cursor, 'SET')
  cursor.expect('SET')
  const set = assignments(cursor, 'FROM', 'WHERE', 'RETURNING')
  const from = cursor.takes('FROM') ? cursor.until('WHERE', 'RETURNING') : null
  const where = cursor.takes('WHERE') ? cursor.until('RETURNING') : null
  return {
    kind: 'update',
    with: withClause,
    table,
    alias: shownAs,
    set,
    from,
    where,
    returning: returning(cursor),
  }
}

/** Parses DELETE and TRUNCATE. */
export function parseDelete(cursor: Cursor, withClause: Piece | null): Delete {
  if (cursor.takes('TRUNCATE')) {
    cursor.takes('TABLE')
    const table = cursor.relation()
    return { kind: 'delete', with: null, table, alias: null, using: null, where: null, returning: null }
  }
  cursor.expect('DELETE', 'FROM')
  const table = cursor.relation()
  const shownAs = alias(cursor, 'USING', 'WHERE', 'RETURNING')
  const using = cursor.takes('USING') ? cursor.until('WHERE', 'RETURNING') : null
  const where = cursor.takes('WHERE') ? cursor.until('RETURNING') : null
  return {
    kind: 'delete',
    with: withClause,
    table,
    alias: shownAs,
    using,
    where,
    returning: returning(cursor),
  }
}
