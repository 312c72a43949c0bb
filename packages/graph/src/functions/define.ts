import type { DataType, FunctionDefinition, Value } from '@sheafdb/core'

type TypeRule = DataType | ((argumentTypes: readonly DataType[]) => DataType)

/** Defines a function that gives null where an argument is null. */
export function strict(
  name: string,
  type: TypeRule,
  evaluate: (...args: Value[]) => Value,
): FunctionDefinition {
  return {
    name: `cypher.${name}`,
    nulls: 'strict',
    nullable: () => true,
    type: typeof type === 'function' ? (types) => type(types) : () => type,
    evaluator: () => evaluate,
  }
}

/** Defines a function that sees nulls. */
export function custom(
  name: string,
  type: TypeRule,
  evaluate: (...args: Value[]) => Value,
): FunctionDefinition {
  return { ...strict(name, type, evaluate), nulls: 'custom' }
}
