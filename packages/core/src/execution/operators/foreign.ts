import type { Engine, EngineInput, ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import type { ForeignPlan } from '../../plan/logical-plan.ts'
import type { Batch } from '../../types/column.ts'
import { SheafError } from '../../types/errors.ts'
import { isBatch } from './steps.ts'

/** Runs a part in another engine; its batches are handed on as they come. */
export function* runForeign(
  plan: ForeignPlan,
  engine: Engine,
  inputs: readonly (() => Steps)[],
  context: ExecutionContext,
): Steps {
  const engineInputs = plan.inputs.map((input, at): EngineInput => {
    const start = inputs[at] as () => Steps
    return {
      name: input.name,
      output: input.plan.output,
      run: (columns) => driveInput(start(), columns, context),
      runSync: (columns) => driveInputSync(start(), columns),
    }
  })
  const batches = engine.execute(plan, engineInputs, context)[Symbol.asyncIterator]()
  let result: IteratorResult<Batch> | undefined
  let failed: { readonly error: unknown } | undefined
  try {
    for (;;) {
      yield batches.next().then(
        (next) => {
          result = next
        },
        (error: unknown) => {
          failed = { error }
        },
      )
      if (failed !== undefined) throw failed.error
      const current = result as IteratorResult<Batch>
      if (current.done === true) return
      yield current.value
    }
  } finally {
    // A caller that stops early (a limit, an abort) must not leave the engine running. The query has its answer or its
    // error by then, so that what the engine says of its own end concerns nobody.
    if (result?.done !== true && failed === undefined) batches.return?.().then(undefined, () => undefined)
  }
}

function narrowed(batch: Batch, columns: readonly number[] | undefined): Batch {
  return columns === undefined
    ? batch
    : { ...batch, columns: columns.map((at) => batch.columns[at] as Batch['columns'][number]) }
}

async function* driveInput(
  steps: Steps,
  columns: readonly number[] | undefined,
  context: ExecutionContext,
): AsyncGenerator<Batch, void, undefined> {
  for (const step of steps) {
    context.check()
    if (isBatch(step)) yield narrowed(step, columns)
    else if (step !== null) await step
  }
}

function* driveInputSync(steps: Steps, columns: readonly number[] | undefined): Iterable<Batch> {
  for (const step of steps as Iterable<Step>) {
    if (isBatch(step)) yield narrowed(step, columns)
    else if (step !== null)
      throw new SheafError(
        'INTERNAL',
        'Internal error: an input that has to wait was asked for at once. Please report it.',
      )
  }
}
