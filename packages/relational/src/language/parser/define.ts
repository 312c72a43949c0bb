import type {
  AlterSequence,
  AlterTable,
  CreateIndex,
  CreateObject,
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
  for (const word of ['TEMP', 'TEMPORARY', 'UNLOGGED']) cursor.takes(word)
  const recursive = cursor.takes('RECURSIVE')
  if (cursor.takes('TABLE')) return createTable(cursor, orReplace)
  if (cursor.takes('VIEW')) return createView(cursor, { orReplace, recursive })
  const object = takeObject(cursor)
  if (object !== undefined) return createObject(cursor, object, orReplace)
  return { kind: 'unsupported', head: `CREATE ${cursor.next.key}`, offset, known: true }
}

const OBJECTS = new Map<string, CreateObject['object']>([
  ['SCHEMA', 'schema'],
  ['SEQUENCE', 'sequence'],
  ['TYPE', 'type'],
  ['MACRO', 'macro'],
  ['FUNCTION', 'macro'],
])

function takeObject(cursor: Cursor): CreateObject['object'] | undefined {
  const object = OBJECTS.get(cursor.next.key)
  if (object !== undefined) cursor.advance()
  return object
}

function createObject(cursor: Cursor, object: CreateObject['object'], orReplace: boolean): CreateObject {
  const quiet = ifNotExists(cursor)
  const name = cursor.relation()
  const definition = cursor.isDone ? null : cursor.rest()
  return { kind: 'create-object', object, name, ifNotExists: quiet, orReplace, definition }
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

function createView(
  cursor: Cursor,
  { orReplace, recursive }: { readonly orReplace: boolean; readonly recursive: boolean },
): CreateView {
  const quiet = ifNotExists(cursor)
  const view = cursor.relation()
  const columns = cursor.sees('(') ? cursor.names() : []
  cursor.expect('AS')
  const query = rest(cursor)
  return { kind: 'create-view', view, ifNotExists: quiet, orReplace, recursive, columns, query }
}

function createIndex(cursor: Cursor, unique: boolean): CreateIndex {
  const quiet = ifNotExists(cursor)
  const index = cursor.sees('ON') ? '' : cursor.relation().name
  cursor.expect('ON')
  const table = cursor.relation()
  const method = cursor.takes('USING') ? cursor.name() : null
  cursor.expect('(')
  const columns = [cursor.until(',')]
  while (cursor.takes(',')) columns.push(cursor.until(','))
  cursor.expect(')')
  if (cursor.takes('WITH')) cursor.brackets()
  return { kind: 'create-index', index, table, unique, ifNotExists: quiet, columns, method }
}

const RELATIONS = new Map<string, 'table' | 'view' | 'index'>([
  ['TABLE', 'table'],
  ['VIEW', 'view'],
  ['INDEX', 'index'],
])

/** Parses DROP. */
export function parseDrop(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.expect('DROP')
  const relation = RELATIONS.get(cursor.next.key)
  const object = relation ?? takeObject(cursor)
  if (object === undefined)
    return { kind: 'unsupported', head: `DROP ${cursor.next.key}`, offset, known: true }
  if (relation !== undefined) cursor.advance()
  if (object === 'macro') cursor.takes('TABLE')
  const ifExists = cursor.takes('IF', 'EXISTS')
  const names = [cursor.relation()]
  while (cursor.takes(',')) names.push(cursor.relation())
  const cascade = cursor.takes('CASCADE')
  if (!cascade) cursor.takes('RESTRICT')
  const drop: Drop = { kind: 'drop', object, names, ifExists, cascade }
  return drop
}

function alterSequence(cursor: Cursor): AlterSequence {
  const ifExists = cursor.takes('IF', 'EXISTS')
  const sequence = cursor.relation()
  cursor.expect('OWNED', 'BY')
  return { kind: 'alter-sequence', sequence, ifExists, owner: cursor.relation() }
}

/** Parses ALTER TABLE; what it changes is left as text. */
export function parseAlter(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.expect('ALTER')
  if (cursor.takes('SEQUENCE')) return alterSequence(cursor)
  const object = cursor.sees('VIEW') ? 'view' : 'table'
  if (!cursor.takes('TABLE') && !cursor.takes('VIEW'))
    return { kind: 'unsupported', head: `ALTER ${cursor.next.key}`, offset, known: true }
  const ifExists = cursor.takes('IF', 'EXISTS')
  const table = cursor.relation()
  const alter: AlterTable = { kind: 'alter-table', object, table, ifExists, change: rest(cursor) }
  return alter
}
