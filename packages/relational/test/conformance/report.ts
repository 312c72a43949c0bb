import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isPlainSelect } from './plain.ts'
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

type Tally = {
  records: number
  passed: number
  queries: number
  native: number
  plain: number
  plainNative: number
}

const KEYS = ['records', 'passed', 'queries', 'native', 'plain', 'plainNative'] as const

const emptyTally = (): Tally => ({
  records: 0,
  passed: 0,
  queries: 0,
  native: 0,
  plain: 0,
  plainNative: 0,
})

/**
 * Runs groups of the suite (all without arguments) and prints a table by group; `--failures` prints what failed, `--list` writes the list,
 * `--duckdb` switches the native engine off. */
async function main(): Promise<void> {
  const groups = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const folder = suiteFolder()
  if (folder === undefined) {
    console.log('The suite is not here. Put it into ../shared/suites, or name its place in SHEAF_SUITES.')
    return
  }
  const tallies = new Map<string, Tally>()
  for (const file of readSuite(folder, groups)) {
    const tally = tallies.get(file.group) ?? emptyTally()
    tallies.set(file.group, tally)
    for (const outcome of await runFile(file, { native: !process.argv.includes('--duckdb') }))
      count(file, outcome, tally)
  }
  const total = emptyTally()
  for (const [group, tally] of tallies) {
    print(group, tally)
    for (const key of KEYS) total[key] += tally[key]
  }
  print('all', total)
  if (process.argv.includes('--list')) writeList()
}

/** Writes the list of files with failing records; what it says of their reasons is kept. */
function writeList(): void {
  const place = new URL('./known-failures.txt', import.meta.url)
  const reasons = new Map(
    readFileSync(place, 'utf8')
      .split('\n')
      .map((line) => [line.split(' ')[1] ?? '', line.split(' ').slice(2).join(' ')] as const),
  )
  const lines = [...failures]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, count]) => `${count} ${file} ${reasons.get(file) ?? ''}`.trimEnd())
  const head = '# Failing records by file of the SQL logic tests, with the reason. This list only shrinks.'
  writeFileSync(place, `${[head, ...lines].join('\n')}\n`)
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
  if (!isPlainSelect(outcome.record.sql)) return
  tally.plain += 1
  if (outcome.native) tally.plainNative += 1
  else if (process.argv.includes('--plain'))
    console.log(`plain, not native: ${outcome.record.sql.replaceAll('\n', ' ')}`)
}

function print(group: string, { records, passed, queries, native, plain, plainNative }: Tally): void {
  const share = (part: number, whole: number) =>
    whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`
  console.log(
    `| ${group} | ${records} | ${passed} | ${share(passed, records)} | ${queries} | ${native} | ${queries - native} | ${share(native, queries)} | ${plain} | ${share(plainNative, plain)} |`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
