import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LogicFile } from './records.ts'
import { type Outcome, runFile } from './runner.ts'

/** Gives the folder of the suite, or `undefined` where it is not there. */
export function suiteFolder(): string | undefined {
  const root = fileURLToPath(new URL('../../../../', import.meta.url))
  const folders = [
    process.env.SHEAF_SUITES,
    join(root, '../shared/suites'),
    join(root, '../../shared/suites'),
  ]
  return folders
    .map((folder) => folder && join(folder, 'sqllogictest'))
    .find((folder) => folder && existsSync(folder))
}

/** Reads the files of the suite, of some groups only where any are named. */
export function readSuite(folder: string, groups: readonly string[] = []): LogicFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && (groups.length === 0 || groups.includes(name.slice(0, -6))))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as LogicFile)
}

/** Collects, by file, how many records failed. */
const failures = new Map<string, number>()

type Tally = { records: number; passed: number; queries: number; native: number }

/** Runs groups of the suite (all without arguments) and prints a table by group; `--failures` prints what failed, `--list` writes the list. */
async function main(): Promise<void> {
  const groups = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const folder = suiteFolder()
  if (folder === undefined) {
    console.log('The suite is not here. Put it into ../shared/suites, or name its place in SHEAF_SUITES.')
    return
  }
  const tallies = new Map<string, Tally>()
  for (const file of readSuite(folder, groups)) {
    const tally = tallies.get(file.group) ?? { records: 0, passed: 0, queries: 0, native: 0 }
    tallies.set(file.group, tally)
    for (const outcome of await runFile(file)) count(file, outcome, tally)
  }
  const total: Tally = { records: 0, passed: 0, queries: 0, native: 0 }
  for (const [group, tally] of tallies) {
    print(group, tally)
    for (const key of ['records', 'passed', 'queries', 'native'] as const) total[key] += tally[key]
  }
  print('all', total)
  if (process.argv.includes('--list')) writeList()
}

/** Writes the list of files with failing records. */
function writeList(): void {
  const lines = [...failures].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, count]) => `${count} ${file}`)
  const head = '# Failing records by file of the SQL logic tests. This list only shrinks.'
  writeFileSync(new URL('./known-failures.txt', import.meta.url), `${[head, ...lines].join('\n')}\n`)
}

function count(file: LogicFile, outcome: Outcome, tally: Tally): void {
  tally.records += 1
  if (outcome.passed) tally.passed += 1
  else failures.set(file.file, (failures.get(file.file) ?? 0) + 1)
  if (!outcome.passed && process.argv.includes('--failures'))
    console.log(
      `${file.file}\n  ${outcome.record.sql.slice(0, 300).replaceAll('\n', ' ')}\n  -> ${outcome.reason.slice(0, 400)}`,
    )
  if (outcome.native === undefined) return
  tally.queries += 1
  if (outcome.native) tally.native += 1
}

function print(group: string, { records, passed, queries, native }: Tally): void {
  const share = (part: number, whole: number) =>
    whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`
  console.log(`| ${group} | ${records} | ${passed} | ${share(passed, records)} | ${share(native, queries)} |`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
