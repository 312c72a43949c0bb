import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { ColumnExpression } from '../../expression/expression.ts'
import { type Places, placesOf } from '../../expression/interpret.ts'
import type { FrontierPlan, PlanField } from '../../plan/logical-plan.ts'
import { isUniqueColumn } from '../../plan/unique-column.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { type NodeIds, nodeIds } from './expand.ts'
import { arrivalCounts, loopCounts, neighbourBound } from './index-nodes.ts'
import { ReachedNodes } from './reached-nodes.ts'
import { isBatch } from './steps.ts'
import { type Counted, edgeCount, MAXIMUM_DENSE, WayCounts } from './way-counts.ts'

const BYTES_A_NODE = 8

type Counts = WayCounts | ReachedNodes

/** Gives each node that the rows' nodes lead to once, with the count of ways there. */
export function* runFrontier(plan: FrontierPlan, input: Steps, context: ExecutionContext): Steps {
  const sides = sidesOf(plan.adjacency, plan.direction, context)
  const places = placesOf(plan.input.output)
  const size = sides.reduce((most, { index }) => Math.max(most, neighbourBound(index)), 0)
  const isSet = plan.distinct && plan.ways === null && plan.loops === null && size <= MAXIMUM_DENSE
  const counts = isSet ? new ReachedNodes(size) : new WayCounts(size)
  const bytes = size * (isSet ? 1 : BYTES_A_NODE)
  context.reserve(bytes)
  try {
    // Nodes that come once each may turn out to be all that edges leave.
    const waits = plan.weight === null && plan.looped === null && isUniqueColumn(plan.input, plan.from.id)
    const waiting: Rows[] = []
    for (const step of input) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      context.check()
      const rows = rowsOf(plan, step, places)
      if (waits) waiting.push(rows)
      else follow(plan, rows, sides, counts)
      yield null
    }
    if (waiting.length > 0 && leaveAll(waiting, sides)) followAll(plan, sides, counts)
    else for (const rows of waiting) follow(plan, rows, sides, counts)
    const wanted = { ways: plan.ways !== null, loops: plan.loops !== null }
    for (const found of counts.drain(wanted)) yield outputOf(plan, found)
  } finally {
    context.release(bytes)
  }
}

/** Is what a batch says of each row: its node, the ways there, and those that came by a loop. */
type Rows = {
  readonly from: NodeIds
  readonly weights: Float64Array | null
  readonly looped: Float64Array | null
}

function rowsOf(plan: FrontierPlan, batch: Batch, places: Places): Rows {
  const read = (column: ColumnExpression | null): Float64Array | null =>
    column === null ? null : numbersOf(batch, column, places)
  return {
    from: nodeIds(batch, plan.from, places),
    weights: plan.distinct && plan.looped === null ? null : read(plan.weight),
    looped: read(plan.looped),
  }
}

/** Tells whether nodes that come once each are all that edges leave. */
function leaveAll(rows: readonly Rows[], sides: readonly Side[]): boolean {
  return sides.every(
    ({ index }) => rows.reduce((sum, { from }) => sum + edgeCount(index, from), 0) === index.edgeCount,
  )
}

/** Follows every edge there is: what leads to each node is known by index. */
function followAll(plan: FrontierPlan, sides: readonly Side[], counts: Counts): void {
  for (const { index, backward } of sides) {
    counts.addAll(arrivalCounts(index))
    // A loop of a two-way search was followed going out.
    const isRepeated = plan.direction === 'both' && backward
    if (plan.loops === null && !isRepeated) continue
    for (const [node, count] of loopCounts(index) ?? []) {
      if (isRepeated) counts.add(node, -count)
      else counts.noteLoops(node, count)
    }
  }
}

