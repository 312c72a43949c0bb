import type { Engine, ExecutionContext, ExtensionOperator, Steps } from '../catalog/engine.ts'
import type { ScanCounters } from '../catalog/table-source.ts'
import { substituteColumns } from '../expression/build.ts'
import type { ColumnId, Expression } from '../expression/expression.ts'
import { placesOf } from '../expression/interpret.ts'
import type {
  AggregatePlan,
  JoinPlan,
  LogicalPlan,
  PlanKind,
  ProjectPlan,
  ScanPlan,
  SetOperationPlan,
  SortPlan,
} from '../plan/logical-plan.ts'
import { type Batch, batchRowCount, makeBatch } from '../types/column.ts'
import { SheafError } from '../types/errors.ts'
import { batchFilter, columnEvaluator, type EvaluationMode } from './expression/evaluate.ts'
import { type AggregatePipeline, runAggregate } from './operators/aggregate.ts'
import { runApply } from './operators/apply.ts'
import { runDegree } from './operators/degree.ts'
import { runExpand } from './operators/expand.ts'
import { runForeign } from './operators/foreign.ts'
import { runFrontier } from './operators/frontier.ts'
import { runIndexJoin } from './operators/index-join.ts'
import { rowCountOf, runLimit } from './operators/limit.ts'
import { runLookupJoin } from './operators/lookup-join.ts'
import { runMultiwayJoin } from './operators/multiway-join.ts'
import { runNearest } from './operators/nearest.ts'
import { runPartitionedJoin } from './operators/partitioned-join.ts'
import { runPath } from './operators/path.ts'
import { type Rounds, runRecursive, runRecursiveInput } from './operators/recursive.ts'
import { runScan } from './operators/scan.ts'
import { runDistinct, runSetOperation, runUnion } from './operators/set.ts'
import { runSort, runTopK } from './operators/sort.ts'
import { isBatch, mapSteps } from './operators/steps.ts'
import { runUnnest } from './operators/unnest.ts'
import { runWindow } from './operators/window.ts'
import type { RuntimeFilters } from './runtime-filters.ts'

/** Counts what a node gave and how long it took, for `explain({ analyze: true })`. */
export type NodeCounters = {
  rowCount: number
  batchCount: number
  timeMs: number
  readonly scan: ScanCounters
}

/** Is what running a plan needs beside the plan. */
export type Runtime = {
  readonly context: ExecutionContext
  readonly engines: ReadonlyMap<string, Engine>
  readonly operators: ReadonlyMap<string, ExtensionOperator>
  readonly mode: EvaluationMode
  /** Filled by node where it is there. */
  readonly counters?: Map<LogicalPlan, NodeCounters>
}

type Running = Runtime & { readonly rounds: Rounds; readonly filters: RuntimeFilters }
type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>

/** Starts a logical plan: picks the operators that run it and gives their steps. */
export function startPlan(plan: LogicalPlan, runtime: Runtime): Steps {
  return start(plan, { ...runtime, rounds: new Map(), filters: new Map() })
}

function start(plan: LogicalPlan, running: Running): Steps {
  const steps = (START[plan.kind] as (plan: LogicalPlan, running: Running) => Steps)(plan, running)
  return running.counters === undefined ? steps : counted(plan, steps, running.counters)
}

function* counted(plan: LogicalPlan, steps: Steps, counters: Map<LogicalPlan, NodeCounters>): Steps {
  const counter = counterOf(plan, counters)
  for (;;) {
    const before = performance.now()
    const { done, value } = steps.next()
    counter.timeMs += performance.now() - before
    if (done === true) return
    if (isBatch(value)) {
      counter.rowCount += batchRowCount(value)
      counter.batchCount += 1
    }
    yield value
  }
}

function counterOf(plan: LogicalPlan, counters: Map<LogicalPlan, NodeCounters>): NodeCounters {
  let counter = counters.get(plan)
  if (counter === undefined) {
    counter = {
      rowCount: 0,
      batchCount: 0,
      timeMs: 0,
      scan: { segmentsRead: 0, segmentsSkipped: 0, rowsRead: 0, bytesRead: 0 },
    }
    counters.set(plan, counter)
  }
  return counter
}

