import {
  type Adjacency,
  type AdjacencyChange,
  buildAdjacency,
  changeAdjacency,
  type EdgeList,
} from '../catalog/adjacency.ts'
import type { AdjacencyDefinition } from '../catalog/definition.ts'
import type { ScanColumnRequest } from '../catalog/table-source.ts'
import { type Batch, type Column, columnReader } from '../types/column.ts'
import { types } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import { readRows } from './read-rows.ts'
import type { RowPlace, TableView } from './table-view.ts'

/** Is an adjacency of the state of a table that a version names; `change` is the commit that made the state. */
type Entry = {
  readonly version: string
  readonly change: number
  readonly adjacency: Adjacency
  readonly rowCount: number
}

/** Is about what an edge takes: its ends and its row id as read, and in the two directions. */
const EDGE_BYTES = 48
/** So many states of an adjacency are kept: those of the newest commits, of open snapshots, of open transactions. */
const MOST_STATES = 4
/** Past this share of the edges, reading them all costs no more than reading what changed. */
const LARGEST_SHARE = 0.25

/** Keeps the adjacencies of a table: each is built from the rows once, and then follows them commit by commit. */
export class AdjacencyCache {
  readonly #entries = new Map<string, Entry[]>()
  /** Rows that were deleted at or before the change with this commit may be gone from the parts. */
  #lost = 0

  /** Says that rows deleted up to a change are dropped from the parts: older states cannot be brought forward. */
  loseBefore(change: number): void {
    this.#lost = Math.max(this.#lost, change)
  }

