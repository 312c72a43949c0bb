import type { DataType } from 'apache-arrow'
import type { Column } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { Expression } from './expression.ts'
import { NamedRegistry } from './named-registry.ts'

/** Evaluates a function on one row's arguments. A lambda argument arrives as a JavaScript function. */
export type Evaluate = (...args: Value[]) => Value

/**
 * Defines a function of expressions: what type it gives, how nulls go through it, and how it is computed.
 * `evaluate` is the meaning; `compile` is the same meaning as JavaScript source, for generated code.
 */
export type FunctionDefinition = {
  /** Unique; a model prefixes its own: `cypher.equals`. */
  readonly name: string
  /** Infers the result type. @throws `TYPE` for arguments that the function does not take */
  readonly type: (argumentTypes: readonly DataType[], args: readonly Expression[]) => DataType
  /** `strict`: any null argument gives null and `evaluate` is not called. `custom`: `evaluate` sees nulls. */
  readonly nulls: 'strict' | 'custom'
  /** Tells whether the result may be null; by default, where an argument may be. */
  readonly nullable?: (args: readonly Expression[]) => boolean
  /** Makes the evaluator for argument types. */
  readonly evaluator: (argumentTypes: readonly DataType[], resultType: DataType) => Evaluate
  /**
   * Gives JavaScript source of the result for sources of non-null arguments (each a variable name or a constant, safe
   * to repeat), or `undefined` where these types have no fast form. Only for `strict` functions.
   */
  readonly compile?: (
    args: readonly string[],
    argumentTypes: readonly DataType[],
    resultType: DataType,
  ) => string | undefined
  /** True where equal arguments may give different results: never folded, never moved. */
  readonly volatile?: boolean
  /**
   * True for a function `(value, ...keys)` that reads a path of literal keys inside a nested or variant value. The
   * optimizer moves such calls into the scan, which answers them from the typed child column where there is one.
   * For a path through objects alone it must equal `variant.get`.
   */
  readonly pathAccess?: boolean
  /**
   * For a predicate: lists comparisons, of expressions over the arguments with constants, that hold wherever it does.
   * Indexes are found by them; the predicate itself is applied to what they give.
   */
  readonly implies?: (args: readonly Expression[]) => readonly Expression[]
  /**
   * For a function that gives the list of a row's keys in an index: names the functions whose value, for the same
   * arguments, is always among them (or null).
   */
  readonly lists?: readonly string[]
  /** Names the function whose value this gives wherever it gives one: an index of the other's values serves it too. */
  readonly readsAs?: string
  /**
   * Computes the function for a whole batch where the layout of its arguments allows it: the first argument is a
   * column, the others are constants. `undefined` where rows must be computed one by one. What it gives is what
   * `evaluate` gives row by row.
   */
  readonly kernel?: (column: Column, constants: readonly Value[]) => Column | undefined
}

const registry = new NamedRegistry<FunctionDefinition>('function')

/** Adds functions to the registry. Adding the same definition twice is harmless; another under its name is an error. */
export function registerFunctions(definitions: Iterable<FunctionDefinition>): void {
  registry.add(definitions)
}

/** Finds a function. @throws `NOT_FOUND` */
export function functionNamed(name: string): FunctionDefinition {
  return registry.get(name)
}

/** Tells whether the registry has a function. */
export function hasFunction(name: string): boolean {
  return registry.has(name)
}
