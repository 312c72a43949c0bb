/** Lowers pipelines: stage by stage to nodes of the plan, and what needs all documents to one operator in memory. */
import {
  type CollectionDefinition,
  call,
  column,
  columnNamed,
  type Expression,
  extension,
  filter as filterPlan,
  isDecimal,
  isTemporal,
  type LogicalPlan,
  limit,
  named,
  planField,
  project,
  sort,
  sortKey,
  types,
  unnest,
} from '@sheafdb/core'
import type { CallSettings, StageCall } from '../functions/calls.ts'
import { contextOf } from '../functions/functions.ts'
import { PIPELINE_OPERATOR, type PipelineSettings } from '../functions/pipeline-operator.ts'
import { compileFilter } from '../semantics/match.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { compilePipeline } from '../semantics/pipeline.ts'
import { requireCount, requireSort } from '../semantics/stages/arguments.ts'
import { compileRowStage, ROW_STAGES } from '../semantics/stages/row-stage.ts'
import { collectionsOf } from '../semantics/stages/sources.ts'
import { parseUnwind } from '../semantics/stages/unwind.ts'
import { mongoError } from './errors.ts'
import type { Lowered } from './lower.ts'
import { limitRows, matchCall, settings, sortKeys } from './lower.ts'
import { type Leading, lowerColumns } from './lower-columns.ts'
import { lowerFilter } from './lower-filter.ts'
import { DocumentColumns } from './lower-source.ts'
import { parseFilter } from './parser-filter.ts'
import { isPlain } from './parser-values.ts'
import type { Filter, SortField, StageSyntax } from './syntax.ts'

/** Finds the relation of a table or collection of another model by name. */
export type FindRelation = (name: string) => LogicalPlan | undefined

/** Finds the definition of a collection by name. */
export type FindCollection = (name: string) => CollectionDefinition | undefined

/** Is what a pipeline reads beside its own collection, and its variables. */
export type PipelineSources = {
  readonly call: CallSettings
  readonly find: FindCollection
  /** What a name means that is no collection of documents. */
  readonly relation: FindRelation
}

/** Lowers a pipeline over a collection. */
export function lowerPipeline(
  collection: CollectionDefinition | undefined,
  stages: readonly StageSyntax[],
  context: PipelineSources,
): Lowered {
  validate(stages, context.call)
  const { source, rest } =
    lowerColumns(collection, stages, context) ?? lowerLeading(collection, stages, context.call)
  return rest.reduce<Lowered & { readonly done?: boolean }>((state, stage, index) => {
    if (state.done) return state
    const next = lowerStage(state, stage, context.call)
    if (next !== null) return next
    return { ...lowerInMemory(asDocuments(state), rest.slice(index), context), done: true }
  }, source)
}

/** Finds what is wrong with any stage before anything runs. */
function validate(stages: readonly StageSyntax[], call_: CallSettings): void {
  compilePipeline(stages, { context: contextOf(call_), collection: () => [], requireRoom: () => {} })
  const late = stages.findIndex(({ name }) => name === '$documents')
  if (stages.findIndex(({ name }) => name === '$geoNear') > 0)
    throw mongoError(40602, '$geoNear must be the first stage. Move it to the start.')
  if (late > 0) throw mongoError(40602, '$documents must be the first stage. Move it to the start.')
}

/** Lowers the leading $match and $sort, $skip, $limit on the collection's columns. */
function lowerLeading(
  collection: CollectionDefinition | undefined,
  stages: readonly StageSyntax[],
  call_: CallSettings,
): Leading {
  const columns = new DocumentColumns(collection)
  const steps: ((plan: LogicalPlan) => LogicalPlan)[] = []
  let at = 0
  for (; at < stages.length; at += 1) {
    const step = leadingStep(stages[at] as StageSyntax, columns, call_)
    if (step === null) break
    steps.push(step)
  }
  const run = (): LogicalPlan => steps.reduce((plan, step) => step(plan), columns.scan())
  const document = columns.document()
  const plan = run()
  return {
    source: { plan: project(plan, [named('document', document)]), names: null },
    rest: stages.slice(at),
  }
}

function leadingStep(
  { name, argument }: StageSyntax,
  columns: DocumentColumns,
  call_: CallSettings,
): ((plan: LogicalPlan) => LogicalPlan) | null {
  switch (name) {
    case '$match': {
      const predicate = lowerFilter(parseFilter(argument), columns, matchCall(call_))
      return (plan) => filterPlan(plan, predicate)
    }
    case '$sort': {
      const keys = sortKeys(requireSort(argument), columns)
      return (plan) => sort(plan, keys)
    }
    case '$skip': {
      const skip = requireCount(name, argument, 0)
      return (plan) => limitRows(plan, { skip })
    }
    case '$limit': {
      const count = requireCount(name, argument, 1)
      return (plan) => limit(plan, count)
    }
    default:
      return null
  }
}

/** Lowers one stage to nodes of the plan; `null` for what runs in memory. */
function lowerStage(state: Lowered, stage: StageSyntax, call_: CallSettings): Lowered | null {
  const { name, argument } = stage
  switch (name) {
    case '$skip':
      return { ...state, plan: limitRows(state.plan, { skip: requireCount(name, argument, 0) }) }
    case '$limit':
      return { ...state, plan: limit(state.plan, requireCount(name, argument, 1)) }
    case '$sort':
      return lowerSort(state, requireSort(argument))
    case '$match':
      return lowerMatch(asDocuments(state), parseFilter(argument), call_)
    case '$unwind':
      return lowerUnwind(asDocuments(state), argument)
    default:
      return ROW_STAGES.has(name) ? lowerRowStage(asDocuments(state), stage, call_) : null
  }
}

