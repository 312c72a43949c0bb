const floats = new Float32Array(1)
const bitsOf = new Uint32Array(floats.buffer)

/** Holds the value of each pattern of 16 bits as binary16; made when it is first needed. */
let halves: Float32Array | null = null

function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => decodeHalf(bits))
  return halves
}

function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Reads the bits of a half-precision number (IEEE 754 binary16). */
export function fromHalf(bits: number): number {
  return halfTable()[bits & 0xffff] as number
}

/** Rounds a number to half precision (to even on ties) and gives its bits. */
export function toHalf(value: number): number {
  floats[0] = value
  const bits = bitsOf[0] as number
  const sign = (bits >>> 16) & 0x8000
  const exponent = (bits >>> 23) & 0xff
  if (exponent === 255) return sign | (Number.isNaN(value) ? 0x7e00 : 0x7c00)
  // A double is rounded once: where rounding to 32 bits has moved it onto a tie, the double decides.
  const size = Math.abs(value)
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  if (size >= 65_520) return sign | 0x7c00
  const place = exponentOf(exponent, size)
  return sign | (((place + 15) << 10) + roundEven(size * 2 ** (10 - place)) - 1024)
}

/** Finds the exponent of a normal number out of that of its single-precision rounding, which may be one too high. */
function exponentOf(stored: number, size: number): number {
  const exponent = stored - 127
  return size < 2 ** exponent ? exponent - 1 : exponent
}

function roundEven(value: number): number {
  const whole = Math.floor(value)
  const rest = value - whole
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) return whole + 1
  return whole
}

/** Reads the bits of a bfloat16: the upper half of a single-precision number. */
export function fromBrain(bits: number): number {
  bitsOf[0] = bits << 16
  return floats[0] as number
}

/** Rounds a number to bfloat16 (to even on ties) and gives its bits. */
export function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  floats[0] = value
  const bits = bitsOf[0] as number
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

/** Reads many half-precision numbers. */
export function halvesToFloats(bits: Uint16Array): Float32Array {
  const table = halfTable()
  const result = new Float32Array(bits.length)
  for (let at = 0; at < bits.length; at += 1) result[at] = table[bits[at] as number] as number
  return result
}

/** Reads many bfloat16 numbers: each is the upper half of a single-precision one. */
export function brainsToFloats(bits: Uint16Array): Float32Array {
  const result = new Uint32Array(bits.length)
  for (let at = 0; at < bits.length; at += 1) result[at] = (bits[at] as number) << 16
  return new Float32Array(result.buffer)
}

/** Rounds many numbers to half precision. */
export function floatsToHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length)
  for (let at = 0; at < bits.length; at += 1) bits[at] = toHalf(values[at] as number)
  return bits
}

/** Rounds many numbers to bfloat16. */
export function floatsToBrains(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length)
  for (let at = 0; at < bits.length; at += 1) bits[at] = toBrain(values[at] as number)
  return bits
}
