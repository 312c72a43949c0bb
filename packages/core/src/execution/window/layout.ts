import type { SortKey } from '../../plan/logical-plan.ts'
import type { Batch, Column } from '../../types/column.ts'
import { KeyInterner } from '../key-interner.ts'
import { orderByKeys, type RowOrder } from '../sort-rows.ts'

/**
 * Is rows sorted by partition and, in it, by the window's order. A place is an index in that order: `rows[place]` is
 * the row. Partition p holds the places from `starts[p]` to before `starts[p + 1]`.
 */
export type WindowLayout = {
  readonly rows: Uint32Array
  readonly starts: Uint32Array
  /** The partition of each row (not place). */
  readonly partitions: Int32Array
  /** The order of two rows within a partition. */
  readonly compare: RowOrder
  readonly peers: Peers
}

/** Tells, by place, where the rows of equal order start and end, and which group of them in its partition a row is in. */
export type Peers = {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly groups: Uint32Array
}

/** Sorts the rows of a batch into partitions. `check` is called between partitions and may throw to stop. */
export function layOut(
  batch: Batch,
  partition: readonly Column[],
  order: readonly SortKey[],
  keys: readonly Column[],
  check: () => void,
): WindowLayout {
  const interner = new KeyInterner(partition.map(() => true))
  const partitions = interner.intern(partition, batch)
  const starts = partitionStarts(partitions, partition.length === 0 ? 1 : interner.count)
  const rows = rowsByPartition(partitions, starts)
  const compare = orderByKeys(order, keys)
  if (order.length > 0) {
    for (let at = 0; at + 1 < starts.length; at += 1) {
      check()
      rows.subarray(starts[at], starts[at + 1]).sort((left, right) => compare(left, right) || left - right)
    }
  }
  return { rows, starts, partitions, compare, peers: peersOf(rows, starts, compare) }
}

function partitionStarts(partitions: Int32Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  for (let row = 0; row < partitions.length; row += 1) {
    const next = (partitions[row] as number) + 1
    starts[next] = (starts[next] as number) + 1
  }
  for (let at = 1; at <= count; at += 1) starts[at] = (starts[at] as number) + (starts[at - 1] as number)
  return starts
}

function rowsByPartition(partitions: Int32Array, starts: Uint32Array): Uint32Array {
  const next = starts.slice()
  const rows = new Uint32Array(partitions.length)
  for (let row = 0; row < partitions.length; row += 1) {
    const partition = partitions[row] as number
    const place = next[partition] as number
    rows[place] = row
    next[partition] = place + 1
  }
  return rows
}

function peersOf(rows: Uint32Array, partitionPlaces: Uint32Array, compare: RowOrder): Peers {
  const starts = new Uint32Array(rows.length)
  const ends = new Uint32Array(rows.length)
  const groups = new Uint32Array(rows.length)
  for (let at = 0; at + 1 < partitionPlaces.length; at += 1) {
    const end = partitionPlaces[at + 1] as number
    let start = partitionPlaces[at] as number
    let group = 0
    for (let place = start; place < end; place += 1) {
      if (place > start && compare(rows[place - 1] as number, rows[place] as number) !== 0) {
        ends.fill(place, start, place)
        start = place
        group += 1
      }
      starts[place] = start
      groups[place] = group
    }
    ends.fill(end, start, end)
  }
  return { starts, ends, groups }
}
