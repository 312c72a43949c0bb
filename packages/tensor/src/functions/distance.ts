import { type Column, type FunctionDefinition, SheafError, types, type Value } from '@sheafdb/core'
import { type Numbers, numbersOf, vectorColumn } from './vector.ts'

/** Sums something up over the elements of two vectors, the left one of which begins at a place of a larger array. */
type Sum = (left: Numbers, start: number, right: Numbers) => number

const product: Sum = (left, start, right) => {
  let [a, b, c, d] = [0, 0, 0, 0]
  const { length } = right
  const even = length - (length % 4)
  let at = 0
  for (; at < even; at += 4) {
    a += (left[start + at] as number) * (right[at] as number)
    b += (left[start + at + 1] as number) * (right[at + 1] as number)
    c += (left[start + at + 2] as number) * (right[at + 2] as number)
    d += (left[start + at + 3] as number) * (right[at + 3] as number)
  }
  for (; at < length; at += 1) a += (left[start + at] as number) * (right[at] as number)
  return a + b + (c + d)
}

const squares: Sum = (left, start, right) => {
  let total = 0
  for (let at = 0; at < right.length; at += 1)
    total += ((left[start + at] as number) - (right[at] as number)) ** 2
  return total
}

const differences: Sum = (left, start, right) => {
  let total = 0
  for (let at = 0; at < right.length; at += 1)
    total += Math.abs((left[start + at] as number) - (right[at] as number))
  return total
}

const unequal: Sum = (left, start, right) => {
  let total = 0
  for (let at = 0; at < right.length; at += 1) if (left[start + at] !== right[at]) total += 1
  return total
}

const ownSquares: Sum = (left, start, right) => {
  let total = 0
  for (let at = 0; at < right.length; at += 1) total += (left[start + at] as number) ** 2
  return total
}

const cosine: Sum = (left, start, right) => {
  const norms = Math.sqrt(ownSquares(left, start, right) * product(right, 0, right))
  return norms === 0 ? 0 : product(left, start, right) / norms
}

const jaccard: Sum = (left, start, right) => {
  let either = 0
  let both = 0
  for (let at = 0; at < right.length; at += 1) {
    const [own, other] = [left[start + at] !== 0, right[at] !== 0]
    if (own || other) either += 1
    if (own && other) both += 1
  }
  return either === 0 ? 0 : 1 - both / either
}

const MEASURES: Readonly<Record<string, Sum>> = {
  cosine_distance: (left, start, right) => 1 - cosine(left, start, right),
  cosine_similarity: cosine,
  l2_distance: (left, start, right) => Math.sqrt(squares(left, start, right)),
  l1_distance: differences,
  inner_product: product,
  hamming_distance: unequal,
  jaccard_distance: jaccard,
}

function checkLengths(name: string, left: number, right: number): void {
  if (left === right) return
  throw new SheafError('ARGUMENT', `${name} takes two lists of one length. Theirs are: ${left} and ${right}`)
}

/** Measures a whole column of vectors against one. */
function measureColumn(name: string, measure: Sum, column: Column, constant: Value): Column | undefined {
  const vectors = vectorColumn(column)
  const isPlain = Array.isArray(constant) && constant.every((each) => typeof each === 'number')
  if (vectors === undefined || column.layout !== 'fixed' || !(isPlain || constant instanceof Float64Array))
    return undefined
  const { values, size } = vectors
  const other = Float64Array.from(constant as number[])
  if (column.length > 0) checkLengths(name, size, other.length)
  const distances = new Float64Array(column.length)
  for (let row = 0; row < column.length; row += 1) distances[row] = measure(values, row * size, other)
  return {
    layout: 'flat',
    type: types.float64,
    length: column.length,
    validity: column.validity,
    values: distances,
  }
}

/**
 * Holds the functions that measure two vectors, under the prefix by which all languages find them:
 * `cosine_distance(a, b)` in SQL and Cypher, `{ $cosine_distance: ['$a', '$b'] }` in MongoDB's language,
 * `<urn:sheaf:function:cosine_distance>(?a, ?b)` in SPARQL.
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
        checkLengths(name, own.length, other.length)
        return measure(own, 0, other)
      }
    },
    kernel: (column, [constant]) => measureColumn(name, measure, column, constant),
  }),
)
