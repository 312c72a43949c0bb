import type { Engine, ExecutionContext, ExtensionOperator } from '../../catalog/engine.ts'
import type { LogicalPlan, PlanKind } from '../../plan/logical-plan.ts'
import { aggregateRows } from './aggregate.ts'
import { applyRows } from './apply.ts'
import { extensionRows, foreignRows } from './engines.ts'
import { degreeRows, expandRows } from './expand.ts'
import { frontierRows } from './frontier.ts'
import type { Interpretation, Row } from './interpretation.ts'
import { joinRows } from './join.ts'
import { multiwayRows } from './multiway-join.ts'
import { nearestRows } from './nearest.ts'
import { pathRows } from './path.ts'
import { recursiveInputRows, recursiveRows } from './recursive.ts'
import { filterRows, limitRows, projectRows, sortRows, unnestRows } from './rows.ts'
import { distinctRows, setOperationRows, unionRows } from './set.ts'
import { scanRows, valuesRows } from './source.ts'
import { windowRows } from './window.ts'

type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>
type Interpret<Kind extends PlanKind> = (
  plan: PlanOf<Kind>,
  interpretation: Interpretation,
) => Promise<readonly Row[]> | readonly Row[]

const INTERPRET: { readonly [Kind in PlanKind]: Interpret<Kind> } = {
  scan: scanRows,
  values: valuesRows,
  filter: filterRows,
  project: projectRows,
  join: joinRows,
  apply: applyRows,
  aggregate: aggregateRows,
  window: windowRows,
  sort: sortRows,
  limit: limitRows,
  distinct: distinctRows,
  union: unionRows,
  intersect: setOperationRows,
  except: setOperationRows,
  unnest: unnestRows,
  expand: expandRows,
  degree: degreeRows,
  frontier: frontierRows,
  'multiway-join': multiwayRows,
  path: pathRows,
  recursive: recursiveRows,
  'recursive-input': recursiveInputRows,
  nearest: nearestRows,
  foreign: foreignRows,
  extension: extensionRows,
}

/**
 * Runs a plan a row at a time, each node to its end before the next: no batches, no generated code, no indexes. It is
 * the meaning of plans, which the vectorised engine must agree with, and runs where code generation is not allowed.
 *
 * @returns the rows, their values in the order of `plan.output`
 * @throws what the expressions and engines of the plan throw
 */
export async function interpretPlan(
  plan: LogicalPlan,
  context: ExecutionContext,
  options: {
    readonly engines?: ReadonlyMap<string, Engine>
    readonly operators?: ReadonlyMap<string, ExtensionOperator>
  } = {},
): Promise<readonly Row[]> {
  const interpretation: Interpretation = {
    context,
    engines: options.engines ?? new Map(),
    operators: options.operators ?? new Map(),
    rounds: new Map(),
    async run(node) {
      context.check()
      return (INTERPRET[node.kind] as Interpret<PlanKind>)(node as never, interpretation)
    },
  }
  return interpretation.run(plan)
}
