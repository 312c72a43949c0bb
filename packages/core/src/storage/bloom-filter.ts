/**
 * A Bloom filter over the keys of a segment, in blocks of 64 bytes: a key sets six bits of one block, so that asking for
 * it reads one place. It tells surely that a key is not there, and of about one key in eighty that is not there that it
 * may be.
 *
 * Layout: blocks one after the other. A key's hash of 32 bits chooses the block by its product with the count of blocks,
 * divided by 2^32; a second hash, the first one mixed once more, gives six bits of nine in two rounds.
 */
import type { Value } from '../types/value.ts'
import { hashKeyBytes } from './key-bytes.ts'

const BLOCK_BYTES = 64
const BITS_PER_KEY = 10
const PROBES = 6

/** Filters of fewer keys than this would save nothing. */
export const FEWEST_FILTERED_KEYS = 256

/** Is the size of the parts of a filter that are read and checked on their own. */
export const FILTER_PAGE_BYTES = 1024

/** Makes the filter of some keys' hashes. */
export function makeFilter(hashes: Uint32Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil((hashes.length * BITS_PER_KEY) / (BLOCK_BYTES * 8)))
  const filter = new Uint8Array(blocks * BLOCK_BYTES)
  for (const hash of hashes) {
    const start = blockOf(hash, filter.length)
    const first = mixed(hash)
    let bits = first
    for (let probe = 0; probe < PROBES; probe += 1) {
      if (probe === PROBES / 2) bits = mixed(first)
      const bit = bits & 511
      filter[start + (bit >> 3)] = (filter[start + (bit >> 3)] as number) | (1 << (bit & 7))
      bits >>>= 9
    }
  }
  return filter
}

/** Gives where the block of a key begins, in a filter of some size. */
export function blockOf(hash: number, filterBytes: number): number {
  return Math.floor((hash / 2 ** 32) * (filterBytes / BLOCK_BYTES)) * BLOCK_BYTES
}

/** Tells whether a key may be in a block that begins at some place of bytes. */
export function mayHold(bytes: Uint8Array, start: number, hash: number): boolean {
  const first = mixed(hash)
  let bits = first
  for (let probe = 0; probe < PROBES; probe += 1) {
    if (probe === PROBES / 2) bits = mixed(first)
    const bit = bits & 511
    if (((bytes[start + (bit >> 3)] as number) & (1 << (bit & 7))) === 0) return false
    bits >>>= 9
  }
  return true
}

function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

const scratch = new DataView(new ArrayBuffer(8))
const NULL_HASH = 0x51ed270b
const encoder = new TextEncoder()

/**
 * Hashes the values of a key, alike for keys that compare equal; `null` where a value is of a kind that keys are seldom
 * made of, which no filter is made for.
 */
export function hashKey(values: readonly Value[]): number | null {
  let hash = 0
  for (const value of values) {
    const next = hashValue(value)
    if (next === null) return null
    hash = values.length === 1 ? next : mixed(Math.imul(hash, 31) + next)
  }
  return hash
}

function hashValue(value: Value): number | null {
  if (typeof value === 'number') return hashDouble(value)
  if (typeof value === 'string') {
    const bytes = encoder.encode(value)
    return hashKeyBytes(bytes, 0, bytes.length)
  }
  if (value instanceof Uint8Array) return hashKeyBytes(value, 0, value.length)
  if (typeof value === 'bigint') return hashInteger(value)
  if (typeof value === 'boolean') return value ? 1 : 2
  return value === null || value === undefined ? NULL_HASH : null
}

function hashDouble(value: number): number {
  // Zero of either sign is one key, and so is NaN of any bits.
  scratch.setFloat64(0, value === 0 ? 0 : value)
  return mixed(scratch.getUint32(0) ^ mixed(scratch.getUint32(4) + 1))
}

/** An integer that a double holds is the same key as that double. */
function hashInteger(value: bigint): number {
  const double = Number(value)
  if (BigInt(double) === value) return hashDouble(double)
  return mixed(Number(BigInt.asUintN(32, value)) ^ mixed(Number(BigInt.asUintN(32, value >> 32n))))
}
