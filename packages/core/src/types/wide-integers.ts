/**
 * Converts between 64-bit integers and doubles without a bigint a value: as two 32-bit halves. Little-endian, as Arrow is.
 */

const HALF = 2 ** 32

/** Gives 64-bit integers as doubles; `null` where one of them is not a safe integer. */
export function safeDoubles(values: BigInt64Array | BigUint64Array): Float64Array | null {
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const high =
    values instanceof BigInt64Array
      ? new Int32Array(values.buffer, values.byteOffset, values.length * 2)
      : low
  const doubles = new Float64Array(values.length)
  for (let at = 0; at < values.length; at += 1) {
    const double = (high[at * 2 + 1] as number) * HALF + (low[at * 2] as number)
    if (!Number.isSafeInteger(double)) return null
    doubles[at] = double
  }
  return doubles
}

/** Writes integers that stand as numbers into 64 bits each. They are safe integers. */
export function writeWide(
  source: { readonly values: ArrayLike<number>; readonly from: number; readonly to: number },
  target: BigInt64Array | BigUint64Array,
  at: number,
): void {
  const halves = new Int32Array(target.buffer, target.byteOffset, target.length * 2)
  const { values, from, to } = source
  let place = at * 2
  for (let index = from; index < to; index += 1) {
    const value = values[index] as number
    halves[place] = (value % HALF) | 0
    halves[place + 1] = Math.floor(value / HALF)
    place += 2
  }
}
