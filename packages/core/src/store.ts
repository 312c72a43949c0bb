import type { Engine, ExtensionOperator } from './catalog/engine.ts'
import type { CatalogView, Snapshot, TableStore, WriteTransaction } from './catalog/table-store.ts'
import { drive, driveRest, driveSlice, makeContext, type RunContext } from './execution/driver.ts'
import { type NodeCounters, startPlan } from './execution/planner.ts'
import { registerAggregates } from './expression/aggregates.ts'
import { registerFunctions } from './expression/registry.ts'
import { changesOfRows, waitFor, wantedTables } from './model/changes.ts'
import type { FileAccess, FileOptions, Model, ModelContext, TableFunction } from './model/model.ts'
import { type ExplainOptions, Query, type QuerySession, type RunOptions } from './model/query.ts'
import { Relations } from './model/relations.ts'
import type { Change, ChangesOptions, OpenOptions, Store, StoreStats } from './model/store-api.ts'
import { type TabularSource, valuesOf } from './model/tabular.ts'
import { estimateRows } from './optimizer/estimate.ts'
import { optimize } from './optimizer/optimizer.ts'
import { optimizerContext } from './optimizer/statistics.ts'
import { explainPlan } from './plan/explain.ts'
import type { LogicalPlan } from './plan/logical-plan.ts'
import { type RepairReport, repairStore } from './transaction/repair.ts'
import { openTableStore, type TableStoreOptions } from './transaction/table-store.ts'
import { type Batch, batchRowCount, columnReader } from './types/column.ts'
import { isSheafError, SheafError } from './types/errors.ts'
import { canGenerate } from './types/generation.ts'
import type { Value } from './types/value.ts'

const DEFAULT_MEMORY_LIMIT = 2 ** 30
const MAX_ATTEMPTS = 50

/**
 * Opens a store in a folder, making it where there is none; `':memory:'` gives one that is not kept.
 *
 * @throws `LOCKED` where another process writes to it, `CORRUPT`, `VERSION`, `IO`
 * @example const store = await openStore('./shop.sheaf', { models: [kv()] })
 */
export async function openStore<const Models extends readonly Model[]>(
  path: string,
  options: OpenOptions<Models>,
): Promise<Store<Models>> {
  checkModels(options.models)
  checkOptions(options)
  const memoryLimit = options.memoryLimit ?? DEFAULT_MEMORY_LIMIT
  for (const model of options.models) {
    registerFunctions(model.functions ?? [])
    registerAggregates(model.aggregates ?? [])
  }
  const tableOptions: TableStoreOptions = {
    path,
    memoryLimit,
    ...(options.durability === undefined ? {} : { durability: options.durability }),
    ...(options.readOnly === undefined ? {} : { readOnly: options.readOnly }),
    ...(options.retention === undefined ? {} : { retention: options.retention }),
    ...options.host,
  }
  const tables = await openTableStore(tableOptions)
  return new OpenStore(tables, options.models, tableOptions).handle() as Store<Models>
}

function checkModels(models: readonly Model[]): void {
  const names = new Set<string>()
  for (const model of models) {
    if (names.has(model.name))
      throw new SheafError('ARGUMENT', `A model was passed twice. Pass each once: ${model.name}`)
    names.add(model.name)
  }
}

const DURABILITIES: ReadonlySet<unknown> = new Set(['commit', 'interval', 'none'])

function checkOptions({ memoryLimit, durability }: OpenOptions<readonly Model[]>): void {
  if (memoryLimit !== undefined && !(typeof memoryLimit === 'number' && memoryLimit > 0))
    throw new SheafError(
      'ARGUMENT',
      `The memory limit is a count of bytes above 0, such as 512 * 2 ** 20: ${String(memoryLimit)}`,
    )
  if (durability !== undefined && !DURABILITIES.has(durability))
    throw new SheafError(
      'ARGUMENT',
      `The durability is 'commit', 'interval' or 'none': ${String(durability)}`,
    )
}

type ReadOptions = NonNullable<Parameters<ModelContext['batches']>[1]>

