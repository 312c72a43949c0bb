import {
  type Batch,
  type Column,
  type ColumnExpression,
  type ExtensionPlan,
  type LogicalPlan,
  type PlanField,
  SheafError,
  type Step,
  type Steps,
} from '@sheafdb/core'

/** Tells whether a step is a batch. */
export function isBatch(step: Step): step is Batch {
  return step !== null && 'columns' in step
}

/** Gives the place of each column that an extension reads, in its input's batches. */
export function placesOf(plan: ExtensionPlan): number[] {
  const input = plan.inputs[0] as LogicalPlan
  return plan.expressions.map((expression) => placeOf(input.output, (expression as ColumnExpression).id))
}

function placeOf(fields: readonly PlanField[], id: number): number {
  const place = fields.findIndex((field) => field.id === id)
  if (place === -1) throw new SheafError('INTERNAL', `Internal error: column ${id} is not in the input.`)
  return place
}

/** Computes further columns for each batch of an input: the last `added` fields of the plan's output. */
export function* addColumns(
  plan: ExtensionPlan,
  input: Steps,
  compute: (batch: Batch, places: readonly number[]) => readonly Column[],
): Steps {
  const places = placesOf(plan)
  const { output } = plan.inputs[0] as LogicalPlan
  const count = addedCount(plan)
  const kept = plan.output.slice(0, plan.output.length - count).map((field) => placeOf(output, field.id))
  for (const step of input) {
    if (!isBatch(step)) yield step
    else {
      const added = compute(step, places)
      const columns = [...kept.map((place) => step.columns[place] as Column), ...added]
      yield { length: step.length, columns, selection: step.selection }
    }
  }
}

/** Counts the columns that an extension adds: as many as it has expressions, or as its settings name. */
function addedCount(plan: ExtensionPlan): number {
  const { fields } = plan.settings as { readonly fields?: readonly string[] }
  return fields?.length ?? plan.expressions.length
}

/** Gives the rows of a batch: their places in its columns. */
export function* rowsOf(batch: Batch): Generator<number> {
  const { selection, length } = batch
  if (selection === null) for (let row = 0; row < length; row += 1) yield row
  else for (const row of selection) yield row
}
