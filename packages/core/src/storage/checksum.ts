const POLYNOMIAL = 0x82f63b78
const SLICES = 8

/** Holds the tables of CRC32C sliced by eight: table k advances a byte k places further. */
const tables: readonly Uint32Array[] = makeTables()

function makeTables(): Uint32Array[] {
  const made = Array.from({ length: SLICES }, () => new Uint32Array(256))
  const first = made[0] as Uint32Array
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    first[byte] = crc
  }
  for (let slice = 1; slice < SLICES; slice += 1) {
    const table = made[slice] as Uint32Array
    const before = made[slice - 1] as Uint32Array
    for (let byte = 0; byte < 256; byte += 1) {
      const crc = before[byte] as number
      table[byte] = (crc >>> 8) ^ (first[crc & 255] as number)
    }
  }
  return made
}

/**
 * Computes CRC32C (Castagnoli) of bytes, or goes on from the checksum of the bytes before them.
 *
 * @see RFC 3720, appendix B.4
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let crc = ~previous
  let index = 0
  const sliced = bytes.length - (bytes.length % SLICES)
  // Eight bytes a step, each through its own table; the loop below is the same a byte at a time.
  for (; index < sliced; index += SLICES) {
    const low =
      crc ^
      ((bytes[index] as number) |
        ((bytes[index + 1] as number) << 8) |
        ((bytes[index + 2] as number) << 16) |
        ((bytes[index + 3] as number) << 24))
    crc =
      (t7[low & 255] as number) ^
      (t6[(low >>> 8) & 255] as number) ^
      (t5[(low >>> 16) & 255] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[bytes[index + 4] as number] as number) ^
      (t2[bytes[index + 5] as number] as number) ^
      (t1[bytes[index + 6] as number] as number) ^
      (t0[bytes[index + 7] as number] as number)
  }
  for (; index < bytes.length; index += 1) {
    crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[index] as number)) & 255] as number)
  }
  return ~crc >>> 0
}
