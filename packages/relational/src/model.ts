import type { Model, ModelContext } from '@sheafdb/core'
import { fileAccess } from './api/files.ts'
import { type RelationalApi, relationalApi } from './api/relational.ts'
import { CatalogDatabase, catalogEngine } from './duckdb/catalog-database.ts'
import { DuckDatabase, type DuckOptions } from './duckdb/database.ts'
import { COPY_ENGINE, duckEngine, FILE_ENGINE } from './duckdb/engine.ts'
import { sqlAggregates } from './functions/aggregates.ts'
import { sqlFunctions } from './functions/functions.ts'
import { optionsOf } from './layout/options.ts'
import { MODEL_NAME, tableScan } from './layout/relations.ts'
import { arrowFileOperator } from './operators/arrow-file.ts'
import { seriesOperator } from './operators/series.ts'
import { type PlannedQuery, SqlPlanner } from './planning/planner.ts'
import { NO_SETTINGS } from './planning/settings.ts'
import { LAYOUT_VERSION } from './statements/define.ts'

/** Tunes the relational model. */
export type RelationalOptions = {
  readonly duckdb?: DuckOptions
  /** False runs every query in DuckDB, over the same rows: to compare, and to tell where an error comes from. */
  readonly native?: boolean
  /** How 64-bit integers and integers of HUGEINT are shown in rows: by default as `number` where that is exact. */
  readonly integers?: 'number' | 'bigint'
}

/**
 * Makes the relational model: SQL tables in DuckDB's dialect.
 *
 * @example const store = await openStore('./shop.sheaf', { models: [relational()] })
 */
export function relational(options: RelationalOptions = {}): Model<'relational', RelationalApi> {
  const database = new DuckDatabase(options.duckdb)
  const files = new DuckDatabase(options.duckdb, { files: true })
  const catalog = new CatalogDatabase()
  const settings = {
    database,
    files,
    catalog,
    native: options.native ?? true,
    integers: options.integers ?? 'number',
  }
  const cache = new WeakMap<object, Map<string, PlannedQuery>>()
  return {
    name: MODEL_NAME,
    layoutVersion: LAYOUT_VERSION,
    layout: () => [],
    open: (context: ModelContext) => relationalApi(context, settings, cache),
    relations: (collection) =>
      optionsOf(collection).kind === 'table' ? [{ name: collection.name, plan: tableScan(collection) }] : [],
    engines: [
      duckEngine(database),
      duckEngine(files, FILE_ENGINE),
      duckEngine(files, COPY_ENGINE),
      catalogEngine(catalog),
    ],
    functions: sqlFunctions,
    aggregates: sqlAggregates,
    operators: [seriesOperator, arrowFileOperator],
    files: fileAccess((context, { signal, onProgress }) => {
      const plannerFor = (of: ModelContext) => new SqlPlanner(settings, of, cache)
      return {
        context,
        database,
        files,
        planner: plannerFor(context),
        plannerFor,
        settings: NO_SETTINGS,
        parameters: new Map(),
        relations: undefined,
        signal,
        onProgress,
      }
    }),
  }
}
