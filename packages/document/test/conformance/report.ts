/** Prints how many cases of the suite pass, by area, and writes what fails to the file named by the first argument. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { type Case, type DocumentStore, runCase } from './run-case.ts'

const suites = process.env.SHEAF_SUITES ?? join(import.meta.dirname, '../../../../../shared/suites')
const folder = join(suites, 'documentdb-functional/cases')
const only = process.argv[3]
const failures: string[] = []
let passedTotal = 0
let total = 0
let errors = 0
let exactErrors = 0
const otherCodes: string[] = []
for (const file of readdirSync(folder).sort()) {
  if (only !== undefined && !file.startsWith(only)) continue
  const cases = readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
  const store = (await openStore(':memory:', { models: [document()] })) as unknown as DocumentStore
  let passed = 0
  for (const item of cases) {
    const { ok, why, exact } = await runCase(store, item)
    if (exact !== undefined) {
      errors += 1
      if (exact) exactErrors += 1
      else otherCodes.push(`${item.id}\t${why}`)
    }
    if (ok) passed += 1
    else failures.push(`${item.id}\t${why}`)
  }
  await store.close()
  passedTotal += passed
  total += cases.length
  console.log(`${file.replace('.jsonl', '').padEnd(28)} ${passed} of ${cases.length}`)
}
console.log(`${'all'.padEnd(28)} ${passedTotal} of ${total} (${((100 * passedTotal) / total).toFixed(1)} %)`)
console.log(
  `errors with the exact code: ${exactErrors} of ${errors} (${((100 * exactErrors) / errors).toFixed(1)} %)`,
)
if (process.argv[2] !== undefined) writeFileSync(`${process.argv[2]}.codes`, `${otherCodes.join('\n')}\n`)
if (process.argv[2] !== undefined) writeFileSync(process.argv[2], `${failures.join('\n')}\n`)
