import { type DataType, type FunctionDefinition, isDecimal, SheafError, types } from '@sheafdb/core'

type Numbers = ArrayLike<number>

function sum(count: number, term: (at: number) => number): number {
  let total = 0
  for (let at = 0; at < count; at += 1) total += term(at)
  return total
}

const product = (left: Numbers, right: Numbers): number =>
  sum(left.length, (at) => (left[at] as number) * (right[at] as number))

const MEASURES: Readonly<Record<string, (left: Numbers, right: Numbers) => number>> = {
  cosine_distance: (left, right) => {
    const norms = Math.sqrt(product(left, left) * product(right, right))
    return norms === 0 ? 1 : 1 - product(left, right) / norms
  },
  l2_distance: (left, right) =>
    Math.sqrt(sum(left.length, (at) => ((left[at] as number) - (right[at] as number)) ** 2)),
  l1_distance: (left, right) =>
    sum(left.length, (at) => Math.abs((left[at] as number) - (right[at] as number))),
  inner_product: product,
  hamming_distance: (left, right) => sum(left.length, (at) => (left[at] === right[at] ? 0 : 1)),
}

/** Makes the reader of a list of numbers of a type. */
function numbersOf(type: DataType | undefined, name: string): (value: unknown) => Numbers {
  const item = type?.children?.[0]?.type
  const scale = item !== undefined && isDecimal(item) ? 10 ** (item as unknown as { scale: number }).scale : 1
  return (value) => {
    if (ArrayBuffer.isView(value) && !(value instanceof BigInt64Array || value instanceof BigUint64Array))
      return value as unknown as Numbers
    if (!Array.isArray(value) && !ArrayBuffer.isView(value))
      throw new SheafError('TYPE', `${name} takes two lists of numbers. Give it lists.`)
    return Array.from(value as unknown as ArrayLike<unknown>, (each) => {
      if (typeof each === 'number' || typeof each === 'bigint') return Number(each) / scale
      if (typeof each === 'boolean') return Number(each)
      throw new SheafError('TYPE', `${name} takes lists of numbers without nulls. An element is none.`)
    })
  }
}

/**
 * Holds the functions that measure two vectors, under the prefix by which other languages find them:
 * `cosine_distance(a, b)` in SQL.
 */
export const distanceFunctions: readonly FunctionDefinition[] = Object.entries(MEASURES).map(
  ([name, measure]) => ({
    name: `shared.${name}`,
    nulls: 'strict',
    type: () => types.float64,
    evaluator: ([leftType, rightType]) => {
      const [readLeft, readRight] = [numbersOf(leftType, name), numbersOf(rightType, name)]
      return (left, right) => {
        const [own, other] = [readLeft(left), readRight(right)]
        if (own.length === other.length) return measure(own, other)
        throw new SheafError(
          'ARGUMENT',
          `${name} takes two lists of one length. Theirs are: ${own.length} and ${other.length}`,
        )
      }
    },
  }),
)
