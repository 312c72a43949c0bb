import type { WindowExpression } from '../../plan/logical-plan.ts'
import { type Column, columnReader, type FlatColumn, isNullAt } from '../../types/column.ts'
import { isFloat } from '../../types/data-type.ts'
import type { AggregateInput } from './frame-aggregate.ts'
import { type FrameParts, type Frames, makeParts, partsOf } from './frames.ts'
import type { WindowLayout } from './layout.ts'

/** Is the numbers that an aggregate takes, by place; `isTaken` is 0 where a row has none or is filtered out. */
type Numbers = { readonly values: Float64Array; readonly isTaken: Uint8Array }

/** Gives an aggregate of the places from one to before another, or `null` for nothing. */
type Range = { add(from: number, to: number): void; result(): number | null; restart(): void }

/**
 * Computes count, sum, avg, min and max of numbers over frames without stepping through each of them: counts and sums
 * of integers from running totals, the others from a tree of partial results. `undefined` where it cannot: for other
 * aggregates, for values that are no numbers, and for sums that leave the safe integers.
 *
 * @returns the column, by row
 */
export function slidingAggregateColumn(
  item: WindowExpression,
  layout: WindowLayout,
  frames: Frames,
  input: AggregateInput,
): Column | undefined {
  if (item.distinct || item.order.length > 0) return undefined
  const range = rangeOf(item, layout, input)
  if (range === undefined) return undefined
  const parts = makeParts()
  const values = new Float64Array(layout.rows.length)
  const validity = new Uint8Array((layout.rows.length + 7) >> 3)
  for (let place = 0; place < layout.rows.length; place += 1) {
    partsOf(frames, layout, place, parts)
    const result = resultOver(range, parts)
    if (result === null) continue
    const row = layout.rows[place] as number
    values[row] = result
    validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7))
  }
  return { layout: 'flat', type: item.type, length: values.length, validity, values } satisfies FlatColumn
}

function resultOver(range: Range, { bounds, count }: FrameParts): number | null {
  range.restart()
  for (let part = 0; part < count; part += 1)
    range.add(bounds[2 * part] as number, bounds[2 * part + 1] as number)
  return range.result()
}

function rangeOf(item: WindowExpression, layout: WindowLayout, input: AggregateInput): Range | undefined {
  if (item.function === 'count') return countRange(takenOf(layout, input))
  const [argument] = input.args
  if (argument === undefined || argument.layout !== 'flat' || !SLIDING.has(item.function)) return undefined
  const numbers = numbersOf(layout, input, argument)
  if (numbers === undefined) return undefined
  if (item.function === 'min' || item.function === 'max')
    return extremeRange(numbers, item.function === 'min')
  const isFloating = isFloat(argument.type)
  const sums = isFloating ? treeSums(numbers) : runningSums(numbers)
  return sums === undefined ? undefined : sumRange(sums, countRange(numbers.isTaken), item.function === 'avg')
}

const SLIDING: ReadonlySet<string> = new Set(['sum', 'avg', 'min', 'max'])

function takenOf(layout: WindowLayout, { args, filter }: AggregateInput): Uint8Array {
  const isTaken = new Uint8Array(layout.rows.length)
  const test = filter === null ? null : columnReader(filter)
  for (let place = 0; place < isTaken.length; place += 1) {
    const row = layout.rows[place] as number
    const isLeftOut = (test !== null && test(row) !== true) || args.some((arg) => isNullAt(arg, row))
    isTaken[place] = isLeftOut ? 0 : 1
  }
  return isTaken
}

function numbersOf(layout: WindowLayout, input: AggregateInput, argument: FlatColumn): Numbers | undefined {
  const isTaken = takenOf(layout, input)
  const values = new Float64Array(layout.rows.length)
  const read = columnReader(argument)
  for (let place = 0; place < values.length; place += 1) {
    if (isTaken[place] === 0) continue
    const value = read(layout.rows[place] as number)
    if (typeof value !== 'number') return undefined
    values[place] = value
  }
  return { values, isTaken }
}

function countRange(isTaken: Uint8Array): Range {
  const before = new Uint32Array(isTaken.length + 1)
  for (let place = 0; place < isTaken.length; place += 1)
    before[place + 1] = (before[place] as number) + (isTaken[place] as number)
  let count = 0
  return {
    restart: () => {
      count = 0
    },
    add: (from, to) => {
      count += (before[to] as number) - (before[from] as number)
    },
    result: () => count,
  }
}

/** Gives the sum of the places from one to before another. */
type Sums = (from: number, to: number) => number

/** Exact as long as the sum of all magnitudes is a safe integer. */
function runningSums({ values }: Numbers): Sums | undefined {
  const before = new Float64Array(values.length + 1)
  let magnitude = 0
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] as number
    magnitude += Math.abs(value)
    before[place + 1] = (before[place] as number) + value
  }
  if (magnitude > Number.MAX_SAFE_INTEGER) return undefined
  return (from, to) => (before[to] as number) - (before[from] as number)
}

/** Floats are not subtracted: a difference of running totals would keep what an infinity or a large number left. */
function treeSums({ values }: Numbers): Sums {
  const size = values.length
  const tree = new Float64Array(2 * size)
  tree.set(values, size)
  for (let node = size - 1; node > 0; node -= 1)
    tree[node] = (tree[2 * node] as number) + (tree[2 * node + 1] as number)
  return (from, to) => {
    let sum = 0
    for (let left = from + size, right = to + size; left < right; left >>= 1, right >>= 1) {
      if (left & 1) sum += tree[left++] as number
      if (right & 1) sum += tree[--right] as number
    }
    return sum
  }
}

function sumRange(sums: Sums, counts: Range, isMean: boolean): Range {
  let sum = 0
  return {
    restart() {
      sum = 0
      counts.restart()
    },
    add(from, to) {
      sum += sums(from, to)
      counts.add(from, to)
    },
    result() {
      const count = counts.result() as number
      if (count === 0) return null
      return isMean ? sum / count : sum
    },
  }
}

/** Keeps, in each node of the tree, the place of the extreme under it, -1 for none; NaN is less than every number. */
function extremeRange({ values, isTaken }: Numbers, isLeast: boolean): Range {
  const size = values.length
  const better = (left: number, right: number): number => {
    if (left < 0) return right
    if (right < 0) return left
    const a = values[left] as number
    const b = values[right] as number
    const isLess = Number.isNaN(b) ? false : Number.isNaN(a) || a < b
    const isMore = Number.isNaN(a) ? false : Number.isNaN(b) || a > b
    if (isLeast) return isMore ? right : left
    return isLess ? right : left
  }
  const tree = new Int32Array(2 * size).fill(-1)
  for (let place = 0; place < size; place += 1) if (isTaken[place] === 1) tree[size + place] = place
  for (let node = size - 1; node > 0; node -= 1)
    tree[node] = better(tree[2 * node] as number, tree[2 * node + 1] as number)
  let best = -1
  return {
    restart() {
      best = -1
    },
    add(from, to) {
      for (let left = from + size, right = to + size; left < right; left >>= 1, right >>= 1) {
        if (left & 1) best = better(best, tree[left++] as number)
        if (right & 1) best = better(best, tree[--right] as number)
      }
    },
    result: () => (best < 0 ? null : (values[best] as number)),
  }
}
