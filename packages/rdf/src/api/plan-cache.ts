import type { ModelContext, Snapshot } from '@sheafdb/core'
import {
  type LoweredQuery,
  type LoweringOptions,
  lowerQuery,
  selectedVariables,
} from '../language/lower/query.ts'
import { parseQuery } from '../language/parser.ts'
import type { QuerySyntax } from '../language/syntax.ts'
import { MODEL_NAME, quadsTable, termsTable } from '../layout/tables.ts'
import { datasetFacts } from './facts.ts'

const MAX_TEXTS = 500
const MAX_PLANS = 16

/** Is a parsed query, and its plans. */
export type PreparedQuery = {
  readonly syntax: QuerySyntax
  readonly baseIri: string | undefined
  /** Names the columns of its rows, in order. */
  readonly names: readonly string[]
  /** False where the query surely does not ask for the time. */
  readonly mayAskTime: boolean
  /** The plans by dataset and kind of default graph, the newest last. */
  readonly plans: readonly Entry[]
}

type Entry = {
  readonly collection: string
  readonly isUnion: boolean
  readonly lowered: LoweredQuery
  readonly catalogVersion: number
  /** The version of the terms for which constants were not found; `null` where all were. */
  readonly termsVersion: string | null
  readonly quadCount: number
}

/** Prepares a query that is kept nowhere. @throws `SYNTAX` */
export function prepareQuery(text: string, baseIri: string | undefined): PreparedQuery {
  const syntax = parseQuery(text, baseIri)
  // A name may be spelt with escapes of code points.
  return { syntax, baseIri, names: namesOf(syntax), mayAskTime: /now|\\u/i.test(text), plans: [] }
}

function namesOf(syntax: QuerySyntax): readonly string[] {
  if (syntax.form === 'select') return selectedVariables(syntax.pattern)
  return syntax.form === 'ask' ? ['boolean'] : ['subject', 'predicate', 'object']
}

/** Keeps parsed queries by text, and plans as long as they fit the data. */
export class PlanCache {
  readonly #context: ModelContext
  readonly #queries = new Map<string, PreparedQuery>()

  constructor(context: ModelContext) {
    this.#context = context
  }

  /** Parses a query, once a text. @throws `SYNTAX` */
  prepared(text: string, baseIri: string | undefined): PreparedQuery {
    const known = this.#queries.get(text)
    if (known !== undefined && known.baseIri === baseIri) return known
    const prepared = prepareQuery(text, baseIri)
    this.#remember(text, prepared)
    return prepared
  }

  #remember(text: string, prepared: PreparedQuery): void {
    if (this.#queries.size >= MAX_TEXTS && !this.#queries.has(text)) {
      const [oldest] = this.#queries.keys()
      if (oldest !== undefined) this.#queries.delete(oldest)
    }
    this.#queries.set(text, prepared)
  }

  /** Gives the plans of a query. @throws `UNSUPPORTED` */
  lowered(text: string, collection: string, options: LoweringOptions): LoweredQuery {
    const snapshot = this.#context.snapshot()
    try {
      return this.#lowered({ prepared: this.prepared(text, options.baseIri), text }, collection, {
        options,
        snapshot,
      })
    } finally {
      snapshot.close()
    }
  }

  #lowered(
    { prepared, text }: { readonly prepared: PreparedQuery; readonly text: string },
    collection: string,
    { options, snapshot }: { readonly options: LoweringOptions; readonly snapshot: Snapshot },
  ): LoweredQuery {
    const canKeep = options.bindings === undefined && options.fetch === undefined
    const isUnion = options.unionDefaultGraph === true
    if (canKeep) {
      for (const entry of prepared.plans)
        if (entry.collection === collection && entry.isUnion === isUnion && isCurrent(entry, snapshot))
          return entry.lowered
    }
    const facts = datasetFacts(snapshot, collection)
    const lowered = lowerQuery(prepared.syntax, facts, options)
    if (!canKeep) return lowered
    const versions = tableVersions(snapshot, collection)
    const entry: Entry = {
      collection,
      isUnion,
      lowered,
      catalogVersion: snapshot.catalog.version,
      termsVersion: facts.hasUnknownTerms() ? versions.terms : null,
      quadCount: versions.quadCount,
    }
    const others = prepared.plans.filter((each) => each.collection !== collection || each.isUnion !== isUnion)
    this.#remember(text, { ...prepared, plans: [...others.slice(1 - MAX_PLANS), entry] })
    return lowered
  }
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
function isCurrent(entry: Entry, snapshot: Snapshot): boolean {
  if (entry.catalogVersion !== snapshot.catalog.version) return false
  const { terms, quadCount } = tableVersions(snapshot, entry.collection)
  if (entry.termsVersion !== null && entry.termsVersion !== terms) return false
  return quadCount <= entry.quadCount * 2 + 100 && quadCount * 2 + 100 >= entry.quadCount
}
