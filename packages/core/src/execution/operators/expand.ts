import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { ColumnExpression } from '../../expression/expression.ts'
import { type Places, placesOf } from '../../expression/interpret.ts'
import type { ExpandPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
import type { Value } from '../../types/value.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 65_536

/** Gives a row for each edge of each row's node. */
export function* runExpand(plan: ExpandPlan, input: Steps, context: ExecutionContext): Steps {
  const sides = sidesOf(plan.adjacency, plan.direction, context)
  const places = placesOf(plan.input.output)
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    // In a long chain of steps one batch goes far before the driver can look at its limits.
    context.check()
    yield* expandBatch(plan, step, sides, places)
    yield null
  }
}

function* expandBatch(
  plan: ExpandPlan,
  batch: Batch,
  sides: readonly Side[],
  places: Places,
): Iterable<Batch> {
  const from = nodeIds(batch, plan.from, places)
  const closes = plan.closes === null ? null : nodeIds(batch, plan.closes, places)
  const last =
    plan.exclude.length === 1 ? singleEdges(batch, plan.exclude[0] as ColumnExpression, places) : null
  const excluded = last === null ? excludedEdges(batch, plan.exclude, places) : null
  const both = plan.direction === 'both'
  const { selection } = batch
  const out = new ExpandOutput(plan, batch, edgeCountUpTo(OUTPUT_ROWS, from, sides))
  for (let at = 0; at < from.length; at += 1) {
    const node = from[at] as number
    const row = selection === null ? at : (selection[at] as number)
    const skipped = last === null ? -1 : (last[row] as number)
    for (const { index, backward } of sides) {
      const slot = index.slotOf(node)
      if (slot < 0) continue
      const { neighbours, edges } = index
      const end = index.offsets[slot + 1] as number
      const start = index.offsets[slot] as number
      for (
        let place = closes === null ? start : firstAtLeast(neighbours, closes[at] as number, start, end);
        place < end;
        place += 1
      ) {
        const next = neighbours[place] as number
        if (closes !== null && next !== closes[at]) break
        const edge = edges[place] as number
        // A loop of a two-way expansion was followed going out.
        if (edge === skipped || (both && backward && next === node)) continue
        if (excluded?.(at, edge)) continue
        out.rows[out.count] = row
        out.nodes[out.count] = next
        out.edges[out.count] = edge
        out.count += 1
        if (out.count === out.capacity) yield out.flush()
      }
    }
  }
  if (out.count > 0) yield out.flush()
}

/** Gives the buffer of a column that holds one edge id a row, or `null` where it is stored otherwise. */
function singleEdges(batch: Batch, column: ColumnExpression, places: Places): ArrayLike<number> | null {
  const data = batch.columns[places.get(column.id) as number] as Column
  if (
    data.layout !== 'flat' ||
    data.validity !== null ||
    data.values instanceof BigInt64Array ||
    data.values instanceof BigUint64Array
  )
    return null
  return data.values
}

/** Finds the first place of a sorted run whose value is at least a value. */
function firstAtLeast(values: Uint32Array | Float64Array, value: number, start: number, end: number): number {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Counts the edges of nodes, as far as a limit: what an output has to hold. */
function edgeCountUpTo(limit: number, from: NodeIds, sides: readonly Side[]): number {
  let count = 0
  for (let at = 0; at < from.length && count < limit; at += 1) {
    for (const { index } of sides) {
      const slot = index.slotOf(from[at] as number)
      if (slot >= 0) count += (index.offsets[slot + 1] as number) - (index.offsets[slot] as number)
    }
  }
  return Math.min(count, limit)
}

/** Gathers the rows of an expansion: the input's row, the node reached and the edge of each. */
class ExpandOutput {
  readonly capacity: number
  readonly rows: Uint32Array
  readonly nodes: Float64Array
  readonly edges: Float64Array
  count = 0
  readonly #plan: ExpandPlan
  readonly #batch: Batch

  constructor(plan: ExpandPlan, batch: Batch, capacity: number) {
    this.capacity = capacity
    this.rows = new Uint32Array(capacity)
    this.nodes = new Float64Array(capacity)
    this.edges = new Float64Array(capacity)
    this.#plan = plan
    this.#batch = batch
  }

  flush(): Batch {
    const { target, edge } = this.#plan
    const length = this.count
    const columns: Column[] = [
      ...takeRows(this.#batch, this.rows.subarray(0, length)),
      { layout: 'flat', type: target.type, length, validity: null, values: this.nodes.slice(0, length) },
    ]
    if (edge !== null)
      columns.push({
        layout: 'flat',
        type: edge.type,
        length,
        validity: null,
        values: this.edges.slice(0, length),
      })
    this.count = 0
    return makeBatch(columns, length)
  }
}

/** Is the ids of the nodes in a column. */
export type NodeIds = Float64Array | Uint32Array

/** Reads the ids of a column of nodes at the rows of a batch; -1 where null. */
export function nodeIds(batch: Batch, column: ColumnExpression, places: Places): NodeIds {
  const data = batch.columns[places.get(column.id) as number] as Column
  const count = batchRowCount(batch)
  const { selection } = batch
  if (data.layout === 'flat' && data.validity === null) {
    const { values } = data
    if (selection === null && (values instanceof Uint32Array || values instanceof Float64Array))
      return values.length === count ? values : values.subarray(0, count)
    if (!(values instanceof BigInt64Array) && !(values instanceof BigUint64Array)) {
      const ids = new Float64Array(count)
      for (let at = 0; at < count; at += 1)
        ids[at] = values[selection === null ? at : (selection[at] as number)] as number
      return ids
    }
  }
  const ids = new Float64Array(count)
  const read = columnReader(data)
  for (let at = 0; at < count; at += 1) {
    const id = read(selection === null ? at : (selection[at] as number))
    ids[at] = id === null || id === undefined ? -1 : Number(id)
  }
  return ids
}

/** Makes the test whether an edge was followed already in a row: by columns holding an edge or a list of edges. */
export function excludedEdges(
  batch: Batch,
  exclude: readonly ColumnExpression[],
  places: Places,
): ((at: number, edge: number) => boolean) | null {
  if (exclude.length === 0) return null
  const readers = exclude.map((column) =>
    columnReader(batch.columns[places.get(column.id) as number] as Column),
  )
  const { selection } = batch
  return (at, edge) => {
    const row = selection === null ? at : (selection[at] as number)
    return readers.some((read) => holdsEdge(read(row), edge))
  }
}

function holdsEdge(value: Value, edge: number): boolean {
  if (typeof value === 'number') return value === edge
  if (value === null || value === undefined) return false
  if (typeof value === 'bigint') return Number(value) === edge
  return Array.prototype.some.call(value, (item: Value) => holdsEdge(item, edge))
}

/** Adds the edges that a value holds: one, or a list of them, however deep. */
export function collectEdges(value: Value, into: Set<number>): void {
  if (typeof value === 'number' || typeof value === 'bigint') into.add(Number(value))
  else if (value !== null && value !== undefined)
    for (const item of value as Iterable<Value>) collectEdges(item, into)
}
