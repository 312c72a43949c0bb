import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { type Places, placesOf } from '../../expression/interpret.ts'
import type { MultiwayJoinPlan, MultiwayLeg, PlanField } from '../../plan/logical-plan.ts'
import { type Batch, type Column, columnReader, makeBatch } from '../../types/column.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { edgePlaces } from './edge-places.ts'
import { collectEdges, type NodeIds, nodeIds } from './expand.ts'
import { PairCounter } from './pair-counter.ts'
import { SortedIntersection } from './sorted-intersection.ts'
import { isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 65_536
/** The event loop may run after so many rows: each may take the length of two runs. */
const PAUSE_ROWS = 1024

/** Binds the nodes that all legs reach from each row, or counts them. */
export function* runMultiwayJoin(plan: MultiwayJoinPlan, input: Steps, context: ExecutionContext): Steps {
  const legs = plan.legs.map((leg) => sidesOf(leg.adjacency, leg.direction, context))
  const choices = combinations(legs)
  const places = placesOf(plan.input.output)
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const rows = new MultiwayRows(plan, step, places)
    if (plan.count === null) yield* rowsOf(plan, rows, choices)
    else yield* countsOf(plan, rows, choices)
    yield null
  }
}

/** Is one side a leg, and what counts their pairs where there are two legs. */
type Choice = { readonly sides: readonly Side[]; readonly pairs: PairCounter | null }

/** Gives every choice of one side a leg: the edges of a leg are those of all its sides together. */
function combinations(legs: readonly (readonly Side[])[]): Choice[] {
  const chosen = legs.reduce<Side[][]>(
    (lists, sides) => lists.flatMap((list) => sides.map((side) => [...list, side])),
    [[]],
  )
  return chosen.map((sides) => ({
    sides,
    pairs: sides.length === 2 ? new PairCounter((sides[0] as Side).index, (sides[1] as Side).index) : null,
  }))
}

/** Reads excluded edges, and the nodes one of which a leg must leave to meet them. */
type Excluded = { readonly read: (row: number) => unknown; readonly ends: readonly NodeIds[] | null }

function isAmong(node: number, ends: readonly NodeIds[], at: number): boolean {
  for (let end = 0; end < ends.length; end += 1) if ((ends[end] as NodeIds)[at] === node) return true
  return false
}

/** Reads what a batch says of each row: the nodes that the legs leave, and the edges that they must not use. */
class MultiwayRows {
  readonly batch: Batch
  readonly count: number
  readonly #legs: readonly MultiwayLeg[]
  readonly #from: readonly NodeIds[]
  readonly #exclude: readonly (readonly Excluded[])[]
  /** For each leg the excluded edges that stand in its run of the row at hand. */
  readonly #blocked: number[][]

  constructor(plan: MultiwayJoinPlan, batch: Batch, places: Places) {
    this.batch = batch
    this.#legs = plan.legs
    this.#from = plan.legs.map((leg) => nodeIds(batch, leg.from, places))
    this.#exclude = plan.legs.map((leg) =>
      leg.exclude.map(({ edge, ends }) => ({
        read: columnReader(batch.columns[places.get(edge.id) as number] as Column),
        ends: ends === null ? null : ends.map((end) => nodeIds(batch, end, places)),
      })),
    )
    this.#blocked = plan.legs.map(() => [])
    this.count = (this.#from[0] as NodeIds).length
  }

  rowAt(at: number): number {
    return this.batch.selection === null ? at : (this.batch.selection[at] as number)
  }

