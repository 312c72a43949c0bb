import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readSuite, runCase, type W3cCase } from './w3c-case.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const folder = `${process.env.SHEAF_SUITES ?? `${root}../shared/suites`}/w3c-rdf-tests`
const isThere = existsSync(`${folder}/INDEX.json`)
const listPath = fileURLToPath(new URL('./failing.txt', import.meta.url))

if (!isThere) {
  console.log(
    `The W3C's RDF and SPARQL tests were skipped: put them in ${folder}, or name their folder in SHEAF_SUITES.`,
  )
}

/** Reads the list of tests that are known to fail: groups under `# reason`, an id a line. */
function knownFailures(): ReadonlySet<string> {
  const lines = readFileSync(listPath, 'utf8').split('\n')
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')))
}

function rates(passed: readonly W3cCase[], tests: readonly W3cCase[]): string {
  const groups = [...new Set(tests.map((test) => test.group))].sort()
  const count = (list: readonly W3cCase[], group: string) =>
    list.filter((test) => test.group === group).length
  return groups.map((group) => `${group} ${count(passed, group)} of ${count(tests, group)}`).join(', ')
}

describe.skipIf(!isThere)('W3C tests of RDF and SPARQL', () => {
  it('passes every test that is not on the list of failures, and fails every one that is', async () => {
    const known = knownFailures()
    const suite = readSuite(folder)
    const passed: W3cCase[] = []
    const unexpected: string[] = []
    const mended: string[] = []
    for (const test of suite.tests) {
      const failure = await runCase(test, suite)
      if (failure === null) passed.push(test)
      if (failure !== null && !known.has(test.id)) unexpected.push(`${test.id}: ${failure}`)
      if (failure === null && known.has(test.id)) mended.push(test.id)
    }
    console.log(`W3C tests: ${rates(passed, suite.tests)}.`)
    expect(unexpected, 'these fail and are not on the list').toEqual([])
    expect(mended, 'these pass now: take them off the list').toEqual([])
    expect([...known].filter((id) => !suite.tests.some((test) => test.id === id))).toEqual([])
  }, 120_000)
})
