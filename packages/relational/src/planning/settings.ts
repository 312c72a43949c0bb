import { SheafError } from '@sheafdb/core'
import type { DuckDatabase } from '../duckdb/database.ts'
import { tokenize } from '../language/lexer.ts'
import { quoteIdentifier, quoteText } from '../language/quote.ts'

/** Is what SET has changed in a session. */
export type SessionSettings = {
  /** The schema in which names without one are looked up first, and made; empty for `main`. */
  readonly schema: string
  /** DuckDB's settings by name, each as the SQL constant that it was set to. */
  readonly values: ReadonlyMap<string, string>
  /** Variables by name, each as the SQL constant that it holds. */
  readonly variables: ReadonlyMap<string, string>
}

/** Are the settings of a session where nothing was set. */
export const NO_SETTINGS: SessionSettings = { schema: '', values: new Map(), variables: new Map() }

/** Settings of DuckDB that a session may change, and whether the native engine knows nothing of them. */
const KNOWN: ReadonlyMap<string, { readonly needsDuckDb: boolean }> = new Map([
  ['timezone', { needsDuckDb: false }],
  ['calendar', { needsDuckDb: false }],
  ['default_null_order', { needsDuckDb: true }],
  ['null_order', { needsDuckDb: true }],
  ['default_order', { needsDuckDb: true }],
  ['default_collation', { needsDuckDb: true }],
  ['integer_division', { needsDuckDb: true }],
  ['ieee_floating_point_ops', { needsDuckDb: true }],
  ['order_by_non_integer_literal', { needsDuckDb: true }],
  ['scalar_subquery_error_on_multiple_rows', { needsDuckDb: true }],
  ['old_implicit_casting', { needsDuckDb: true }],
])

const RESOURCES = /^(threads|worker_threads|memory_limit|max_memory)$/

/** Checks that a session may change a setting. @throws `UNSUPPORTED`, `NOT_FOUND` */
export function checkSetting(name: string): void {
  if (KNOWN.has(name)) return
  if (RESOURCES.test(name))
    throw new SheafError(
      'UNSUPPORTED',
      `All sessions share threads and memory. Pass relational({ duckdb: { threads, memoryLimit } }) instead: ${name}`,
    )
  throw new SheafError(
    'NOT_FOUND',
    `There is no setting of this name. The settings are (schema, search_path, ${[...KNOWN.keys()].join(', ')}): ${name}`,
  )
}

/** Lets DuckDB check the value of a setting. @throws `VALUE`, `TYPE`, `SYNTAX` */
export async function checkValue(database: DuckDatabase, name: string, value: string): Promise<void> {
  await database.use(async (session) => {
    try {
      await session.define([settingStatement(name, value)])
    } finally {
      await session.define([])
    }
  })
}

function settingStatement(name: string, value: string): string {
  return `SET ${quoteIdentifier(name)} = ${value}`
}

/** Gives the statements that bring a DuckDB session to settings, for a text: what it does not use is left out. */
export function settingStatements(
  { schema, values, variables }: SessionSettings,
  text: string,
): readonly string[] {
  if (schema === '' && values.size === 0 && variables.size === 0) return []
  const used = [...values].map(([name, value]) => settingStatement(name, value))
  const words = new Set(tokenize(text).map((token) => token.name.toLowerCase()))
  if (schema !== '' && words.has('current_schema'))
    used.push(`CREATE OR REPLACE MACRO "current_schema"() AS ${quoteText(schema)}`)
  if (words.has('getvariable'))
    for (const [name, value] of variables) used.push(`SET VARIABLE ${quoteIdentifier(name)} = ${value}`)
  return used
}

/** Names a setting of which the native engine knows nothing; `undefined` where there is none. */
export function foreignSetting({ values }: SessionSettings): string | undefined {
  return [...values.keys()].find((name) => KNOWN.get(name)?.needsDuckDb)
}

/** Gives a key that tells settings apart. */
export function settingsKey({ schema, values, variables }: SessionSettings): string {
  return schema === '' && values.size === 0 && variables.size === 0
    ? ''
    : JSON.stringify([schema, [...values], [...variables]])
}
