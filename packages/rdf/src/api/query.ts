import type * as RDF from '@rdfjs/types'
import { type ModelContext, type Query, type RunOptions, SheafError, type Value } from '@sheafdb/core'
import { formatResults, resultFormat } from '../formats/results.ts'
import { writeQuads } from '../formats/write.ts'
import type { Fetcher } from '../language/fetcher.ts'
import { NOW_PARAMETER } from '../language/lower/expression.ts'
import type { LoweredQuery, LoweringOptions } from '../language/lower/query.ts'
import type { QuerySyntax } from '../language/syntax.ts'
import { QuadTerm, type Term, typedLiteral } from '../layout/term.ts'
import { XSD_DATE_TIME } from '../layout/vocabulary.ts'
import type { PlanCache, PreparedQuery } from './plan-cache.ts'

/** Is a solution: the terms of the variables that are bound in it. */
export type Solution = Record<string, RDF.Term>

/** Tunes a query. */
export type SparqlOptions = {
  /** The IRI against which relative IRIs of the text resolve. */
  readonly baseIRI?: string
  /** Values that variables have from the start; never text put into the query. */
  readonly bindings?: Readonly<Record<string, RDF.Term>>
  /** True makes the default graph the union of all graphs. */
  readonly unionDefaultGraph?: boolean
  /** Makes SERVICE possible, and LOAD in updates. Without it nothing is ever fetched; `file:` never is. */
  readonly fetch?: Fetcher
}

/** Is what a SPARQL query has beside what every query has. */
export type SparqlMethods = {
  /** Answers an ASK. @throws `ARGUMENT` for other forms */
  boolean(options?: RunOptions): Promise<boolean>
  /** Gives the quads of a CONSTRUCT or DESCRIBE. @throws `ARGUMENT` for other forms */
  quads(options?: RunOptions): Promise<RDF.Quad[]>
  /**
   * Writes the result as text: `json`, `xml`, `csv`, `tsv` for SELECT and ASK, `turtle`, `ntriples`, `trig`, `nquads`
   * for CONSTRUCT and DESCRIBE, or their media types. @throws `ARGUMENT`
   */
  format(name: string, options?: RunOptions): Promise<string>
  /** The names of the variables of a SELECT, in order. */
  readonly variables: readonly string[]
}

/** Is a SPARQL query, not yet run. */
export type SparqlQuery = Query<Solution> & SparqlMethods

/** Makes a query of SPARQL text. @throws `SYNTAX` */
export function makeQuery(
  context: ModelContext,
  cache: PlanCache,
  request: { readonly collection: string; readonly text: string; readonly options: SparqlOptions },
): SparqlQuery {
  const { collection, text, options } = request
  const lowering = loweringOptions(options)
  const lowered = () => cache.lowered(text, collection, lowering)
  return makeQueryOf(context, cache.prepared(text, options.baseIRI), lowered)
}

/** Gives the plans of a query as they are to be run now. */
export type LoweredSource = () => LoweredQuery

/** Makes a query of its syntax and what gives its plans. */
export function makeQueryOf(
  context: ModelContext,
  prepared: PreparedQuery,
  lowered: LoweredSource,
): SparqlQuery {
  const { names, mayAskTime, syntax } = prepared
  const query = context.query<Solution>(() => lowered().plain, {
    rowPlan: () => lowered().terms,
    decode: (values) => solutionOf(names, values),
    ...(mayAskTime ? { parameters: runParameters() } : NO_PARAMETERS),
  })
  return Object.assign(query, methodsOf(query, syntax, names))
}

const NO_PARAMETERS: { readonly parameters?: ReadonlyMap<string, Value> } = {}

function methodsOf(query: Query<Solution>, { form }: QuerySyntax, names: readonly string[]): SparqlMethods {
  const only = (wanted: string, method: string): void => {
    if (form !== wanted)
      throw new SheafError('ARGUMENT', `${method}() is for ${wanted.toUpperCase()} queries. Use rows().`)
  }
  const truth = async (run?: RunOptions): Promise<boolean> => {
    const [row] = await query.rows(run)
    return (row as unknown as { boolean: boolean }).boolean
  }
  const quads = async (run?: RunOptions): Promise<RDF.Quad[]> => {
    if (form !== 'describe') only('construct', 'quads')
    return (await query.rows(run)).map(quadOfRow)
  }
  return {
    variables: form === 'select' ? names : NO_NAMES,
    quads,
    boolean: async (run) => {
      only('ask', 'boolean')
      return truth(run)
    },
    format: async (name, run) => {
      const format = resultFormat(name)
      if (format === undefined) return writeQuads(await quads(run), name)
      if (form === 'ask') return formatResults(format, { boolean: await truth(run) })
      only('select', 'format')
      return formatResults(format, { variables: names, rows: await query.rows(run) })
    },
  }
}

const NO_NAMES: readonly string[] = []

/** Gives the parameters of a run: the time that NOW() shows. */
export function runParameters(): ReadonlyMap<string, Value> {
  const now = typedLiteral(new Date().toISOString(), XSD_DATE_TIME)
  return new Map<string, Value>([[NOW_PARAMETER, now]])
}

/** Turns the options of a call into those of lowering. */
export function loweringOptions(options: SparqlOptions): LoweringOptions {
  const { baseIRI, bindings, fetch, unionDefaultGraph } = options
  const given = bindings === undefined ? [] : Object.entries(bindings)
  return {
    baseIri: baseIRI,
    unionDefaultGraph,
    fetch,
    bindings: given.length === 0 ? undefined : new Map(given),
  }
}

function solutionOf(names: readonly string[], values: readonly Value[]): Solution {
  const solution: Solution = {}
  for (let index = 0; index < names.length; index += 1) {
    const value = values[index]
    if (value === null || value === undefined) continue
    const name = names[index] as string
    if (name === '__proto__')
      Object.defineProperty(solution, name, { value, enumerable: true, writable: true, configurable: true })
    else solution[name] = value as RDF.Term
  }
  return solution
}

function quadOfRow(row: Solution): RDF.Quad {
  const { subject, predicate, object } = row as unknown as Record<'subject' | 'predicate' | 'object', Term>
  return new QuadTerm(
    subject as RDF.Quad_Subject,
    predicate as RDF.Quad_Predicate,
    object as RDF.Quad_Object,
  ) as unknown as RDF.Quad
}
