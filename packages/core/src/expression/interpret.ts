import { type Batch, type ColumnReader, columnReader } from '../types/column.ts'
import { assert, SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import type { ColumnId, Expression, LambdaExpression } from './expression.ts'
import { functionNamed } from './registry.ts'

/** Finds the place of a column in the batches of an input. */
export type Places = ReadonlyMap<ColumnId, number>

const known = new WeakMap<readonly { readonly id: ColumnId }[], Places>()

/** Maps the columns of a plan's output to their places; made once an output, since plans are run again and again. */
export function placesOf(output: readonly { readonly id: ColumnId }[]): Places {
  let places = known.get(output)
  if (places === undefined) {
    places = new Map(output.map((field, index) => [field.id, index]))
    known.set(output, places)
  }
  return places
}

/** Evaluates an expression on row `index` of a batch whose columns are read by `readers`. */
export type RowEvaluator = (readers: readonly ColumnReader[], index: number, variables: Value[]) => Value

type Scope = ReadonlyMap<ColumnId, number>

const NO_SCOPE: Scope = new Map()

/**
 * Makes an evaluator that walks the expression, a row at a time. It is the meaning of expressions: generated code
 * must give the same values.
 */
export function interpretExpression(
  expression: Expression,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
): RowEvaluator {
  return interpret(expression, places, parameters, NO_SCOPE)
}

function interpret(
  expression: Expression,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
  scope: Scope,
): RowEvaluator {
  switch (expression.kind) {
    case 'column': {
      const place = places.get(expression.id)
      assert(place !== undefined, `column ${expression.name} is not in the input`)
      return (readers, index) => (readers[place] as ColumnReader)(index) ?? null
    }
    case 'outer':
      throw new SheafError('INTERNAL', `A column of the query around has no value here: ${expression.name}`)
    case 'literal': {
      const { value } = expression
      return () => value
    }
    case 'parameter': {
      const value = parameterValue(parameters, expression.name)
      return () => value
    }
    case 'variable': {
      const slot = scope.get(expression.id)
      assert(slot !== undefined, `variable ${expression.name} is used outside its lambda`)
      return (_readers, _index, variables) => variables[slot] ?? null
    }
    case 'lambda':
      return interpretLambda(expression, places, parameters, scope)
    case 'call':
      return interpretCall(expression, places, parameters, scope)
  }
}

/** Gives the value of a parameter. @throws `ARGUMENT` */
export function parameterValue(parameters: ReadonlyMap<string, Value>, name: string): Value {
  if (!parameters.has(name))
    throw new SheafError('ARGUMENT', `A parameter has no value. Pass one for $${name}.`)
  return parameters.get(name) ?? null
}

/** A lambda's value is a function; its variables stand in slots after those of the lambdas around it. */
function interpretLambda(
  expression: LambdaExpression,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
  scope: Scope,
): RowEvaluator {
  const base = scope.size
  const inner = new Map(scope)
  expression.variables.forEach((variable, at) => {
    inner.set(variable.id, base + at)
  })
  const body = interpret(expression.body, places, parameters, inner)
  const count = expression.variables.length
  return (readers, index, variables) =>
    (...args: Value[]) => {
      const frame = variables.slice(0, base)
      for (let at = 0; at < count; at += 1) frame[base + at] = args[at] ?? null
      return body(readers, index, frame)
    }
}

type CallOf = Extract<Expression, { kind: 'call' }>

function interpretCall(
  expression: CallOf,
  places: Places,
  parameters: ReadonlyMap<string, Value>,
  scope: Scope,
): RowEvaluator {
  const args = expression.args.map((arg) => interpret(arg, places, parameters, scope))
  const lazy = LAZY.get(expression.function)
  if (lazy !== undefined) return lazy(args)
  const definition = functionNamed(expression.function)
  const evaluate = definition.evaluator(
    expression.args.map((arg) => arg.type),
    expression.type,
  )
  if (definition.nulls === 'custom') {
    return (readers, index, variables) =>
      evaluate(...args.map((arg) => arg(readers, index, variables))) ?? null
  }
  if (args.length === 1) return strictUnary(args[0] as RowEvaluator, evaluate)
  if (args.length === 2) return strictBinary(args[0] as RowEvaluator, args[1] as RowEvaluator, evaluate)
  return (readers, index, variables) => {
    const values: Value[] = []
    for (const arg of args) {
      const value = arg(readers, index, variables)
      if (value === null || value === undefined) return null
      values.push(value)
    }
    return evaluate(...values) ?? null
  }
}

function strictUnary(arg: RowEvaluator, evaluate: (value: Value) => Value): RowEvaluator {
  return (readers, index, variables) => {
    const value = arg(readers, index, variables)
    return value === null || value === undefined ? null : (evaluate(value) ?? null)
  }
}

function strictBinary(
  left: RowEvaluator,
  right: RowEvaluator,
  evaluate: (left: Value, right: Value) => Value,
): RowEvaluator {
  return (readers, index, variables) => {
    const a = left(readers, index, variables)
    if (a === null || a === undefined) return null
    const b = right(readers, index, variables)
    return b === null || b === undefined ? null : (evaluate(a, b) ?? null)
  }
}

/** Holds the functions that do not evaluate all of their arguments. */
const LAZY: ReadonlyMap<string, (args: readonly RowEvaluator[]) => RowEvaluator> = new Map([
  [
    'and',
    ([left, right]) =>
      (readers, index, variables) => {
        const a = (left as RowEvaluator)(readers, index, variables)
        if (a === false) return false
        const b = (right as RowEvaluator)(readers, index, variables)
        if (b === false) return false
        return a === null || b === null ? null : true
      },
  ],
  [
    'or',
    ([left, right]) =>
      (readers, index, variables) => {
        const a = (left as RowEvaluator)(readers, index, variables)
        if (a === true) return true
        const b = (right as RowEvaluator)(readers, index, variables)
        if (b === true) return true
        return a === null || b === null ? null : false
      },
  ],
  [
    'case',
    (args) => (readers, index, variables) => {
      for (let at = 0; at + 1 < args.length; at += 2) {
        if ((args[at] as RowEvaluator)(readers, index, variables) === true)
          return (args[at + 1] as RowEvaluator)(readers, index, variables)
      }
      return (args[args.length - 1] as RowEvaluator)(readers, index, variables)
    },
  ],
  [
    'coalesce',
    (args) => (readers, index, variables) => {
      for (const arg of args) {
        const value = arg(readers, index, variables)
        if (value !== null && value !== undefined) return value
      }
      return null
    },
  ],
])

/** Evaluates an expression that reads no columns. */
export function evaluateConstant(expression: Expression, parameters: ReadonlyMap<string, Value>): Value {
  if (expression.kind === 'literal') return expression.value
  return interpretExpression(expression, new Map(), parameters)([], 0, [])
}

/** Gives the readers of a batch's columns. */
export function readersOf(batch: Batch): ColumnReader[] {
  return batch.columns.map(columnReader)
}
