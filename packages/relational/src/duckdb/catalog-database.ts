import { DuckDBInstance } from '@duckdb/node-api'
import { type Engine, isSheafError } from '@sheafdb/core'
import type { CatalogDeclarations } from '../planning/catalog-declarations.ts'
import { bindParameters, results } from './engine.ts'
import { DuckSession } from './session.ts'

/** Names the engine that answers questions about the catalog. */
export const CATALOG_ENGINE = 'duckdb-catalog'

/**
 * Is a DuckDB that holds no rows, only declarations of all that a store's catalog has: so `information_schema` and
 * DuckDB's own functions of the catalog tell of our tables, keys and constraints. It is made anew when the catalog is
 * another.
 */
export class CatalogDatabase {
  #known: { readonly key: string; readonly session: Promise<DuckSession> } | undefined

  /** Gives a session over declarations. */
  session(declarations: CatalogDeclarations): Promise<DuckSession> {
    const key = JSON.stringify(declarations)
    if (this.#known?.key !== key) this.#known = { key, session: declare(declarations) }
    return this.#known.session
  }
}

async function declare({ statements, views }: CatalogDeclarations): Promise<DuckSession> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    enable_external_access: 'false',
  })
  const session = await DuckSession.open(await instance.connect(), 'sheaf', { withFunctions: false })
  for (const statement of statements) await session.execute(statement)
  await declareViews(session, views)
  return session
}

/** Declares views: those that read others after them, and by their columns alone what cannot be read any more. */
async function declareViews(session: DuckSession, views: CatalogDeclarations['views']): Promise<void> {
  let waiting = views
  while (waiting.length > 0) {
    const left: (typeof views)[number][] = []
    for (const view of waiting) if (!(await declareView(session, view.statement))) left.push(view)
    if (left.length === waiting.length) break
    waiting = left
  }
  for (const { otherwise } of waiting) await session.execute(otherwise)
}

async function declareView(session: DuckSession, statement: string): Promise<boolean> {
  try {
    await session.execute(statement)
    return true
  } catch (error) {
    if (isSheafError(error)) return false
    throw error
  } finally {
    await session.execute("SET schema = 'main'")
  }
}

/** Is the engine that runs questions about the catalog. */
export function catalogEngine(database: CatalogDatabase): Engine {
  return {
    name: CATALOG_ENGINE,
    async *execute(plan, _, context) {
      const session = await database.session(JSON.parse(plan.definitions?.[0] ?? '') as CatalogDeclarations)
      const statement = await session.prepare(plan.text)
      try {
        bindParameters(statement, plan, context)
        yield* results(session, () => statement.run(), plan, context)
      } finally {
        statement.destroySync()
      }
    },
  }
}
