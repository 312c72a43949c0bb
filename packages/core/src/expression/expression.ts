import type { DataType } from 'apache-arrow'
import type { Value } from '../types/value.ts'

/** Identifies a column inside plans. Ids are never reused, so two scans of one table never mix. */
export type ColumnId = number

/** Refers to a column of the input. */
export type ColumnExpression = {
  readonly kind: 'column'
  readonly id: ColumnId
  /** For `explain` only. */
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** Refers, inside the right side of an `apply`, to a column of its left side. */
export type OuterExpression = {
  readonly kind: 'outer'
  readonly id: ColumnId
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** Is a constant. */
export type LiteralExpression = {
  readonly kind: 'literal'
  readonly value: Value
  readonly type: DataType
  readonly nullable: boolean
}

/** Is a value that is given when the plan runs, so that one plan serves many values. */
export type ParameterExpression = {
  readonly kind: 'parameter'
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** Calls a function of the registry. */
export type CallExpression = {
  readonly kind: 'call'
  readonly function: string
  readonly args: readonly Expression[]
  readonly type: DataType
  readonly nullable: boolean
}

/** Is a function of its own variables, given to a list function such as `list.map`; its body may use outer columns. */
export type LambdaExpression = {
  readonly kind: 'lambda'
  readonly variables: readonly VariableExpression[]
  readonly body: Expression
  readonly type: DataType
  readonly nullable: boolean
}

/** Refers to a variable of a surrounding lambda. */
export type VariableExpression = {
  readonly kind: 'variable'
  readonly id: ColumnId
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** Is a typed expression over the columns of a plan: plain, frozen data, made by the functions of `build.ts`. */
export type Expression =
  | ColumnExpression
  | OuterExpression
  | LiteralExpression
  | ParameterExpression
  | CallExpression
  | LambdaExpression
  | VariableExpression
