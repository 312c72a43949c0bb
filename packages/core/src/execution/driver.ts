import type { ExecutionContext, Steps } from '../catalog/engine.ts'
import type { QueryMemory } from '../catalog/memory.ts'
import type { SpillSpace } from '../catalog/spill.ts'
import type { Snapshot } from '../catalog/table-store.ts'
import type { VectorIndexProvider } from '../catalog/vector-index.ts'
import { type Batch, batchRowCount } from '../types/column.ts'
import { SheafError, toSheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { isBatch } from './operators/steps.ts'

/** A running query lets the event loop run after this many milliseconds. */
const SLICE_MS = 10

/** Rows are gathered up to this share of the limit: the rest is for what every operator needs to go on. */
const GATHERED_SHARE = 0.7

/** Tells the limits of one run. */
export type Limits = {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  readonly memoryLimitBytes: number
  /** Accounts for what others of the store keep; without it the query has the limit for itself. */
  readonly memory?: QueryMemory
  readonly spill?: SpillSpace | null
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/** Is the context of one run, to be closed at its end. */
export type RunContext = ExecutionContext & {
  /** Gives back what the run still has reserved. */
  close(): void
}

/** Makes the context of one run: snapshot, parameters, memory account, abort and timeout. */
export function makeContext(
  snapshot: Snapshot,
  parameters: ReadonlyMap<string, Value>,
  limits: Limits,
  vectorIndexes?: VectorIndexProvider,
): RunContext {
  const deadline = limits.timeoutMs === undefined ? Number.POSITIVE_INFINITY : limits.now() + limits.timeoutMs
  let reserved = 0
  const take = (bytes: number, share: number): boolean => {
    if (reserved + bytes > limits.memoryLimitBytes * share) return false
    if (limits.memory?.reserve(bytes, share) === false) return false
    reserved += bytes
    return true
  }
  return {
    snapshot,
    parameters,
    signal: limits.signal,
    vectorIndexes,
    reserve(bytes) {
      if (!take(bytes, 1)) {
        throw new SheafError(
          'MEMORY_LIMIT',
          `A query needs more memory than it may use. Raise memoryLimit, or filter before joining, sorting or grouping: ${limits.memoryLimitBytes} bytes`,
        )
      }
    },
    release(bytes) {
      reserved -= bytes
      limits.memory?.release(bytes)
    },
    tryReserve: (bytes) => take(bytes, GATHERED_SHARE),
    close() {
      limits.memory?.release(reserved)
      reserved = 0
    },
    spill: limits.spill ?? null,
    check() {
      if (limits.signal?.aborted === true)
        throw new SheafError('ABORTED', 'The query was aborted.', { cause: limits.signal.reason })
      if (limits.now() > deadline)
        throw new SheafError(
          'TIMEOUT',
          `The query took longer than it may. Raise the timeout or narrow the query: ${limits.timeoutMs} ms`,
        )
    },
  }
}

/** Takes a step; whatever an operator or a function throws becomes an error that users are told. */
function nextStep(steps: Steps): ReturnType<Steps['next']> {
  try {
    return steps.next()
  } catch (error) {
    throw toSheafError(error)
  }
}

/** Drives a running plan: gives its batches, lets the event loop run in between, and stops it when asked to. */
export async function* drive(
  steps: Steps,
  context: ExecutionContext,
  now: () => number,
): AsyncGenerator<Batch, void, undefined> {
  let sliceEnd = now() + SLICE_MS
  try {
    for (;;) {
      context.check()
      const { done, value } = nextStep(steps)
      if (done === true) return
      if (isBatch(value)) {
        if (batchRowCount(value) > 0) yield value
      } else if (value !== null) await value
      if (now() >= sliceEnd) {
        await new Promise((resolve) => setImmediate(resolve))
        sliceEnd = now() + SLICE_MS
      }
    }
  } finally {
    steps.return()
  }
}

/** Is what a plan gave in its first slice, and what it waits for: `undefined` where it came to its end. */
export type FirstSlice = {
  readonly batches: Batch[]
  readonly pending: PromiseLike<unknown> | null | undefined
}

/** Drives a running plan without waiting for as long as a slice, which is to the end for most that are asked. */
export function driveSlice(steps: Steps, context: ExecutionContext, now: () => number): FirstSlice {
  const batches: Batch[] = []
  const sliceEnd = now() + SLICE_MS
  try {
    for (;;) {
      context.check()
      const { done, value } = nextStep(steps)
      if (done === true) return { batches, pending: undefined }
      if (isBatch(value)) {
        if (batchRowCount(value) > 0) batches.push(value)
      } else if (value !== null) return { batches, pending: value }
      if (now() >= sliceEnd) return { batches, pending: null }
    }
  } catch (error) {
    steps.return()
    throw error
  }
}

/** Drives a plan on after its first slice: waits for what it waits for, and lets the event loop run. */
export async function* driveRest(
  steps: Steps,
  slice: FirstSlice,
  drivers: { readonly context: ExecutionContext; readonly now: () => number },
): AsyncGenerator<Batch, void, undefined> {
  try {
    await (slice.pending ?? new Promise((resolve) => setImmediate(resolve)))
    yield* drive(steps, drivers.context, drivers.now)
  } finally {
    steps.return()
  }
}
