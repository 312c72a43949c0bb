import { compareValues, type DataType, type FunctionDefinition, type Value } from '@sheafdb/core'

const first = ([type]: readonly DataType[]): DataType => type as DataType

const narrow = (value: bigint): Value => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function bitwise(name: string, combine: (left: bigint, right: bigint) => bigint): FunctionDefinition {
  return {
    name: `sql.${name}`,
    nulls: 'strict',
    type: first,
    evaluator: () => (left, right) => narrow(combine(BigInt(left as number), BigInt(right as number))),
  }
}

/** Takes the greatest or least of its arguments, nulls left out; all are of one type. */
function extreme(name: string, sign: 1 | -1): FunctionDefinition {
  return {
    name: `sql.${name}`,
    nulls: 'custom',
    type: first,
    nullable: (args) => args.every((arg) => arg.nullable),
    evaluator:
      () =>
      (...values) =>
        values.reduce<Value>((best, value) => {
          if (value === null || value === undefined) return best
          return best === null || comparedFloats(value, best) * sign > 0 ? value : best
        }, null),
  }
}

/** Compares as DuckDB does: NaN is after every other number. */
function comparedFloats(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') {
    if (Number.isNaN(left) || Number.isNaN(right))
      return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
    return left - right
  }
  return compareValues(left, right)
}

/** Holds SQL's functions of numbers whose result has the type of their arguments. */
export const numberFunctions: readonly FunctionDefinition[] = [
  bitwise('bit_and', (left, right) => left & right),
  bitwise('bit_or', (left, right) => left | right),
  bitwise('xor', (left, right) => left ^ right),
  extreme('greatest', 1),
  extreme('least', -1),
  {
    name: 'sql.trunc',
    nulls: 'strict',
    type: first,
    evaluator: () => (value) => (typeof value === 'number' ? Math.trunc(value) : value),
  },
  {
    name: 'sql.sign',
    nulls: 'strict',
    type: first,
    evaluator: () => (value) => {
      const number = Number(value)
      return number > 0 ? 1 : number < 0 ? -1 : 0
    },
  },
  {
    name: 'sql.fmod',
    nulls: 'strict',
    type: first,
    nullable: () => true,
    evaluator: () => (left, right) => (right === 0 ? null : (left as number) % (right as number)),
  },
]
