import type { CsrIndex } from '../../catalog/csr.ts'
import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { ColumnExpression } from '../../expression/expression.ts'
import { type Places, placesOf } from '../../expression/interpret.ts'
import type { FrontierPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
import { SheafError } from '../../types/errors.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { nodeIds } from './expand.ts'
import { isBatch } from './steps.ts'

const OUTPUT_ROWS = 65_536
/** Counts move from a map to arrays over all nodes once more edges than a fraction of the nodes were followed. */
const DENSE_FRACTION = 32
/** Arrays over all nodes are taken up to this many. */
const MAXIMUM_DENSE = 2 ** 27

/** Gives each node that the rows' nodes lead to once, with the count of ways there. */
export function* runFrontier(plan: FrontierPlan, input: Steps, context: ExecutionContext): Steps {
  const sides = sidesOf(plan.adjacency, plan.direction, context)
  const places = placesOf(plan.input.output)
  const counts = new WayCounts(sides)
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    context.check()
    follow(plan, step, sides, places, counts)
    yield null
  }
  for (const found of counts.drain()) yield* outputOf(plan, found)
}

function follow(
  plan: FrontierPlan,
  batch: Batch,
  sides: readonly Side[],
  places: Places,
  counts: WayCounts,
): void {
  const from = nodeIds(batch, plan.from, places)
  const weights = plan.weight === null ? null : numbersOf(batch, plan.weight, places)
  const looped = plan.looped === null ? null : numbersOf(batch, plan.looped, places)
  const loopsMatter = plan.loops !== null || looped !== null
  for (const { index, backward } of sides) {
    // A loop of a two-way search was followed going out.
    const skipLoops = plan.direction === 'both' && backward
    counts.expect(edgeCount(index, from))
    if ((loopsMatter || skipLoops) && hasLoops(index))
      followLoops(plan, { index, sides, skipLoops, from, weights, looped, counts })
    else if (counts.dense !== null) addDense(counts.dense, index, from, plan.distinct ? null : weights)
    else addSparse(counts.sparse, index, from, plan.distinct ? null : weights)
  }
}

function edgeCount(index: CsrIndex, from: Float64Array): number {
  let count = 0
  for (let at = 0; at < from.length; at += 1) {
    const slot = index.slotOf(from[at] as number)
    if (slot >= 0) count += (index.offsets[slot + 1] as number) - (index.offsets[slot] as number)
  }
  return count
}

/** Is the hot loop: every edge of the rows' nodes adds to a sum by node. */
function addDense(
  ways: Float64Array,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: Float64Array,
  weights: Float64Array | null,
): void {
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot < 0) continue
    const weight = weights === null ? 1 : (weights[at] as number)
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1)
      (ways[neighbours[place] as number] as number) += weight
  }
}

function addSparse(
  ways: Map<number, number>,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: Float64Array,
  weights: Float64Array | null,
): void {
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot < 0) continue
    const weight = weights === null ? 1 : (weights[at] as number)
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1) {
      const node = neighbours[place] as number
      ways.set(node, (ways.get(node) ?? 0) + weight)
    }
  }
}

type LoopStep = {
  readonly index: CsrIndex
  readonly sides: readonly Side[]
  readonly skipLoops: boolean
  readonly from: Float64Array
  readonly weights: Float64Array | null
  readonly looped: Float64Array | null
  readonly counts: WayCounts
}

/** Follows edges where those from a node to itself are counted apart. */
function followLoops(
  plan: FrontierPlan,
  { index, sides, skipLoops, from, weights, looped, counts }: LoopStep,
): void {
  const { offsets, neighbours } = index
  for (let at = 0; at < from.length; at += 1) {
    const node = from[at] as number
    const slot = index.slotOf(node)
    if (slot < 0) continue
    const weight = weights === null ? 1 : (weights[at] as number)
    const end = offsets[slot + 1] as number
    const came = looped === null ? 0 : (looped[at] as number)
    const loopWeight = came === 0 ? weight : weight - came / loopCount(sides, node)
    const given = plan.distinct ? Math.sign(weight) : weight
    const loopGiven = plan.distinct ? Math.sign(loopWeight) : loopWeight
    for (let place = offsets[slot] as number; place < end; place += 1) {
      const next = neighbours[place] as number
      if (next !== node) counts.add(next, given)
      else if (!skipLoops) counts.addLoop(node, loopGiven)
    }
  }
}

