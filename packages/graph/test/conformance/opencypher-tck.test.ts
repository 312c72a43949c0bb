import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readScenarios, runScenario } from './scenario.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const suites = process.env.SHEAF_SUITES ?? `${root}../shared/suites`
const folder = `${suites}/opencypher-tck`
const isThere = existsSync(`${folder}/scenarios.json`)
const listPath = fileURLToPath(new URL('./failing.txt', import.meta.url))

if (!isThere) {
  console.log(
    `The openCypher compatibility kit was skipped: put it in ${folder}, or name its folder in SHEAF_SUITES.`,
  )
}

/** Reads the list of scenarios that are known to fail: groups under `# reason`, an id a line. */
function knownFailures(): ReadonlyMap<string, string> {
  const known = new Map<string, string>()
  let reason = ''
  for (const line of readFileSync(listPath, 'utf8').split('\n')) {
    if (line.startsWith('#')) reason = line.slice(1).trim()
    else if (line !== '') known.set(line, reason)
  }
  return known
}

describe.skipIf(!isThere)('openCypher compatibility kit', () => {
  it('passes every scenario that is not on the list of failures, and fails every one that is', async () => {
    const known = knownFailures()
    const unexpected: string[] = []
    const mended: string[] = []
    const scenarios = readScenarios(folder)
    let passed = 0
    for (const scenario of scenarios) {
      const { failure } = await runScenario(scenario, folder)
      if (failure === null) passed += 1
      if (failure !== null && !known.has(scenario.id)) unexpected.push(`${scenario.id}: ${failure}`)
      if (failure === null && known.has(scenario.id)) mended.push(scenario.id)
    }
    console.log(`openCypher compatibility kit: ${passed} of ${scenarios.length} scenarios pass.`)
    expect(unexpected, 'these fail and are not on the list').toEqual([])
    expect(mended, 'these pass now: take them off the list').toEqual([])
    expect([...known.keys()].filter((id) => !scenarios.some((scenario) => scenario.id === id))).toEqual([])
  }, 120_000)
})
