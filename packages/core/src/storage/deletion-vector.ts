/**
 * Deletion vectors: which positions of a segment are deleted, and since which commit.
 *
 * File: `segments/<table>/<segment>-<version>.deletions`.
 *
 * | offset | size | field                                               |
 * |--------|------|-----------------------------------------------------|
 * | 0      | 8    | `SHEAFDEL`                                          |
 * | 8      | 4    | format version (1)                                  |
 * | 12     | 4    | CRC32 of the bytes from 16 on                       |
 * | 16     | 8    | count                                               |
 * | 24     |      | commits: count of float64                           |
 * |        |      | positions: count of u32, ascending                  |
 */
import { crc32 } from 'node:zlib'
import { SheafError } from '../types/errors.ts'
import { CHUNK_ROWS } from './part.ts'

const MAGIC = 'SHEAFDEL'
const FORMAT_VERSION = 1
const HEADER_BYTES = 24
const NEVER = Number.POSITIVE_INFINITY
/** Past this many deletions in a chunk, an array with a place a row is smaller and faster than a map. */
const DENSE_FROM = 1024

type Chunk = {
  sparse: Map<number, number> | null
  dense: Float64Array | null
  count: number
  latest: number
  cached: { readonly commit: number; readonly count: number; readonly selection: Uint32Array } | null
}

/** Holds the deleted positions of a segment with the commits that deleted them. */
export class DeletionVector {
  count = 0
  /** The last commit that deleted something. */
  lastCommit = 0
  readonly #chunks: (Chunk | undefined)[] = []

  add(position: number, commit: number): void {
    const number = Math.floor(position / CHUNK_ROWS)
    let chunk = this.#chunks[number]
    if (chunk === undefined) {
      chunk = { sparse: new Map(), dense: null, count: 0, latest: 0, cached: null }
      this.#chunks[number] = chunk
    }
    const index = position - number * CHUNK_ROWS
    if (this.#at(chunk, index) !== NEVER) return
    if (chunk.sparse !== null && chunk.count >= DENSE_FROM) {
      chunk.dense = new Float64Array(CHUNK_ROWS).fill(NEVER)
      for (const [at, deleted] of chunk.sparse) chunk.dense[at] = deleted
      chunk.sparse = null
    }
    if (chunk.dense !== null) chunk.dense[index] = commit
    else chunk.sparse?.set(index, commit)
    chunk.count += 1
    chunk.latest = Math.max(chunk.latest, commit)
    this.count += 1
    this.lastCommit = Math.max(this.lastCommit, commit)
  }

  /** Takes back a deletion; its commit still counts as the last one. */
  remove(position: number): void {
    const number = Math.floor(position / CHUNK_ROWS)
    const chunk = this.#chunks[number]
    const index = position - number * CHUNK_ROWS
    if (chunk === undefined || this.#at(chunk, index) === NEVER) return
    if (chunk.dense !== null) chunk.dense[index] = NEVER
    else chunk.sparse?.delete(index)
    chunk.count -= 1
    chunk.cached = null
    this.count -= 1
  }

  #at(chunk: Chunk, index: number): number {
    return (chunk.dense === null ? chunk.sparse?.get(index) : chunk.dense[index]) ?? NEVER
  }

  /** Gives the commit that deleted a position, infinite where it lives. */
  deletedAt(position: number): number {
    const number = Math.floor(position / CHUNK_ROWS)
    const chunk = this.#chunks[number]
    return chunk === undefined ? NEVER : this.#at(chunk, position - number * CHUNK_ROWS)
  }

  /** Counts the positions deleted up to a commit. */
  countUpTo(commit: number): number {
    if (commit >= this.lastCommit) return this.count
    let count = 0
    this.forEach((_, deleted) => {
      if (deleted <= commit) count += 1
    })
    return count
  }

  /** Gives the indexes in a chunk that are not deleted at a commit, `null` where none of `length` is. */
  selection(number: number, length: number, commit: number): Uint32Array | null {
    const chunk = this.#chunks[number]
    if (chunk === undefined || chunk.count === 0) return null
    // Readers of the newest commits share one selection, however their commits differ.
    const effective = commit >= chunk.latest ? NEVER : commit
    const { cached } = chunk
    if (cached !== null && cached.commit === effective && cached.count === chunk.count)
      return cached.selection
    const kept = new Uint32Array(length)
    let count = 0
    for (let index = 0; index < length; index += 1) {
      if (this.#at(chunk, index) > commit) {
        kept[count] = index
        count += 1
      }
    }
    const selection = kept.slice(0, count)
    chunk.cached = { commit: effective, count: chunk.count, selection }
    return count === length ? null : selection
  }

  /** Visits positions and commits, positions ascending. */
  forEach(visit: (position: number, commit: number) => void): void {
    for (let number = 0; number < this.#chunks.length; number += 1) {
      const chunk = this.#chunks[number]
      if (chunk === undefined) continue
      const base = number * CHUNK_ROWS
      if (chunk.dense === null) {
        const sorted = [...(chunk.sparse ?? [])].sort((left, right) => left[0] - right[0])
        for (const [index, commit] of sorted) visit(base + index, commit)
      } else {
        for (let index = 0; index < CHUNK_ROWS; index += 1) {
          const commit = chunk.dense[index] as number
          if (commit !== NEVER) visit(base + index, commit)
        }
      }
    }
  }

  /** Lists the positions that were deleted after one commit, up to another, ascending. */
  between(after: number, upTo: number): number[] {
    const found: number[] = []
    if (this.lastCommit <= after) return found
    this.forEach((position, commit) => {
      if (commit > after && commit <= upTo) found.push(position)
    })
    return found
  }
}

/** Encodes the deletions up to a commit as a file. */
export function encodeDeletions(deletions: DeletionVector, upToCommit: number): Uint8Array {
  const count = deletions.countUpTo(upToCommit)
  const bytes = new Uint8Array(HEADER_BYTES + count * 12)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  view.setUint32(8, FORMAT_VERSION, true)
  view.setBigUint64(16, BigInt(count), true)
  let at = 0
  deletions.forEach((position, commit) => {
    if (commit > upToCommit) return
    view.setFloat64(HEADER_BYTES + at * 8, commit, true)
    view.setUint32(HEADER_BYTES + count * 8 + at * 4, position, true)
    at += 1
  })
  view.setUint32(12, crc32(bytes.subarray(16)), true)
  return bytes
}

/** Reads a file of deletions. @throws `CORRUPT`, `VERSION` */
export function decodeDeletions(bytes: Uint8Array, path: string): DeletionVector {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length))
  if (
    bytes.length < HEADER_BYTES ||
    magic !== MAGIC ||
    view.getUint32(12, true) !== crc32(bytes.subarray(16))
  ) {
    throw new SheafError('CORRUPT', `A file of deleted rows is damaged. Run repairStore(): ${path}`, {
      path,
      offset: 0,
    })
  }
  if (view.getUint32(8, true) > FORMAT_VERSION)
    throw new SheafError('VERSION', `A newer Sheaf wrote this file. Use it to open the store: ${path}`, {
      path,
    })
  const count = Number(view.getBigUint64(16, true))
  const deletions = new DeletionVector()
  for (let at = 0; at < count; at += 1) {
    deletions.add(
      view.getUint32(HEADER_BYTES + count * 8 + at * 4, true),
      view.getFloat64(HEADER_BYTES + at * 8, true),
    )
  }
  return deletions
}