const START: { readonly [Kind in PlanKind]: (plan: PlanOf<Kind>, running: Running) => Steps } = {
  scan: (plan, running) => startScan(plan, running, false),
  values: (plan) => oneBatch(makeBatch(plan.columns, plan.rowCount)),
  filter: (plan, running) => {
    const filter = batchFilter([plan.predicate], {
      places: placesOf(plan.input.output),
      parameters: running.context.parameters,
      mode: running.mode,
    })
    return mapSteps(start(plan.input, running), filter)
  },
  project: (plan, running) => mapSteps(start(plan.input, running), projection(plan, running)),
  join: (plan, running) => {
    if (plan.access !== undefined && plan.access !== 'hash') {
      const run = plan.access === 'index' ? runIndexJoin : runLookupJoin
      const reading = plan as JoinPlan & { readonly right: ScanPlan }
      return run(reading, start(plan.left, running), running.context, running.mode)
    }
    return runPartitionedJoin(plan, start(plan.left, running), start(plan.right, running), running)
  },
  apply: (plan, running) =>
    runApply(plan, start(plan.left, running), (right) => start(right, uncounted(running)), running.context),
  window: (plan, running) => runWindow(plan, start(plan.input, running), running.context, running.mode),
  aggregate: (plan, running) => {
    const { source, pipeline } = aggregatePipeline(plan, running.mode)
    if (source.kind !== 'scan') return runAggregate(start(source, running), pipeline, running.context)
    const scanned = startScan(source, running, true)
    const input = running.counters === undefined ? scanned : counted(source, scanned, running.counters)
    return runAggregate(
      input,
      { ...pipeline, predicates: [...source.filters, ...pipeline.predicates] },
      running.context,
    )
  },
  sort: (plan, running) => runSort(plan, start(plan.input, running), running.context, running.mode),
  limit: (plan, running) => {
    const topK = topKOf(plan, running)
    return runLimit(plan, topK ?? start(plan.input, running), running.context)
  },
  distinct: (plan, running) => runDistinct(plan, start(plan.input, running), running.context),
  union: (plan, running) =>
    runUnion(
      plan,
      plan.inputs.map((input) => () => start(input, running)),
    ),
  intersect: startSetOperation,
  except: startSetOperation,
  unnest: (plan, running) => runUnnest(plan, start(plan.input, running), running.context, running.mode),
  expand: (plan, running) => runExpand(plan, start(plan.input, running), running.context),
  degree: (plan, running) => runDegree(plan, start(plan.input, running), running.context),
  frontier: (plan, running) => runFrontier(plan, start(plan.input, running), running.context),
  'multiway-join': (plan, running) => runMultiwayJoin(plan, start(plan.input, running), running.context),
  path: (plan, running) => runPath(plan, start(plan.input, running), running.context),
  recursive: (plan, running) =>
    runRecursive(
      plan,
      () => start(plan.base, running),
      () => start(plan.step, running),
      running.rounds,
      running.context,
    ),
  'recursive-input': (plan, running) => runRecursiveInput(plan.name, running.rounds),
  nearest: (plan, running) => runNearest(plan, start(plan.input, running), running.context, running.mode),
  foreign: (plan, running) => {
    const engine = running.engines.get(plan.engine)
    if (engine === undefined) {
      throw new SheafError(
        'MISSING_DEPENDENCY',
        `This query needs an engine that is not there. Pass the model that brings it: ${plan.engine}`,
      )
    }
    return runForeign(
      plan,
      engine,
      plan.inputs.map((input) => () => start(input.plan, running)),
      running.context,
    )
  },
  extension: (plan, running) => {
    const operator = running.operators.get(plan.operator)
    if (operator === undefined) {
      throw new SheafError(
        'MISSING_DEPENDENCY',
        `This query needs an operator that is not there. Pass the model that brings it: ${plan.operator}`,
      )
    }
    return operator.execute(
      plan,
      plan.inputs.map((input) => start(input, running)),
      running.context,
    )
  },
}

function startSetOperation(plan: SetOperationPlan, running: Running): Steps {
  const [first, second] = plan.inputs
  return runSetOperation(plan, [() => start(first, running), () => start(second, running)], running.context)
}

