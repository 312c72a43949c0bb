import type { SettingStatement, Statement } from '../statement.ts'
import type { Cursor } from './cursor.ts'

/** Parses SET, RESET and USE, which is a setting of the schema. */
export function parseSetting(cursor: Cursor): SettingStatement {
  const offset = cursor.next.start
  if (cursor.takes('USE')) return { kind: 'setting', name: 'schema', value: cursor.rest(), offset }
  const resets = cursor.takes('RESET')
  if (!resets) cursor.expect('SET')
  const isVariable = cursor.takes('VARIABLE')
  for (const scope of ['GLOBAL', 'SESSION', 'LOCAL']) cursor.takes(scope)
  if (cursor.takes('TIME', 'ZONE')) return { kind: 'setting', name: 'timezone', value: cursor.rest(), offset }
  const name = cursor.name().toLowerCase()
  const about = { kind: 'setting', name, offset, ...(isVariable ? { isVariable } : {}) } as const
  if (resets) return { ...about, value: null }
  if (!cursor.takes('TO')) cursor.expect('=')
  return { ...about, value: cursor.rest() }
}

/** Parses PRAGMA: `table_info('t')`, `show_tables`, or a setting. */
export function parsePragma(cursor: Cursor): Statement {
  const offset = cursor.next.start
  cursor.expect('PRAGMA')
  const name = cursor.name().toLowerCase()
  if (name === 'show_tables') return { kind: 'show-tables' }
  if (name === 'table_info') {
    const { text } = cursor.brackets()
    return {
      kind: 'table-info',
      table: text.replace(/^'([\s\S]*)'$/, (_, inner: string) => inner.replaceAll("''", "'")),
    }
  }
  if (!cursor.takes('=')) return { kind: 'unsupported', head: `PRAGMA ${name}`, offset, known: true }
  return { kind: 'setting', name, value: cursor.rest(), offset }
}
