/** Runs the test suite of JSON Schema through schemas of collections, with the counts that ajv reaches as the floor. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSheafError } from '@sheafdb/core'
import { describe, expect, test } from 'vitest'
import { compileValidator, followsSchema } from '../../src/api/validation.ts'

type Schema = Readonly<Record<string, unknown>>
type Group = {
  readonly schema: Schema | boolean
  readonly tests: readonly { readonly data: unknown; readonly valid: boolean }[]
}

const suites = process.env.SHEAF_SUITES ?? join(import.meta.dirname, '../../../../../shared/suites')
const root = join(suites, 'json-schema-test-suite')
const present = existsSync(root)
const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema'

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(path, 'utf8')) as Content
}

/** Reads the schemas that others refer to, those of other drafts left out. */
function remotes(others: RegExp): Record<string, Schema> {
  const folder = join(root, 'remotes')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return Object.fromEntries(
    files
      .filter((file) => file.endsWith('.json') && !others.test(file))
      .map((file) => [`http://localhost:1234/${file}`, readJson<Schema>(join(folder, file))]),
  )
}

function count(draft: string, others: RegExp, is2020: boolean): { passed: number; total: number } {
  const schemas = remotes(others)
  const folder = join(root, 'tests', draft)
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const groups = files.flatMap((file) => readJson<Group[]>(join(folder, file)))
  const counts = { passed: 0, total: 0 }
  for (const { schema, tests } of groups) {
    const validate = validatorOf(schema, schemas, is2020)
    counts.total += tests.length
    counts.passed += tests.filter(({ data, valid }) => answer(validate, data) === valid).length
  }
  return counts
}

/** Gives whether data follow a schema; null where the schema is refused. */
function answer(validate: ((data: unknown) => boolean) | null, data: unknown): boolean | null {
  try {
    return validate === null ? null : validate(data)
  } catch (error) {
    if (isSheafError(error, 'LIMIT')) return null
    throw error
  }
}

function validatorOf(
  schema: Schema | boolean,
  schemas: Readonly<Record<string, Schema>>,
  is2020: boolean,
): ((data: unknown) => boolean) | null {
  if (typeof schema === 'boolean') return () => schema
  try {
    const own = is2020 ? { $schema: DRAFT_2020, ...schema } : { ...schema }
    const { validate } = compileValidator(own, schemas)
    return (data) => followsSchema(validate, data)
  } catch (error) {
    if (isSheafError(error, 'ARGUMENT')) return null
    throw error
  }
}

describe.skipIf(!present)('json-schema-test-suite (skipped: get it from json-schema-org)', () => {
  test('draft-07: 99 %', { timeout: 120_000 }, () => {
    const { passed, total } = count('draft7', /^(draft(3|4|6|2019|2020)|v1)/, false)
    expect(passed / total).toBeGreaterThan(0.99)
  })

  test('2020-12: as far as ajv goes', { timeout: 120_000 }, () => {
    const { passed, total } = count('draft2020-12', /^(draft(3|4|6|7|2019)|v1)/, true)
    expect(passed / total).toBeGreaterThan(0.95)
  })
})
