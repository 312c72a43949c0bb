import type * as RDF from '@rdfjs/types'
import {
  aggregate,
  aggregateExpression,
  type ColumnExpression,
  call,
  column,
  columnFromValues,
  type Expression,
  extension,
  type LogicalPlan,
  limit,
  literal,
  named,
  type PlanField,
  planField,
  project,
  types,
  values,
} from '@sheafdb/core'
import { type QuadTemplate, templateVariables } from '../../layout/template.ts'
import type { Fetcher } from '../fetcher.ts'
import type { DatasetSyntax, OperationSyntax, QuerySyntax } from '../syntax.ts'
import { activeDataset, type DatasetFacts } from './dataset.ts'
import type { Environment } from './environment.ts'
import { lowerOperation, markExistence } from './operation.ts'
import { decodeVariables, encodeVariables, type Relation, termOfNative } from './relation.ts'
import { unionRelations } from './union.ts'
import type { ViewTable } from './view-table.ts'

/** Tunes the lowering of a query. */
export type LoweringOptions = {
  readonly baseIri?: string | undefined
  readonly unionDefaultGraph?: boolean | undefined
  readonly dataset?: DatasetSyntax | null | undefined
  /** Values that variables have from the start. */
  readonly bindings?: ReadonlyMap<string, RDF.Term> | undefined
  /** Reaches the network for SERVICE. */
  readonly fetch?: Fetcher | undefined
  /** The tables of a view. */
  readonly tables?: readonly ViewTable[] | undefined
}

/** Is a lowered query: a plan whose columns are terms, and one whose columns are plain values. */
export type LoweredQuery = {
  /** Columns of terms, by variable; for ASK one boolean; for CONSTRUCT and DESCRIBE subject, predicate, object. */
  readonly terms: LogicalPlan
  /** The same rows as other languages see them: IRIs as text, literals as their values. */
  readonly plain: LogicalPlan
}

/** Makes what lowering carries along. */
export function makeEnvironment(
  facts: DatasetFacts,
  clauses: DatasetSyntax | null,
  options: LoweringOptions,
): Environment {
  const dataset = activeDataset(facts, clauses, options.unionDefaultGraph ?? false)
  let hiddenCount = 0
  return {
    facts,
    dataset,
    graph: dataset.default,
    lower: lowerOperation,
    markExistence,
    hidden: (purpose) => {
      hiddenCount += 1
      return `\u0000${purpose}${hiddenCount}`
    },
    baseIri: options.baseIri ?? '',
    tables: options.tables,
    fetch: options.fetch,
  }
}

/** Lowers a query to plans. @throws `UNSUPPORTED`, `NOT_FOUND` */
export function lowerQuery(query: QuerySyntax, facts: DatasetFacts, options: LoweringOptions): LoweredQuery {
  const environment = makeEnvironment(facts, options.dataset ?? query.dataset, {
    ...options,
    baseIri: query.baseIri ?? options.baseIri,
  })
  const pattern = withInitial(query.pattern, options.bindings)
  const relation = lowerOperation(pattern, environment)
  switch (query.form) {
    case 'select':
      return lowerSelect(query.pattern, relation, facts)
    case 'ask':
      return lowerAsk(relation)
    case 'construct':
      return lowerConstruct(query.template, relation, facts)
    case 'describe':
      return lowerDescribe(query.terms, relation, environment)
  }
}

/** Names the variables of a SELECT, in order. */
export function selectedVariables(operation: OperationSyntax): string[] {
  switch (operation.type) {
    case 'project':
      return operation.variables.map((variable) => variable.value)
    case 'distinct':
    case 'reduced':
    case 'slice':
      return selectedVariables(operation.input)
    default:
      return []
  }
}

/** Joins the innermost pattern of a query with values given from outside. */
function withInitial(
  operation: OperationSyntax,
  bindings: ReadonlyMap<string, RDF.Term> | undefined,
): OperationSyntax {
  if (bindings === undefined || bindings.size === 0) return operation
  switch (operation.type) {
    case 'project':
    case 'distinct':
    case 'reduced':
    case 'slice':
    case 'orderby':
    case 'group':
    case 'extend':
    case 'filter':
      return { ...operation, input: withInitial(operation.input, bindings) } as OperationSyntax
    default: {
      const row = Object.create(null) as Record<string, RDF.Term>
      for (const [name, term] of bindings) row[name] = term
      const variables = [...bindings.keys()].map((value) => ({ termType: 'Variable', value }) as RDF.Variable)
      return { type: 'join', input: [{ type: 'values', variables, bindings: [row] }, operation] }
    }
  }
}

