import {
  type CatalogView,
  column,
  type Expression,
  foreign,
  isSheafError,
  isVariant,
  keepColumns,
  type LogicalPlan,
  type ModelContext,
  type PlanField,
  planField,
  SheafError,
  type Value,
  withFreshIds,
} from '@sheafdb/core'
import type { DuckDatabase } from '../duckdb/database.ts'
import { DUCKDB_ENGINE, FILE_ENGINE } from '../duckdb/engine.ts'
import { emptyRelation, relationColumns } from '../duckdb/relation.ts'
import type { DuckSession, ResultColumn, StatementShape } from '../duckdb/session.ts'
import { resultType } from '../duckdb/types.ts'
import { NotNative } from '../language/lower/native.ts'
import { lowerQuery } from '../language/lower/query.ts'
import type { Environment } from '../language/lower/scope.ts'
import { partsOfName } from '../language/quote.ts'
import type { SelectStatement } from '../language/syntax.ts'
import { readTree } from '../language/tree.ts'
import { optionsOf } from '../layout/options.ts'
import { findCollection, tableScan } from '../layout/relations.ts'
import { alignOutput } from './align.ts'
import { checkPackage, isCatalogFunction, isCatalogRelation } from './catalog-names.ts'
import { constantOf } from './constants.ts'
import { type Definitions, definitionsFor } from './definitions.ts'
import { namesFiles } from './files.ts'
import { type Names, namesIn } from './names.ts'
import { cacheKey, nativeParameter, parameterValues } from './parameters.ts'
import { replaceCalls } from './table-functions.ts'

/** Is a query ready to run. */
export type PlannedQuery = {
  readonly plan: LogicalPlan
  /** Why the query runs in DuckDB; `undefined` where it runs natively. */
  readonly reason: string | undefined
  /** The result columns as DuckDB types them. */
  readonly columns: readonly ResultColumn[]
  /** True where a table function of another model is in it, whose plan may be another after the next commit. */
  readonly isVolatile: boolean
}

/** Tunes planning. */
export type PlanOptions = {
  /** Values of the text's parameters: the plan is made for values of their types. */
  readonly parameters?: ReadonlyMap<string, Value>
  /** Relations that the text may name beside those of the store, by name in lower case. */
  readonly relations?: ReadonlyMap<string, LogicalPlan>
  /** The table, by its name in lower case, whose row ids the text may name as `_row_id`. */
  readonly rowIdsOf?: string
}

/** Is what a planner has to work with. */
export type PlannerSettings = {
  readonly database: DuckDatabase
  /** The DuckDB that may read files: queries that name files run there. */
  readonly files: DuckDatabase
  /** False sends every query to DuckDB whole. */
  readonly native: boolean
}

/** Is where relations are looked up, and the views that were found. */
type Found = { readonly catalog: CatalogView; readonly views: PlannedQuery[] }

const MAX_CACHED = 2000
const MAX_VIEW_DEPTH = 32
const NOTHING: ReadonlyMap<string, Value> = new Map()

/** Turns SQL queries into plans, and keeps them: a text that was planned once never reaches DuckDB again. */
export class SqlPlanner {
  readonly #settings: PlannerSettings
  readonly #database: DuckDatabase
  readonly #context: ModelContext
  readonly #cache: WeakMap<CatalogView, Map<string, PlannedQuery>>
  readonly #viewDepth: number

  constructor(
    settings: PlannerSettings,
    context: ModelContext,
    cache: WeakMap<CatalogView, Map<string, PlannedQuery>>,
    viewDepth = 0,
  ) {
    this.#settings = settings
    this.#database = settings.database
    this.#context = context
    this.#cache = cache
    this.#viewDepth = viewDepth
  }

  /** Gives the plan of a query that was planned before for values of these types; `undefined` for a new one. */
  known(text: string, parameters: ReadonlyMap<string, Value>): PlannedQuery | undefined {
    return this.#cache.get(this.#context.catalog())?.get(`\0${cacheKey(text, parameters)}`)
  }

  /** Plans a query. @throws `SYNTAX`, `NOT_FOUND`, `TYPE` with the place in the text */
  async plan(text: string, options: PlanOptions = {}): Promise<PlannedQuery> {
    const parameters = options.parameters ?? NOTHING
    const catalog = this.#context.catalog()
    if (options.relations !== undefined) return this.#plan(text, { ...options, parameters }, catalog)
    const key = `${options.rowIdsOf ?? ''}\0${cacheKey(text, parameters)}`
    let plans = this.#cache.get(catalog)
    const cached = plans?.get(key)
    if (cached !== undefined) return cached
    const planned = await this.#plan(text, { ...options, parameters }, catalog)
    if (plans === undefined || plans.size >= MAX_CACHED) {
      plans = new Map()
      this.#cache.set(catalog, plans)
    }
    if (!planned.isVolatile) plans.set(key, planned)
    return planned
  }

