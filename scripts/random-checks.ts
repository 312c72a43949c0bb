/**
 * Runs the random checks of plans and expressions with new seeds: the engine against the interpreter, rule by rule,
 * against DuckDB, and the checks of logic (TLP, NoREC); random SPARQL against
 * the standard's definitions and Comunica. Usage: `pnpm checks [runs of each property] [seed]`.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [runs = '10000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))
const folders = [
  'packages/core/test/oracle',
  'packages/core/test/plan',
  'test/oracle',
  'packages/relational/test/oracle',
  'packages/rdf/test/oracle',
  'packages/rdf/test/interoperability',
]

console.log(`Random checks: ${runs} runs of each property, seed ${seed}`)
const env = {
  ...process.env,
  SHEAF_PLAN_RUNS: runs,
  SHEAF_SEED: seed,
  SHEAF_RANDOM_QUERIES: runs,
  SHEAF_RANDOM_SEED: seed,
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout', '86400000', ...folders],
  { cwd: root, stdio: 'inherit', env },
)
process.exit(status ?? 1)
