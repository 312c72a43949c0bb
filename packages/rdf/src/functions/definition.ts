import { type FunctionDefinition, types, type Value } from '@sheafdb/core'
import type { DataType } from 'apache-arrow'
import type { Term } from '../layout/term.ts'

/** Names what a function of SPARQL gives: a term, or a plain value that stands for a literal. */
export type ResultKind = 'term' | 'boolean' | 'string' | 'integer' | 'double'

const RESULT_TYPES: Readonly<Record<ResultKind, DataType>> = {
  term: types.variant,
  boolean: types.bool,
  string: types.utf8,
  integer: types.int64,
  double: types.float64,
}

/** Is a function of SPARQL: its name in the plan, what it gives, and its meaning. */
export type SparqlFunction = {
  readonly definition: FunctionDefinition
  readonly result: ResultKind
}

/** Defines a function of terms that gives `null` for an error; an argument that is one makes the result one. */
export function termFunction(
  name: string,
  result: ResultKind,
  evaluate: (...terms: Term[]) => Value,
): SparqlFunction {
  return defineFunction(name, result, { evaluate: evaluate as (...args: Value[]) => Value })
}

/** Defines a function of any arguments. `seesNulls` calls it for errors and unbound variables too. */
export function defineFunction(
  name: string,
  result: ResultKind,
  options: {
    readonly evaluate: (...args: Value[]) => Value
    readonly seesNulls?: boolean
    readonly volatile?: boolean
    readonly neverNull?: boolean
  },
): SparqlFunction {
  const { evaluate, seesNulls = false, volatile = false, neverNull = false } = options
  return {
    result,
    definition: {
      name: `sparql.${name}`,
      type: () => RESULT_TYPES[result],
      nulls: seesNulls ? 'custom' : 'strict',
      nullable: (args) => !neverNull || (!seesNulls && args.some((arg) => arg.nullable)),
      evaluator: () => evaluate,
      ...(volatile ? { volatile } : {}),
    },
  }
}
