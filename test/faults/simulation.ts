/**
 * Runs clients against a store whose disk, clock and schedule all come from one seed: clients take turns at random,
 * syncs end late, a call fails or the power goes, and the store is opened again on what the disk kept. In the end, the
 * history is searched for anything lost, half done or out of order.
 *
 * Run: `node scripts/run.mjs run test/faults/simulation.ts [seeds] [first seed]`
 */
import { fileURLToPath } from 'node:url'
import { isSheafError } from '@sheafdb/core'
import { FaultFileSystem } from '@sheafdb/core/testing'
import type { TableStore, WriteTransaction } from '../../packages/core/src/catalog/table-store.ts'
import { openTableStore, type TableStoreOptions } from '../../packages/core/src/transaction/table-store.ts'
import { columnReader } from '../../packages/core/src/types/column.ts'
import { columnFromValues } from '../../packages/core/src/types/column-builder.ts'
import { makeField, types } from '../../packages/core/src/types/data-type.ts'
import { findAnomalies, type IsolationLevel, type ListAction, type ListTransaction } from './list-append.ts'

const KEYS = 5
const CLIENTS = 4
const LIVES = 4
/** Two tables: a commit that reaches only one of them shows. */
const TABLES = ['even', 'odd'] as const

/** Makes random numbers from 0 up to 1 from a seed. */
export function randomOf(seed: number): () => number {
  let state = (seed + 0x9e3779b9) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Lets whoever waits go on in an order that the seed decides. */
class Schedule {
  readonly #random: () => number
  readonly #waiting: (() => void)[] = []
  time = 0

  constructor(random: () => number) {
    this.#random = random
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  later(run: () => void): void {
    this.#waiting.push(run)
  }

  /** Runs until everything given is done. */
  async run<T>(all: readonly Promise<T>[]): Promise<T[]> {
    let isDone = false
    const settled = Promise.all(all).finally(() => {
      isDone = true
    })
    settled.catch(() => {}) // Whoever awaits the run sees the error.
    while (!isDone) {
      // Promises that wait for nothing outside settle before anybody else has a turn.
      await new Promise<void>((resolve) => setImmediate(resolve))
      const at = Math.floor(this.#random() * this.#waiting.length)
      const [next] = this.#waiting.splice(at, 1)
      this.time += 1
      next?.()
    }
    return settled
  }
}

/** Says how a simulation is run. */
export type SimulationOptions = {
  readonly seed: number
  /** The level that transactions ask for; by default each seed has one. */
  readonly level?: IsolationLevel
  /** The level that the history is held to, where it is another. */
  readonly held?: IsolationLevel
  readonly durability?: TableStoreOptions['durability']
}

/** Runs one seed; gives what is wrong. */
export async function simulate(options: SimulationOptions): Promise<readonly string[]> {
  const simulation = new Simulation(options)
  return simulation.run()
}

type Ending = {
  readonly lists: ReadonlyMap<number, readonly number[]>
  readonly problems: readonly string[]
}

class Simulation {
  readonly #random: () => number
  readonly #schedule: Schedule
  readonly #level: IsolationLevel
  readonly #held: IsolationLevel
  readonly #options: Omit<TableStoreOptions, 'fileSystem'>
  readonly #history: ListTransaction[] = []
  #nextElement = 1
  #disk: FaultFileSystem

  constructor(options: SimulationOptions) {
    const { seed, level = seed % 2 === 0 ? 'snapshot' : 'serializable', durability = 'commit' } = options
    this.#random = randomOf(seed)
    this.#schedule = new Schedule(this.#random)
    this.#level = level
    this.#held = options.held ?? level
    this.#disk = new FaultFileSystem()
    this.#options = {
      path: 'store',
      durability,
      directRows: this.#random() < 0.3 ? 2 : 1000,
      // Small enough that commits flush now and then.
      memoryLimit: this.#random() < 0.5 ? 16_000 : 1 << 28,
      clock: () => this.#schedule.time,
      timers: {
        later: (run) => this.#schedule.later(run),
        pause: () => this.#schedule.turn(),
      },
    }
  }

  async run(): Promise<readonly string[]> {
    for (let life = 0; life < LIVES; life += 1) {
      const problem = await this.#live(life === LIVES - 1)
      if (problem !== null) return [problem]
    }
    const ended = this.#end().catch((error: unknown): Ending => {
      if (!isSheafError(error)) throw error
      return { lists: new Map(), problems: [`the store does not open: ${error.message}`] }
    })
    const [{ lists, problems }] = (await this.#schedule.run([ended])) as [Ending]
    return [...problems, ...findAnomalies(this.#history, lists, this.#held)]
  }

  /** Opens the store, lets clients work until they are done or the power is gone, and leaves the disk as found then. */
  async #live(isLast: boolean): Promise<string | null> {
    const disk = this.#disk
    let store: TableStore
    try {
      store = await openTableStore({ ...this.#options, fileSystem: disk })
      await createTables(store)
    } catch (error) {
      return `the store does not open: ${String(error)}`
    }
    disk.delay = () => this.#schedule.turn()
    if (!isLast) this.#planFault(disk)
    const clients = Array.from({ length: CLIENTS }, () => this.#client(store, disk))
    await this.#schedule.run([...clients, this.#maintain(store)])
    const closing = store.close().catch((error: unknown) => {
      if (!isSheafError(error)) throw error
    })
    if (!disk.crashed) await this.#schedule.run([closing])
    const outcomes = ['lost', 'kept', 'torn', 'killed'] as const
    const outcome = outcomes[Math.floor(this.#random() * 4)] as (typeof outcomes)[number]
    this.#disk = outcome === 'killed' ? disk.afterKill() : disk.afterCrash(outcome, this.#random)
    return null
  }

  #planFault(disk: FaultFileSystem): void {
    const kinds = ['crash', 'crash', 'fail', 'tear'] as const
    const kind = kinds[Math.floor(this.#random() * kinds.length)] as (typeof kinds)[number]
    const at = disk.callCount + Math.floor(this.#random() ** 2 * 150)
    disk.fault = (index) => (index === at ? kind : 'none')
  }

  async #client(store: TableStore, disk: FaultFileSystem): Promise<void> {
    const transactions = 2 + Math.floor(this.#random() * 4)
    for (let count = 0; count < transactions && !disk.crashed; count += 1) {
      await this.#schedule.turn()
      await this.#transaction(store)
    }
  }

  async #transaction(store: TableStore): Promise<void> {
    const actions: ListAction[] = []
    const begunAt = this.#tick()
    let outcome: ListTransaction['outcome'] = 'aborted'
    let transaction: WriteTransaction
    try {
      transaction = store.begin({ isolation: this.#level })
    } catch (error) {
      if (!isSheafError(error, 'IO', 'NO_SPACE')) throw error
      return
    }
    try {
      await this.#act(transaction, actions)
      if (this.#random() < 0.1) transaction.rollback()
      else {
        outcome = 'unknown'
        await transaction.commit()
        outcome = 'committed'
      }
    } catch (error) {
      if (!isSheafError(error, 'IO', 'CONFLICT', 'CLOSED', 'NO_SPACE')) throw error
      if (isSheafError(error, 'CONFLICT')) outcome = 'aborted'
      transaction.rollback()
    }
    const endedAt = outcome === 'committed' ? this.#tick() : Number.POSITIVE_INFINITY
    this.#history.push({ actions, outcome, begunAt, endedAt })
  }

  async #act(transaction: WriteTransaction, actions: ListAction[]): Promise<void> {
    const count = 1 + Math.floor(this.#random() * 4)
    for (let at = 0; at < count; at += 1) {
      const key = Math.floor(this.#random() * KEYS)
      if (this.#random() < 0.5) actions.push({ kind: 'read', key, list: readList(transaction.snapshot, key) })
      else actions.push(this.#append(transaction, key))
      if (this.#random() < 0.15) this.#undone(transaction, key)
      await this.#schedule.turn()
    }
  }

  #append(transaction: WriteTransaction, key: number): ListAction {
    const element = this.#nextElement
    this.#nextElement += 1
    writeList(transaction, key, [...readList(transaction.snapshot, key), element])
    return { kind: 'append', key, element }
  }

  /** Appends an element that a savepoint takes back: nobody may ever see it. */
  #undone(transaction: WriteTransaction, key: number): void {
    transaction.savepoint('before')
    const { element } = this.#append(transaction, key) as Extract<ListAction, { kind: 'append' }>
    transaction.rollbackTo('before')
    this.#history.push({
      actions: [{ kind: 'append', key, element }],
      outcome: 'aborted',
      begunAt: 0,
      endedAt: Number.POSITIVE_INFINITY,
    })
  }

  async #maintain(store: TableStore): Promise<void> {
    const count = Math.floor(this.#random() * 3)
    for (let at = 0; at < count; at += 1) {
      for (let wait = Math.floor(this.#random() * 30); wait > 0; wait -= 1) await this.#schedule.turn()
      await store.compact({ full: this.#random() < 0.5 }).catch((error: unknown) => {
        if (!isSheafError(error, 'IO', 'NO_SPACE')) throw error
      })
    }
  }

  async #end(): Promise<Ending> {
    const outcomes = ['lost', 'kept', 'torn'] as const
    const outcome = outcomes[Math.floor(this.#random() * 3)] as (typeof outcomes)[number]
    const disk = this.#disk.afterCrash(outcome, this.#random)
    const store = await openTableStore({ ...this.#options, fileSystem: disk })
    const snapshot = store.snapshot()
    const lists = new Map(Array.from({ length: KEYS }, (_, key) => [key, readList(snapshot, key)]))
    const { problems } = await store.verify()
    await store.close()
    return { lists, problems }
  }

  #tick(): number {
    this.#schedule.time += 1
    return this.#schedule.time
  }
}

function tableOf(key: number): string {
  return `test:${TABLES[key % 2]}`
}

async function createTables(store: TableStore): Promise<void> {
  const transaction = store.begin()
  for (const name of TABLES) {
    if (transaction.snapshot.catalog.collection('test', name) !== undefined) continue
    const fields = [makeField('key', types.int32), makeField('list', types.utf8)]
    transaction.createCollection('test', name, { version: 1, tables: [{ part: '', fields, key: ['key'] }] })
  }
  await transaction.commit()
}

function readList(snapshot: Pick<WriteTransaction['snapshot'], 'source'>, key: number): readonly number[] {
  const { batch } = snapshot.source(tableOf(key)).lookup([[key]], [{ field: 'list', type: types.utf8 }])
  if (batch.length === 0) return []
  return JSON.parse(columnReader(batch.columns[0] as never)(0) as string) as number[]
}

function writeList(transaction: WriteTransaction, key: number, list: readonly number[]): void {
  const columns = [columnFromValues(types.int32, [key]), columnFromValues(types.utf8, [JSON.stringify(list)])]
  transaction.insert(tableOf(key), { fields: ['key', 'list'], columns, length: 1 }, 'replace')
}

async function main(): Promise<void> {
  const [seeds = 10_000, first = 0] = process.argv.slice(2).map(Number)
  let failed = 0
  for (let seed = first; seed < first + seeds; seed += 1) {
    const problems = await simulate({ seed })
    if (problems.length === 0) continue
    failed += 1
    console.log(`seed ${seed}: ${problems.join('; ')}`)
  }
  console.log(`${seeds} seeds from ${first} on: ${failed} with a fault found`)
  if (failed > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
