import {
  assert,
  type Batch,
  type ExecutionContext,
  type ExtensionOperator,
  type ExtensionPlan,
  groupKey,
  type Steps,
  type Value,
} from '@sheafdb/core'
import { SHARE, type ShareSettings } from '../layout/share.ts'

/** Is the rows of a shared part: those read so far, and where more come from. */
type Shared = {
  readonly batches: Batch[]
  source: Steps | null
  /** Where each column of the output stands in the input's batches. */
  readonly places: readonly number[]
}

const running = new WeakMap<ExecutionContext, Map<string, Shared>>()

/**
 * Gives the rows of a part of a plan that stands in it several times. The first place that asks runs the part; the
 * others read what it has read, and read on where it stopped.
 */
export const shareOperator: ExtensionOperator = {
  name: SHARE,
  *execute(plan: ExtensionPlan, inputs: readonly Steps[], context: ExecutionContext): Steps {
    const [input] = inputs
    assert(input, 'share needs an input')
    const shared = sharedOf(plan, input, context)
    for (let at = 0; ; at += 1) {
      while (at >= shared.batches.length && shared.source !== null) yield* readOn(shared)
      const batch = shared.batches[at]
      if (batch === undefined) return
      yield batch
    }
  },
}

/** Reads one step on; a wait is handed to whoever drives the plan. */
function* readOn(shared: Shared): Steps {
  const step = (shared.source as Steps).next()
  if (step.done === true) shared.source = null
  else if (step.value === null || step.value instanceof Promise) yield step.value
  else shared.batches.push(inOutputOrder(step.value, shared.places))
}

function inOutputOrder(batch: Batch, places: readonly number[]): Batch {
  return { ...batch, columns: places.map((at) => batch.columns[at] as Batch['columns'][number]) }
}

function sharedOf(plan: ExtensionPlan, input: Steps, context: ExecutionContext): Shared {
  let parts = running.get(context)
  if (parts === undefined) {
    parts = new Map()
    running.set(context, parts)
  }
  const key = partKey(plan)
  let shared = parts.get(key)
  if (shared === undefined) {
    shared = { batches: [], source: input, places: placesOf(plan) }
    parts.set(key, shared)
  }
  return shared
}

function placesOf(plan: ExtensionPlan): readonly number[] {
  const ids = plan.inputs[0]?.output.map(({ id }) => id) ?? []
  return plan.output.map(({ id }) => {
    const at = ids.indexOf(id)
    assert(at !== -1, 'a shared part lacks a column of its input')
    return at
  })
}

/** Names a part by its key and by the values that have been put in place of its parameters. */
function partKey(plan: ExtensionPlan): string {
  const { key } = plan.settings as ShareSettings
  const values = plan.expressions.map(
    (item): Value => (item.kind === 'literal' ? groupKey(item.value) : 'given'),
  )
  return `${key} ${values.map(String).join(' ')}`
}
