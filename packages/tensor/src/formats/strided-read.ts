import type { AxisView } from '../compute/slice-view.ts'
import { elementCount } from '../layout/values.ts'

/** Reads bytes from somewhere. */
export type ReadBytes = (start: number, size: number) => Uint8Array

/** Parts that lie closer together than this are read together. */
const SMALL_GAP_BYTES = 4096
const LARGEST_READ_BYTES = 1 << 20

/** Reads the elements of a view, in the order of its rows, as bytes: no more of the source than they span. */
export function readView(read: ReadBytes, view: AxisView, itemBytes: number): Uint8Array<ArrayBuffer> {
  const { shape, strides } = runsOf(view, itemBytes)
  const result = new Uint8Array(elementCount(shape) * itemBytes)
  if (result.length === 0) return result
  const last = shape.length - 1
  const count = last < 0 ? 1 : (shape[last] as number)
  const step = last < 0 ? 1 : (strides[last] as number)
  const window = slidingWindow(read)
  let to = 0
  for (const from of outerPlaces(shape, strides, view.offset)) {
    const low = Math.min(from, from + (count - 1) * step)
    const span = ((count - 1) * Math.abs(step) + 1) * itemBytes
    const bytes = window(low * itemBytes, span, readAhead(shape, strides, itemBytes, span))
    if (step === 1) result.set(bytes, to)
    else
      for (let at = 0; at < count; at += 1) {
        const place = (from + at * step - low) * itemBytes
        for (let byte = 0; byte < itemBytes; byte += 1)
          result[to + at * itemBytes + byte] = bytes[place + byte] as number
      }
    to += count * itemBytes
  }
  return result
}

/** Makes the last axis one that is read as a whole: axes without gaps are joined, single elements far apart are runs. */
function runsOf({ shape, strides }: AxisView, itemBytes: number): { shape: number[]; strides: number[] } {
  const runs = { shape: [...shape], strides: [...strides] }
  for (;;) {
    const last = runs.shape.length - 1
    if (last < 1 || runs.strides[last] !== 1 || runs.strides[last - 1] !== runs.shape[last]) break
    runs.shape.splice(last - 1, 2, (runs.shape[last - 1] as number) * (runs.shape[last] as number))
    runs.strides.splice(last - 1, 2, 1)
  }
  if (Math.abs(runs.strides.at(-1) ?? 1) * itemBytes > SMALL_GAP_BYTES) {
    runs.shape.push(1)
    runs.strides.push(1)
  }
  return runs
}

/** Gives the first element of each run along the last axis. */
function* outerPlaces(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Generator<number> {
  const axes = shape.length - 1
  const places = new Array<number>(Math.max(axes, 0)).fill(0)
  let from = offset
  for (;;) {
    yield from
    let axis = axes - 1
    for (; axis >= 0; axis -= 1) {
      places[axis] = (places[axis] as number) + 1
      from += strides[axis] as number
      if ((places[axis] as number) < (shape[axis] as number)) break
      from -= (strides[axis] as number) * (shape[axis] as number)
      places[axis] = 0
    }
    if (axis < 0) return
  }
}

/** Tells how many bytes to read at once: further runs too where the gaps between them are small. */
function readAhead(
  shape: readonly number[],
  strides: readonly number[],
  itemBytes: number,
  span: number,
): number {
  const axis = shape.length - 2
  if (axis < 0) return span
  const stride = (strides[axis] as number) * itemBytes
  if (stride <= 0 || stride - span > SMALL_GAP_BYTES) return span
  const runs = Math.max(1, Math.min(shape[axis] as number, Math.floor(LARGEST_READ_BYTES / stride)))
  return (runs - 1) * stride + span
}

/** Keeps what was read last: runs that lie in it are read no more. The source may end before what is read ahead. */
function slidingWindow(read: ReadBytes): (start: number, size: number, ahead: number) => Uint8Array {
  let start = 0
  let bytes: Uint8Array = new Uint8Array(0)
  return (from, size, ahead) => {
    if (from < start || from + size > start + bytes.length) {
      bytes = read(from, Math.max(size, ahead))
      start = from
    }
    return bytes.subarray(from - start, from - start + size)
  }
}