/** Counts the edges from a node to itself on all sides; those of a two-way search stand on both and count once. */
function loopCount(sides: readonly Side[], node: number): number {
  const isTwoWay = sides.some(({ backward }) => backward) && sides.some(({ backward }) => !backward)
  let count = 0
  for (const { index, backward } of sides) {
    if (isTwoWay && backward) continue
    const slot = index.slotOf(node)
    if (slot < 0) continue
    const end = index.offsets[slot + 1] as number
    for (let place = index.offsets[slot] as number; place < end; place += 1)
      if (index.neighbours[place] === node) count += 1
  }
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

type Counted = { readonly nodes: Float64Array; readonly ways: Float64Array; readonly loops: Float64Array }

/** Sums the ways to each node: in a map while few edges were followed, then in an array over all nodes. */
class WayCounts {
  readonly sparse = new Map<number, number>()
  dense: Float64Array | null = null
  readonly #loops = new Map<number, number>()
  readonly #size: number
  #edges = 0

  constructor(sides: readonly Side[]) {
    this.#size = sides.reduce((size, { index }) => Math.max(size, neighbourBound(index)), 0)
  }

  /** Says that so many more edges will be followed. */
  expect(edges: number): void {
    this.#edges += edges
    if (this.dense !== null || this.#size > MAXIMUM_DENSE || this.#edges * DENSE_FRACTION < this.#size) return
    this.dense = new Float64Array(this.#size)
    for (const [node, count] of this.sparse) this.dense[node] = count
    this.sparse.clear()
  }

  add(node: number, count: number): void {
    if (this.dense !== null) (this.dense[node] as number) += count
    else this.sparse.set(node, (this.sparse.get(node) ?? 0) + count)
  }

  addLoop(node: number, count: number): void {
    this.add(node, count)
    this.#loops.set(node, (this.#loops.get(node) ?? 0) + count)
  }

  /** Gives the nodes with ways to them, a batch at a time. */
  *drain(): Iterable<Counted> {
    const rows = new Rows(this.#loops, this.dense?.length ?? this.sparse.size)
    if (this.dense === null) {
      for (const [node, count] of this.sparse) {
        if (count > 0) rows.add(node, count)
        if (rows.isFull) yield rows.take()
      }
    } else {
      for (let node = 0; node < this.dense.length; node += 1) {
        const count = this.dense[node] as number
        if (count > 0) rows.add(node, count)
        if (rows.isFull) yield rows.take()
      }
    }
    if (!rows.isEmpty) yield rows.take()
  }
}

class Rows {
  readonly #loops: ReadonlyMap<number, number>
  readonly #nodes: Float64Array
  readonly #ways: Float64Array
  #count = 0

  constructor(loops: ReadonlyMap<number, number>, most: number) {
    this.#loops = loops
    this.#nodes = new Float64Array(Math.min(most, OUTPUT_ROWS))
    this.#ways = new Float64Array(Math.min(most, OUTPUT_ROWS))
  }

  get isFull(): boolean {
    return this.#count === OUTPUT_ROWS
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  add(node: number, ways: number): void {
    if (ways > Number.MAX_SAFE_INTEGER) {
      throw new SheafError(
        'OVERFLOW',
        'There are more than 2^53 paths to a node, which cannot be counted exactly. Ask for fewer hops or for DISTINCT nodes.',
        { phase: 'runtime' },
      )
    }
    this.#nodes[this.#count] = node
    this.#ways[this.#count] = ways
    this.#count += 1
  }

  take(): Counted {
    const nodes = this.#nodes.slice(0, this.#count)
    const ways = this.#ways.slice(0, this.#count)
    const loops = new Float64Array(this.#count)
    if (this.#loops.size > 0)
      for (let at = 0; at < nodes.length; at += 1) loops[at] = this.#loops.get(nodes[at] as number) ?? 0
    this.#count = 0
    return { nodes, ways, loops }
  }
}

const loops = new WeakMap<CsrIndex, boolean>()

/** Tells whether an edge leads from a node to itself; found once an index. */
function hasLoops(index: CsrIndex): boolean {
  let found = loops.get(index)
  if (found === undefined) {
    found = false
    for (let slot = 0; slot < index.slotCount && !found; slot += 1) {
      const node = index.nodes === null ? slot : (index.nodes[slot] as number)
      found = holdsNode(index, slot, node)
    }
    loops.set(index, found)
  }
  return found
}

function holdsNode({ offsets, neighbours }: CsrIndex, slot: number, node: number): boolean {
  const end = offsets[slot + 1] as number
  for (let at = offsets[slot] as number; at < end; at += 1) if (neighbours[at] === node) return true
  return false
}

const bounds = new WeakMap<CsrIndex, number>()

/** Gives a number past every neighbour; found once an index. */
export function neighbourBound(index: CsrIndex): number {
  let bound = bounds.get(index)
  if (bound === undefined) {
    let largest = -1
    const { neighbours } = index
    for (let at = 0; at < neighbours.length; at += 1)
      if ((neighbours[at] as number) > largest) largest = neighbours[at] as number
    bound = largest + 1
    bounds.set(index, bound)
  }
  return bound
}

function* outputOf(plan: FrontierPlan, { nodes, ways, loops }: Counted): Iterable<Batch> {
  const flat = (type: Column['type'], values: Float64Array): Column => ({
    layout: 'flat',
    type,
    length: values.length,
    validity: null,
    values,
  })
  const columns = [flat(plan.target.type, nodes), flat(plan.ways.type, ways)]
  if (plan.loops !== null) columns.push(flat(plan.loops.type, loops))
  yield makeBatch(columns, nodes.length)
}