  node(leg: number, at: number): number {
    return (this.#from[leg] as NodeIds)[at] as number
  }

  /**
   * Tells whether each choice of edges must be looked at, and finds the excluded edges. An edge that stands in two legs
   * joins the node looked for with both of theirs: two legs can share one only where they leave the same node.
   */
  isRestricted(at: number, sides: readonly Side[]): boolean {
    let restricted = false
    for (let leg = 0; leg < sides.length; leg += 1) {
      const { index, backward } = sides[leg] as Side
      const blocked = this.#blocked[leg] as number[]
      blocked.length = 0
      const node = this.node(leg, at)
      const excluded = this.#exclude[leg] as readonly Excluded[]
      for (let each = 0; each < excluded.length; each += 1) {
        const { read, ends } = excluded[each] as Excluded
        if (ends === null || isAmong(node, ends, at)) this.#block(blocked, read(this.rowAt(at)), index, node)
      }
      const { unlike, direction } = this.#legs[leg] as MultiwayLeg
      restricted ||=
        blocked.length > 0 ||
        (direction === 'both' && backward) ||
        unlike.some((other) => this.node(other, at) === this.node(leg, at))
    }
    return restricted
  }

  #block(blocked: number[], value: unknown, index: Side['index'], node: number): void {
    if (typeof value === 'number') {
      const place = edgePlaces(index)(value)
      if (place < 0) return
      const slot = index.slotOf(node)
      if (place >= (index.offsets[slot] as number) && place < (index.offsets[slot + 1] as number))
        blocked.push(value)
      return
    }
    const edges = new Set<number>()
    collectEdges(value as never, edges)
    for (const edge of edges) this.#block(blocked, edge, index, node)
  }

