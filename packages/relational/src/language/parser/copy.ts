import type { Copy } from '../statement.ts'
import type { Cursor } from './cursor.ts'

/** Parses COPY. */
export function parseCopy(cursor: Cursor): Copy {
  cursor.expect('COPY')
  const query = cursor.sees('(') ? cursor.brackets() : null
  const table = query === null ? cursor.relation() : null
  const columns = query === null && cursor.sees('(') ? cursor.names() : null
  const direction = cursor.takes('FROM') ? 'from' : 'to'
  if (direction === 'to') cursor.expect('TO')
  if (direction === 'from' && query !== null) throw cursor.error('COPY FROM needs a table')
  const path = readText(cursor)
  cursor.takes('WITH')
  return { kind: 'copy', table, query, columns, direction, path, options: parseOptions(cursor) }
}

function readText(cursor: Cursor): string {
  const token = cursor.next
  if (token.kind !== 'string' || !token.text.startsWith("'"))
    throw cursor.error('The path of a file is expected here')
  cursor.advance()
  return token.text.slice(1, -1).replaceAll("''", "'")
}

/** Reads options in brackets, or the older form without. */
function parseOptions(cursor: Cursor): Copy['options'] {
  const options: { name: string; value: string }[] = []
  const bracketed = cursor.takes('(')
  while (!cursor.isDone && !cursor.sees(')')) {
    const name = cursor.name().toUpperCase()
    cursor.takes('AS')
    const bare =
      cursor.isDone || cursor.sees(',') || cursor.sees(')') || (!bracketed && /^(HEADER|CSV)$/.test(name))
    options.push({ name, value: bare ? '' : optionValue(cursor, bracketed) })
    if (bracketed && !cursor.takes(',') && !cursor.sees(')')) throw cursor.error('A comma is expected here')
  }
  if (bracketed) cursor.expect(')')
  return options
}

function optionValue(cursor: Cursor, bracketed: boolean): string {
  if (bracketed) return cursor.until(',').text
  return cursor.advance().text
}