function lowerSelect(pattern: OperationSyntax, relation: Relation, facts: DatasetFacts): LoweredQuery {
  const names = selectedVariables(pattern)
  const decoded = decodeVariables(relation, names, facts.termsTable)
  const terms = project(
    decoded.plan,
    names.map((name) => named(name, decoded.bindings.get(name)?.term ?? literal(null, types.variant))),
  )
  return { terms, plain: plainColumns(relation, names, facts) }
}

/** Shows variables as other languages see them. */
function plainColumns(relation: Relation, names: readonly string[], facts: DatasetFacts): LogicalPlan {
  const needed = names.filter((name) => relation.bindings.get(name)?.native === undefined)
  const decoded = decodeVariables(relation, needed, facts.termsTable)
  return project(
    decoded.plan,
    names.map((name) => named(name, plainExpression(decoded, name))),
  )
}

function plainExpression(relation: Relation, name: string): Expression {
  const binding = relation.bindings.get(name)
  if (binding?.native !== undefined) {
    const { native } = binding
    return native.kind.startsWith('iri:') ? call('sparql.plain', termOfNative(native)) : native.column
  }
  return binding?.term === undefined ? literal(null, types.variant) : call('sparql.plain', binding.term)
}

function lowerAsk(relation: Relation): LoweredQuery {
  const counted = aggregate(limit(relation.plan, 1), [], [aggregateExpression('count', 'count', [])])
  const found = call('gt', column(counted.output[0] as PlanField), literal(0, types.int64))
  const plan = project(counted, [named('boolean', found)])
  return { terms: plan, plain: plan }
}

const TRIPLE = ['subject', 'predicate', 'object'] as const

function triples(plan: LogicalPlan): LoweredQuery {
  const columns = plan.output.map((field) => named(field.name, call('sparql.plain', column(field))))
  return { terms: plan, plain: project(plan, columns) }
}

function lowerConstruct(
  template: readonly QuadTemplate[],
  relation: Relation,
  facts: DatasetFacts,
): LoweredQuery {
  const variables = templateVariables(template).filter((name) => relation.bindings.has(name))
  const decoded = decodeVariables(relation, variables, facts.termsTable)
  return triples(
    extension({
      operator: 'rdf.construct',
      inputs: [decoded.plan],
      expressions: variables.map((name) => decoded.bindings.get(name)?.term as ColumnExpression),
      settings: { template, variables },
      output: TRIPLE.map((name) => planField(name, types.variant, false)),
    }),
  )
}

function lowerDescribe(
  terms: readonly (RDF.Variable | RDF.NamedNode)[],
  relation: Relation,
  { facts }: Environment,
): LoweredQuery {
  const names = terms.filter((term) => term.termType === 'Variable').map((term) => term.value)
  const encoded = encodeVariables(relation, names, facts.termsTable)
  const nodes: Relation[] = names.flatMap((name) => {
    const binding = encoded.bindings.get(name)
    if (binding?.id === undefined) return []
    const plan = project(encoded.plan, [named('node', binding.id)])
    return [nodeRelation(plan)]
  })
  const constants = terms.filter((term) => term.termType === 'NamedNode').map((term) => facts.id(term))
  if (constants.length > 0 || nodes.length === 0) {
    const field = planField('node', types.int64, false)
    nodes.push(nodeRelation(values([field], [columnFromValues(types.int64, constants)], constants.length)))
  }
  const all = nodes.length === 1 ? (nodes[0] as Relation) : unionRelations(nodes, facts.termsTable)
  return triples(
    extension({
      operator: 'rdf.describe',
      inputs: [all.plan],
      expressions: [all.bindings.get('node')?.id as ColumnExpression],
      settings: { terms: facts.termsTable, quads: facts.quadsTable },
      output: TRIPLE.map((name) => planField(name, types.variant, false)),
    }),
  )
}

function nodeRelation(plan: LogicalPlan): Relation {
  const id = column(plan.output[0] as PlanField)
  return { plan, bindings: new Map([['node', { id, certain: !id.nullable }]]), rowCount: 1 }
}

/** Is a lowered WHERE of an update: its solutions as terms, by variable. */
export type LoweredWhere = { readonly plan: LogicalPlan; readonly variables: readonly string[] }

/** Lowers the pattern of an update; the columns are the terms of the variables wanted. */
export function lowerWhere(
  where: OperationSyntax,
  wanted: readonly string[],
  options: { readonly facts: DatasetFacts; readonly lowering: LoweringOptions },
): LoweredWhere {
  const { facts, lowering } = options
  const environment = makeEnvironment(facts, lowering.dataset ?? null, lowering)
  const relation = lowerOperation(withInitial(where, lowering.bindings), environment)
  const variables = wanted.filter((name) => relation.bindings.has(name))
  const decoded = decodeVariables(relation, variables, facts.termsTable)
  const plan = project(
    decoded.plan,
    variables.map((name) => named(name, decoded.bindings.get(name)?.term as ColumnExpression)),
  )
  return { plan, variables }
}
