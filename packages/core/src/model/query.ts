import { type RecordBatch, RecordBatchStreamWriter, type Schema, Table } from 'apache-arrow'
import { column } from '../expression/build.ts'
import { joinedAlike } from '../expression/compared-alike.ts'
import type { Expression } from '../expression/expression.ts'
import type { AggregateBuilder, ColumnBuilder, UnboundExpression } from '../expression/unbound.ts'
import { bindExpression, columnResolver } from '../expression/unbound.ts'
import {
  aggregate,
  aggregateExpression,
  columnNamed,
  distinct,
  filter,
  join,
  limit,
  named,
  project,
  sort,
  sortKey,
} from '../plan/build.ts'
import type { JoinKind, LogicalPlan, PlanField } from '../plan/logical-plan.ts'
import { bindParameters } from '../plan/parameters.ts'
import { union } from '../plan/set-operations.ts'
import { withFreshIds } from '../plan/traverse.ts'
import { batchToRecordBatch, schemaOf } from '../types/arrow.ts'
import type { Batch } from '../types/column.ts'
import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { decodeBatch, type RowDecoder, rowsOfBatch } from './rows.ts'

/** Is what every call that may take long takes. */
export type RunOptions = {
  readonly signal?: AbortSignal
  /** Milliseconds after which the call fails with TIMEOUT. */
  readonly timeout?: number
}

/** Runs plans: the store, transaction or snapshot behind a query. */
export type QuerySession = {
  /** Optimizes (once a plan and catalog) and runs a plan; batches stand in the order of the plan's output. */
  run(plan: LogicalPlan, parameters: ReadonlyMap<string, Value>, options: RunOptions): AsyncIterable<Batch>
  /** The same, at once as far as a plan gets without waiting or taking long; `rest` is `null` where that is its end. */
  runAtOnce(
    plan: LogicalPlan,
    parameters: ReadonlyMap<string, Value>,
  ): { readonly batches: Batch[]; readonly rest: AsyncIterable<Batch> | null }
  explain(plan: LogicalPlan, parameters: ReadonlyMap<string, Value>, options: ExplainOptions): Promise<string>
}

/** Tunes `explain`: with `analyze` the query runs, and rows and times are shown. */
export type ExplainOptions = RunOptions & { readonly analyze?: boolean }

/** Tunes a query that a model makes. */
export type QueryOptions<Row> = {
  readonly parameters?: ReadonlyMap<string, Value>
  /** Makes a row of the values of a result row; by default an object by column name. */
  readonly decode?: RowDecoder<Row>
  /** A plan for `rows` and `first` alone, where these show more than the columns do (RDF terms). */
  readonly rowPlan?: () => LogicalPlan | Promise<LogicalPlan>
  /**
   * Reads the rows that the plan gives straight from the store, in portions: for `rows`, and with a limit for `first`,
   * where neither a signal nor a timeout is given. Between two portions others may run.
   */
  readonly direct?: (limit: number | null) => Iterable<Row[]>
}

/** Steps are walked by recursion: more of them would exhaust the stack. */
const MAX_STEPS = 1800

/** Is what stands where a condition or a computed column is wanted. */
export type Computed = ColumnBuilder

/** Orders by columns: a name, or names with their direction. */
export type SortOrder = string | readonly string[] | Readonly<Record<string, 'asc' | 'desc'>>

type Row = Record<string, unknown>

const NO_PARAMETERS: ReadonlyMap<string, Value> = new Map()

/**
 * Is a query, not yet run: a logical plan of whichever language, with the ways to run it and to build on it. Each run
 * sees the state at its start.
 */
export class Query<RowType = Row> implements AsyncIterable<RecordBatch> {
  readonly #session: QuerySession
  /** Counts the steps that this query was built by, one on the other. */
  #stepCount = 0
  readonly #lower: () => LogicalPlan | Promise<LogicalPlan>
  readonly #options: QueryOptions<RowType>
  /** Gives the plan with its parameters in place. */
  #bound: Lower | undefined

  constructor(
    session: QuerySession,
    lower: () => LogicalPlan | Promise<LogicalPlan>,
    options: QueryOptions<RowType> = {},
  ) {
    this.#session = session
    this.#lower = lower
    this.#options = options
  }

  /** Gives the logical plan, its parameters in place as constants: what other queries and languages build on. */
  plan(): LogicalPlan | Promise<LogicalPlan> {
    const { parameters } = this.#options
    if (parameters === undefined || parameters.size === 0) return this.#lower()
    this.#bound ??= derived(this.#lower, (plan) => bindParameters(plan, parameters))
    return this.#bound()
  }

