import type { ModelContext, Snapshot } from '@sheafdb/core'
import { type LoweredQuery, type LoweringOptions, lowerQuery } from '../language/lower/query.ts'
import { parseQuery } from '../language/parser.ts'
import type { QuerySyntax } from '../language/syntax.ts'
import { MODEL_NAME, quadsTable, termsTable } from '../layout/tables.ts'
import { datasetFacts } from './facts.ts'

const MAX_PLANS = 500

type Entry = {
  readonly lowered: LoweredQuery
  readonly catalogVersion: number
  /** The version of the terms for which constants were not found; `null` where all were. */
  readonly termsVersion: string | null
  readonly quadCount: number
}

/** Says whose plan is wanted. */
export type PlanRequest = {
  readonly collection: string
  readonly text: string
  readonly options: LoweringOptions
}

/** Keeps parsed queries by text, and plans as long as they fit the data. */
export class PlanCache {
  readonly #context: ModelContext
  readonly #queries = new Map<string, QuerySyntax>()
  readonly #plans = new Map<string, Entry>()

  constructor(context: ModelContext) {
    this.#context = context
  }

  /** Parses a query, once a text. @throws `SYNTAX` */
  syntax(text: string, baseIri: string | undefined): QuerySyntax {
    const key = `${baseIri ?? ''}\n${text}`
    let query = this.#queries.get(key)
    if (query === undefined) {
      query = parseQuery(text, baseIri)
      remember(this.#queries, key, query)
    }
    return query
  }

  /** Gives the plans of a query. @throws `SYNTAX`, `UNSUPPORTED` */
  lowered(request: PlanRequest): LoweredQuery {
    const snapshot = this.#context.snapshot()
    try {
      return this.#lowered(request, snapshot)
    } finally {
      snapshot.close()
    }
  }

  #lowered({ collection, text, options }: PlanRequest, snapshot: Snapshot): LoweredQuery {
    const canKeep = (options.bindings?.size ?? 0) === 0 && options.fetch === undefined
    const key = `${collection}\n${options.baseIri ?? ''}\n${options.unionDefaultGraph === true}\n${text}`
    const known = canKeep ? this.#plans.get(key) : undefined
    if (known !== undefined && isCurrent(known, snapshot, collection)) return known.lowered
    const facts = datasetFacts(snapshot, collection)
    const lowered = lowerQuery(this.syntax(text, options.baseIri), facts, options)
    if (!canKeep) return lowered
    const versions = tableVersions(snapshot, collection)
    remember(this.#plans, key, {
      lowered,
      catalogVersion: snapshot.catalog.version,
      termsVersion: facts.hasUnknownTerms() ? versions.terms : null,
      quadCount: versions.quadCount,
    })
    return lowered
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (map.size >= MAX_PLANS) {
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }
  map.set(key, value)
}

function tableVersions(
  snapshot: Snapshot,
  collection: string,
): { readonly terms: string; readonly quadCount: number } {
  if (snapshot.catalog.collection(MODEL_NAME, collection) === undefined) return { terms: '', quadCount: 0 }
  return {
    terms: snapshot.source(termsTable(collection)).version,
    quadCount: snapshot.source(quadsTable(collection)).statistics().rowCount,
  }
}

/** A plan is kept while the catalog is the same, what was not known is still not known, and sizes are much the same. */
function isCurrent(entry: Entry, snapshot: Snapshot, collection: string): boolean {
  if (entry.catalogVersion !== snapshot.catalog.version) return false
  const { terms, quadCount } = tableVersions(snapshot, collection)
  if (entry.termsVersion !== null && entry.termsVersion !== terms) return false
  return quadCount <= entry.quadCount * 2 + 100 && quadCount * 2 + 100 >= entry.quadCount
}
