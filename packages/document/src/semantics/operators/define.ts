import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import type { ExpressionSyntax } from '../../language/syntax.ts'
import { compileExpression } from '../expression.ts'
import { spend } from '../limits.ts'
import type { CompileContext, Evaluator, Operator, Scope } from '../scope.ts'

export type { Operator, Operators } from '../scope.ts'

/** Gives the arguments of a call: the items of an array, or one. */
export function argumentList(argument: ExpressionSyntax): readonly ExpressionSyntax[] {
  if (argument.kind === 'array') return argument.items
  return [argument]
}

/** Defines an operator of a fixed count of arguments, or a range of counts, all of which are evaluated. */
export function fixed(
  name: string,
  count: number | readonly [number, number],
  evaluate: (...args: Value[]) => Value,
): readonly [string, Operator] {
  const [low, high] = typeof count === 'number' ? [count, count] : count
  const operator: Operator = (argument, context) => {
    const args = argumentList(argument)
    if (args.length < low || args.length > high) throw countError(name, [low, high], args.length)
    const evaluators = args.map((arg) => compileExpression(arg, context))
    if (evaluators.length === 1) {
      const [first] = evaluators as [Evaluator]
      return (scope) => evaluate(first(scope))
    }
    if (evaluators.length === 2) {
      const [first, second] = evaluators as [Evaluator, Evaluator]
      return (scope) => evaluate(first(scope), second(scope))
    }
    return (scope) => evaluate(...evaluators.map((arg) => arg(scope)))
  }
  return [name, operator]
}

function countError(name: string, [low, high]: readonly [number, number], got: number): Error {
  if (low === high) return mongoError(16020, `${name} takes ${low} arguments. It got ${got}.`)
  return mongoError(28667, `${name} takes ${low} to ${high} arguments. It got ${got}.`)
}

/** Defines an operator of any count of arguments, all of which are evaluated. */
export function variadic(
  name: string,
  evaluate: (args: readonly Value[]) => Value,
): readonly [string, Operator] {
  const operator: Operator = (argument, context) => {
    const evaluators = argumentList(argument).map((arg) => compileExpression(arg, context))
    return (scope) => evaluate(evaluators.map((arg) => arg(scope)))
  }
  return [name, operator]
}

/** Makes an operator count the elements of the lists that it gives, and the characters of texts, many to a step. @throws ExceededMemoryLimit */
export function counted([name, operator]: readonly [string, Operator]): readonly [string, Operator] {
  return [
    name,
    (argument, context) => {
      const evaluate = operator(argument, context)
      return (scope) => {
        const result = evaluate(scope)
        if (Array.isArray(result)) spend(scope, result.length)
        else if (typeof result === 'string') spend(scope, result.length >> 6)
        return result
      }
    },
  ]
}

/** Describes an operator whose argument is an object of named parts. */
export type NamedParts = {
  readonly required: readonly string[]
  readonly optional?: readonly string[]
  /** MongoDB's codes for an argument that is no object, an unknown part and a missing one. */
  readonly codes: { readonly object: number; readonly unknown: number; readonly missing: number }
}

/** Is the parts of a call by name. */
export type Parts = ReadonlyMap<string, ExpressionSyntax>

/** Defines an operator with named parts. */
export function namedParts(
  name: string,
  shape: NamedParts,
  compile: (parts: Parts, context: CompileContext) => Evaluator,
): readonly [string, Operator] {
  return [name, (argument, context) => compile(partsOf(name, shape, argument), context)]
}

/** Reads the named parts of an argument. @throws the codes of the shape */
export function partsOf(name: string, shape: NamedParts, argument: ExpressionSyntax): Parts {
  const { required, optional = [], codes } = shape
  const only = argument.kind === 'array' && argument.items.length === 1 ? argument.items[0] : argument
  if (only?.kind !== 'object') {
    throw mongoError(codes.object, `${name} takes an object. Give it ${required.join(', ')}.`)
  }
  const parts = new Map(only.entries)
  for (const key of parts.keys()) {
    if (!required.includes(key) && !optional.includes(key))
      throw mongoError(codes.unknown, `${name} has no such part. Check its spelling: ${key}`)
  }
  for (const key of required) {
    if (!parts.has(key)) throw mongoError(codes.missing, `${name} misses a part. Add it: ${key}`)
  }
  return parts
}

/** Defines an operator with named parts, all of which are evaluated. */
export function evaluatedParts(
  name: string,
  shape: NamedParts,
  evaluate: (values: ReadonlyMap<string, Value>, scope: Scope) => Value,
): readonly [string, Operator] {
  return namedParts(name, shape, (parts, context) => {
    const evaluators = [...parts].map(([key, part]) => [key, compileExpression(part, context)] as const)
    return (scope) => evaluate(new Map(evaluators.map(([key, part]) => [key, part(scope)])), scope)
  })
}

/** Compiles a part, or gives an evaluator of missing where it is not there. */
export function compilePart(parts: Parts, key: string, context: CompileContext): Evaluator {
  const part = parts.get(key)
  return part === undefined ? () => undefined : compileExpression(part, context)
}

/** Reads a part that must be a constant text; `undefined` where it is not there. */
export function constantText(parts: Parts, key: string, code: number): string | undefined {
  const part = parts.get(key)
  if (part === undefined) return undefined
  if (part.kind === 'literal' && typeof part.value === 'string') return part.value
  throw mongoError(code, `This part must be a constant text. Give it a name: ${key}`)
}
