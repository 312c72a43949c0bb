import type { DataType } from 'apache-arrow'
import { commonType, types } from '../../types/data-type.ts'
import type { Value } from '../../types/value.ts'
import type { FunctionDefinition } from '../registry.ts'
import { requireCount } from './signature.ts'

/** Joins truth values: false wins, then null. */
const and: FunctionDefinition = {
  name: 'and',
  nulls: 'custom',
  type: () => types.bool,
  evaluator: () => (left, right) =>
    left === false || right === false ? false : left === null || right === null ? null : true,
}

/** Joins truth values: true wins, then null. */
const or: FunctionDefinition = {
  name: 'or',
  nulls: 'custom',
  type: () => types.bool,
  evaluator: () => (left, right) =>
    left === true || right === true ? true : left === null || right === null ? null : false,
}

const not: FunctionDefinition = {
  name: 'not',
  nulls: 'strict',
  type: () => types.bool,
  evaluator: () => (value) => !value,
  compile: ([value]) => `!${value}`,
}

const xor: FunctionDefinition = {
  name: 'xor',
  nulls: 'strict',
  type: () => types.bool,
  evaluator: () => (left, right) => left !== right,
  compile: ([left, right]) => `(${left} !== ${right})`,
}

/** Finds the type of branches: what holds all of them. */
function branchType(branches: readonly DataType[]): DataType {
  return branches.reduce(commonType, types.null as DataType)
}

function caseBranches(argumentTypes: readonly DataType[]): readonly DataType[] {
  return argumentTypes.filter((_, index) => index % 2 === 1 || index === argumentTypes.length - 1)
}

/**
 * Chooses by conditions: `case(condition, value, condition, value, …, otherwise)`. Compiled and interpreted lazily:
 * a branch that is not chosen is not evaluated.
 */
const caseFunction: FunctionDefinition = {
  name: 'case',
  nulls: 'custom',
  nullable: (args) =>
    args.some((arg, index) => (index % 2 === 1 || index === args.length - 1) && arg.nullable),
  type: (argumentTypes) => {
    requireCount('case', argumentTypes, 3, Number.POSITIVE_INFINITY)
    return branchType(caseBranches(argumentTypes))
  },
  evaluator:
    () =>
    (...args: Value[]) => {
      for (let index = 0; index + 1 < args.length; index += 2)
        if (args[index] === true) return args[index + 1]
      return args[args.length - 1]
    },
}

/** Gives the first argument that is not null; later ones are not evaluated. */
const coalesce: FunctionDefinition = {
  name: 'coalesce',
  nulls: 'custom',
  nullable: (args) => args.every((arg) => arg.nullable),
  type: (argumentTypes) => {
    requireCount('coalesce', argumentTypes, 1, Number.POSITIVE_INFINITY)
    return branchType(argumentTypes)
  },
  evaluator:
    () =>
    (...args: Value[]) =>
      args.find((value) => value !== null && value !== undefined) ?? null,
}

/** Holds the functions of truth values and choices: and, or, not, xor, case, coalesce. */
export const logicFunctions: readonly FunctionDefinition[] = [and, or, not, xor, caseFunction, coalesce]