/** The right side of an apply is another plan for each row: its nodes are not those that `explain` shows. */
function uncounted(running: Running): Running {
  const { counters: _, ...rest } = running
  return rest
}

function startScan(plan: ScanPlan, { context, mode, counters, filters }: Running, skipOnly: boolean): Steps {
  return runScan(plan, context, {
    mode,
    skipOnly,
    filters,
    counters: counters === undefined ? undefined : counterOf(plan, counters).scan,
  })
}

function* oneBatch(batch: Batch): Steps {
  if (batch.length > 0) yield batch
}

function projection(plan: ProjectPlan, running: Running): (batch: Batch) => Batch {
  const setting = {
    places: placesOf(plan.input.output),
    parameters: running.context.parameters,
    mode: running.mode,
  }
  const evaluators = plan.expressions.map((item) => columnEvaluator(item.expression, setting))
  return (batch) => ({ ...batch, columns: evaluators.map((evaluate) => evaluate(batch)) })
}

/** Merges the filters and projections right under an aggregation into it, so that one loop does all of it. */
function aggregatePipeline(
  plan: AggregatePlan,
  mode: EvaluationMode,
): { readonly source: LogicalPlan; readonly pipeline: AggregatePipeline } {
  let source = plan.input
  let { groups, aggregates } = plan
  let predicates: Expression[] = []
  while (source.kind === 'filter' || source.kind === 'project') {
    if (source.kind === 'filter') {
      predicates = [source.predicate, ...predicates]
      source = source.input
      continue
    }
    if (
      source.expressions.some(
        (item) => item.expression.kind === 'call' && usedTwice(item.id, predicates, groups, aggregates),
      )
    )
      break
    const replacements = new Map<ColumnId, Expression>(
      source.expressions.map((item) => [item.id, item.expression]),
    )
    const change = (expression: Expression): Expression => substituteColumns(expression, replacements)
    predicates = predicates.map(change)
    groups = groups.map((group) => ({ ...group, expression: change(group.expression) }))
    aggregates = aggregates.map((item) => ({
      ...item,
      args: item.args.map(change),
      filter: item.filter === null ? null : change(item.filter),
      order: item.order.map((key) => ({ ...key, expression: change(key.expression) })),
    }))
    source = source.input
  }
  return {
    source,
    pipeline: {
      predicates,
      groups,
      aggregates,
      sets: plan.sets,
      determined: plan.determined ?? [],
      places: placesOf(source.output),
      mode,
    },
  }
}

/** Tells whether a computed column is read in more than one place: merging would compute it more than once a row. */
function usedTwice(
  id: ColumnId,
  predicates: readonly Expression[],
  groups: AggregatePlan['groups'],
  aggregates: AggregatePlan['aggregates'],
): boolean {
  let uses = 0
  const visit = (expression: Expression): void => {
    if (expression.kind === 'column' && expression.id === id) uses += 1
    if (expression.kind === 'call') expression.args.forEach(visit)
    if (expression.kind === 'lambda') visit(expression.body)
  }
  predicates.forEach(visit)
  for (const group of groups) visit(group.expression)
  for (const item of aggregates) item.args.forEach(visit)
  return uses > 1
}

const MAX_TOP_K = 100_000

/** Runs a limit over a sort as a top-k where few rows are wanted. */
function topKOf(plan: PlanOf<'limit'>, running: Running): Steps | undefined {
  const below = sortUnder(plan.input)
  if (below === null || plan.count === null) return undefined
  const wanted = rowCountOf(plan.count, running.context, 0) + rowCountOf(plan.offset, running.context, 0)
  if (wanted > MAX_TOP_K) return undefined
  const sorted = runTopK(below.sort, wanted, start(below.sort.input, running), running.context, running.mode)
  return below.project === null ? sorted : mapSteps(sorted, projection(below.project, running))
}

function sortUnder(
  plan: LogicalPlan,
): { readonly sort: SortPlan; readonly project: ProjectPlan | null } | null {
  if (plan.kind === 'sort') return { sort: plan, project: null }
  if (plan.kind === 'project' && plan.input.kind === 'sort') return { sort: plan.input, project: plan }
  return null
}
