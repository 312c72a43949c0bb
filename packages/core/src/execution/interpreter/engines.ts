import type { EngineInput, Steps } from '../../catalog/engine.ts'
import type { ExtensionPlan, ForeignPlan, LogicalPlan } from '../../plan/logical-plan.ts'
import type { Batch } from '../../types/column.ts'
import { SheafError } from '../../types/errors.ts'
import { batchOf, type Interpretation, type Row, rowsOf } from './interpretation.ts'

/** Has a foreign part run by its engine, over the interpreted rows of its inputs. @throws `MISSING_DEPENDENCY` */
export async function foreignRows(plan: ForeignPlan, interpretation: Interpretation): Promise<Row[]> {
  const engine = interpretation.engines.get(plan.engine)
  if (engine === undefined) {
    throw new SheafError(
      'MISSING_DEPENDENCY',
      `This query needs an engine that is not there. Pass the model that brings it: ${plan.engine}`,
    )
  }
  const inputs: EngineInput[] = []
  for (const { name, plan: input } of plan.inputs)
    inputs.push(engineInput(name, input, await interpretation.run(input)))
  const rows: Row[] = []
  for await (const batch of engine.execute(plan, inputs, interpretation.context))
    for (const row of rowsOf(batch)) rows.push(row)
  return rows
}

function engineInput(name: string, plan: LogicalPlan, rows: readonly Row[]): EngineInput {
  const whole = batchOf(rows, plan.output)
  const narrowed = (columns: readonly number[] | undefined): Batch =>
    columns === undefined
      ? whole
      : { ...whole, columns: columns.map((at) => whole.columns[at] as Batch['columns'][number]) }
  return {
    name,
    output: plan.output,
    async *run(columns) {
      yield narrowed(columns)
    },
    *runSync(columns) {
      yield narrowed(columns)
    },
  }
}

/** Has an extension run by its operator, over the interpreted rows of its inputs. @throws `MISSING_DEPENDENCY` */
export async function extensionRows(plan: ExtensionPlan, interpretation: Interpretation): Promise<Row[]> {
  const operator = interpretation.operators.get(plan.operator)
  if (operator === undefined) {
    throw new SheafError(
      'MISSING_DEPENDENCY',
      `This query needs an operator that is not there. Pass the model that brings it: ${plan.operator}`,
    )
  }
  const inputs: Steps[] = []
  for (const input of plan.inputs)
    inputs.push(oneBatch(batchOf(await interpretation.run(input), input.output)))
  const rows: Row[] = []
  for (const step of operator.execute(plan, inputs, interpretation.context)) {
    if (step instanceof Promise) await step
    else if (step !== null) for (const row of rowsOf(step)) rows.push(row)
  }
  return rows
}

function* oneBatch(batch: Batch): Steps {
  if (batch.length > 0) yield batch
}
