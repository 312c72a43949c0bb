import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Contender, Workload } from './workload.ts'

/** Is what a workload measured. */
export type Report = {
  readonly workload: Workload
  /** Milliseconds, the median of all runs, by engine. */
  readonly medians: ReadonlyMap<string, number>
  readonly modes: ReadonlyMap<string, string>
  readonly figures: Readonly<Record<string, string>>
  readonly reached: boolean
}

/** Runs a workload: results first, which must be equal, then times, the contenders taking turns. */
export async function measure(workload: Workload, folder: string): Promise<Report> {
  const contenders = await workload.prepare(folder)
  try {
    const slow = await requireEqual(workload, contenders)
    const count = workload.warmups + workload.runs
    const times = new Map<string, number[]>(contenders.map((contender) => [contender.engine, []]))
    for (let run = 0; run < count; run += 1) {
      for (const contender of contenders) {
        if (slow.has(contender) && run < count - SLOW_RUNS) continue
        const time = await timeOf(contender)
        if (run >= workload.warmups) (times.get(contender.engine) as number[]).push(time)
      }
    }
    const medians = new Map([...times].map(([engine, list]) => [engine, median(list)]))
    const modes = new Map(
      contenders.flatMap((contender) =>
        contender.mode === undefined ? [] : [[contender.engine, contender.mode] as const],
      ),
    )
    const figures = (await workload.figures?.(medians)) ?? {}
    return { workload, medians, modes, figures, reached: workload.asked.reached(medians) }
  } finally {
    for (const contender of contenders) await contender.close?.()
  }
}

/** A contender that takes longer than this runs but a few times: it gains nothing by warming up. */
const SLOW_MS = 1000
const SLOW_RUNS = 3

/** Requires equal results. Gives the contenders that are slow. */
async function requireEqual(
  workload: Workload,
  contenders: readonly Contender[],
): Promise<ReadonlySet<Contender>> {
  const [first, ...rest] = contenders
  if (first === undefined) throw new Error(`The workload has no contender: ${workload.name}`)
  const expected = await first.run()
  const slow = new Set<Contender>()
  for (const contender of rest) {
    const start = performance.now()
    const actual = await contender.run()
    if (performance.now() - start > SLOW_MS) slow.add(contender)
    if (isDeepStrictEqual(actual, expected)) continue
    throw new Error(
      `${workload.name}: ${contender.engine} differs from ${first.engine}:\n${shown(actual)}\n${shown(expected)}`,
    )
  }
  return slow
}

function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item))?.slice(
      0,
      500,
    ) ?? 'undefined'
  )
}

/** What a collection leaves to be swept is swept beside the program: this long, so that no contender pays for another. */
const SWEEPING_MS = 20

async function timeOf(contender: Contender): Promise<number> {
  globalThis.gc?.()
  await setTimeout(SWEEPING_MS)
  const start = performance.now()
  await contender.run()
  return performance.now() - start
}

/** Gives the middle of a list of numbers. */
export function median(list: readonly number[]): number {
  const sorted = [...list].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Renders reports as a table in Markdown. */
export function renderReports(reports: readonly Report[]): string {
  const lines = ['| what | asked | engine | median | ratio to Sheaf | |', '|---|---|---|---:|---:|---|']
  for (const { workload, medians, modes, figures, reached } of reports) {
    const [[, own] = ['', 1]] = medians
    for (const [index, [engine, time]] of [...medians].entries()) {
      const mode = modes.get(engine)
      const name = mode === undefined ? engine : `${engine} (${mode})`
      const head = index === 0 ? `${workload.title} | ${workload.asked.text}` : ' | '
      lines.push(
        `| ${head} | ${name} | ${timeText(time)} | ${(time / own).toFixed(2)} | ${index === 0 ? (reached ? 'reached' : 'missed') : ''} |`,
      )
    }
    for (const [name, text] of Object.entries(figures)) lines.push(`| | | ${name} | ${text} | | |`)
  }
  return lines.join('\n')
}

function timeText(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toFixed(1)} us`
  return ms < 100 ? `${ms.toFixed(2)} ms` : `${ms.toFixed(0)} ms`
}
