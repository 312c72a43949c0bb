import { type Token, tokenize } from '../lexer.ts'
import type { Piece, Statement } from '../statement.ts'
import { parseDelete, parseInsert, parseUpdate } from './change.ts'
import { parseCopy } from './copy.ts'
import { Cursor } from './cursor.ts'
import { parseAlter, parseCreate, parseDrop } from './define.ts'
import { parseMerge } from './merge.ts'
import { parsePragma, parseSetting } from './setting.ts'

/** Parses the statements of a text, which semicolons part. @throws `SYNTAX` with the place */
export function parseStatements(text: string): Statement[] {
  return parts(text).map(({ tokens, last }) => parseOne(text, tokens, last))
}

/** Gives the text of each statement of a text. */
export function splitStatements(text: string): string[] {
  return parts(text).map(({ tokens, last }) => text.slice(tokens[0]?.start, last.start))
}

function parts(text: string): { readonly tokens: readonly Token[]; readonly last: Token }[] {
  const found: { readonly tokens: readonly Token[]; readonly last: Token }[] = []
  let current: Token[] = []
  for (const token of tokenize(text)) {
    if (token.key !== ';' && token.kind !== 'end') {
      current.push(token)
      continue
    }
    if (current.length > 0) found.push({ tokens: current, last: token })
    current = []
  }
  return found
}

function parseOne(text: string, tokens: readonly Token[], last: Token): Statement {
  const end: Token = { ...last, kind: 'end', text: '', key: '', end: last.start }
  const cursor = new Cursor(text, [...tokens, end])
  const statement = parseStatement(cursor)
  if (!cursor.isDone && statement.kind !== 'unsupported')
    throw cursor.error('The statement goes on where it should end')
  return statement
}

const QUERY_WORDS: ReadonlySet<string> = new Set([
  'SELECT',
  'FROM',
  'VALUES',
  'TABLE',
  '(',
  'PIVOT',
  'UNPIVOT',
  'PIVOT_LONGER',
  'PIVOT_WIDER',
  'SUMMARIZE',
  'CALL',
])

function parseStatement(cursor: Cursor): Statement {
  const { key, start } = cursor.next
  if (QUERY_WORDS.has(key)) return { kind: 'query', query: whole(cursor) }
  switch (key) {
    case 'WITH':
      return parseWith(cursor)
    case 'CREATE':
      return parseCreate(cursor)
    case 'DROP':
      return parseDrop(cursor)
    case 'ALTER':
      return parseAlter(cursor)
    case 'INSERT':
      return parseInsert(cursor, null)
    case 'UPDATE':
      return parseUpdate(cursor, null)
    case 'DELETE':
    case 'TRUNCATE':
      return parseDelete(cursor, null)
    case 'MERGE':
      return parseMerge(cursor, null)
    case 'PRAGMA':
      return parsePragma(cursor)
    case 'COPY':
      return parseCopy(cursor)
    case 'SET':
    case 'RESET':
    case 'USE':
      return parseSetting(cursor)
    case 'EXPLAIN': {
      cursor.advance()
      const analyze = cursor.takes('ANALYZE')
      return { kind: 'explain', analyze, query: whole(cursor) }
    }
    case 'DESCRIBE':
    case 'DESC':
      return describe(cursor)
    case 'SHOW':
      return show(cursor)
    default:
      return parseTransaction(cursor) ?? other(cursor, start)
  }
}

const OTHER_STATEMENTS =
  /^(ATTACH|DETACH|VACUUM|CHECKPOINT|LOAD|INSTALL|EXPORT|IMPORT|COMMENT|ANALYZE|PREPARE|EXECUTE|DEALLOCATE|FORCE|UPDATE|REPLACE)$/

function other(cursor: Cursor, offset: number): Statement {
  const { key, text } = cursor.next
  return { kind: 'unsupported', head: key || text, offset, known: OTHER_STATEMENTS.test(key) }
}

/** Takes the rest of the statement as it stands. */
function whole(cursor: Cursor): Piece {
  return cursor.rest()
}

function describe(cursor: Cursor): Statement {
  cursor.advance()
  cursor.takes('TABLE')
  if (cursor.isDone) return { kind: 'show-tables' }
  const isQuery = QUERY_WORDS.has(cursor.next.key) || cursor.sees('WITH')
  const piece = whole(cursor)
  return { kind: 'describe', query: isQuery ? piece : { text: `FROM ${piece.text}`, offset: piece.offset } }
}

function show(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.advance()
  if (cursor.takes('TABLES') || cursor.takes('ALL', 'TABLES')) return { kind: 'show-tables' }
  if (cursor.takes('SCHEMAS')) return { kind: 'show-schemas' }
  if (cursor.next.kind === 'end') return { kind: 'show-tables' }
  const { text } = cursor.next
  const piece = whole(cursor)
  return piece.text === text || piece.text.includes('.')
    ? { kind: 'describe', query: { text: `FROM ${piece.text}`, offset: piece.offset } }
    : { kind: 'unsupported', head: `SHOW ${piece.text}`, offset, known: true }
}

/** Parses a statement after its WITH clause, which is kept as text. */
function parseWith(cursor: Cursor): Statement {
  const { start } = cursor.next
  const clause = cursor.until(
    'SELECT',
    'INSERT',
    'UPDATE',
    'DELETE',
    'MERGE',
    'FROM',
    'VALUES',
    'TABLE',
    'PIVOT',
  )
  switch (cursor.next.key) {
    case 'INSERT':
      return parseInsert(cursor, clause)
    case 'UPDATE':
      return parseUpdate(cursor, clause)
    case 'DELETE':
      return parseDelete(cursor, clause)
    case 'MERGE':
      return parseMerge(cursor, clause)
    default: {
      const query = whole(cursor)
      return {
        kind: 'query',
        query: { text: cursor.text.slice(start, query.offset + query.text.length), offset: start },
      }
    }
  }
}

function parseTransaction(cursor: Cursor): Statement | undefined {
  const optional = () => {
    if (!cursor.takes('TRANSACTION')) cursor.takes('WORK')
  }
  if (cursor.takes('BEGIN') || cursor.takes('START')) {
    optional()
    return { kind: 'transaction', action: 'begin', name: '' }
  }
  if (cursor.takes('COMMIT') || cursor.takes('END')) {
    optional()
    return { kind: 'transaction', action: 'commit', name: '' }
  }
  if (cursor.takes('SAVEPOINT')) return { kind: 'transaction', action: 'savepoint', name: cursor.name() }
  if (cursor.takes('RELEASE')) {
    cursor.takes('SAVEPOINT')
    return { kind: 'transaction', action: 'release', name: cursor.name() }
  }
  if (cursor.takes('ROLLBACK') || cursor.takes('ABORT')) {
    optional()
    if (!cursor.takes('TO')) return { kind: 'transaction', action: 'rollback', name: '' }
    cursor.takes('SAVEPOINT')
    return { kind: 'transaction', action: 'rollback-to', name: cursor.name() }
  }
  return undefined
}
