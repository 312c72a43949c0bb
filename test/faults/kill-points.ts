/**
 * Kills the workload at the k-th write, sync, rename, unlink or truncate with signal 9, which `strace` delivers as the
 * call is entered, and checks what the store holds when it is opened next.
 *
 * Run: `node scripts/run.mjs run test/faults/kill-points.ts [points] [folder]`
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openWorkload, prepare, readState, runTransaction, transactionsOf } from './workload.ts'

const TRANSACTIONS = 200
/** Places that were not reached are made up for by others, so often. */
const MOST_ROUNDS = 5
const CALLS = [
  'pwrite64',
  'fdatasync',
  'fsync',
  'rename',
  'renameat2',
  'unlink',
  'unlinkat',
  'ftruncate',
] as const

/** Is a place where the process is killed: at its k-th call of a kind, k from 1 on. */
export type KillPoint = { readonly call: string; readonly k: number }

/** Tells what became of a run that was killed. */
export type KillOutcome = {
  readonly point: KillPoint
  /** The last transaction that was acknowledged, -1 before the store was open. */
  readonly acknowledged: number
  /** True where the workload ended before the place was reached. */
  readonly finished: boolean
  readonly problem: string | null
}

/** Says why processes cannot be traced here, `null` where they can. */
export function whyNotTraceable(): string | null {
  const { status, error, stderr } = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], {
    encoding: 'utf8',
  })
  if (error !== undefined) return `strace does not start: ${error.message}`
  return status === 0 ? null : `strace cannot trace: ${stderr.trim().split('\n').at(-1)}`
}

/** Starts the workload under strace, its pool one thread wide so that calls have one order. */
function startTraced(
  options: readonly string[],
  store: string,
  transactions: number,
): ReturnType<typeof spawn> {
  const writer = fileURLToPath(new URL('writer.ts', import.meta.url))
  const node = [process.execPath, '--conditions=source', writer, store, '1', String(transactions)]
  return spawn('strace', ['-f', '-qq', ...options, ...node], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: '1',
      NODE_COMPILE_CACHE: join(tmpdir(), 'sheaf-compile-cache'),
    },
  })
}

async function outputOf(child: ReturnType<typeof spawn>): Promise<string> {
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += String(chunk)
  })
  child.stderr?.resume()
  await new Promise<void>((resolve) => child.once('close', () => resolve()))
  return output
}

