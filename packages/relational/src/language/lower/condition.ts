import { call, type Expression, literal, types } from '@sheafdb/core'
import { notNative } from './native.ts'
import { familyOf } from './types.ts'

/** Requires a truth value; DuckDB converts others. */
export function condition(expression: Expression): Expression {
  const family = familyOf(expression)
  if (family === 'bool') return expression
  if (family === 'null') return literal(null, types.bool)
  if (family === 'integer') return call('cast.bool', expression)
  return notNative('a condition that is no truth value')
}