/** Gives the state as one column of documents. */
export function asDocuments(state: Lowered): Lowered {
  if (state.names === null) return state
  const entries = state.names.flatMap((name): Expression[] => [
    { kind: 'literal', value: name, type: types.utf8, nullable: false },
    asValue(columnNamed(state.plan, name)),
  ])
  return { plan: project(state.plan, [named('document', call('object', ...entries))]), names: null }
}

/** Gives a column as documents hold its values: timestamps as dates, decimals as Decimal128. */
function asValue(expression: Expression): Expression {
  const { type } = expression
  return isTemporal(type) || isDecimal(type) ? call('mongo.value', expression) : expression
}

function documentOf(state: Lowered): Expression {
  return column(state.plan.output[0] as (typeof state.plan.output)[number])
}

function lowerSort(state: Lowered, fields: readonly SortField[]): Lowered {
  const { names, plan } = state
  if (names !== null && fields.every(({ path }) => path.length === 1 && names.includes(path[0] as string))) {
    const keys = fields.map(({ path, descending }) =>
      sortKey(columnNamed(plan, path[0] as string), { descending, nullsFirst: !descending }),
    )
    return { ...state, plan: sort(plan, keys) }
  }
  const whole = asDocuments(state)
  const keys = fields.map((field) =>
    sortKey(call('mongo.sort_value', documentOf(whole), settings(field)), {
      descending: field.descending,
      nullsFirst: !field.descending,
    }),
  )
  return { ...whole, plan: sort(whole.plan, keys) }
}

function lowerMatch(state: Lowered, filter: Filter, call_: CallSettings): Lowered {
  compileFilter(filter, matchSupport(contextOf(call_)))
  return {
    ...state,
    plan: filterPlan(state.plan, call('mongo.match', documentOf(state), matchCall(call_)(filter))),
  }
}

function lowerRowStage(state: Lowered, stage: StageSyntax, call_: CallSettings): Lowered {
  compileRowStage(stage, contextOf(call_))
  const made: StageCall = { ...call_, stage }
  const plan = project(state.plan, [
    named('document', call('mongo.stage', documentOf(state), settings(made))),
  ])
  if (stage.name !== '$redact') return { plan, names: null }
  return { plan: filterPlan(plan, call('is_not_null', documentOf({ plan, names: null }))), names: null }
}

function lowerUnwind(state: Lowered, argument: unknown): Lowered {
  const unwind = parseUnwind(argument)
  const made = unnest(state.plan, call('mongo.unwind', documentOf(state), settings(unwind)), {
    name: 'unwound',
    type: types.variant,
  })
  return { plan: project(made, [named('document', columnNamed(made, 'unwound'))]), names: null }
}

function lowerInMemory(
  state: Lowered,
  stages: readonly StageSyntax[],
  { call: call_, find, relation }: PipelineSources,
): Lowered {
  const collections = [...collectionsOf(stages)]
  const inputs = collections.map((name) => {
    const definition = find(name)
    const other = definition === undefined ? relation(name) : undefined
    if (other !== undefined)
      return asDocuments({ plan: other, names: other.output.map((field) => field.name) }).plan
    const columns = new DocumentColumns(definition)
    const document = columns.document()
    return project(columns.scan(), [named('document', document)])
  })
  const made: PipelineSettings = { stages, collections, call: call_ }
  const plan = extension({
    operator: PIPELINE_OPERATOR,
    inputs: [state.plan, ...inputs],
    settings: made as unknown as Readonly<Record<string, unknown>>,
    output: [planField('document', types.variant, false)],
  })
  return { plan, names: null }
}

/** Gives a lowered query as named columns where its fields are known, for what is built on it. */
export function asColumns(lowered: Lowered, stages: readonly StageSyntax[]): LogicalPlan {
  if (lowered.names !== null) return lowered.plan
  const names = fieldNames(stages)
  if (names === null) return lowered.plan
  const document = documentOf(lowered)
  return project(
    lowered.plan,
    names.map((name) =>
      named(
        name,
        call('variant.get', document, { kind: 'literal', value: name, type: types.utf8, nullable: false }),
      ),
    ),
  )
}

/** Tells the names of the fields that a pipeline gives, where they can be seen from its stages. */
function fieldNames(stages: readonly StageSyntax[]): string[] | null {
  for (const { name, argument } of [...stages].reverse()) {
    switch (name) {
      case '$match':
      case '$sort':
      case '$limit':
      case '$skip':
      case '$sample':
        continue
      case '$group':
        return Object.keys(argument as object)
      case '$sortByCount':
        return ['_id', 'count']
      case '$count':
        return [argument as string]
      case '$project':
        return includedNames(argument)
      default:
        return null
    }
  }
  return null
}

function includedNames(argument: unknown): string[] | null {
  if (!isPlain(argument)) return null
  const entries = Object.entries(argument)
  if (
    entries.some(
      ([path, value]) => path.includes('.') || (path !== '_id' && (value === 0 || value === false)),
    )
  )
    return null
  const names = entries.filter(([, value]) => value !== 0 && value !== false).map(([name]) => name)
  const dropsId = entries.some(([name, value]) => name === '_id' && (value === 0 || value === false))
  return dropsId || names.includes('_id') ? names : ['_id', ...names]
}
