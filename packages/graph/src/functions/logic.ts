import { elementType, type FunctionDefinition, isFloat, isList, types, type Value } from '@sheafdb/core'
import { arrayOf, isListValue } from '../values.ts'
import { cypherCompare, cypherEquals, cypherIn, orderKey, orderRank } from './compare.ts'
import { custom, strict } from './define.ts'
import { runtimeTypeError } from './errors.ts'

function ordering(name: string, test: (order: number) => boolean): FunctionDefinition {
  return strict(name, types.bool, (left, right) => {
    const order = cypherCompare(left, right)
    return order === null ? null : test(order)
  })
}

type Predicate = (item: Value) => Value

/** Counts what a predicate says of a list's elements. */
function tally(
  list: Value,
  predicate: Value,
): { readonly trues: number; readonly falses: number; readonly unknown: number } {
  if (!isListValue(list)) throw runtimeTypeError('Only lists have elements to test.', list)
  let trues = 0
  let falses = 0
  let unknown = 0
  for (const item of arrayOf(list)) {
    const result = (predicate as Predicate)(item)
    if (result === true) trues += 1
    else if (result === false) falses += 1
    else unknown += 1
  }
  return { trues, falses, unknown }
}

/** Checks that a value is a truth value. */
function truth(value: Value): Value {
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null
  throw runtimeTypeError('A condition is true or false.', value, 'InvalidArgumentType')
}

/** Holds comparisons, tests of lists and keys of order, with openCypher's rules on null and NaN. */
export const logicFunctions: readonly FunctionDefinition[] = [
  strict('equals', types.bool, cypherEquals),
  strict('differs', types.bool, (left, right) => {
    const equal = cypherEquals(left, right)
    return equal === null ? null : !equal
  }),
  ordering('lt', (order) => order < 0),
  ordering('le', (order) => order <= 0),
  ordering('gt', (order) => order > 0),
  ordering('ge', (order) => order >= 0),
  custom('truth', types.bool, truth),
  custom('in', types.bool, (value, list) => {
    if (list === null || list === undefined) return null
    if (!isListValue(list)) throw runtimeTypeError('IN takes a list.', list, 'InvalidArgumentType')
    return list.length === 0 ? false : cypherIn(value, arrayOf(list))
  }),
  strict('all', types.bool, (list, predicate) => {
    const { falses, unknown } = tally(list, predicate)
    return falses > 0 ? false : unknown > 0 ? null : true
  }),
  strict('any', types.bool, (list, predicate) => {
    const { trues, unknown } = tally(list, predicate)
    return trues > 0 ? true : unknown > 0 ? null : false
  }),
  strict('none', types.bool, (list, predicate) => {
    const { trues, unknown } = tally(list, predicate)
    return trues > 0 ? false : unknown > 0 ? null : true
  }),
  strict('single', types.bool, (list, predicate) => {
    const { trues, unknown } = tally(list, predicate)
    return trues > 1 ? false : unknown > 0 ? null : trues === 1
  }),
  { ...custom('order_rank', types.int32, orderRank), nullable: () => false },
  {
    ...custom('order_key', (args) => args[0] ?? types.variant, orderKey),
    evaluator: (argumentTypes) =>
      isFloat(argumentTypes[0] ?? types.variant) ? (value) => (Number.isNaN(value) ? null : value) : orderKey,
    type: (argumentTypes) => {
      const type = argumentTypes[0] ?? types.variant
      return isList(type) && elementType(type) !== type ? types.variant : type
    },
  },
]
