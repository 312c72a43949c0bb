import {
  type DataType,
  type FunctionDefinition,
  readMember,
  SheafError,
  typeName,
  types,
  type Value,
} from '@sheafdb/core'

const TYPES: readonly DataType[] = [types.int64, types.float64, types.utf8, types.bool]

/** Names the function that reads a property all of whose values have one type. */
export function typedAccess(type: DataType): string {
  return `cypher.get.${typeName(type)}`
}

/** Checks that a value has the type that was known when the query was planned. */
function fit(type: DataType): (value: Value) => Value {
  const wanted: readonly string[] =
    type === types.utf8
      ? ['string']
      : type === types.bool
        ? ['boolean']
        : type === types.int64
          ? ['number', 'bigint']
          : ['number']
  return (value) => {
    if (value === null || value === undefined) return null
    if (
      wanted.includes(typeof value) &&
      (type !== types.int64 || typeof value === 'bigint' || Number.isInteger(value))
    )
      return value
    throw new SheafError(
      'CONFLICT',
      'A property has values of another type since this query was made. Make the query again.',
    )
  }
}

function access(type: DataType): FunctionDefinition {
  const fitted = fit(type)
  return {
    name: typedAccess(type),
    nulls: 'custom',
    nullable: () => true,
    pathAccess: true,
    readsAs: 'variant.get',
    type: () => type,
    evaluator:
      () =>
      (root: Value, ...path: Value[]) =>
        fitted(path.reduce<Value>(readMember, root)),
  }
}

/** Holds the functions that read properties of one type each: `variant.get` with a type that is known. */
export const accessFunctions: readonly FunctionDefinition[] = TYPES.map(access)
