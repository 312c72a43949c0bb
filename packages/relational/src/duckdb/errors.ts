import { type ErrorCode, isSheafError, SheafError, sourceError } from '@sheafdb/core'

/** DuckDB's classes of errors, and the code that each has here. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  'Parser Error': 'SYNTAX',
  'Syntax Error': 'SYNTAX',
  'Binder Error': 'TYPE',
  'Catalog Error': 'NOT_FOUND',
  'Conversion Error': 'VALUE',
  'Mismatch Type Error': 'TYPE',
  'Invalid type Error': 'TYPE',
  'Constraint Error': 'CONSTRAINT',
  'Out of Range Error': 'OVERFLOW',
  'Invalid Input Error': 'VALUE',
  'Not implemented Error': 'VALUE',
  'Permission Error': 'UNSUPPORTED',
  'IO Error': 'IO',
  'Out of Memory Error': 'MEMORY_LIMIT',
  'INTERRUPT Error': 'ABORTED',
  'INTERNAL Error': 'INTERNAL',
  'TransactionContext Error': 'ARGUMENT',
  'Parameter Not Resolved Error': 'ARGUMENT',
  'Parameter Not Allowed Error': 'ARGUMENT',
  'Dependency Error': 'CONSTRAINT',
  'Sequence Error': 'LIMIT',
}

const FORM = /^(?:Error: )?([A-Z][A-Za-z ]*? Error): ([\s\S]*?)(?:\n\nLINE (\d+): (.*)\n( *)\^)?\s*$/
/** What the scan function says of a view whose table was dropped since. */
const RELATION_GONE = /the relation (.*) is not part of this query/
const COLUMN_MISSING = /Referenced (column|table) ".*" not found|does not have a column named/

/** Turns an error that DuckDB raised into one of Sheaf, with the place in the text that the user wrote where DuckDB tells it. */
export function fromDuckError(error: unknown, text?: string): SheafError {
  if (isSheafError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  const parts = FORM.exec(message)
  if (parts === null)
    return new SheafError('INTERNAL', `DuckDB failed. Please report it with the query: ${message}`, {
      cause: error,
    })
  const [, kind = '', said = '', line, shown = '', spaces = ''] = parts
  const gone = RELATION_GONE.exec(said)
  const code =
    gone !== null || (kind === 'Binder Error' && COLUMN_MISSING.test(said))
      ? 'NOT_FOUND'
      : (CODES[kind] ?? 'TYPE')
  const sentence = gone === null ? said.trim() : `There is no table of this name: ${gone[1]}`
  if (text === undefined || line === undefined)
    return new SheafError(code, `${sentence}. Correct the statement.`, { cause: error, detail: kind })
  const offset = offsetOf(text, {
    line: Number(line),
    shown,
    column: spaces.length - `LINE ${line}: `.length,
  })
  return placed({ code, sentence, detail: kind, cause: error }, text, offset)
}

/** Is what an error says, apart from its place. */
type Said = {
  readonly code: ErrorCode
  readonly sentence: string
  readonly detail: string
  readonly cause: unknown
}

const origins = new WeakMap<SheafError, Said & { readonly text: string; readonly offset: number }>()

function placed(said: Said, text: string, offset: number): SheafError {
  const { code, sentence, detail, cause } = said
  const raised = sourceError(code, sentence, { text, offset, detail })
  const error = new SheafError(code, raised.message, {
    cause,
    position: raised.position,
    phase: raised.phase,
    detail,
  })
  origins.set(error, { ...said, text, offset })
  return error
}

const LONGEST_MATCH = 40

/**
 * Moves an error about a text that was made of the user's text to its place there: where the longest piece from the
 * caret on stands. Other errors stay as they are.
 */
export function relocate(error: unknown, text: string): unknown {
  const origin = error instanceof SheafError ? origins.get(error) : undefined
  if (origin === undefined || origin.text === text) return error
  for (let length = LONGEST_MATCH; length > 0; length -= 1) {
    const at = text.indexOf(origin.text.slice(origin.offset, origin.offset + length))
    if (at !== -1) return placed(origin, text, at)
  }
  return new SheafError(origin.code, `${origin.sentence}. Correct the statement.`, {
    cause: origin.cause,
    detail: origin.detail,
  })
}

/** Finds the offset of DuckDB's caret: it shows a line, cut at both ends with `...` where long. */
function offsetOf(text: string, at: { line: number; shown: string; column: number }): number {
  let start = 0
  for (let line = 1; line < at.line; line += 1) {
    const newline = text.indexOf('\n', start)
    if (newline === -1) break
    start = newline + 1
  }
  const newline = text.indexOf('\n', start)
  const whole = text.slice(start, newline === -1 ? text.length : newline)
  const cutBefore = at.shown.startsWith('...') && !whole.startsWith('...')
  const body = at.shown.replace(/^\.\.\./, '').replace(/\.\.\.$/, '')
  const place = cutBefore ? Math.max(0, whole.indexOf(body)) - 3 : 0
  return Math.min(text.length, start + Math.max(0, place + at.column))
}
