import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Batch, isSheafError, openStore, type Query, recordBatchToBatch } from '@sheafdb/core'
import type { DataType } from 'apache-arrow'
import { type RelationalOptions, relational } from '../../src/index.ts'
import type { LogicFile, LogicRecord } from './records.ts'
import { textRows } from './values.ts'

/** Is what became of a record. */
export type Outcome = {
  readonly record: LogicRecord
  readonly passed: boolean
  readonly reason: string
  /** For queries: whether they ran without DuckDB. */
  readonly native: boolean | undefined
}

/** Runs a test file against a new store in memory and tells what became of each record. */
export async function runFile(file: LogicFile, options: RelationalOptions = {}): Promise<Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-logic-'))
  const store = await openStore(':memory:', { models: [relational(options)] })
  const labels = new Map<string, string>()
  const outcomes: Outcome[] = []
  try {
    for (const [path, content] of Object.entries(file.inputs ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), Buffer.from(content, 'base64'))
    }
    mkdirSync(join(folder, 'temp'), { recursive: true })
    for (const record of file.records) {
      const sql = record.sql
        .replaceAll('{DATA}', join(folder, 'data'))
        .replaceAll('{TEMP}', join(folder, 'temp'))
      outcomes.push(await runRecord(store.relational, { ...record, sql }, { file, labels }))
    }
    return outcomes
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Sql = Awaited<ReturnType<typeof openSql>>

async function openSql() {
  return (await openStore(':memory:', { models: [relational()] })).relational
}

async function runRecord(
  sql: Sql,
  record: LogicRecord,
  { file, labels }: { readonly file: LogicFile; readonly labels: Map<string, string> },
): Promise<Outcome> {
  const done = (passed: boolean, reason = '', native?: boolean): Outcome => ({
    record,
    passed,
    reason,
    native,
  })
  let native: boolean | undefined
  try {
    const result = await sql.run(record.sql)
    if (record.types === undefined) {
      if (result.query !== undefined) for await (const _ of result.query.batches()) void _
      return record.error === undefined ? done(true) : done(false, 'an error was expected')
    }
    if (result.query !== undefined) {
      const plan = await result.query.plan()
      native = !JSON.stringify(plan, plain).includes('"kind":"foreign"')
    }
    const actual = result.query === undefined ? [[String(result.rowsAffected)]] : await rowsOf(result.query)
    const problem = compare(actual, record, file.letters === true, labels)
    return done(problem === undefined, problem ?? '', native)
  } catch (error) {
    if (record.error !== undefined) return done(...judgeError(error, record.error))
    const text = error instanceof Error ? error.message : String(error)
    const code = isSheafError(error) ? error.code : `THROWN ${error instanceof Error ? error.stack : ''}`
    return done(false, `${code}: ${text}`, native)
  }
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  return ArrayBuffer.isView(value) ? undefined : value
}

/** Judges an error that was expected, by the suite's rules. */
function judgeError(error: unknown, expected: string): [boolean, string] {
  if (!isSheafError(error))
    return [false, `not a SheafError: ${error instanceof Error ? error.stack : String(error)}`]
  if (error.code === 'UNSUPPORTED' || error.code === 'INTERNAL')
    return [false, `${error.code}: ${error.message}`]
  if (error.code === 'SYNTAX' && expected !== '' && expected !== 'Parser' && expected !== 'Syntax')
    return [false, `SYNTAX instead of ${expected}: ${error.message}`]
  if (expected === 'Constraint' && error.code !== 'CONSTRAINT')
    return [false, `${error.code} instead of CONSTRAINT: ${error.message}`]
  return [true, '']
}

async function rowsOf(query: Query): Promise<string[][]> {
  const batches: Batch[] = []
  const plan = await query.plan()
  for await (const batch of query.batches()) batches.push(recordBatchToBatch(batch))
  return textRows(
    batches,
    plan.output.map((field) => field.type as DataType),
  )
}

function compare(
  actual: string[][],
  record: LogicRecord,
  letters: boolean,
  labels: Map<string, string>,
): string | undefined {
  const types = record.types as string
  const width = types.length
  if (actual.length > 0 && actual[0]?.length !== width)
    return `${actual[0]?.length} columns instead of ${width}`
  const shown = letters
    ? actual.map((row) => row.map((value, index) => byLetter(value, types[index] as string)))
    : actual
  if (record.hash !== undefined || record.label !== undefined) {
    const hash = hashOf(sorted(shown, record.sort))
    if (record.label !== undefined) {
      const known = labels.get(record.label)
      if (known === undefined) labels.set(record.label, hash)
      else if (known !== hash) return 'another result than the query of the same label'
    }
    if (record.hash !== undefined && record.hash !== hash) return `${hash} instead of ${record.hash}`
  }
  return record.rows === undefined ? undefined : compareRows(shown, record, width)
}

function compareRows(actual: string[][], record: LogicRecord, width: number): string | undefined {
  const expectedValues = sorted(record.rows as string[][], record.sort).flat()
  const actualValues = sorted(actual, record.sort).flat()
  if (actualValues.length !== expectedValues.length)
    return `${actualValues.length / width} rows instead of ${expectedValues.length / width}`
  const differs = expectedValues.findIndex((value, index) => !sameValue(actualValues[index] as string, value))
  return differs === -1 ? undefined : `"${actualValues[differs]}" instead of "${expectedValues[differs]}"`
}

function byLetter(value: string, letter: string): string {
  if (value === 'NULL' || value === '(empty)') return value
  const number = value === 'true' ? 1 : value === 'false' ? 0 : Number(value)
  if (letter === 'I')
    return Number.isNaN(number)
      ? '0'
      : value.includes('.') || value.includes('e')
        ? String(Math.trunc(number))
        : String(value === 'true' || value === 'false' ? number : value)
  return letter === 'R' && !Number.isNaN(number) ? number.toFixed(3) : value
}

function sorted(given: readonly (readonly string[])[], sort: LogicRecord['sort']): string[][] {
  const rows = sort === undefined ? given : given.map((row) => row.map(truth))
  if (sort === 'valuesort')
    return rows
      .flat()
      .sort()
      .map((value) => [value])
  const copy = rows.map((row) => [...row])
  return sort === 'rowsort' ? copy.sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1)) : copy
}

function hashOf(rows: readonly (readonly string[])[]): string {
  const values = rows.flat()
  const hash = createHash('md5')
  for (const value of values) hash.update(`${value}\n`)
  return `${values.length} values hashing to ${hash.digest('hex')}`
}

function sameValue(actual: string, expected: string): boolean {
  if (
    actual === expected ||
    (/^(nan|-?inf)$/i.test(actual) && actual.toLowerCase() === expected.toLowerCase())
  )
    return true
  const [a, b] = [truth(actual), truth(expected)]
  if (a === b) return true
  const [left, right] = [Number(a), Number(b)]
  if (a.trim() === '' || b.trim() === '' || Number.isNaN(left) || Number.isNaN(right)) return false
  return left === right || Math.abs(left - right) <= 1e-5 * Math.max(1, Math.abs(right))
}

function truth(value: string): string {
  return /^true$/i.test(value) ? '1' : /^false$/i.test(value) ? '0' : value
}
