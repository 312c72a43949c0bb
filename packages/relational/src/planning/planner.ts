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
import { CATALOG_ENGINE, type CatalogDatabase } from '../duckdb/catalog-database.ts'
import type { DuckDatabase } from '../duckdb/database.ts'
import { DUCKDB_ENGINE, FILE_ENGINE } from '../duckdb/engine.ts'
import { emptyRelation, relationColumns } from '../duckdb/relation.ts'
import type { DuckSession, ResultColumn, StatementShape } from '../duckdb/session.ts'
import { resultType } from '../duckdb/types.ts'
import { isArrowName } from '../formats/arrow-file.ts'
import { NotNative } from '../language/lower/native.ts'
import { lowerQuery } from '../language/lower/query.ts'
import type { Environment } from '../language/lower/scope.ts'
import { partsOfName } from '../language/quote.ts'
import type { SelectStatement } from '../language/syntax.ts'
import { readTree } from '../language/tree.ts'
import { optionsOf } from '../layout/options.ts'
import { findCollection, tableScan } from '../layout/relations.ts'
import { arrowFilePlan, readsArrowFile } from '../operators/arrow-file.ts'
import { alignOutput } from './align.ts'
import { catalogDeclarations } from './catalog-declarations.ts'
import { checkPackage, isCatalogFunction, isCatalogRelation } from './catalog-names.ts'
import { constantOf } from './constants.ts'
import { type Definitions, definitionsFor } from './definitions.ts'
import { nameEnumTypes } from './enum-types.ts'
import { namesFiles } from './files.ts'
import { type Names, namesIn } from './names.ts'
import { cacheKey, nativeParameter, parameterValues } from './parameters.ts'
import { withPivotValues } from './pivot.ts'
import {
  foreignSetting,
  NO_SETTINGS,
  type SessionSettings,
  settingStatements,
  settingsKey,
} from './settings.ts'
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
  /** The DuckDB that shows the catalog. */
  readonly catalog: CatalogDatabase
  /** What SET has changed in the session that the texts are from. */
  readonly session?: SessionSettings
}

/** Is where relations are looked up, and the views that were found. */
type Found = { readonly catalog: CatalogView; readonly views: PlannedQuery[] }

