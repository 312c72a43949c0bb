import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  INTEGER,
  listValue,
  structValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import { type Expression, SheafError, type Value } from '@sheafdb/core'
import { duckTypeOf } from './types.ts'
import { toDuckValue } from './value.ts'

/** Is a value ready to be bound; without a type DuckDB's client finds it. */
export type BoundValue = { readonly value: DuckDBValue; readonly type?: DuckDBType }

/** Finds the value of a statement's parameter: given when the plan runs, or a constant where it was put in before. */
export function parameterValue(
  expression: Expression | undefined,
  values: ReadonlyMap<string, Value>,
): BoundValue {
  if (expression?.kind === 'literal') {
    if (typeof expression.value !== 'object' || expression.value === null || expression.value instanceof Date)
      return jsToDuck(expression.value)
    const type = duckTypeOf(expression.type)
    return type === VARCHAR
      ? jsToDuck(expression.value)
      : { value: toDuckValue(expression.value, expression.type), type }
  }
  if (expression?.kind !== 'parameter' || !values.has(expression.name)) {
    const name = expression?.kind === 'parameter' ? expression.name : '?'
    throw new SheafError('ARGUMENT', `A parameter has no value. Pass one for $${name}.`)
  }
  return jsToDuck(values.get(expression.name))
}

const INT32_LIMIT = 2 ** 31
const INT64_LIMIT = 2n ** 63n

/** Turns what a user passes into a value of DuckDB: dates are timestamps, arrays lists, plain objects structs. */
export function jsToDuck(value: Value): BoundValue {
  switch (typeof value) {
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { value, type: DOUBLE }
      return value >= -INT32_LIMIT && value < INT32_LIMIT
        ? { value, type: INTEGER }
        : { value: BigInt(value), type: BIGINT }
    case 'bigint':
      return { value, type: value >= -INT64_LIMIT && value < INT64_LIMIT ? BIGINT : HUGEINT }
    case 'string':
      return { value, type: VARCHAR }
    case 'boolean':
      return { value, type: BOOLEAN }
    case 'undefined':
      return { value: null }
    default:
      return objectToDuck(value)
  }
}

function objectToDuck(value: Value): BoundValue {
  if (value === null) return { value: null }
  if (value instanceof Date)
    return { value: new DuckDBTimestampValue(BigInt(value.getTime()) * 1000n), type: TIMESTAMP }
  if (value instanceof Uint8Array) return { value: new DuckDBBlobValue(value), type: BLOB }
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return { value: listValue(Array.from(value as ArrayLike<Value>, (item) => jsToDuck(item).value)) }
  if (typeof value === 'object') {
    const entries = Object.entries(value as object).map(
      ([name, item]) => [name, jsToDuck(item).value] as const,
    )
    return { value: structValue(Object.fromEntries(entries)) }
  }
  throw new SheafError('TYPE', `A parameter cannot be a ${typeof value}. Pass a value that SQL knows.`)
}
