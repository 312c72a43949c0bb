import type {
  AlterTable,
  CreateIndex,
  CreateTable,
  CreateView,
  Drop,
  Piece,
  Statement,
} from '../statement.ts'
import type { Cursor } from './cursor.ts'

/** Parses CREATE. */
export function parseCreate(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.expect('CREATE')
  const orReplace = cursor.takes('OR', 'REPLACE')
  const unique = cursor.takes('UNIQUE')
  if (cursor.takes('INDEX')) return createIndex(cursor, unique)
  for (const word of ['TEMP', 'TEMPORARY', 'UNLOGGED', 'RECURSIVE']) cursor.takes(word)
  if (cursor.takes('TABLE')) return createTable(cursor, orReplace)
  if (cursor.takes('VIEW')) return createView(cursor, orReplace)
  return { kind: 'unsupported', head: `CREATE ${cursor.next.key}`, offset, known: true }
}

function ifNotExists(cursor: Cursor): boolean {
  return cursor.takes('IF', 'NOT', 'EXISTS')
}

function createTable(cursor: Cursor, orReplace: boolean): CreateTable {
  const quiet = ifNotExists(cursor)
  if (quiet && orReplace) throw cursor.error('OR REPLACE and IF NOT EXISTS exclude each other')
  const table = cursor.relation()
  const body = cursor.sees('(') ? cursor.brackets() : null
  const query = cursor.takes('AS') ? rest(cursor) : null
  return { kind: 'create-table', table, ifNotExists: quiet, orReplace, body, query }
}

function rest(cursor: Cursor): Piece {
  return cursor.until()
}

function createView(cursor: Cursor, orReplace: boolean): CreateView {
  const quiet = ifNotExists(cursor)
  const view = cursor.relation()
  const columns = cursor.sees('(') ? cursor.names() : []
  cursor.expect('AS')
  return { kind: 'create-view', view, ifNotExists: quiet, orReplace, columns, query: rest(cursor) }
}

function createIndex(cursor: Cursor, unique: boolean): CreateIndex {
  const quiet = ifNotExists(cursor)
  const index = cursor.sees('ON') ? '' : cursor.relation().name
  cursor.expect('ON')
  const table = cursor.relation()
  if (cursor.takes('USING')) cursor.name()
  cursor.expect('(')
  const columns = [cursor.until(',')]
  while (cursor.takes(',')) columns.push(cursor.until(','))
  cursor.expect(')')
  return { kind: 'create-index', index, table, unique, ifNotExists: quiet, columns }
}

/** Parses DROP. */
export function parseDrop(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.expect('DROP')
  const object = cursor.next.key.toLowerCase()
  if (object !== 'table' && object !== 'view' && object !== 'index')
    return { kind: 'unsupported', head: `DROP ${cursor.next.key}`, offset, known: true }
  cursor.advance()
  const ifExists = cursor.takes('IF', 'EXISTS')
  const names = [cursor.relation()]
  while (cursor.takes(',')) names.push(cursor.relation())
  if (!cursor.takes('CASCADE')) cursor.takes('RESTRICT')
  const drop: Drop = { kind: 'drop', object, names, ifExists }
  return drop
}

/** Parses ALTER TABLE; what it changes is left as text. */
export function parseAlter(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.expect('ALTER')
  const object = cursor.sees('VIEW') ? 'view' : 'table'
  if (!cursor.takes('TABLE') && !cursor.takes('VIEW'))
    return { kind: 'unsupported', head: `ALTER ${cursor.next.key}`, offset, known: true }
  const ifExists = cursor.takes('IF', 'EXISTS')
  const table = cursor.relation()
  const alter: AlterTable = { kind: 'alter-table', object, table, ifExists, change: rest(cursor) }
  return alter
}