/** What DuckDB says where a type in a text cannot be written into its parse tree. */
const UNNAMED_TYPE = '"error_message":"Cannot serialize non-constant type parameter'
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
  readonly #session: SessionSettings
  readonly #sessionKey: string

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
    this.#session = settings.session ?? NO_SETTINGS
    this.#sessionKey = settingsKey(this.#session)
  }

  /** Gives the plan of a query that was planned before for values of these types; `undefined` for a new one. */
  known(text: string, parameters: ReadonlyMap<string, Value>): PlannedQuery | undefined {
    return this.#cache.get(this.#context.catalog())?.get(`${this.#sessionKey}\0${cacheKey(text, parameters)}`)
  }

  /** Plans a query. @throws `SYNTAX`, `NOT_FOUND`, `TYPE` with the place in the text */
  async plan(text: string, options: PlanOptions = {}): Promise<PlannedQuery> {
    const parameters = options.parameters ?? NOTHING
    const catalog = this.#context.catalog()
    if (options.relations !== undefined) return this.#plan(text, { ...options, parameters }, catalog)
    const key = `${options.rowIdsOf ?? ''}${this.#sessionKey}\0${cacheKey(text, parameters)}`
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
    const pivoted = await withPivotValues(text, (sql) => this.#texts(sql, options))
    if (pivoted === undefined) return this.#planSelect(text, options, catalog)
    return { ...(await this.#planSelect(pivoted, options, catalog)), isVolatile: true }
  }

  /** Reads the one column of a query. */
  async #texts(
    sql: string,
    { parameters, relations }: PlanOptions & { readonly parameters: ReadonlyMap<string, Value> },
  ): Promise<string[]> {
    const used = new Map([...parameters].filter(([name]) => sql.includes(`$${name}`)))
    const { plan } = await this.plan(sql, { parameters: used, ...(relations && { relations }) })
    return (await this.#context.read(plan, { parameters: used })).map(([value]) => String(value))
  }

  async #planSelect(
    given: string,
    options: PlanOptions & { readonly parameters: ReadonlyMap<string, Value> },
    catalog: CatalogView,
  ): Promise<PlannedQuery> {
    const { text, tree, types } = await this.#parse(given)
    const found = definitionsFor(catalog, text)
    const settings = settingStatements(this.#session, text)
    const definitions = { ...found, statements: [...settings, ...types, ...found.statements] }
    const names = withRelations(namesIn(tree), definitions.relations)
    const asked = asksCatalog(names)
    if (asked !== undefined)
      return this.#planCatalog(text, { tree, names, asked, parameters: options.parameters })
    const readsFiles = namesFiles(names, (name) => this.#isRelation(name, catalog))
    const database = readsFiles ? this.#settings.files : this.#database
    const views: PlannedQuery[] = []
    const relations = await this.#relations(names, options, { catalog, views })
    const calls = await this.#calls(names)
    const readsArrow = [...relations.values()].some(readsArrowFile)
    const isVolatile = readsFiles || readsArrow || calls.size > 0 || views.some((view) => view.isVolatile)
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

  /** Parses a query; types that DuckDB's parse tree has no place for are named first. */
  async #parse(
    text: string,
  ): Promise<{ readonly text: string; readonly tree: SelectStatement; readonly types: readonly string[] }> {
    const json = await this.#database.serialize(text)
    if (!json.includes(UNNAMED_TYPE)) return { text, tree: readTree(json, text), types: [] }
    const named = nameEnumTypes(text)
    const tree = readTree(await this.#database.serialize(named.text), named.text)
    return { text: named.text, tree, types: named.definitions }
  }

  /** Plans a question about the catalog, which DuckDB answers over declarations of what there is. */
  async #planCatalog(
    text: string,
    about: {
      readonly tree: SelectStatement
      readonly names: Names
      readonly asked: string
      readonly parameters: ReadonlyMap<string, Value>
    },
  ): Promise<PlannedQuery> {
    const { tree, names, asked, parameters } = about
    const other = names.tables.find(
      (table) => !isCatalogRelation(table) && this.#isRelation(nameOf(table), this.#context.catalog()),
    )
    if (other !== undefined)
      throw new SheafError(
        'UNSUPPORTED',
        `The catalog is read in queries of its own. Ask for ${asked} apart from the table ${nameOf(other)}.`,
      )
    const declarations = catalogDeclarations(this.#context)
    const values = parameterValues(tree, parameters)
    const session = await this.#settings.catalog.session(declarations)
    const shape = await session.describe(text, (index) => values(index).bound)
    const plan = foreignPlan(text, {
      relations: new Map(),
      names,
      shape,
      parameter: (index) => values(index).expression,
      definitions: [JSON.stringify(declarations)],
      engine: CATALOG_ENGINE,
    })
    return { plan, reason: 'the catalog', columns: shape.columns, isVolatile: false }
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
    const setting = foreignSetting(this.#session)
    if (setting !== undefined) return `the setting ${setting}`
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
    const { schema: own } = this.#session
    for (const { name, schema } of names.tables) {
      const isMain = schema.toLowerCase() === 'main'
      const full = schema === '' || isMain ? name : `${schema}.${name}`
      if (own !== '' && relations.has(full))
        throw new SheafError(
          'UNSUPPORTED',
          `A table of the schema main stands beside one of ${own} that has its name. Name the schema of both: ${name}`,
        )
      const places = schema === '' && own !== '' ? [`${own}.${full}`, full] : [full]
      let plan = options.relations?.get(full.toLowerCase())
      for (const place of places) plan ??= await this.#relation(place, found, options.rowIdsOf)
      if (schema === '' && isArrowName(name)) plan ??= await arrowFilePlan(name)
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
    const session = { ...NO_SETTINGS, schema: options.schema ?? '' }
    const inner = new SqlPlanner(
      { ...this.#settings, session },
      this.#context,
      this.#cache,
      this.#viewDepth + 1,
    )
    const view = await inner.plan(options.sql)
    views.push(view)
    return renamedOutput(withFreshIds(view.plan), options.columns)
  }

  /** Lowers the table functions of other models. */
  async #calls(names: Names): Promise<Map<number, { readonly name: string; readonly plan: LogicalPlan }>> {
    const calls = new Map<number, { readonly name: string; readonly plan: LogicalPlan }>()
    for (const { name, args, location } of names.functions) {
      if (/^(read_arrow|arrow_scan|scan_arrow_ipc)$/i.test(name)) {
        calls.set(location, { name, plan: await arrowFilePlan(String(constantOf(args[0], name))) })
        continue
      }
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

/** Names what a text asks of the catalog; `undefined` where it asks nothing. */
function asksCatalog({ tables, functions }: Names): string | undefined {
  const table = tables.find(isCatalogRelation)
  return table === undefined ? functions.find(isCatalogFunction)?.name : nameOf(table)
}

function nameOf({ name, schema }: Names['tables'][number]): string {
  return schema === '' || schema.toLowerCase() === 'main' ? name : `${schema}.${name}`
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
