import type { CsrIndex } from '../../catalog/csr.ts'
import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { DegreePlan } from '../../plan/logical-plan.ts'
import { type Batch, type Column, columnReader } from '../../types/column.ts'
import type { Value } from '../../types/value.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { edgePlaces } from './edge-places.ts'
import { collectEdges, type NodeIds, nodeIds } from './expand.ts'
import { loopCounts } from './index-nodes.ts'
import { isBatch } from './steps.ts'

/** Counts the edges of each row's node without walking them. */
export function* runDegree(plan: DegreePlan, input: Steps, context: ExecutionContext): Steps {
  const sides = sidesOf(plan.adjacency, plan.direction, context)
  const places = placesOf(plan.input.output)
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const from = nodeIds(step, plan.from, places)
    const counts = new Float64Array(from.length)
    for (const { index, backward } of sides) {
      addDegrees(counts, from, index)
      // Loops of a two-way step were counted going out.
      if (plan.direction === 'both' && backward) takeLoops(counts, from, index)
    }
    if (plan.exclude.length > 0) {
      const edges = plan.exclude.map((column) =>
        columnReader(step.columns[places.get(column.id) as number] as Column),
      )
      takeExcluded(counts, { plan, batch: step, from, sides, edges })
    }
    const values = spread(counts, step)
    const made = {
      layout: 'flat',
      type: plan.count.type,
      length: step.length,
      validity: null,
      values,
    } as const
    yield { ...step, columns: [...step.columns, made] }
  }
}

function addDegrees(
  counts: Float64Array,
  from: NodeIds,
  { slotOf, offsets, nodes, slotCount }: CsrIndex,
): void {
  if (nodes !== null) {
    for (let at = 0; at < from.length; at += 1) {
      const slot = slotOf(from[at] as number)
      if (slot >= 0) (counts[at] as number) += (offsets[slot + 1] as number) - (offsets[slot] as number)
    }
    return
  }
  // Slots are the nodes themselves.
  for (let at = 0; at < from.length; at += 1) {
    const slot = from[at] as number
    if (slot >= 0 && slot < slotCount)
      (counts[at] as number) += (offsets[slot + 1] as number) - (offsets[slot] as number)
  }
}

function takeLoops(counts: Float64Array, from: NodeIds, index: CsrIndex): void {
  const loops = loopCounts(index)
  if (loops === null) return
  for (let at = 0; at < from.length; at += 1) (counts[at] as number) -= loops.get(from[at] as number) ?? 0
}

/** Puts what was counted by selected row at the places of the rows. */
function spread(counts: Float64Array, { selection, length }: Batch): Float64Array {
  if (selection === null) return counts
  const values = new Float64Array(length)
  for (let at = 0; at < counts.length; at += 1) values[selection[at] as number] = counts[at] as number
  return values
}

type Excluding = {
  readonly plan: DegreePlan
  readonly batch: Batch
  readonly from: NodeIds
  readonly sides: readonly Side[]
  readonly edges: readonly ((row: number) => Value)[]
}

/** Takes away those of a row's excluded edges that leave its node on a side: each distinct one once. */
function takeExcluded(counts: Float64Array, { plan, batch, from, sides, edges }: Excluding): void {
  const excluded = new Set<number>()
  for (let at = 0; at < from.length; at += 1) {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    excluded.clear()
    for (const read of edges) collectEdges(read(row), excluded)
    for (const side of sides)
      for (const edge of excluded)
        if (edgeLeaves(side, from[at] as number, plan.direction === 'both' && side.backward, edge))
          (counts[at] as number) -= 1
  }
}

/** Tells whether an edge stands in the run of a node. */
function edgeLeaves({ index }: Side, node: number, leaveOutLoops: boolean, edge: number): boolean {
  const slot = index.slotOf(node)
  if (slot < 0) return false
  const place = edgePlaces(index)(edge)
  if (place < (index.offsets[slot] as number) || place >= (index.offsets[slot + 1] as number)) return false
  return !(leaveOutLoops && index.neighbours[place] === node)
}