/** Opens the snapshot that a run reads; `close` is called when the run ends. */
type SnapshotSource = { open(): Snapshot; readonly isShared: boolean; write: ModelContext['write'] }

class OpenStore {
  #tables: TableStore
  readonly #tableOptions: TableStoreOptions
  readonly #models: readonly Model[]
  readonly #engines: ReadonlyMap<string, Engine>
  readonly #operators: ReadonlyMap<string, ExtensionOperator>
  readonly #functions: ReadonlyMap<string, TableFunction>
  readonly #memoryLimit: number
  /** Optimized plans by logical plan, for one version of the catalog. */
  readonly #plans = new WeakMap<
    LogicalPlan,
    { readonly catalogVersion: number; readonly plan: LogicalPlan }
  >()
  #closing: Promise<void> | null = null

  constructor(tables: TableStore, models: readonly Model[], tableOptions: TableStoreOptions) {
    this.#tables = tables
    this.#tableOptions = tableOptions
    this.#models = models
    this.#memoryLimit = tableOptions.memoryLimit ?? DEFAULT_MEMORY_LIMIT
    this.#engines = new Map(
      models.flatMap((model) => model.engines ?? []).map((engine) => [engine.name, engine]),
    )
    this.#operators = new Map(
      models.flatMap((model) => model.operators ?? []).map((operator) => [operator.name, operator]),
    )
    this.#functions = new Map(
      models.flatMap((model) => model.tableFunctions ?? []).map((fn) => [fn.name.toLowerCase(), fn]),
    )
  }

  handle(): unknown {
    const source: SnapshotSource = {
      open: () => this.#tables.snapshot(),
      isShared: false,
      write: (work) => this.#autocommit(work),
    }
    const session = this.#session(source)
    const context = this.#context(source)
    return Object.defineProperties(session, {
      version: { get: () => this.#tables.lastCommit },
      transaction: {
        value: (work: (session: unknown) => unknown, options?: { isolation?: 'snapshot' | 'serializable' }) =>
          this.#transaction(work, options),
      },
      snapshot: { value: () => this.#snapshot() },
      asOf: { value: (version: number) => this.#snapshot(version) },
      import: {
        value: async (path: string, options: FileOptions) => this.#files().import(context, path, options),
      },
      export: {
        value: async (path: string, options: FileOptions) =>
          this.#files().export(context, path, { ...options, plan: relationPlan(context, options.table) }),
      },
      backup: { value: (path: string) => this.#tables.backup(path) },
      repair: { value: () => this.#repair() },
      refresh: { value: async () => this.#tables.refresh() },
      changes: { value: (options?: ChangesOptions) => this.#changes(context, options) },
      verify: { value: () => this.#tables.verify() },
      compact: {
        value: (options?: { signal?: AbortSignal }) => this.#tables.compact({ full: true, ...options }),
      },
      stats: {
        value: (): StoreStats => ({
          version: this.#tables.lastCommit,
          tables: this.#tables.report(),
          storage: this.#tables.reportStorage(),
        }),
      },
      close: { value: () => this.#close() },
      [Symbol.asyncDispose]: { value: () => this.#close() },
    })
  }

  /** Closes the store, repairs its files and opens it again; what was open on it is closed. */
  async #repair(): Promise<RepairReport> {
    this.#requireOpen()
    if (this.#tableOptions.readOnly === true)
      throw new SheafError(
        'READ_ONLY',
        'The store is open for reading only. Open it without readOnly to repair it.',
      )
    if (this.#tableOptions.path === ':memory:') return { ...(await this.#tables.verify()), lostRowCount: 0 }
    await this.#tables.close()
    try {
      return await repairStore(this.#tableOptions.path, this.#tableOptions)
    } finally {
      this.#tables = await openTableStore(this.#tableOptions)
    }
  }

  async *#changes(
    context: ModelContext,
    options: ChangesOptions = {},
  ): AsyncGenerator<Change, void, undefined> {
    this.#requireOpen()
    const { tables, follow = false, signal } = options
    let since = options.since ?? 0
    const wanted = tables === undefined ? () => true : wantedTables(context, tables)
    for (;;) {
      const upTo = this.#tables.lastCommit
      for (const changes of this.#tables.changes(since, wanted)) {
        for (const change of changesOfRows(changes)) {
          if (signal?.aborted === true) throw new SheafError('ABORTED', 'The feed of changes was stopped.')
          yield change
        }
      }
      since = upTo
      if (!follow) return
      await waitFor(this.#tables.changed(since), signal)
      if (this.#closing !== null) return
    }
  }

  #close(): Promise<void> {
    this.#closing ??= this.#tables.close()
    return this.#closing
  }

  #requireOpen(): void {
    if (this.#closing !== null)
      throw new SheafError('CLOSED', 'The store is closed. Open it again with openStore.')
  }

  /** Makes the models' APIs over one way of reading and writing. */
  #session(source: SnapshotSource): object {
    const context = this.#context(source)
    const session = { from: (from: string | TabularSource) => this.#from(context, from) }
    for (const model of this.#models)
      Object.defineProperty(session, model.name, { value: model.open(context), enumerable: true })
    return session
  }

  #context(source: SnapshotSource): ModelContext {
    const runner = this.#runner(source)
    const withCatalog = <Result>(read: (catalog: CatalogView) => Result): Result => {
      const snapshot = this.#open(source)
      try {
        return read(snapshot.catalog)
      } finally {
        if (!source.isShared) snapshot.close()
      }
    }
    const context: ModelContext = {
      catalog: () => withCatalog((catalog) => catalog),
      keyed: (table, fields) => {
        if (!source.isShared) return this.#tables.keyed(table, fields)
        const snapshot = this.#open(source)
        return snapshot.catalog.table(table) === undefined ? undefined : snapshot.keyed(table, fields)
      },
      keyedVersion: () =>
        source.isShared ? this.#open(source).catalog.version : this.#tables.catalogVersion,
      onCommit: (listener) => this.#tables.onCommit(listener),
      commitsEachWrite: !source.isShared,
      snapshot: () => this.#open(source),
      write: async (work) => {
        this.#requireOpen()
        return source.write(work)
      },
      query: (lower, options) => new Query(runner, lower, options),
      read: (plan, options = {}) => this.#read(source, plan, options),
      batches: (plan, options = {}) => this.#batches(source, plan, options),
      within: (transaction) =>
        this.#context({
          open: () => transaction.snapshot,
          isShared: true,
          write: (work) => transaction.statement(() => work(transaction)),
        }),
      relation: (name) => relations.find(name),
      relationNames: () => relations.names(),
      tableFunction: (name) => this.#functions.get(name.toLowerCase()),
    }
    const relations = new Relations(this.#models, context)
    return context
  }

  #open(source: SnapshotSource): Snapshot {
    this.#requireOpen()
    return source.open()
  }

  #from(context: ModelContext, source: string | TabularSource): Query {
    if (typeof source !== 'string') {
      const plan = valuesOf(source)
      return context.query(() => plan)
    }
    return context.query(() => relationPlan(context, source))
  }

  #files(): FileAccess {
    this.#requireOpen()
    const files = this.#models.find((model) => model.files !== undefined)?.files
    if (files !== undefined) return files
    throw new SheafError(
      'MISSING_DEPENDENCY',
      'No model that was passed reads and writes files. Install @sheafdb/relational and pass relational() to openStore.',
    )
  }

  #runner(source: SnapshotSource): QuerySession {
    const store = this
    return {
      async *run(plan, parameters, options) {
        const snapshot = store.#open(source)
        try {
          yield* store.#drive(snapshot, plan, parameters, options)
        } finally {
          if (!source.isShared) snapshot.close()
        }
      },
      runAtOnce(plan, parameters) {
        const snapshot = store.#open(source)
        let context: RunContext | undefined
        const close = () => {
          context?.close()
          if (!source.isShared) snapshot.close()
        }
        try {
          const runtime = store.#runtime(snapshot, parameters, {})
          context = runtime.context
          const steps = startPlan(store.#optimized(plan, snapshot), runtime)
          const slice = driveSlice(steps, runtime.context, now)
          if (slice.pending !== undefined) {
            const rest = driveRest(steps, slice, { context: runtime.context, now })
            return { batches: slice.batches, rest: closing(rest, close) }
          }
          close()
          return { batches: slice.batches, rest: null }
        } catch (error) {
          close()
          throw error
        }
      },
      async explain(plan, parameters, options) {
        const snapshot = store.#open(source)
        try {
          return await store.#explain(snapshot, plan, parameters, options)
        } finally {
          if (!source.isShared) snapshot.close()
        }
      },
    }
  }

  #optimized(plan: LogicalPlan, snapshot: Snapshot): LogicalPlan {
    const catalogVersion = snapshot.catalog.version
    const known = this.#plans.get(plan)
    if (known !== undefined && known.catalogVersion === catalogVersion) return known.plan
    const optimized = optimize(plan, optimizerContext(snapshot))
    this.#plans.set(plan, { catalogVersion, plan: optimized })
    return optimized
  }

  #runtime(
    snapshot: Snapshot,
    parameters: ReadonlyMap<string, Value>,
    options: RunOptions,
  ): Parameters<typeof startPlan>[1] & { readonly context: RunContext } {
    const context = makeContext(
      snapshot,
      parameters,
      {
        signal: options.signal,
        timeoutMs: options.timeout,
        memoryLimitBytes: this.#memoryLimit,
        memory: this.#tables.memory,
        spill: this.#tables.spill,
        now,
      },
      this.#models.find((model) => model.vectorIndexes !== undefined)?.vectorIndexes,
    )
    return {
      context,
      engines: this.#engines,
      operators: this.#operators,
      mode: canGenerate() ? 'auto' : 'interpreted',
    }
  }

  async *#drive(
    snapshot: Snapshot,
    plan: LogicalPlan,
    parameters: ReadonlyMap<string, Value>,
    options: RunOptions,
  ): AsyncGenerator<Batch, void, undefined> {
    const optimized = this.#optimized(plan, snapshot)
    const runtime = this.#runtime(snapshot, parameters, options)
    try {
      yield* drive(startPlan(optimized, runtime), runtime.context, now)
    } finally {
      runtime.context.close()
    }
  }

  async #read(source: SnapshotSource, plan: LogicalPlan, options: ReadOptions): Promise<Value[][]> {
    const rows: Value[][] = []
    for await (const batch of this.#batches(source, plan, options)) appendRows(batch, rows)
    return rows
  }

  async *#batches(
    source: SnapshotSource,
    plan: LogicalPlan,
    options: ReadOptions,
  ): AsyncGenerator<Batch, void, undefined> {
    const own = options.transaction?.snapshot
    const snapshot = own ?? this.#open(source)
    try {
      yield* this.#drive(snapshot, plan, options.parameters ?? new Map(), options)
    } finally {
      if (own === undefined && !source.isShared) snapshot.close()
    }
  }

  async #explain(
    snapshot: Snapshot,
    plan: LogicalPlan,
    parameters: ReadonlyMap<string, Value>,
    options: ExplainOptions,
  ): Promise<string> {
    const optimized = this.#optimized(plan, snapshot)
    const parts = ['logical plan', explainPlan(plan), '', 'optimized plan']
    if (options.analyze !== true) return [...parts, explainPlan(optimized, engineOf)].join('\n')
    const counters = new Map<LogicalPlan, NodeCounters>()
    const estimates = optimizerContext(snapshot)
    const runtime = { ...this.#runtime(snapshot, parameters, options), counters }
    const start = performance.now()
    let rowCount = 0
    try {
      for await (const batch of drive(startPlan(optimized, runtime), runtime.context, now))
        rowCount += batchRowCount(batch)
    } finally {
      runtime.context.close()
    }
    const annotate = (node: LogicalPlan): string =>
      [engineOf(node), countersText(node, counters.get(node), estimateRows(node, estimates))]
        .filter(Boolean)
        .join(', ')
    return [
      ...parts,
      explainPlan(optimized, annotate),
      '',
      `${rowCount} rows in ${(performance.now() - start).toFixed(2)} ms`,
    ].join('\n')
  }

  async #autocommit<Result>(
    work: (transaction: WriteTransaction) => Result | Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const transaction = this.#tables.begin()
      try {
        const result = await work(transaction)
        await transaction.commit()
        return result
      } catch (error) {
        transaction.rollback()
        if (!isSheafError(error, 'CONFLICT') || attempt >= MAX_ATTEMPTS) throw error
      }
    }
  }

  async #transaction(
    work: (session: unknown) => unknown,
    options?: { readonly isolation?: 'snapshot' | 'serializable' },
  ): Promise<unknown> {
    this.#requireOpen()
    const transaction = this.#tables.begin(options)
    const session = this.#session({
      open: () => transaction.snapshot,
      isShared: true,
      write: (write) => transaction.statement(() => write(transaction)),
    })
    Object.defineProperties(session, {
      savepoint: { value: (name: string) => transaction.savepoint(name) },
      rollbackTo: { value: (name: string) => transaction.rollbackTo(name) },
      release: { value: (name: string) => transaction.release(name) },
    })
    try {
      const result = await work(session)
      await transaction.commit()
      return result
    } catch (error) {
      transaction.rollback()
      throw error
    }
  }

  #snapshot(version?: number): unknown {
    this.#requireOpen()
    const snapshot = this.#tables.snapshot(version)
    // Models close what they open: the snapshot that they share stays until its user closes it.
    const shared: Snapshot = { ...snapshot, close() {} }
    const session = this.#session({
      open: () => shared,
      isShared: true,
      write: async () => {
        throw new SheafError(
          'READ_ONLY',
          'A snapshot cannot be written to. Write through the store or a transaction.',
        )
      },
    })
    return Object.defineProperties(session, {
      version: { value: snapshot.commit, enumerable: true },
      close: { value: () => snapshot.close() },
    })
  }
}

