/** Runs the compliance test suite of JSONPath (RFC 9535), on plain values and through `$jsonpath` of a find. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSheafError, openStore } from '@sheafdb/core'
import { compileJsonPath, document } from '@sheafdb/document'
import { describe, expect, test } from 'vitest'

type Case = {
  readonly name: string
  readonly selector: string
  readonly document?: unknown
  readonly result?: readonly unknown[]
  readonly results?: readonly (readonly unknown[])[]
  readonly invalid_selector?: boolean
}

const suites = process.env.SHEAF_SUITES ?? join(import.meta.dirname, '../../../../../shared/suites')
const path = join(suites, 'jsonpath-cts/cts.json')
const present = existsSync(path)

describe.skipIf(!present)('jsonpath-cts (skipped: get it from jsonpath-standard)', () => {
  const { tests } = present
    ? (JSON.parse(readFileSync(path, 'utf8')) as { readonly tests: readonly Case[] })
    : { tests: [] }

  test('all selectors give the nodes of the standard, or are refused', () => {
    const broken = tests.filter((item) => !passes(item)).map(({ name }) => name)
    expect(broken).toEqual([])
  })

  test('a find by $jsonpath gives the documents in which a node is found', async () => {
    const store = await openStore(':memory:', { models: [document()] })
    const valid = tests.filter((item) => item.invalid_selector !== true && isObject(item.document))
    const collection = store.document('documents')
    await collection.insertMany(
      valid.map((item, at) => ({ ...(item.document as object), _id: `case ${at}` })),
    )
    for (const [at, { selector, name, result, results }] of valid.entries()) {
      if (selector.includes('*') || selector.includes('..') || selector.includes('?') || selector === '$')
        continue
      const found = await collection.findOne({ _id: `case ${at}`, $jsonpath: selector })
      expect(found !== null, name).toBe((result ?? results?.[0] ?? []).length > 0)
    }
    await store.close()
  })
})

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function passes({ selector, document: root, result, results, invalid_selector: isInvalid }: Case): boolean {
  try {
    const nodes = JSON.stringify(compileJsonPath(selector)(root))
    return isInvalid !== true && (results ?? [result]).some((list) => JSON.stringify(list) === nodes)
  } catch (error) {
    if (!isSheafError(error, 'SYNTAX')) throw error
    return isInvalid === true
  }
}