  async #plan(
    text: string,
    options: PlanOptions & { readonly parameters: ReadonlyMap<string, Value> },
    catalog: CatalogView,
  ): Promise<PlannedQuery> {
    const tree = readTree(await this.#database.serialize(text), text)
    const definitions = definitionsFor(catalog, text)
    const names = withRelations(namesIn(tree), definitions.relations)
    const readsFiles = namesFiles(names, (name) => this.#isRelation(name, catalog))
    const database = readsFiles ? this.#settings.files : this.#database
    const views: PlannedQuery[] = []
    const relations = await this.#relations(names, options, { catalog, views })
    const calls = await this.#calls(names)
    const isVolatile = readsFiles || calls.size > 0 || views.some((view) => view.isVolatile)
    const replaced = replaceCalls(text, calls)
    for (const [name, plan] of replaced.relations) relations.set(name, plan)
    const values = parameterValues(tree, options.parameters)
    const known = { relations, calls, parameters: options.parameters }
    let shape: StatementShape
    try {
      shape = await database.use(async (session) => {
        await session.define(definitions.statements)
        await session.show([...relations].map(([name, plan]) => [name, emptyRelation(plan.output)]))
        return session.describe(replaced.text, (index) => values(index).bound)
      })
    } catch (error) {
      // DuckDB is shown variants as text, and refuses to compute with text. The plan knows what they hold.
      const native =
        this.#settings.native && hasVariants(relations) && isSheafError(error, 'TYPE')
          ? tryNative(tree, null, known)
          : ''
      if (typeof native === 'string') throw error
      return { plan: native, reason: undefined, columns: relationColumns(native.output), isVolatile }
    }
    const attempt = this.#attempt(tree, shape, known, { definitions, readsFiles })
    if (typeof attempt !== 'string')
      return { plan: attempt, reason: undefined, columns: shape.columns, isVolatile }
    const plan = foreignPlan(replaced.text, {
      relations,
      names,
      shape,
      parameter: (index) => values(index).expression,
      definitions: definitions.statements,
      engine: readsFiles ? FILE_ENGINE : DUCKDB_ENGINE,
    })
    return { plan, reason: attempt, columns: shape.columns, isVolatile }
  }

  /** Lowers a query natively, or tells why that cannot be. */
  #attempt(
    tree: SelectStatement,
    shape: StatementShape,
    known: Parameters<typeof tryNative>[2],
    about: { readonly definitions: Definitions; readonly readsFiles: boolean },
  ): LogicalPlan | string {
    if (!this.#settings.native) return 'the option native: false'
    if (about.readsFiles) return 'a file'
    return about.definitions.usesMacros ? 'a macro' : tryNative(tree, shape, known)
  }

  #isRelation(name: string, catalog: CatalogView): boolean {
    return findCollection(catalog, name) !== undefined || this.#context.relation(name) !== undefined
  }

  /** Shows a session relations without rows, by name: those that there are. */
  async showRelations(session: DuckSession, names: readonly string[]): Promise<void> {
    const found = { catalog: this.#context.catalog(), views: [] }
    for (const name of names) {
      const plan = await this.#relation(name, found, undefined)
      if (plan !== undefined) await session.show([[name, emptyRelation(plan.output)]])
    }
  }

  /** Finds the relations that a text names, by the name that DuckDB knows each by. */
  async #relations(names: Names, options: PlanOptions, found: Found): Promise<Map<string, LogicalPlan>> {
    const relations = new Map<string, LogicalPlan>()
    const wanted = names.tables.some(isCatalogRelation) || names.functions.some(isCatalogFunction)
    const tables = wanted
      ? this.#context.relationNames().map((name) => ({ name, schema: '' }))
      : names.tables.map(({ name, schema }) => ({
          name,
          schema: schema.toLowerCase() === 'main' ? '' : schema,
        }))
    for (const { name, schema } of tables) {
      const full = schema === '' ? name : `${schema}.${name}`
      const plan =
        options.relations?.get(full.toLowerCase()) ?? (await this.#relation(full, found, options.rowIdsOf))
      if (plan !== undefined) relations.set(full, plan)
    }
    return relations
  }

  async #relation(
    name: string,
    { catalog, views }: Found,
    rowIdsOf: string | undefined,
  ): Promise<LogicalPlan | undefined> {
    const collection = findCollection(catalog, name)
    if (collection === undefined) return this.#context.relation(name)
    const options = optionsOf(collection)
    if (options.kind !== 'view')
      return tableScan(collection, { rowId: rowIdsOf === collection.name.toLowerCase() })
    if (this.#viewDepth >= MAX_VIEW_DEPTH)
      throw new SheafError(
        'LIMIT',
        `Views refer to views too deep. Check for a view that refers to itself: ${name}`,
      )
    const inner = new SqlPlanner(this.#settings, this.#context, this.#cache, this.#viewDepth + 1)
    const view = await inner.plan(options.sql)
    views.push(view)
    return renamedOutput(withFreshIds(view.plan), options.columns)
  }

  /** Lowers the table functions of other models. */
  async #calls(names: Names): Promise<Map<number, { readonly name: string; readonly plan: LogicalPlan }>> {
    const calls = new Map<number, { readonly name: string; readonly plan: LogicalPlan }>()
    for (const { name, args, location } of names.functions) {
      const known = this.#context.tableFunction(name)
      if (known === undefined) {
        checkPackage(name)
        continue
      }
      const plan = await known.lower(
        this.#context,
        args.map((arg) => constantOf(arg, name)),
      )
      calls.set(location, { name, plan })
    }
    return calls
  }
}

/** Adds the relations that macros read, of which every column may be used. */
function withRelations(names: Names, relations: readonly string[]): Names {
  if (relations.length === 0) return names
  const tables = relations.map((relation) => {
    const [schema, name] = partsOfName(relation)
    return { schema, name }
  })
  return { ...names, tables: [...names.tables, ...tables], words: null }
}

function hasVariants(relations: ReadonlyMap<string, LogicalPlan>): boolean {
  return [...relations.values()].some((plan) => plan.output.some((field) => isVariant(field.type)))
}

/** Lowers a query natively, or tells why that cannot be; without a shape its columns keep the types of the plan. */
function tryNative(
  tree: SelectStatement,
  shape: StatementShape | null,
  known: {
    readonly relations: ReadonlyMap<string, LogicalPlan>
    readonly calls: ReadonlyMap<number, { readonly plan: LogicalPlan }>
    readonly parameters: ReadonlyMap<string, Value>
  },
): LogicalPlan | string {
  const byName = new Map([...known.relations].map(([name, plan]) => [name.toLowerCase(), plan]))
  const environment: Environment = {
    relation: (name) => byName.get(name.toLowerCase().replace(/^main\./, '')),
    tableFunction: (location) => known.calls.get(location)?.plan,
    parameter: (name) => nativeParameter(name, known.parameters),
    ctes: [],
    lowerQuery,
    depth: 0,
  }
  try {
    const plan = lowerQuery(tree.node, environment, null)
    return shape === null ? plan : alignOutput(plan, shape.columns)
  } catch (error) {
    if (error instanceof NotNative) return error.message
    if (isSheafError(error, 'TYPE', 'UNSUPPORTED', 'NOT_FOUND', 'ARGUMENT', 'LIMIT')) return error.message
    throw error
  }
}

function foreignPlan(
  text: string,
  options: {
    readonly relations: ReadonlyMap<string, LogicalPlan>
    readonly names: Names
    readonly shape: StatementShape
    readonly parameter: (index: number) => Expression
    readonly definitions: readonly string[]
    readonly engine: string
  },
): LogicalPlan {
  const { relations, names, shape, definitions, engine } = options
  return foreign({
    engine,
    text,
    inputs: [...relations].map(([name, plan]) => ({
      name,
      plan: usedColumns(withFreshIds(plan), names.words),
    })),
    parameters: shape.parameters.map((_, index) => options.parameter(index)),
    ...(definitions.length === 0 ? {} : { definitions }),
    output: shape.columns.map((item) => planField(item.name, resultType(item.type))),
  })
}

/** Leaves out the columns that a text does not name. */
function usedColumns(plan: LogicalPlan, words: ReadonlySet<string> | null): LogicalPlan {
  if (words === null) return plan
  const used = plan.output.filter((field) => words.has(field.name.toLowerCase()))
  if (used.length === plan.output.length) return plan
  const kept = used.length > 0 ? used : plan.output.slice(0, 1)
  return keepColumns(
    plan,
    kept.map((field) => field.id),
  )
}

function renamedOutput(plan: LogicalPlan, names: readonly string[]): LogicalPlan {
  if (names.length === 0) return plan
  const output = plan.output.map(
    (field, index): PlanField => Object.freeze({ ...field, name: names[index] ?? field.name }),
  )
  return Object.freeze({
    kind: 'project',
    input: plan,
    expressions: output.map((field, index) => ({
      id: field.id,
      name: field.name,
      expression: column(plan.output[index] as PlanField),
    })),
    output,
  })
}
