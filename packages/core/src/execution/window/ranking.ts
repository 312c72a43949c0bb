import { tileOf, windowCount } from '../../expression/window-functions.ts'
import type { WindowExpression } from '../../plan/logical-plan.ts'
import { boxedColumn, type Column, columnReader, type FlatColumn } from '../../types/column.ts'
import { types } from '../../types/data-type.ts'
import type { Value } from '../../types/value.ts'
import type { WindowLayout } from './layout.ts'

/** Writes a rank for each place of a partition; `into` is by row. */
type Rank = (layout: WindowLayout, from: number, to: number, into: Float64Array) => void

function byPlace(rank: (layout: WindowLayout, place: number, from: number, to: number) => number): Rank {
  return (layout, from, to, into) => {
    const { rows } = layout
    for (let place = from; place < to; place += 1) into[rows[place] as number] = rank(layout, place, from, to)
  }
}

const RANKS: ReadonlyMap<string, Rank> = new Map([
  ['row_number', byPlace((_, place, from) => place - from + 1)],
  ['rank', byPlace(({ peers }, place, from) => (peers.starts[place] as number) - from + 1)],
  ['dense_rank', byPlace(({ peers }, place) => (peers.groups[place] as number) + 1)],
  [
    'percent_rank',
    byPlace(({ peers }, place, from, to) =>
      to - from < 2 ? 0 : ((peers.starts[place] as number) - from) / (to - from - 1),
    ),
  ],
  [
    'cume_dist',
    byPlace(({ peers }, place, from, to) => ((peers.ends[place] as number) - from) / (to - from)),
  ],
])

/** Computes the ranking functions; `undefined` for another function. The column is by row. */
export function rankColumn(
  item: WindowExpression,
  layout: WindowLayout,
  args: readonly Column[],
): Column | undefined {
  if (item.function === 'ntile') return tileColumn(layout, args[0] as Column)
  const rank = RANKS.get(item.function)
  if (rank === undefined) return undefined
  const values = new Float64Array(layout.rows.length)
  for (let at = 0; at + 1 < layout.starts.length; at += 1)
    rank(layout, layout.starts[at] as number, layout.starts[at + 1] as number, values)
  return {
    layout: 'flat',
    type: item.type,
    length: values.length,
    validity: null,
    values,
  } satisfies FlatColumn
}

function tileColumn(layout: WindowLayout, tiles: Column): Column {
  const read = columnReader(tiles)
  const values = new Array<Value>(layout.rows.length).fill(null)
  for (let at = 0; at + 1 < layout.starts.length; at += 1) {
    const from = layout.starts[at] as number
    const to = layout.starts[at + 1] as number
    for (let place = from; place < to; place += 1) {
      const row = layout.rows[place] as number
      const count = read(row)
      if (count === null || count === undefined) continue
      values[row] = tileOf(place - from, to - from, windowCount('ntile', count, 1))
    }
  }
  return boxedColumn(types.int64, values)
}
