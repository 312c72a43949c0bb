import type { Value } from '@sheafdb/core'
import type { Condition, Filter, NearCondition, StageSyntax } from '../language/syntax.ts'

/** Is what every call carries beside its documents: the variables of `let` and the time of `$$NOW`. */
export type CallSettings = {
  readonly variables: readonly (readonly [name: string, value: Value])[]
  readonly now: Date
}

/** Is the filter of `mongo.match`; it is a constant of the plan. */
export type MatchCall = CallSettings & { readonly filter: Filter }
/** Is the condition of `mongo.test`, and the rest of the path from the value given to those tested. */
export type TestCall = {
  readonly condition: Condition
  readonly rest: readonly string[]
  /** True where null stands for missing. */
  readonly nullIsMissing: boolean
}
/** Is the projection of `mongo.project`. */
export type ProjectCall = CallSettings & { readonly projection: Value; readonly filter: Filter }
/** Is the stage of `mongo.stage`. */
export type StageCall = CallSettings & { readonly stage: StageSyntax }
/** Is the expression of `mongo.evaluate`. */
export type EvaluateCall = CallSettings & { readonly expression: Value }

/** Is the place of `mongo.distance`, and the point from which it is measured. */
export type DistanceCall = { readonly path: readonly string[]; readonly near: NearCondition }
