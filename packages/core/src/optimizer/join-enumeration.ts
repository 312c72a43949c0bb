import { columnsOf } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import type { JoinKey, LogicalPlan } from '../plan/logical-plan.ts'
import { estimateRows, keySelectivity } from './estimate.ts'
import { connects, type JoinGraph, joinParts, oriented } from './join-graph.ts'
import type { OptimizerContext } from './rule.ts'
import { selectivity } from './selectivity.ts'

/** More parts are ordered greedily: the count of sets to look at doubles with each. */
export const MAX_ENUMERATED = 12

/** Putting a row into a hash table costs about this many times as much as looking one up. */
const BUILD_COST = 3

/** Says what a condition between parts leaves of their pairs; `parts` is a bit set. */
type Condition = { readonly parts: number; readonly share: number }

/**
 * Finds the cheapest tree of joins by dynamic programming over sets of parts, bushy trees included.
 *
 * @returns `null` where a condition's sides do not lie in one part each: sizes cannot be told for sets then
 * @see Moerkotte and Neumann, Analysis of Two Existing and One New Dynamic Programming Algorithm (2006)
 */
export function enumerateJoins(graph: JoinGraph, context: OptimizerContext): LogicalPlan | null {
  const conditions = conditionsOf(graph, context)
  if (conditions === null) return null
  const splits = cheapestSplits(
    graph.parts.map((part) => estimateRows(part, context)),
    conditions,
  )
  const rest: JoinGraph = { parts: [], keys: [...graph.keys], residuals: [...graph.residuals] }
  return treeOf((1 << graph.parts.length) - 1, splits, graph.parts, rest)
}

function conditionsOf(graph: JoinGraph, context: OptimizerContext): Condition[] | null {
  const { parts } = graph
  const conditions: Condition[] = []
  let found = 0
  for (let left = 0; left < parts.length; left += 1) {
    for (let right = left + 1; right < parts.length; right += 1) {
      const [one, other] = [parts[left] as LogicalPlan, parts[right] as LogicalPlan]
      const keys: JoinKey[] = oriented(
        graph.keys.filter((key) => connects(key, one, other)),
        one,
      )
      if (keys.length === 0) continue
      found += keys.length
      conditions.push({
        parts: (1 << left) | (1 << right),
        share: keySelectivity(keys, one, other, context),
      })
    }
  }
  if (found !== graph.keys.length) return null
  for (const predicate of graph.residuals) {
    const read = parts.reduce((set, part, at) => (readsAny(predicate, part) ? set | (1 << at) : set), 0)
    conditions.push({ parts: read, share: selectivity(predicate, parts[0] as LogicalPlan, context) })
  }
  return conditions
}

function readsAny(predicate: Expression, part: LogicalPlan): boolean {
  const ids = columnsOf(predicate)
  return part.output.some((field) => ids.has(field.id))
}

/** Is for each set of parts the part of it that stands on the left of its last join; 0 for sets of one. */
function cheapestSplits(rows: readonly number[], conditions: readonly Condition[]): Uint32Array {
  const setCount = 1 << rows.length
  const sizes = new Float64Array(setCount)
  const costs = new Float64Array(setCount).fill(Number.POSITIVE_INFINITY)
  const splits = new Uint32Array(setCount)
  for (let set = 1; set < setCount; set += 1) {
    sizes[set] = sizeOf(set, rows, conditions)
    if ((set & (set - 1)) === 0) {
      costs[set] = 0
      continue
    }
    // Each split is looked at once: the left part is the one with the lowest bit.
    for (let left = (set - 1) & set; left > 0; left = (left - 1) & set) {
      if ((left & set & -set) === 0) continue
      const right = set ^ left
      const cost = (costs[left] as number) + (costs[right] as number)
      if (cost >= (costs[set] as number)) continue
      const small = Math.min(sizes[left] as number, sizes[right] as number)
      const large = Math.max(sizes[left] as number, sizes[right] as number)
      const total =
        cost +
        (sizes[set] as number) +
        large +
        BUILD_COST * small +
        crossCost(left, right, conditions, small, large)
      if (total < (costs[set] as number)) {
        costs[set] = total
        splits[set] = (sizes[left] as number) >= (sizes[right] as number) ? left : right
      }
    }
  }
  return splits
}

function sizeOf(set: number, rows: readonly number[], conditions: readonly Condition[]): number {
  let size = 1
  for (let part = 0; part < rows.length; part += 1)
    if ((set & (1 << part)) !== 0) size *= rows[part] as number
  for (const { parts, share } of conditions) if ((parts & set) === parts) size *= share
  return Math.max(1, size)
}

/** A product of two parts without a condition costs all of its pairs, even where a later condition leaves few. */
function crossCost(
  left: number,
  right: number,
  conditions: readonly Condition[],
  small: number,
  large: number,
): number {
  for (const { parts } of conditions)
    if ((parts & left) !== 0 && (parts & right) !== 0 && (parts & ~(left | right)) === 0) return 0
  return small * large
}

function treeOf(
  set: number,
  splits: Uint32Array,
  parts: readonly LogicalPlan[],
  graph: JoinGraph,
): LogicalPlan {
  const left = splits[set] as number
  if (left === 0) return parts[31 - Math.clz32(set)] as LogicalPlan
  return joinParts(treeOf(left, splits, parts, graph), treeOf(set ^ left, splits, parts, graph), graph)
}
