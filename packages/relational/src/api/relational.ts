import {
  type CollectionMethods,
  collectionMethods,
  type LogicalPlan,
  type ModelContext,
  Query,
  type RunOptions,
  SheafError,
  type Value,
} from '@sheafdb/core'
import { parseStatements } from '../language/parser/parser.ts'
import { quoteRelation } from '../language/quote.ts'
import type { Insert, Statement } from '../language/statement.ts'
import { isRelation } from '../layout/options.ts'
import { MODEL_NAME } from '../layout/relations.ts'
import { type PlannedQuery, type PlannerSettings, SqlPlanner } from '../planning/planner.ts'
import { NO_SETTINGS, type SessionSettings } from '../planning/settings.ts'
import type { StatementContext, StatementResult } from '../statements/context.ts'
import { readWithSequences } from '../statements/read-sequences.ts'
import { runStatement } from '../statements/run.ts'
import { usesSequences } from '../statements/sequence.ts'
import { bigintRows } from './bigint-rows.ts'
import { type ViewOfCollection, viewOfCollection } from './collection-view.ts'
import { InsertQueue } from './insert-queue.ts'
import { type Parameters, parameterMap } from './parameters.ts'
import { openSession, type SqlSession } from './session.ts'
import { type TableQuery, tableQuery } from './table.ts'

/** Tunes a run: `onProgress` is called while many rows are written. */
export type SqlOptions = RunOptions & {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number | undefined }) => void
}

/** Is SQL over the tables of a store, a transaction or a snapshot. Called with a name, it gives that table. */
export type RelationalApi = CollectionMethods & {
  (table: string): TableQuery
  /** Reads: one SELECT, as a lazy query. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: Parameters): Query<Row>
  /** Runs one or more statements of any kind; the result is that of the last, the rows affected those of all. */
  run(sql: string, parameters?: Parameters, options?: SqlOptions): Promise<StatementResult>
  /** Reads with queries of any model as relations and values as parameters. */
  sql<Row = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): Query<Row>
  /** Shows a collection of any model as a table: a view of its columns, or of paths inside them. */
  view(name: string, collection: string, options?: ViewOfCollection): Promise<void>
  /** Opens a connection with state: transactions as SQL text. */
  session(): SqlSession
}

