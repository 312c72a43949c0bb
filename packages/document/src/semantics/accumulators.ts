import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import type { SortField } from '../language/syntax.ts'
import { averageOfDecimals, sumOfDecimals } from './decimal-arithmetic.ts'
import { isDecimal128 } from './decimal128.ts'
import { countOf, distinctValues } from './operators/array.ts'
import { addNumbers, isDouble } from './operators/number.ts'
import { mergeObjects } from './operators/object.ts'
import { sortDocuments } from './sort.ts'
import { bsonType, compareMongo, isNullish, isNumber } from './value.ts'

/** Computes a value of the values of a group, in order; missing is `undefined`. */
export type Accumulate = (values: readonly Value[]) => Value

/**
 * Adds numbers with one rounding per step and a correction for what it loses; others do not count. With decimals among
 * them the sum is a decimal.
 */
export function sumOf(values: readonly Value[]): Value {
  if (values.some(isDecimal128)) return sumOfDecimals(values.filter(isAnyNumber))
  let exact: number | bigint = 0
  let total = 0
  let lost = 0
  let inexact = false
  for (const value of values) {
    if (!isNumber(value)) continue
    if (isDouble(value)) {
      inexact = true
      const number = value as number
      const next = total + number
      if (Number.isFinite(next))
        lost += Math.abs(total) >= Math.abs(number) ? total - next + number : number - next + total
      total = next
    } else {
      exact = addNumbers(exact, value)
    }
  }
  if (!inexact) return exact
  return total + (Number.isFinite(total) ? lost : 0) + Number(exact)
}

function isAnyNumber(value: Value): boolean {
  return isNumber(value) || isDecimal128(value)
}

/** Averages numbers; others do not count; null for none. */
export function averageOf(values: readonly Value[]): Value {
  if (values.some(isDecimal128)) return averageOfDecimals(values.filter(isAnyNumber))
  const numbers = values.filter(isNumber)
  return numbers.length === 0 ? null : Number(sumOf(numbers)) / numbers.length
}

/** Finds the least or greatest value; null and missing do not count. */
export function extremeOf(values: readonly Value[], sign: 1 | -1): Value {
  let best: Value = null
  for (const value of values) {
    if (isNullish(value)) continue
    if (best === null || compareMongo(value, best) * sign < 0) best = value
  }
  return best
}

/** Computes a standard deviation of numbers; others do not count. */
export function deviationOf(values: readonly Value[], sample: boolean): Value {
  const numbers = values.filter(isNumber).map(Number)
  const divisor = numbers.length - (sample ? 1 : 0)
  if (divisor <= 0) return null
  let mean = 0
  let squares = 0
  numbers.forEach((number, index) => {
    const delta = number - mean
    mean += delta / (index + 1)
    squares += delta * (number - mean)
  })
  return Math.sqrt(squares / divisor)
}

/** Finds the values at parts of the order of numbers. */
export function percentilesOf(values: readonly Value[], parts: readonly number[]): Value[] {
  const numbers = values
    .filter(isNumber)
    .map(Number)
    .sort((left, right) => left - right)
  return parts.map((part) => {
    if (numbers.length === 0) return null
    return numbers[Math.max(0, Math.ceil(part * numbers.length) - 1)] as number
  })
}

const SIMPLE: ReadonlyMap<string, Accumulate> = new Map<string, Accumulate>([
  ['$sum', sumOf],
  ['$avg', averageOf],
  ['$min', (values) => extremeOf(values, 1)],
  ['$max', (values) => extremeOf(values, -1)],
  ['$first', (values) => values[0] ?? null],
  ['$last', (values) => values.at(-1) ?? null],
  ['$push', (values) => values.filter((value) => value !== undefined)],
  ['$addToSet', (values) => distinctValues(values.filter((value) => value !== undefined))],
  ['$stdDevPop', (values) => deviationOf(values, false)],
  ['$stdDevSamp', (values) => deviationOf(values, true)],
  ['$mergeObjects', mergeObjects],
  ['$count', (values) => values.length],
  ['$concatArrays', (values) => concatArrays('$concatArrays', values)],
  ['$setUnion', (values) => distinctValues(concatArrays('$setUnion', values))],
])

function concatArrays(name: string, values: readonly Value[]): Value[] {
  return values.flatMap((value) => {
    if (value === undefined) return []
    if (!Array.isArray(value)) throw mongoError(14, `${name} takes arrays. It got a ${bsonType(value)}.`)
    return value as Value[]
  })
}

/** Finds a simple accumulator: one that computes of a group's values alone. */
export function simpleAccumulator(name: string): Accumulate | undefined {
  return SIMPLE.get(name)
}

/** Names the accumulators that keep some values of a group. */
export type KeepName = '$firstN' | '$lastN' | '$minN' | '$maxN' | '$top' | '$bottom' | '$topN' | '$bottomN'

/** Keeps some values of a group: each row is its output and what it is sorted by. */
export function keepValues(
  name: KeepName,
  rows: readonly { readonly output: Value; readonly document: Value }[],
  options: { readonly count: Value; readonly sortBy: readonly SortField[] },
): Value {
  const outputs = rows.map(({ output }) => output ?? null)
  if (name === '$top' || name === '$bottom') {
    const sorted = sortRows(rows, options.sortBy)
    return sorted.at(name === '$top' ? 0 : -1) ?? null
  }
  const count = countOf(options.count)
  switch (name) {
    case '$firstN':
      return outputs.slice(0, count)
    case '$lastN':
      return outputs.slice(-count)
    case '$minN':
    case '$maxN': {
      const sign = name === '$minN' ? 1 : -1
      return outputs
        .filter((value) => value !== null)
        .sort((left, right) => sign * compareMongo(left, right))
        .slice(0, count)
    }
    case '$topN':
      return sortRows(rows, options.sortBy).slice(0, count)
    case '$bottomN':
      return sortRows(rows, options.sortBy).slice(-count)
  }
}

function sortRows(
  rows: readonly { readonly output: Value; readonly document: Value }[],
  sortBy: readonly SortField[],
): Value[] {
  const outputs = new Map(rows.map(({ output, document }) => [document, output ?? null]))
  if (outputs.size === rows.length)
    return sortDocuments([...outputs.keys()], sortBy).map((document) => outputs.get(document))
  return sortDocuments(
    rows.map(({ output, document }) => ({ ...(document as object), [OUTPUT]: output ?? null })),
    sortBy,
  ).map((row) => row[OUTPUT])
}

const OUTPUT: unique symbol = Symbol('output')