/** Finds a relation. @throws `NOT_FOUND` naming those there are */
function relationPlan(context: ModelContext, name: string): LogicalPlan {
  const plan = context.relation(name)
  if (plan !== undefined) return plan
  throw new SheafError(
    'NOT_FOUND',
    `There is no table or collection of this name. Those there are (${context.relationNames().join(', ')}): ${name}`,
  )
}

function appendRows(batch: Batch, rows: Value[][]): void {
  const readers = batch.columns.map(columnReader)
  const count = batchRowCount(batch)
  for (let at = 0; at < count; at += 1) {
    const index = batch.selection === null ? at : (batch.selection[at] as number)
    rows.push(readers.map((read) => read(index)))
  }
}

const now = (): number => performance.now()

/** Hands batches on, and closes what they are read from at their end, also where they were never asked for. */
function closing(batches: AsyncIterable<Batch>, closeOnce: () => void): AsyncIterableIterator<Batch, void> {
  const iterator = batches[Symbol.asyncIterator]()
  let isClosed = false
  const close = (): void => {
    if (isClosed) return
    isClosed = true
    closeOnce()
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        const step = await iterator.next()
        if (step.done === true) close()
        return step
      } catch (error) {
        close()
        throw error
      }
    },
    async return() {
      try {
        await iterator.return?.()
      } finally {
        close()
      }
      return { done: true, value: undefined }
    },
  }
}

function engineOf(node: LogicalPlan): string | undefined {
  return node.kind === 'foreign'
    ? `engine ${node.engine}`
    : node.kind === 'scan'
      ? 'engine native'
      : undefined
}

function countersText(node: LogicalPlan, counters: NodeCounters | undefined, estimate: number): string {
  if (counters === undefined) return ''
  const scanned =
    node.kind === 'scan' ? `, read ${counters.scan.rowsRead} rows, ${counters.scan.bytesRead} bytes` : ''
  return `${counters.rowCount} rows (${Math.round(estimate)} estimated), ${counters.timeMs.toFixed(2)} ms${scanned}`
}