/** Counts the calls of each kind that the busiest thread makes in a whole run: strace counts by thread. */
async function countCalls(folder: string, transactions: number): Promise<ReadonlyMap<string, number>> {
  const log = join(folder, 'calls')
  const options = ['-e', `trace=${CALLS.join(',')}`, '-o', log]
  const output = await outputOf(startTraced(options, join(folder, 'whole'), transactions))
  if (!output.includes('closed')) throw new Error(`The workload does not end by itself: ${output}`)
  const threads = new Map<string, number>()
  for (const [, thread, call] of readFileSync(log, 'utf8').matchAll(/^(\d+) +(\w+)\(/gm)) {
    const key = `${call} ${thread}`
    threads.set(key, (threads.get(key) ?? 0) + 1)
  }
  const counts = new Map<string, number>()
  for (const [key, count] of threads) {
    const [call = ''] = key.split(' ')
    counts.set(call, Math.max(counts.get(call) ?? 0, count))
  }
  rmSync(join(folder, 'whole'), { recursive: true })
  return counts
}

/** Chooses places evenly over all calls of all kinds, each kind at least once. */
function choosePoints(counts: ReadonlyMap<string, number>, wanted: number): readonly KillPoint[] {
  const all = [...counts].flatMap(([call, count]) =>
    Array.from({ length: count }, (_, at): KillPoint => ({ call, k: at + 1 })),
  )
  const step = all.length / wanted
  const points = new Set<KillPoint>()
  for (let at = Math.random() * Math.min(step, 1); at < all.length; at += step)
    points.add(all[Math.floor(at)] as KillPoint)
  for (const call of counts.keys()) points.add(all.find((point) => point.call === call) as KillPoint)
  return [...points]
}

async function runAndKill(folder: string, point: KillPoint, transactions: number): Promise<KillOutcome> {
  const store = join(folder, `${point.call}-${point.k}`)
  const inject = `inject=${point.call}:signal=SIGKILL:when=${point.k}`
  const options = ['-e', `trace=${point.call}`, '-e', inject, '-o', '/dev/null']
  const lines = (await outputOf(startTraced(options, store, transactions))).trim().split('\n')
  const finished = lines.at(-1) === 'closed'
  const numbers = lines.map(Number).filter((line) => line > 0)
  const acknowledged = numbers.at(-1) ?? (lines.includes('ready') ? 0 : -1)
  const problem = await checkStore(store, acknowledged).catch((error: unknown) => String(error))
  if (problem === null) rmSync(store, { recursive: true, force: true })
  return { point, acknowledged, finished, problem }
}

/** Opens a store that was broken off, perhaps some transactions past the last one known; gives what is wrong with it. */
export async function checkStore(path: string, acknowledged: number, mostAhead = 1): Promise<string | null> {
  const store = await openWorkload(path)
  try {
    if (acknowledged >= 0 && store.relational.list().length === 0)
      return 'a table that was acknowledged is lost'
    const found = transactionsOf(await readState(store))
    if (found === null) return 'a transaction is there by half'
    if (found < acknowledged) return `of ${acknowledged} acknowledged transactions ${found} are there`
    if (found > Math.max(acknowledged, 0) + mostAhead)
      return `${found} transactions are there after ${acknowledged}`
    const { problems } = await store.verify()
    if (problems.length > 0) return problems.join('; ')
    await prepare(store)
    await runTransaction(store, found + 1)
    if (transactionsOf(await readState(store)) !== found + 1)
      return 'the next transaction has another outcome'
    return null
  } finally {
    await store.close()
  }
}

/** Kills the workload at many places, one after the other. */
export async function runKillPoints(options: {
  readonly points: number
  readonly transactions?: number
  readonly folder?: string
  readonly report?: (outcome: KillOutcome, done: number, total: number) => void
}): Promise<readonly KillOutcome[]> {
  const transactions = options.transactions ?? TRANSACTIONS
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'sheaf-kill-'))
  const counts = await countCalls(folder, transactions)
  const outcomes: KillOutcome[] = []
  // Which thread makes a call differs a little from run to run, so some end before the last places are reached.
  for (let killed = 0, round = 0; killed < options.points && round < MOST_ROUNDS; round += 1) {
    for (const point of choosePoints(counts, options.points - killed)) {
      const outcome = await runAndKill(folder, point, transactions)
      outcomes.push(outcome)
      if (!outcome.finished) killed += 1
      options.report?.(outcome, killed, options.points)
      if (killed >= options.points && round > 0) break
    }
  }
  if (outcomes.every((outcome) => outcome.problem === null)) rmSync(folder, { recursive: true, force: true })
  return outcomes
}

async function main(): Promise<void> {
  const [points = '1000', folder] = process.argv.slice(2)
  const reason = whyNotTraceable()
  if (reason !== null) {
    console.log(`Skipped: ${reason}`)
    return
  }
  const outcomes = await runKillPoints({
    points: Number(points),
    ...(folder === undefined ? {} : { folder }),
    report: ({ point, acknowledged, problem }, done, total) => {
      if (problem !== null) console.log(`${point.call} ${point.k}, after ${acknowledged}: ${problem}`)
      if (done % 50 === 0) console.log(`${done} of ${total}`)
    },
  })
  const failed = outcomes.filter((outcome) => outcome.problem !== null)
  const kinds = new Set(outcomes.map((outcome) => outcome.point.call))
  console.log(
    `${outcomes.length - outcomes.filter((each) => each.finished).length} runs killed (${[...kinds].join(', ')}), ${outcomes.filter((each) => each.finished).length} more that ended before: ${failed.length} with a loss`,
  )
  if (failed.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