/** Makes the API of the model. */
export function relationalApi(
  context: ModelContext,
  settings: PlannerSettings & { readonly integers: 'number' | 'bigint' },
  cache: WeakMap<object, Map<string, PlannedQuery>>,
): RelationalApi {
  const { database, files } = settings
  const planner = new SqlPlanner(settings, context, cache)
  const statementContext = (
    parameters: ReadonlyMap<string, Value>,
    options: SqlOptions,
    over: ModelContext = context,
    session: SessionSettings = NO_SETTINGS,
  ): StatementContext => {
    const plannerFor = (of: ModelContext) =>
      of === context && session === NO_SETTINGS
        ? planner
        : new SqlPlanner({ ...settings, session }, of, cache)
    return {
      context: over,
      database,
      files,
      planner: plannerFor(over),
      settings: session,
      plannerFor,
      parameters,
      relations: undefined,
      onProgress: options.onProgress,
      signal: options.signal,
    }
  }
  const inserts = new InsertQueue(context, statementContext(new Map(), {}))
  const isQueued = (
    statement: Insert,
    over: ModelContext,
    options: SqlOptions & { readonly settings?: SessionSettings },
  ) =>
    over === context &&
    (options.settings ?? NO_SETTINGS) === NO_SETTINGS &&
    context.commitsEachWrite &&
    statement.onConflict === null &&
    statement.returning === null &&
    options.signal === undefined
  const run = async (
    sql: string,
    parameters?: Parameters,
    options: SqlOptions & { readonly settings?: SessionSettings } = {},
    over: ModelContext = context,
  ): Promise<StatementResult> => {
    const values = parameterMap(parameters)
    const given = statementContext(values, options, over, options.settings)
    const statements = parsed(sql)
    const [first] = statements
    if (statements.length === 1 && first?.kind === 'insert' && isQueued(first, over, options))
      return inserts.run(first, values, () => runStatement(first, given, sql))
    let rowsAffected = 0
    let last: StatementResult = { rowsAffected: 0 }
    for (const statement of statements) {
      last = await runStatement(statement, given, sql)
      rowsAffected += last.rowsAffected
    }
    return { ...last, rowsAffected }
  }
  const query = <Row>(sql: string, parameters?: Parameters): Query<Row> => {
    const values = parameterMap(parameters)
    const lower = () =>
      planner.known(sql, values)?.plan ??
      planner.plan(sql, { parameters: values }).then((planned) => planned.plan)
    if (usesSequences(sql)) {
      let taken: Promise<LogicalPlan> | undefined
      return context.query<Row>(() => {
        taken ??= Promise.resolve(lower()).then((plan) =>
          readWithSequences(plan, { context, parameters: values }),
        )
        return taken
      })
    }
    if (settings.integers === 'number') return context.query<Row>(lower, { parameters: values })
    return context.query<Row>(...bigintRows<Row>(lower, values))
  }
  const api = {
    ...collectionMethods(context, MODEL_NAME),
    list: () =>
      context
        .catalog()
        .collections(MODEL_NAME)
        .filter(isRelation)
        .map(({ name }) => name)
        .sort(),
    query,
    run,
    sql: <Row>(strings: TemplateStringsArray, ...values: readonly unknown[]) =>
      templateQuery<Row>(context, planner, strings, values),
    session: () =>
      openSession(context, run, (parameters, session, over) =>
        statementContext(parameterMap(parameters), {}, over, session),
      ),
    view: async (name: string, collection: string, options: ViewOfCollection = {}) => {
      await run(`CREATE VIEW ${quoteRelation(name)} AS ${viewOfCollection(collection, options)}`)
    },
  }
  const open = (table: string) => tableQuery(context, table, () => statementContext(new Map(), {}))
  return Object.defineProperties(open, Object.getOwnPropertyDescriptors(api)) as unknown as RelationalApi
}

const MAX_PARSED = 1000
const parsedTexts = new Map<string, readonly Statement[]>()

/** Parses a text, or gives what it was parsed to before. */
function parsed(text: string): readonly Statement[] {
  const known = parsedTexts.get(text)
  if (known !== undefined) return known
  const statements = parseStatements(text)
  if (text.length > MAX_PARSED_LENGTH) return statements
  if (parsedTexts.size >= MAX_PARSED) parsedTexts.clear()
  parsedTexts.set(text, statements)
  return statements
}

/** Longer texts carry their data, and are not seen again. */
const MAX_PARSED_LENGTH = 4096

/** Makes a query of a template: queries in it become relations, values parameters. */
function templateQuery<Row>(
  context: ModelContext,
  planner: SqlPlanner,
  strings: TemplateStringsArray,
  values: readonly unknown[],
): Query<Row> {
  const parameters = new Map<string, Value>()
  const queries: { readonly name: string; readonly query: Query }[] = []
  let text = strings[0] as string
  values.forEach((value, index) => {
    if (value instanceof Query) {
      const name = `sheaf_query_${queries.length + 1}`
      queries.push({ name, query: value as Query })
      text += name
    } else {
      parameters.set(String(parameters.size + 1), value)
      text += `$${parameters.size}`
    }
    text += strings[index + 1] as string
  })
  if (text.trim() === '') throw new SheafError('SYNTAX', 'The template is empty. Write a SELECT into it.')
  const lower = async (): Promise<LogicalPlan> => {
    const relations = new Map<string, LogicalPlan>()
    for (const { name, query } of queries) relations.set(name, await query.plan())
    return (await planner.plan(text, queries.length === 0 ? { parameters } : { parameters, relations })).plan
  }
  const known = () => (queries.length === 0 ? planner.known(text, parameters)?.plan : undefined)
  return context.query<Row>(() => known() ?? lower(), { parameters })
}