  /** Counts the bytes of the newest states; older ones share most of theirs. */
  get sizeBytes(): number {
    let size = 0
    for (const entries of this.#entries.values()) size += (entries.at(-1)?.rowCount ?? 0) * EDGE_BYTES
    return size
  }

  /** Forgets all states: they are built again from the rows. */
  clear(): void {
    this.#entries.clear()
  }

  find(name: string, version: string): Adjacency | undefined {
    return this.#entries.get(name)?.find((entry) => entry.version === version)?.adjacency
  }

  /** Finds the newest state that can be brought forward to a commit. */
  before(name: string, change: number): Entry | undefined {
    return this.#entries
      .get(name)
      ?.filter(
        (entry) => entry.change <= change && entry.change >= this.#lost && !entry.version.includes('+'),
      )
      .sort((left, right) => right.change - left.change)[0]
  }

  keep(name: string, entry: Entry): void {
    const others = (this.#entries.get(name) ?? []).slice(-(MOST_STATES - 1))
    this.#entries.set(name, [...others, entry])
  }
}

/** Gives an adjacency of what a view sees, from the nearest state that is known. */
export function adjacencyOfView(
  view: TableView,
  definition: AdjacencyDefinition,
  cache: AdjacencyCache,
  scan: (columns: readonly ScanColumnRequest[]) => Iterable<Batch>,
): Adjacency {
  const known = cache.find(definition.name, view.version)
  if (known !== undefined && sameEnds(known.definition, definition)) return known
  const rowCount = view.parts.reduce((sum, part) => sum + part.visibleCount(view.commit), 0)
  const adjacency =
    view.own === null
      ? broughtForward(view, definition, cache, rowCount)
      : withOwn(view, definition, cache, rowCount)
  const result = adjacency ?? buildAdjacency(definition, allEdges(definition, scan, rowCount))
  cache.keep(definition.name, { version: view.version, change: view.change, adjacency: result, rowCount })
  return result
}

/**
 * Brings the adjacencies that somebody has asked for forward to what a view sees, as far as that costs little: rows
 * that are about to be dropped from the parts are taken out of them before.
 */
export function bringForward(view: TableView, cache: AdjacencyCache): void {
  const rowCount = view.parts.reduce((sum, part) => sum + part.visibleCount(view.commit), 0)
  for (const definition of view.definition.adjacencies) {
    if (cache.find(definition.name, view.version) !== undefined) continue
    const adjacency = broughtForward(view, definition, cache, rowCount)
    if (adjacency !== null)
      cache.keep(definition.name, { version: view.version, change: view.change, adjacency, rowCount })
  }
}

/** A field that was renamed gives an adjacency of the same name other ends. */
function sameEnds(left: AdjacencyDefinition, right: AdjacencyDefinition): boolean {
  return left.source === right.source && left.target === right.target && left.partition === right.partition
}

/** Brings the newest known state forward by what was committed since; `null` where nothing near enough is known. */
function broughtForward(
  view: TableView,
  definition: AdjacencyDefinition,
  cache: AdjacencyCache,
  rowCount: number,
): Adjacency | null {
  const known = cache.before(definition.name, view.change)
  if (known === undefined || !sameEnds(known.adjacency.definition, definition)) return null
  const { added, removed } = changedPlaces(view, known.change)
  if (added.length + removed.length > rowCount * LARGEST_SHARE) return null
  return changeAdjacency(known.adjacency, changeOf(view, definition, added, removed))
}

/** Puts what a transaction wrote on top of what it sees of others; `null` where it wrote most of it. */
function withOwn(
  view: TableView,
  definition: AdjacencyDefinition,
  cache: AdjacencyCache,
  rowCount: number,
): Adjacency | null {
  const { base, parts } = view.own as NonNullable<TableView['own']>
  const { added, removed } = ownPlaces(view, parts)
  if (added.length + removed.length > rowCount * LARGEST_SHARE) return null
  const under =
    cache.find(definition.name, base.version) ??
    broughtForward(base, definition, cache, base.parts.length === 0 ? 0 : rowCount)
  if (under === null || !sameEnds(under.definition, definition)) return null
  return changeAdjacency(under, changeOf(view, definition, added, removed))
}

type Places = { readonly added: RowPlace[]; readonly removed: RowPlace[] }

/** Finds the rows that came and went after a commit, up to the view's. */
function changedPlaces(view: TableView, after: number): Places {
  const added: RowPlace[] = []
  const removed: RowPlace[] = []
  for (const part of view.parts) {
    const end = part.rowCountAt(view.commit)
    for (let position = part.createdUpTo(after); position < end; position += 1) {
      const isNew = part.createdAt(position) > after
      if (isNew && part.isVisible(position, view.commit)) added.push({ part, position })
    }
    for (const position of part.deletedBetween(after, view.commit))
      if (part.createdAt(position) <= after) removed.push({ part, position })
  }
  return { added, removed }
}

/** Finds the rows that a transaction wrote and ended. */
function ownPlaces(view: TableView, parts: TableView['parts']): Places {
  const added: RowPlace[] = []
  for (const part of parts)
    for (let position = 0; position < part.rowCount; position += 1)
      if (part.isVisible(position, view.commit)) added.push({ part, position })
  const removed = [...view.hidden].flatMap(([part, positions]) =>
    [...positions].map((position) => ({ part, position })),
  )
  return { added, removed }
}

function changeOf(
  view: TableView,
  definition: AdjacencyDefinition,
  added: readonly RowPlace[],
  removed: readonly RowPlace[],
): AdjacencyChange {
  const columns = edgeColumns(definition)
  const read = (places: readonly RowPlace[]): EdgeList => {
    const collector = new EdgeCollector(definition, places.length)
    if (places.length > 0) collector.add(readRows(view, places, columns), null, places.length)
    return collector.finish()
  }
  return { added: read(added), removed: read(removed) }
}

function edgeColumns(definition: AdjacencyDefinition): ScanColumnRequest[] {
  const names = [definition.source, definition.target, '_row_id']
  if (definition.partition !== null) names.push(definition.partition)
  return names.map((field) => ({ field, type: types.int64 }))
}

function allEdges(
  definition: AdjacencyDefinition,
  scan: (columns: readonly ScanColumnRequest[]) => Iterable<Batch>,
  rowCount: number,
): EdgeList {
  const collector = new EdgeCollector(definition, rowCount)
  for (const { columns, selection, length } of scan(edgeColumns(definition)))
    collector.add(columns, selection, selection?.length ?? length)
  return collector.finish()
}

/** Collects edges from columns of source, target, row id and partition. */
class EdgeCollector {
  readonly #lists: Float64Array[]
  #count = 0

  constructor(definition: AdjacencyDefinition, capacity: number) {
    const columns = definition.partition === null ? 3 : 4
    this.#lists = Array.from({ length: columns }, () => new Float64Array(capacity))
  }

  add(columns: readonly Column[], selection: Uint32Array | null, rows: number): void {
    for (let at = 0; at < this.#lists.length; at += 1)
      copyIds(columns[at] as Column, selection, rows, (this.#lists[at] as Float64Array).subarray(this.#count))
    this.#count += rows
  }

  finish(): EdgeList {
    const [sources, targets, edges, partitions] = this.#lists as [
      Float64Array,
      Float64Array,
      Float64Array,
    ] & {
      3?: Float64Array
    }
    return withoutNulls({ count: this.#count, sources, targets, edges, partitions: partitions ?? null })
  }
}

/** Stands for null among ids. */
const NO_ID = Number.NEGATIVE_INFINITY

/** Copies ids of the selected rows; null becomes {@link NO_ID}. */
function copyIds(column: Column, selection: Uint32Array | null, rows: number, target: Float64Array): void {
  if (column.layout === 'flat' && column.validity === null) {
    const { values } = column
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      copyWide(values, selection, rows, target)
      return
    }
    if (selection === null) target.set(values.length === rows ? values : values.subarray(0, rows))
    else for (let row = 0; row < rows; row += 1) target[row] = values[selection[row] as number] as number
    return
  }
  const read = columnReader(column)
  for (let row = 0; row < rows; row += 1) {
    const value = read(selection === null ? row : (selection[row] as number))
    target[row] = value === null ? NO_ID : Number(value)
  }
}

/** Reads 64-bit ids by their halves, which makes no bigint a row. */
function copyWide(
  values: BigInt64Array | BigUint64Array,
  selection: Uint32Array | null,
  rows: number,
  target: Float64Array,
): void {
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  for (let row = 0; row < rows; row += 1) {
    const at = (selection === null ? row : (selection[row] as number)) * 2
    target[row] = (high[at + 1] as number) * 4294967296 + (low[at] as number)
  }
}

/** Tells whether a number is an id, and not null. @throws `UNSUPPORTED` for numbers that ids cannot be */
function isId(id: number): boolean {
  if (id >= 0 && id <= Number.MAX_SAFE_INTEGER) return true
  if (id === NO_ID) return false
  throw new SheafError(
    'UNSUPPORTED',
    `An adjacency joins keys from 0 up to 2^53. Give the rows other keys to follow edges between them: ${id}`,
  )
}

/** Leaves out edges without a source, target or partition. */
function withoutNulls(list: EdgeList): EdgeList {
  const { count, sources, targets, edges, partitions } = list
  let kept = 0
  for (let at = 0; at < count; at += 1) {
    if (!isId(sources[at] as number) || !isId(targets[at] as number)) continue
    if (partitions !== null && !isId(partitions[at] as number)) continue
    if (kept !== at) {
      sources[kept] = sources[at] as number
      targets[kept] = targets[at] as number
      edges[kept] = edges[at] as number
      if (partitions !== null) partitions[kept] = partitions[at] as number
    }
    kept += 1
  }
  if (kept === count) return list
  return {
    count: kept,
    sources: sources.subarray(0, kept),
    targets: targets.subarray(0, kept),
    edges: edges.subarray(0, kept),
    partitions: partitions?.subarray(0, kept) ?? null,
  }
}