function follow(plan: FrontierPlan, rows: Rows, sides: readonly Side[], counts: Counts): void {
  for (const { index, backward } of sides) {
    const isRepeated = plan.direction === 'both' && backward
    const matters = plan.loops !== null || plan.looped !== null || isRepeated
    const loops = matters ? loopCounts(index) : null
    const parted = loops === null ? null : partLoops(rows, loops)
    const weights = plan.distinct ? null : parted === null ? rows.weights : parted.plainWeights
    counts.follow(index, parted?.plain ?? rows.from, weights)
    if (parted === null) continue
    for (const at of parted.looping) followLooping(plan, { index, sides, rows, isRepeated, counts }, at)
  }
}

type Parted = {
  readonly plain: NodeIds
  readonly plainWeights: Float64Array | null
  /** Indexes of the rows whose nodes have edges to themselves. */
  readonly looping: readonly number[]
}

function partLoops({ from, weights }: Rows, loops: ReadonlyMap<number, number>): Parted {
  const looping: number[] = []
  const plain = new Float64Array(from.length)
  const plainWeights = weights === null ? null : new Float64Array(from.length)
  let count = 0
  for (let at = 0; at < from.length; at += 1) {
    if (loops.has(from[at] as number)) {
      looping.push(at)
      continue
    }
    plain[count] = from[at] as number
    if (plainWeights !== null) plainWeights[count] = (weights as Float64Array)[at] as number
    count += 1
  }
  return {
    plain: plain.subarray(0, count),
    plainWeights: plainWeights?.subarray(0, count) ?? null,
    looping,
  }
}

type LoopStep = {
  readonly index: Side['index']
  readonly sides: readonly Side[]
  readonly rows: Rows
  /** Whether loops were followed on another side. */
  readonly isRepeated: boolean
  readonly counts: Counts
}

/** Follows the edges of a node some of which lead to itself: those are counted apart. */
function followLooping(plan: FrontierPlan, step: LoopStep, at: number): void {
  const { index, sides, rows, isRepeated, counts } = step
  const node = rows.from[at] as number
  const slot = index.slotOf(node)
  const weight = rows.weights === null ? 1 : (rows.weights[at] as number)
  const came = rows.looped === null ? 0 : (rows.looped[at] as number)
  const loopWeight = came === 0 ? weight : weight - came / loopCount(sides, node)
  const given = plan.distinct ? Math.sign(weight) : weight
  const loopGiven = plan.distinct ? Math.sign(loopWeight) : loopWeight
  const end = index.offsets[slot + 1] as number
  for (let place = index.offsets[slot] as number; place < end; place += 1) {
    const next = index.neighbours[place] as number
    if (next !== node) counts.add(next, given)
    else if (!isRepeated) {
      counts.add(node, loopGiven)
      counts.noteLoops(node, loopGiven)
    }
  }
}

/** Counts the edges from a node to itself on all sides; those of a two-way search stand on both and count once. */
function loopCount(sides: readonly Side[], node: number): number {
  const isTwoWay = sides.some(({ backward }) => backward) && sides.some(({ backward }) => !backward)
  let count = 0
  for (const { index, backward } of sides)
    if (!isTwoWay || !backward) count += loopCounts(index)?.get(node) ?? 0
  return count
}

function numbersOf(batch: Batch, column: ColumnExpression, places: Places): Float64Array {
  const data = batch.columns[places.get(column.id) as number] as Column
  const count = batchRowCount(batch)
  const { selection } = batch
  if (
    data.layout === 'flat' &&
    data.validity === null &&
    data.values instanceof Float64Array &&
    selection === null
  )
    return data.values
  const read = columnReader(data)
  return Float64Array.from({ length: count }, (_, at) =>
    Number(read(selection === null ? at : (selection[at] as number))),
  )
}

function outputOf(plan: FrontierPlan, { nodes, ways, loops }: Counted): Batch {
  const columns: Column[] = []
  const add = (field: PlanField | null, values: NodeIds | null): void => {
    if (field === null || values === null) return
    columns.push({ layout: 'flat', type: field.type, length: nodes.length, validity: null, values })
  }
  add(plan.target, nodes)
  add(plan.ways, ways)
  add(plan.loops, loops)
  return makeBatch(columns, nodes.length)
}
