import type { Value } from '@sheafdb/core'
import type { ExpressionSyntax } from '../language/syntax.ts'

/** Counts what the expressions of one document did. */
export type Effort = { steps: number }

/** Holds what an expression is evaluated in: the document, and variables innermost first. */
export type Scope = {
  readonly root: Value
  readonly current: Value
  readonly variables: Binding | null
  /** What the expressions of this document have done so far. */
  readonly effort: Effort
}

/** Binds a variable. */
export type Binding = { readonly name: string; readonly value: Value; readonly outer: Binding | null }

/** Evaluates an expression; `undefined` is missing. */
export type Evaluator = (scope: Scope) => Value

/** Holds what is known while an expression is compiled. */
export type CompileContext = {
  /** Names of the variables that may be used. */
  readonly variables: ReadonlySet<string>
  /** The time of `$$NOW`, one for the whole query. */
  readonly now: Date
}

/** Compiles a call of an operator. */
export type Operator = (argument: ExpressionSyntax, context: CompileContext) => Evaluator

/** Is a list of operators by name. */
export type Operators = readonly (readonly [name: string, operator: Operator])[]