  /** Tells whether a leg may use an edge to a node, given the edges of the legs before it. */
  allows(leg: number, side: Side, at: number, edge: number, node: number, chosen: Float64Array): boolean {
    const { direction, unlike } = this.#legs[leg] as MultiwayLeg
    // A loop of a two-way leg was followed going out.
    if (direction === 'both' && side.backward && node === this.node(leg, at)) return false
    if ((this.#blocked[leg] as number[]).includes(edge)) return false
    return unlike.every((other) => chosen[other] !== edge)
  }
}

/** Opens the run of each leg; false where one of them is empty. */
function openRuns(runs: SortedIntersection, rows: MultiwayRows, at: number, sides: readonly Side[]): boolean {
  for (let leg = 0; leg < sides.length; leg += 1) {
    const { index } = sides[leg] as Side
    const slot = index.slotOf(rows.node(leg, at))
    if (slot < 0) return false
    const start = index.offsets[slot] as number
    const end = index.offsets[slot + 1] as number
    if (start === end) return false
    runs.open(leg, index.neighbours, start, end)
  }
  runs.begin()
  return true
}

function* countsOf(plan: MultiwayJoinPlan, rows: MultiwayRows, choices: readonly Choice[]): Steps {
  const { batch } = rows
  const counts = new Float64Array(batch.length)
  for (const choice of choices) {
    const { sides, pairs } = choice
    for (let at = 0; at < rows.count; at += 1) {
      if (at % PAUSE_ROWS === PAUSE_ROWS - 1) yield null
      const row = rows.rowAt(at)
      const restricted = rows.isRestricted(at, sides)
      const count =
        pairs !== null && !restricted
          ? pairs.count(rows.node(0, at), rows.node(1, at))
          : countChoices(rows, at, sides, restricted)
      counts[row] = (counts[row] as number) + count
    }
  }
  const made = {
    layout: 'flat',
    type: (plan.count as PlanField).type,
    length: batch.length,
    validity: null,
    values: counts,
  } as const
  yield { ...batch, columns: [...batch.columns, made] }
}

function countChoices(rows: MultiwayRows, at: number, sides: readonly Side[], restricted: boolean): number {
  const runs = new SortedIntersection(sides.length)
  if (!openRuns(runs, rows, at, sides)) return 0
  const chosen = new Float64Array(sides.length)
  let count = 0
  const add = (): void => {
    count += 1
  }
  while (runs.next()) {
    if (restricted) forEachChoice(0, runs, rows, at, sides, chosen, add)
    else count += productOf(runs, sides.length)
  }
  return count
}

function productOf(runs: SortedIntersection, legCount: number): number {
  let product = 1
  for (let leg = 0; leg < legCount; leg += 1)
    product *= (runs.places[leg] as number) - (runs.starts[leg] as number)
  return product
}

/** Calls `visit` for each choice of edges, one a leg, that lead to the node found; `chosen` holds them. */
function forEachChoice(
  leg: number,
  runs: SortedIntersection,
  rows: MultiwayRows,
  at: number,
  sides: readonly Side[],
  chosen: Float64Array,
  visit: () => void,
): void {
  if (leg === sides.length) {
    visit()
    return
  }
  const side = sides[leg] as Side
  for (let place = runs.starts[leg] as number; place < (runs.places[leg] as number); place += 1) {
    const edge = side.index.edges[place] as number
    if (!rows.allows(leg, side, at, edge, runs.id, chosen)) continue
    chosen[leg] = edge
    forEachChoice(leg + 1, runs, rows, at, sides, chosen, visit)
  }
}

function* rowsOf(plan: MultiwayJoinPlan, rows: MultiwayRows, choices: readonly Choice[]): Steps {
  const out = new MultiwayOutput(plan, rows.batch)
  const runs = new SortedIntersection(plan.legs.length)
  const chosen = new Float64Array(plan.legs.length)
  for (const { sides } of choices) {
    for (let at = 0; at < rows.count; at += 1) {
      if (at % PAUSE_ROWS === PAUSE_ROWS - 1) yield null
      if (!openRuns(runs, rows, at, sides)) continue
      rows.isRestricted(at, sides)
      const row = rows.rowAt(at)
      while (runs.next()) {
        forEachChoice(0, runs, rows, at, sides, chosen, () => out.add(row, runs.id, chosen))
        if (out.count >= OUTPUT_ROWS) yield out.flush()
      }
    }
  }
  if (out.count > 0) yield out.flush()
}

/** Gathers the rows found: the input's row, the node and the edge of each leg. */
class MultiwayOutput {
  count = 0
  #rows = new Uint32Array(1024)
  #nodes: Float64Array = new Float64Array(1024)
  readonly #edges: Float64Array[]
  readonly #plan: MultiwayJoinPlan
  readonly #batch: Batch

  constructor(plan: MultiwayJoinPlan, batch: Batch) {
    this.#plan = plan
    this.#batch = batch
    this.#edges = plan.legs.map(() => new Float64Array(1024))
  }

  add(row: number, node: number, edges: Float64Array): void {
    if (this.count === this.#rows.length) this.#grow()
    this.#rows[this.count] = row
    this.#nodes[this.count] = node
    for (let leg = 0; leg < edges.length; leg += 1)
      (this.#edges[leg] as Float64Array)[this.count] = edges[leg] as number
    this.count += 1
  }

  #grow(): void {
    const grow = (array: Float64Array): Float64Array => {
      const larger = new Float64Array(array.length * 2)
      larger.set(array)
      return larger
    }
    const rows = new Uint32Array(this.#rows.length * 2)
    rows.set(this.#rows)
    this.#rows = rows
    this.#nodes = grow(this.#nodes)
    for (let leg = 0; leg < this.#edges.length; leg += 1)
      this.#edges[leg] = grow(this.#edges[leg] as Float64Array)
  }

  flush(): Batch {
    const length = this.count
    const column = (type: Column['type'], values: Float64Array): Column => ({
      layout: 'flat',
      type,
      length,
      validity: null,
      values: values.slice(0, length),
    })
    const { target, legs } = this.#plan
    const edges = legs.flatMap((leg, at) =>
      leg.edge === null ? [] : [column(leg.edge.type, this.#edges[at] as Float64Array)],
    )
    const columns = [
      ...takeRows(this.#batch, this.#rows.subarray(0, length)),
      column((target as NonNullable<typeof target>).type, this.#nodes),
      ...edges,
    ]
    this.count = 0
    return makeBatch(columns, length)
  }
}
