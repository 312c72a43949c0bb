import type { ExtensionPlan, ForeignPlan, PlanField } from '../plan/logical-plan.ts'
import type { Batch } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { SpillSpace } from './spill.ts'
import type { Snapshot } from './table-store.ts'
import type { VectorIndexProvider } from './vector-index.ts'

/**
 * Is a step of a running plan: a batch, `null` to let the event loop run, or a promise to wait for. Operators are
 * generators of steps; whatever is no batch they hand on to whoever drives them.
 */
export type Step = Batch | null | Promise<void>

/** Is a running operator. */
export type Steps = Generator<Step, void, undefined>

/** Is what an operator has to work with while it runs. */
export type ExecutionContext = {
  readonly snapshot: Snapshot
  readonly parameters: ReadonlyMap<string, Value>
  /** Accounts for memory. @throws `MEMORY_LIMIT` */
  reserve(bytes: number): void
  release(bytes: number): void
  /** Accounts for memory where there is room for it; `false`, accounting for nothing, where there is not. */
  tryReserve(bytes: number): boolean
  /** Where rows are put aside when there is no room; `null` where nothing can be (a store in memory or read only). */
  readonly spill: SpillSpace | null
  /** Stops a query that was aborted or ran out of time; cheap. @throws `ABORTED`, `TIMEOUT` */
  check(): void
  readonly signal: AbortSignal | undefined
  /** Makes indexes over vectors, where a model does. */
  readonly vectorIndexes?: VectorIndexProvider | undefined
}

/** Is an engine other than the native one: it runs `foreign` nodes whole. */
export type Engine = {
  readonly name: string
  /**
   * Runs a foreign plan. `inputs` run the plans that it reads, each time they are called, as batches whose columns
   * stand in the order of the input's output.
   *
   * @returns batches whose columns stand in the order of `plan.output`
   */
  execute(plan: ForeignPlan, inputs: readonly EngineInput[], context: ExecutionContext): AsyncIterable<Batch>
}

/** Is an input of a foreign plan. */
export type EngineInput = {
  readonly name: string
  readonly output: readonly PlanField[]
  /** Runs the input; `columns` are indexes into `output` of the columns wanted (projection pushdown). */
  run(columns?: readonly number[]): AsyncIterable<Batch>
  /** The same, for engines that call back and cannot wait; throws where the input needs to wait itself. */
  runSync(columns?: readonly number[]): Iterable<Batch>
}

/** Is an operator that a model adds for its `extension` nodes. */
export type ExtensionOperator = {
  readonly name: string
  execute(plan: ExtensionPlan, inputs: readonly Steps[], context: ExecutionContext): Steps
}
