/**
 * Cuts the power of a real file system: a store is written on ext4, which lies on a loop device whose file is on XFS. At
 * a random instant the file is copied by reference (`FICLONE`, one instant for all of it): that is the disk as a power
 * cut leaves it. The copy is mounted, which replays the journal of ext4, and the store in it is checked.
 *
 * What was acknowledged before the copy began must be there. With `unsafe` the same is done with syncs left out: then
 * cuts must lose something, or the test would prove nothing.
 *
 * Run as root: `node scripts/run.mjs run test/faults/power-cuts.ts [cuts] [unsafe] [folder]` (Linux; `mkfs.xfs`,
 * `mkfs.ext4`, `mount` with loop devices)
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { checkStore } from './kill-points.ts'

const POOL_SIZE = '3G'
const DISK_SIZE = '512M'
const TRANSACTIONS = 100_000
/** A disk is written for so many cuts before it is made anew. */
const CUTS_PER_DISK = 10
const MOST_WAIT_MS = 700

/** Runs a program of the system. @throws where it fails */
function run(program: string, ...options: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, options, { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${options.join(' ')}: ${stderr.trim()}`)
}

/** Says why the power cannot be cut here, `null` where it can. */
export function whyNotCuttable(): string | null {
  if (process.platform !== 'linux') return 'this needs Linux'
  if (process.getuid?.() !== 0) return 'mounting needs root'
  for (const program of ['mkfs.xfs', 'mkfs.ext4', 'mount', 'umount', 'cp'])
    if (spawnSync('which', [program]).status !== 0) return `${program} is not installed`
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-power-'))
  try {
    const disks = new Disks(folder)
    disks.close()
    return null
  } catch (error) {
    return `file systems cannot be mounted: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Is a pool on XFS, in which disks are files. */
class Disks {
  readonly #folder: string
  readonly #mounted: string[] = []
  readonly disk: string
  readonly cut: string

  constructor(folder: string) {
    this.#folder = folder
    this.disk = join(folder, 'disk')
    this.cut = join(folder, 'cut')
    for (const each of ['pool', 'disk', 'cut']) mkdirSync(join(folder, each), { recursive: true })
    run('truncate', '-s', POOL_SIZE, join(folder, 'pool.image'))
    run('mkfs.xfs', '-q', '-m', 'reflink=1', join(folder, 'pool.image'))
    this.#mount(join(folder, 'pool.image'), join(folder, 'pool'))
  }

  #mount(image: string, at: string, options = 'loop'): void {
    run('mount', '-o', options, image, at)
    this.#mounted.push(at)
  }

  unmount(at: string): void {
    run('umount', at)
    this.#mounted.splice(this.#mounted.indexOf(at), 1)
  }

  #image(name: string): string {
    return join(this.#folder, 'pool', name)
  }

  /** Makes an empty disk. Its loop device writes past the cache, so that the file holds what the disk was given. */
  format(): void {
    if (this.#mounted.includes(this.disk)) this.unmount(this.disk)
    run('rm', '-f', this.#image('disk.image'))
    run('truncate', '-s', DISK_SIZE, this.#image('disk.image'))
    run('mkfs.ext4', '-q', '-F', this.#image('disk.image'))
    this.#mount(this.#image('disk.image'), this.disk)
  }

  /** Copies the disk as it is at this instant. */
  copy(): void {
    run('cp', '--reflink=always', this.#image('disk.image'), this.#image('cut.image'))
  }

  /** Mounts the copy, as after the power came back. */
  mountCopy(): void {
    this.#mount(this.#image('cut.image'), this.cut)
  }

  dropCopy(): void {
    this.unmount(this.cut)
    run('rm', '-f', this.#image('cut.image'))
  }

  close(): void {
    for (const at of [...this.#mounted].reverse()) this.unmount(at)
  }
}

/** Is a process that writes the workload and tells how far it came. */
class Writer {
  readonly #child: ChildProcess
  acknowledged = -1
  #rest = ''

  constructor(store: string, isUnsafe: boolean) {
    const writer = fileURLToPath(new URL('writer.ts', import.meta.url))
    const from = isUnsafe ? ['unsafe'] : []
    this.#child = spawn(
      process.execPath,
      ['--conditions=source', writer, store, '1', String(TRANSACTIONS), ...from],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    this.#child.stdout?.on('data', (chunk) => this.#take(String(chunk)))
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() as string
    for (const line of lines) this.acknowledged = line === 'ready' ? 0 : Number(line)
  }

  async ready(): Promise<void> {
    while (this.acknowledged < 1) {
      if (this.#child.exitCode !== null) throw new Error('The writer ended before its first transaction.')
      await sleep(10)
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** Tells what became of one cut. */
export type CutOutcome = { readonly acknowledged: number; readonly problem: string | null }

/** Cuts the power many times. */
export async function cutPower(options: {
  readonly cuts: number
  readonly isUnsafe?: boolean
  readonly folder?: string
  readonly report?: (outcome: CutOutcome, done: number) => void
}): Promise<readonly CutOutcome[]> {
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'sheaf-power-'))
  const disks = new Disks(folder)
  const outcomes: CutOutcome[] = []
  try {
    while (outcomes.length < options.cuts) {
      disks.format()
      const writer = new Writer(join(disks.disk, 'store'), options.isUnsafe === true)
      try {
        await writer.ready()
        for (let cut = 0; cut < CUTS_PER_DISK && outcomes.length < options.cuts; cut += 1) {
          await sleep(Math.random() * MOST_WAIT_MS)
          // The copy is of an instant after this: what is acknowledged now must be in it.
          const { acknowledged } = writer
          disks.copy()
          disks.mountCopy()
          const problem = checkCut(join(disks.cut, 'store'), acknowledged)
          disks.dropCopy()
          outcomes.push({ acknowledged, problem })
          options.report?.(outcomes.at(-1) as CutOutcome, outcomes.length)
        }
      } finally {
        await writer.stop()
      }
    }
  } finally {
    disks.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return outcomes
}

/** The workload went on for some transactions between the reading of the count and the copy. */
const MOST_AHEAD = 10_000

/** Checks in a process of its own: the maps of one would keep the copy mounted. */
function checkCut(store: string, acknowledged: number): string | null {
  const own = fileURLToPath(import.meta.url)
  const check = spawnSync(
    process.execPath,
    ['--conditions=source', own, 'check', store, String(acknowledged)],
    { encoding: 'utf8' },
  )
  if (check.status === 0) return null
  return check.status === 1 ? check.stdout.trim() : `the check fails: ${check.stderr.trim().slice(-500)}`
}

async function check(store: string, acknowledged: number): Promise<void> {
  const problem = await checkStore(store, acknowledged, MOST_AHEAD).catch((error: unknown) => String(error))
  if (problem === null) return
  console.log(problem)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const [cuts = '200', ...rest] = process.argv.slice(2)
  if (cuts === 'check') return check(rest[0] as string, Number(rest[1]))
  const reason = whyNotCuttable()
  if (reason !== null) {
    console.log(`Skipped: ${reason}`)
    return
  }
  const isUnsafe = rest.includes('unsafe')
  const folder = rest.find((each) => each !== 'unsafe')
  const outcomes = await cutPower({
    cuts: Number(cuts),
    isUnsafe,
    ...(folder === undefined ? {} : { folder }),
    report: ({ acknowledged, problem }, done) => {
      if (problem !== null) console.log(`cut ${done}, after ${acknowledged}: ${problem}`)
      if (done % 20 === 0) console.log(`${done} cuts`)
    },
  })
  const lost = outcomes.filter((outcome) => outcome.problem !== null).length
  console.log(`${outcomes.length} power cuts${isUnsafe ? ' without syncs' : ''}: ${lost} with a loss`)
  if (isUnsafe ? lost === 0 : lost > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
