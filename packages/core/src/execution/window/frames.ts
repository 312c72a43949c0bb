import type { FrameBound, SortKey, WindowFrame } from '../../plan/logical-plan.ts'
import { type Column, columnReader } from '../../types/column.ts'
import { compareByKey } from '../sort-keys.ts'
import { frameCount, wrongOffset } from './frame-offset.ts'
import type { WindowLayout } from './layout.ts'

/** Is the places of each place's frame: from `starts` to before `ends`, less what is excluded. An empty one may end before it starts. */
export type Frames = {
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly exclude: WindowFrame['exclude']
}

/** Is what frames are computed from beside the layout. */
export type FrameInput = {
  readonly frame: WindowFrame
  readonly order: readonly SortKey[]
  /** The columns of the sort keys, by row. */
  readonly keys: readonly Column[]
  /** The values of the bounds that have one, by row. */
  readonly start: Column | null
  readonly end: Column | null
}

/** Computes the frame of each place. @throws `ARGUMENT` for an offset that is null or negative */
export function framesOf(layout: WindowLayout, input: FrameInput): Frames {
  const starts = new Int32Array(layout.rows.length)
  const ends = new Int32Array(layout.rows.length)
  const bound = (edge: FrameBound, values: Column | null, isStart: boolean, into: Int32Array): void => {
    const write = writerOf(layout, input, edge, values, isStart)
    for (let at = 0; at + 1 < layout.starts.length; at += 1)
      write(layout.starts[at] as number, layout.starts[at + 1] as number, into)
  }
  bound(input.frame.start, input.start, true, starts)
  bound(input.frame.end, input.end, false, ends)
  return { starts, ends, exclude: input.frame.exclude }
}

/** Writes where the frames of a partition's places start or end. */
type Writer = (from: number, to: number, into: Int32Array) => void

function writerOf(
  layout: WindowLayout,
  input: FrameInput,
  bound: FrameBound,
  values: Column | null,
  isStart: boolean,
): Writer {
  const { peers } = layout
  if (bound.kind === 'unbounded-preceding') return (from, to, into) => into.fill(from, from, to)
  if (bound.kind === 'unbounded-following') return (from, to, into) => into.fill(to, from, to)
  if (bound.kind === 'current-row' && input.frame.unit !== 'rows') {
    const places = isStart ? peers.starts : peers.ends
    return (from, to, into) => into.set(places.subarray(from, to), from)
  }
  if (input.frame.unit === 'range') return rangeWriter(layout, input, bound, values as Column, isStart)
  const sign = bound.kind === 'preceding' ? -1 : 1
  const read = values === null ? () => 0 : columnReader(values)
  const distance = (place: number): number => sign * frameCount(read(layout.rows[place] as number))
  if (input.frame.unit === 'groups') return groupWriter(layout, distance, isStart)
  const after = isStart ? 0 : 1
  return (from, to, into) => {
    for (let place = from; place < to; place += 1)
      into[place] = Math.min(to, Math.max(from, place + distance(place) + after))
  }
}

/** Counts groups of peers: their first places are listed once a partition. */
function groupWriter(layout: WindowLayout, distance: (place: number) => number, isStart: boolean): Writer {
  const { starts, ends, groups } = layout.peers
  return (from, to, into) => {
    const firsts: number[] = []
    for (let place = from; place < to; place = ends[place] as number) firsts.push(starts[place] as number)
    firsts.push(to)
    for (let place = from; place < to; place += 1) {
      const wanted = (groups[place] as number) + distance(place) + (isStart ? 0 : 1)
      into[place] = wanted < 0 ? from : (firsts[Math.min(wanted, firsts.length - 1)] as number)
    }
  }
}

/** Searches the sort keys of the partition for the value of the bound. */
function rangeWriter(
  layout: WindowLayout,
  input: FrameInput,
  bound: FrameBound,
  values: Column,
  isStart: boolean,
): Writer {
  const [key] = input.order as [SortKey]
  const keyAt = columnReader(input.keys[0] as Column)
  const valueAt = columnReader(values)
  const { rows, peers } = layout
  const sign = bound.kind === 'preceding' ? -1 : 1
  return (from, to, into) => {
    for (let place = from; place < to; place += 1) {
      const row = rows[place] as number
      const own = keyAt(row)
      if (own === null || own === undefined) {
        into[place] = (isStart ? peers.starts[place] : peers.ends[place]) as number
        continue
      }
      const value = valueAt(row)
      if (value === null || value === undefined || compareByKey(key, value, own) * sign < 0)
        throw wrongOffset(value)
      into[place] = search(from, to, (at) => {
        const order = compareByKey(key, keyAt(rows[at] as number), value)
        return isStart ? order >= 0 : order > 0
      })
    }
  }
}

/** Finds the first place for which a test, false then true over the places, is true. */
function search(from: number, to: number, test: (place: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (test(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** Is the parts of frames: from, to, from, to, …, ascending; only the first `count` pairs stand. */
export type FrameParts = { readonly bounds: Int32Array; count: number }

/** Splits the frame of a place at what is excluded, and writes its parts. */
export function partsOf(frames: Frames, layout: WindowLayout, place: number, parts: FrameParts): void {
  const start = frames.starts[place] as number
  const end = frames.ends[place] as number
  parts.count = 0
  const add = (from: number, to: number): void => {
    if (from >= to) return
    parts.bounds[2 * parts.count] = from
    parts.bounds[2 * parts.count + 1] = to
    parts.count += 1
  }
  if (frames.exclude === 'none') {
    add(start, end)
    return
  }
  const isRow = frames.exclude === 'current-row'
  const from = isRow ? place : (layout.peers.starts[place] as number)
  const to = isRow ? place + 1 : (layout.peers.ends[place] as number)
  add(start, Math.min(end, from))
  if (frames.exclude === 'ties') add(Math.max(start, place), Math.min(end, place + 1))
  add(Math.max(start, to), end)
}

/** Makes room for the parts of a frame. */
export function makeParts(): FrameParts {
  return { bounds: new Int32Array(6), count: 0 }
}
