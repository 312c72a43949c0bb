import {
  type DataType,
  type Expression,
  literal,
  parameter,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { type BoundValue, jsToDuck } from '../duckdb/parameter.ts'
import { notNative } from '../language/lower/native.ts'
import type { SelectStatement } from '../language/syntax.ts'

/** Tells values apart by the type that a plan is made for. */
function classOf(value: Value): string {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'i' : 'f'
    case 'bigint':
      return 'i'
    case 'string':
      return 's'
    case 'boolean':
      return 'b'
    default:
      return value === null || value === undefined ? 'n' : 'o'
  }
}

/** Gives a key that is equal for texts whose parameters are of equal kinds. */
export function cacheKey(text: string, parameters: ReadonlyMap<string, Value>): string {
  if (parameters.size === 0) return text
  let key = ''
  for (const [name, value] of parameters) key += `${name}${classOf(value)},`
  return `${key}\0${text}`
}

const PARAMETER_TYPES = new Map<string, DataType>([
  ['i', types.int64],
  ['f', types.float64],
  ['s', types.utf8],
  ['b', types.bool],
])

/** Gives a parameter of a native plan, typed by its value. */
export function nativeParameter(name: string, values: ReadonlyMap<string, Value>): Expression {
  const kind = values.has(name) ? classOf(values.get(name)) : 'o'
  if (kind === 'n') return literal(null)
  const type = PARAMETER_TYPES.get(kind)
  return type === undefined
    ? notNative('a parameter of a type that only DuckDB knows')
    : parameter(name, type)
}

/** Is a parameter of a statement: its expression, and its value ready for DuckDB. */
export type ParameterAt = { readonly expression: Expression; readonly bound: BoundValue }

/** Gives a statement's parameters by their place. */
export function parameterValues(
  tree: SelectStatement,
  values: ReadonlyMap<string, Value>,
): (index: number) => ParameterAt {
  const names = new Map((tree.named_param_map ?? []).map(({ key, value }) => [value - 1, key]))
  return (index) => {
    const name = names.get(index) ?? String(index + 1)
    if (!values.has(name))
      throw new SheafError('ARGUMENT', `A parameter has no value. Pass one for $${name}.`)
    return { expression: parameter(name), bound: jsToDuck(values.get(name)) }
  }
}
