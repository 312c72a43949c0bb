const scratch = new DataView(new ArrayBuffer(4))

/** Reads the bits of a half-precision number (IEEE 754 binary16). */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Rounds a number to half precision (to even on ties) and gives its bits. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65_520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  const exponent = exponentOf(size)
  const fraction = roundEven((size / 2 ** exponent - 1) * 1024)
  return sign | (((exponent + 15) << 10) + fraction)
}

/** Finds the exponent of a normal number: 2^e is at most its size. */
function exponentOf(size: number): number {
  const exponent = Math.floor(Math.log2(size))
  if (2 ** exponent > size) return exponent - 1
  return 2 ** (exponent + 1) <= size ? exponent + 1 : exponent
}

function roundEven(value: number): number {
  const whole = Math.floor(value)
  const rest = value - whole
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) return whole + 1
  return whole
}

/** Reads the bits of a bfloat16: the upper half of a single-precision number. */
export function fromBrain(bits: number): number {
  scratch.setUint32(0, bits * 65_536)
  return scratch.getFloat32(0)
}

/** Rounds a number to bfloat16 (to even on ties) and gives its bits. */
export function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}