  /** Gives the Arrow schema of the result; a promise where planning has to wait. */
  get schema(): Schema | Promise<Schema> {
    const plan = this.#lower()
    return plan instanceof Promise ? plan.then((ready) => schemaOf(ready.output)) : schemaOf(plan.output)
  }

  /** Runs the query and gives all rows. */
  async rows(options: RunOptions = {}): Promise<RowType[]> {
    const { direct } = this.#options
    if (direct !== undefined && !hasLimits(options)) return readDirect(direct(null))
    const lower = this.#options.rowPlan ?? this.#lower
    let plan = lower()
    if (plan instanceof Promise) plan = await plan
    const parts: RowType[][] = []
    let batches: AsyncIterable<Batch> | null
    if (hasLimits(options)) batches = this.#session.run(plan, this.#parameters, options)
    else {
      const first = this.#session.runAtOnce(plan, this.#parameters)
      for (const batch of first.batches) parts.push(this.#decode(batch, plan))
      batches = first.rest
    }
    if (batches !== null) for await (const batch of batches) parts.push(this.#decode(batch, plan))
    return parts.length === 1 ? (parts[0] as RowType[]) : parts.flat()
  }

  /** Runs the query as far as its first row. */
  async first(options: RunOptions = {}): Promise<RowType | undefined> {
    const { direct } = this.#options
    if (direct !== undefined && !hasLimits(options)) return (await readDirect(direct(1)))[0]
    const lower = this.#options.rowPlan ?? this.#lower
    const plan = limit(await lower(), 1)
    for await (const batch of this.#session.run(plan, this.#parameters, options)) {
      const [row] = this.#decode(batch, plan)
      if (row !== undefined) return row
    }
    return undefined
  }

  /** Runs the query and gives an Arrow table. */
  async table(options: RunOptions = {}): Promise<Table> {
    const batches: RecordBatch[] = []
    for await (const batch of this.batches(options)) batches.push(batch)
    return new Table(await this.schema, batches)
  }

  /** Runs the query and gives Arrow record batches as they are made. */
  async *batches(options: RunOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    const plan = await this.#lower()
    const schema = schemaOf(plan.output)
    for await (const batch of this.#session.run(plan, this.#parameters, options))
      yield batchToRecordBatch(batch, schema)
  }

  /** Runs the query and gives Arrow record batches as they are made. */
  [Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    return this.batches()
  }

  /** Runs the query and gives an Arrow IPC stream. */
  async ipc(options: RunOptions = {}): Promise<Uint8Array> {
    const writer = new RecordBatchStreamWriter()
    writer.reset(undefined, await this.schema)
    for await (const batch of this.batches(options)) writer.write(batch)
    writer.finish()
    return writer.toUint8Array()
  }

  /** Counts the rows of the result. */
  async count(options: RunOptions = {}): Promise<number> {
    const plan = aggregate(await this.#lower(), [], [aggregateExpression('count', 'count', [])])
    for await (const batch of this.#session.run(plan, this.#parameters, options))
      return rowsOfBatch(batch, ['count'])[0]?.count as number
    return 0
  }

  /** Tells how the query is planned; with `analyze` also runs it, and shows rows and times. */
  async explain(options: ExplainOptions = {}): Promise<string> {
    return this.#session.explain(await this.#lower(), this.#parameters, options)
  }

  /** Keeps the rows for which a condition is true. */
  filter(condition: Computed): Query {
    return this.#then((plan) => filter(plan, bind(condition.expression, plan)))
  }

  /** Computes columns: names to keep, or an object of name to expression. */
  select(columns: readonly string[] | Readonly<Record<string, Computed>>): Query {
    return this.#then((plan) => {
      if (Array.isArray(columns))
        return project(
          plan,
          (columns as readonly string[]).map((name) => named(name, columnNamed(plan, name))),
        )
      const entries = Object.entries(columns as Readonly<Record<string, Computed>>)
      return project(
        plan,
        entries.map(([name, item]) => named(name, bind(item.expression, plan))),
      )
    })
  }

  /** Renames columns: old name to new name. */
  rename(names: Readonly<Record<string, string>>): Query {
    return this.#then((plan) => {
      for (const name of Object.keys(names)) columnNamed(plan, name)
      return project(
        plan,
        plan.output.map((field) =>
          named(Object.hasOwn(names, field.name) ? (names[field.name] as string) : field.name, column(field)),
        ),
      )
    })
  }

  /** Joins with another query. `on` names columns that both have, or maps left names to right names. */
  join(
    other: Query<never> | Query,
    options: {
      readonly on?: string | readonly string[] | Readonly<Record<string, string>>
      readonly how?: JoinKind
    } = {},
  ): Query {
    const { on = {}, how = 'inner' } = options
    return this.#thenWith(other, (left, right) => joinPlans(left, right, pairsOf(on), how))
  }

  /** Groups by columns; call `agg` on what this gives. */
  groupBy(...columns: (string | Readonly<Record<string, Computed>>)[]): Grouping {
    return new Grouping((aggregates) =>
      this.#then((plan) => {
        const groups = columns.flatMap((item) =>
          typeof item === 'string'
            ? [named(item, columnNamed(plan, item))]
            : Object.entries(item).map(([name, expression]) =>
                named(name, bind(expression.expression, plan)),
              ),
        )
        return aggregate(
          plan,
          groups,
          Object.entries(aggregates).map(([name, item]) =>
            aggregateExpression(
              name,
              item.function,
              item.args.map((arg) => bind(arg, plan)),
              { distinct: item.isDistinct },
            ),
          ),
        )
      }),
    )
  }

  /** Sorts by columns, ascending where nothing else is said; nulls last. */
  sort(order: SortOrder): Query<RowType> {
    return this.#keep((plan) =>
      sort(
        plan,
        sortPairs(order).map(([name, direction]) =>
          sortKey(columnNamed(plan, name), { descending: direction === 'desc' }),
        ),
      ),
    )
  }

  /** Gives at most so many rows. */
  limit(count: number): Query<RowType> {
    return this.#keep((plan) =>
      plan.kind === 'limit' && plan.count === null
        ? limit(plan.input, count, plan.offset)
        : limit(plan, count),
    )
  }

  /** Leaves out so many rows from the start. */
  offset(count: number): Query<RowType> {
    return this.#keep((plan) =>
      plan.kind === 'limit' && plan.offset === null
        ? Object.freeze({ ...limit(plan.input, null, count), count: plan.count } as LogicalPlan)
        : limit(plan, null, count),
    )
  }

  /** Gives each distinct row once. */
  distinct(): Query {
    return this.#then(distinct)
  }

  /** Adds the rows of another query, columns matched by position. */
  union(other: Query<never> | Query): Query {
    return this.#thenWith(other, (left, right) => union([left, right]))
  }

  get #parameters(): ReadonlyMap<string, Value> {
    return this.#options.parameters ?? NO_PARAMETERS
  }

  #decode(batch: Batch, plan: LogicalPlan): RowType[] {
    const { decode } = this.#options
    if (decode !== undefined) return decodeBatch(batch, decode)
    return rowsOfBatch(batch, namesOf(plan)) as RowType[]
  }

  #then(build: (plan: LogicalPlan) => LogicalPlan): Query {
    return this.#next(
      new Query(
        this.#session,
        derived(() => this.plan(), build),
      ),
    )
  }

  /** Counts a step. @throws `LIMIT` where there are too many */
  #next<Next extends Query<RowType> | Query>(query: Next): Next {
    query.#stepCount = this.#stepCount + 1
    if (query.#stepCount <= MAX_STEPS) return query
    throw new SheafError(
      'LIMIT',
      `A query is built of too many steps one on the other. Join its conditions: at most ${MAX_STEPS} steps`,
    )
  }

  /** Builds on the query where the rows keep their shape, and so their decoder. */
  #keep(build: (plan: LogicalPlan) => LogicalPlan): Query<RowType> {
    const { decode, rowPlan, parameters } = this.#options
    if (rowPlan !== undefined && parameters === undefined) {
      const options = {
        ...(decode === undefined ? {} : { decode }),
        rowPlan: derived(rowPlan, build),
      }
      return this.#next(
        new Query<RowType>(
          this.#session,
          derived(() => this.plan(), build),
          options,
        ),
      )
    }
    return this.#next(
      new Query<RowType>(
        this.#session,
        derived(() => this.plan(), build),
        decode === undefined || rowPlan !== undefined ? {} : { decode },
      ),
    )
  }

  #thenWith(
    other: { plan(): LogicalPlan | Promise<LogicalPlan> },
    build: (left: LogicalPlan, right: LogicalPlan) => LogicalPlan,
  ): Query {
    const fresh = derived(() => other.plan(), withFreshIds)
    let right: LogicalPlan | undefined
    let joined: Lower | undefined
    const both = async (): Promise<LogicalPlan> => {
      const now = await fresh()
      if (joined === undefined || now !== right)
        joined = derived(
          () => this.plan(),
          (left) => build(left, now),
        )
      right = now
      return joined()
    }
    return this.#next(new Query(this.#session, both))
  }
}

