import type { Metric } from '../../plan/logical-plan.ts'

/** Is a measure in plain JavaScript, in double precision: the meaning that the kernels are held against. */
export type Measure = (left: ArrayLike<number>, right: ArrayLike<number>) => number

function product(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let total = 0
  for (let at = 0; at < left.length; at += 1) total += (left[at] as number) * (right[at] as number)
  return total
}

function squares(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let total = 0
  for (let at = 0; at < left.length; at += 1) {
    const difference = (left[at] as number) - (right[at] as number)
    total += difference * difference
  }
  return total
}

/** Measures how far two vectors of one length are apart. A vector of zeros is 1 from every other by cosine. */
export const measures: Readonly<Record<Metric, Measure>> = {
  l2: (left, right) => Math.sqrt(squares(left, right)),
  dot: (left, right) => 1 - product(left, right),
  cosine: (left, right) => {
    const norms = Math.sqrt(product(left, left)) * Math.sqrt(product(right, right))
    return norms === 0 ? 1 : 1 - product(left, right) / norms
  },
  l1: (left, right) => {
    let total = 0
    for (let at = 0; at < left.length; at += 1)
      total += Math.abs((left[at] as number) - (right[at] as number))
    return total
  },
  hamming: (left, right) => {
    let total = 0
    for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) total += 1
    return total
  },
  jaccard: (left, right) => {
    let either = 0
    let both = 0
    for (let at = 0; at < left.length; at += 1) {
      const [own, other] = [left[at] !== 0, right[at] !== 0]
      if (own || other) either += 1
      if (own && other) both += 1
    }
    return either === 0 ? 0 : 1 - both / either
  },
}
