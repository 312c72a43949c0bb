import { SheafError, sourceError } from '@sheafdb/core'
import type { SelectStatement } from './syntax.ts'

type Serialized =
  | { readonly error: false; readonly statements: readonly SelectStatement[] }
  | {
      readonly error: true
      readonly error_type: string
      readonly error_message: string
      readonly position?: string
    }

/** DuckDB writes infinities and NaN bare, which is no JSON; quotes inside texts are escaped, so this matches no text. */
const SPECIAL_FLOAT = /"value":(?:-?Infinity|-?NaN|-?inf|-?nan)(?=[,}])/g

/**
 * Reads the parse tree that DuckDB's `json_serialize_sql` gives for one SELECT statement.
 *
 * @throws `SYNTAX` with the place in the text
 */
export function readTree(json: string, text: string): SelectStatement {
  const tree = parseJson(json.replaceAll(SPECIAL_FLOAT, '"value":null'))
  if (!tree.error) {
    const [statement, ...more] = tree.statements
    if (statement === undefined || more.length > 0)
      throw new SheafError('SYNTAX', 'One SELECT statement is expected. Use `run` for several statements.')
    return statement
  }
  const sentence = tree.error_message.charAt(0).toUpperCase() + tree.error_message.slice(1)
  if (tree.error_type === 'parser')
    throw sourceError('SYNTAX', `${sentence}. Correct the statement.`, {
      text,
      offset: tree.position === undefined ? 0 : utf16Offset(text, Number(tree.position)),
      detail: 'Parser Error',
    })
  throw new SheafError(
    tree.error_type === 'binder' ? 'TYPE' : 'SYNTAX',
    `${sentence}. Correct the statement.`,
  )
}

const LONG_INTEGER = /"value":-?\d{16}/

/** Parses the tree; constants that a number does not hold exactly become `bigint`. */
function parseJson(json: string): Serialized {
  if (!LONG_INTEGER.test(json)) return JSON.parse(json) as Serialized
  const exact = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source as string)
      : value
  return JSON.parse(json, exact) as Serialized
}

/** Turns DuckDB's offset in UTF-8 bytes into one in UTF-16 units. */
function utf16Offset(text: string, bytes: number): number {
  return Buffer.from(text).subarray(0, bytes).toString('utf8').length
}