/** Is a query with its groups, waiting for aggregates. */
export class Grouping {
  readonly #build: (aggregates: Readonly<Record<string, AggregateBuilder>>) => Query

  constructor(build: (aggregates: Readonly<Record<string, AggregateBuilder>>) => Query) {
    this.#build = build
  }

  /** Computes aggregates by name; the result has the groups, then these. */
  agg(aggregates: Readonly<Record<string, AggregateBuilder>>): Query {
    return this.#build(aggregates)
  }
}

const outputNames = new WeakMap<LogicalPlan, readonly string[]>()

/** Names the columns of a plan; once a plan. */
function namesOf(plan: LogicalPlan): readonly string[] {
  let names = outputNames.get(plan)
  if (names === undefined) {
    names = plan.output.map((field) => field.name)
    outputNames.set(plan, names)
  }
  return names
}

/** Gives up the thread between portions. */
async function readDirect<Row>(portions: Iterable<Row[]>): Promise<Row[]> {
  let rows: Row[] | undefined
  for (const portion of portions) {
    if (rows === undefined) {
      rows = portion
      continue
    }
    for (const row of portion) rows.push(row)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return rows ?? []
}

function hasLimits(options: RunOptions): boolean {
  return options.signal !== undefined || options.timeout !== undefined
}

function bind(expression: UnboundExpression, plan: LogicalPlan): Expression {
  return bindExpression(expression, columnResolver(plan.output))
}

function whenReady(
  plan: LogicalPlan | Promise<LogicalPlan>,
  build: (plan: LogicalPlan) => LogicalPlan,
): LogicalPlan | Promise<LogicalPlan> {
  return plan instanceof Promise ? plan.then(build) : build(plan)
}

type Lower = () => LogicalPlan | Promise<LogicalPlan>

/**
 * Builds on a plan, and again only where that has become another: a query run twice is planned once, but never stays
 * with a plan of a state that has passed.
 */
function derived(lower: Lower, build: (plan: LogicalPlan) => LogicalPlan): Lower {
  let before: LogicalPlan | undefined
  let built: LogicalPlan | undefined
  const take = (plan: LogicalPlan): LogicalPlan => {
    if (built === undefined || plan !== before) built = build(plan)
    before = plan
    return built
  }
  return () => whenReady(lower(), take)
}

function pairsOf(on: string | readonly string[] | Readonly<Record<string, string>>): [string, string][] {
  if (typeof on === 'string') return [[on, on]]
  if (Array.isArray(on)) return on.map((name: string) => [name, name])
  return Object.entries(on as Readonly<Record<string, string>>)
}

/** Joins by pairs of names; a right column whose name the left has already is named `<name>_right`. */
function joinPlans(
  left: LogicalPlan,
  right: LogicalPlan,
  pairs: readonly [string, string][],
  how: JoinKind,
): LogicalPlan {
  if (pairs.length === 0 && how !== 'cross') {
    throw new SheafError('ARGUMENT', "A join needs columns to join on. Give `on`, or `how: 'cross'`.")
  }
  const keys = pairs.map(([leftName, rightName]) => {
    const [a, b] = joinedAlike(columnNamed(left, leftName), columnNamed(right, rightName))
    return { left: a, right: b }
  })
  const joined = join(left, right, { how, keys })
  if (how === 'semi' || how === 'anti') return joined
  const merged = new Set(
    how === 'inner' || how === 'left' ? pairs.filter(([a, b]) => a === b).map(([, name]) => name) : [],
  )
  const taken = new Set(left.output.map((field) => field.name))
  const rightFields = joined.output.slice(left.output.length).filter((field) => !merged.has(field.name))
  return project(joined, [
    ...joined.output.slice(0, left.output.length).map((field) => named(field.name, column(field))),
    ...rightFields.map((field: PlanField) =>
      named(taken.has(field.name) ? `${field.name}_right` : field.name, column(field)),
    ),
  ])
}

function sortPairs(order: SortOrder): [string, 'asc' | 'desc'][] {
  if (typeof order === 'string') return [[order, 'asc']]
  if (Array.isArray(order)) return order.map((name: string) => [name, 'asc'])
  return Object.entries(order as Readonly<Record<string, 'asc' | 'desc'>>)
}
