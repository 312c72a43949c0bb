import { SheafError, type Value } from '@sheafdb/core'
import type { DuckDatabase } from '../duckdb/database.ts'
import { tokenize } from '../language/lexer.ts'
import { quoteText } from '../language/quote.ts'
import type { SettingStatement } from '../language/statement.ts'
import { findObject } from '../layout/objects.ts'
import { checkSetting, checkValue, NO_SETTINGS, type SessionSettings } from '../planning/settings.ts'
import type { StatementContext } from '../statements/context.ts'

/** Gives the settings of a session after SET, RESET or USE. @throws `NOT_FOUND`, `UNSUPPORTED`, `VALUE` */
export async function changedSettings(
  statement: SettingStatement,
  settings: SessionSettings,
  given: StatementContext,
): Promise<SessionSettings> {
  const { name, value, isVariable } = statement
  if (isVariable) {
    const constant = value === null ? null : await constantOf(value.text, given)
    return { ...settings, variables: changed(settings.variables, name, constant) }
  }
  if (name === 'schema' || name === 'search_path')
    return { ...settings, schema: value === null ? NO_SETTINGS.schema : schemaOf(value.text, given) }
  checkSetting(name)
  const constant = value === null || /^default$/i.test(value.text) ? null : settingValue(value.text)
  if (constant !== null) await checkValue(given.database as DuckDatabase, name, constant)
  return { ...settings, values: changed(settings.values, name, constant) }
}

function changed(
  map: ReadonlyMap<string, string>,
  name: string,
  value: string | null,
): ReadonlyMap<string, string> {
  const copy = new Map(map)
  if (value === null) copy.delete(name)
  else copy.set(name, value)
  return copy
}

/** A bare word is a text, as in DuckDB. */
function settingValue(text: string): string {
  const [token, ...more] = tokenize(text)
  return token?.kind === 'word' && more.length === 1 && !/^(true|false)$/i.test(text)
    ? quoteText(token.name)
    : text
}

/** Reads the schema of USE or SET: the first of a list, the catalog left out. */
function schemaOf(text: string, { context }: StatementContext): string {
  const written = /^'([\s\S]*)'$/.exec(text)?.[1]?.replaceAll("''", "'") ?? text
  const parts: string[] = []
  for (const token of tokenize(written)) {
    if (token.key === ',' || token.kind === 'end') break
    if (token.kind === 'word' || token.kind === 'quoted') parts.push(token.name)
  }
  const name = parts[parts.length - 1] ?? ''
  if (/^(main|memory)$/i.test(name)) return NO_SETTINGS.schema
  const schema = findObject(context.catalog(), 'schema', name)
  if (schema !== undefined) return schema.name
  throw new SheafError(
    'NOT_FOUND',
    `There is no schema of this name. Create it with CREATE SCHEMA: ${name || text}`,
  )
}

/** Computes the value of a variable, as an SQL constant of its type. */
async function constantOf(text: string, given: StatementContext): Promise<string> {
  const { parameters } = given
  const { plan } = await given.planner.plan(
    `SELECT CAST(value AS VARCHAR), typeof(value) FROM (SELECT (${text}) AS value)`,
    { parameters },
  )
  const [row] = await given.context.read(plan, { parameters })
  const [value = null, type] = (row ?? []) as [Value?, Value?]
  return value === null ? 'NULL' : `CAST(${quoteText(String(value))} AS ${String(type)})`
}
