import {
  type Column,
  type ColumnReader,
  columnReader,
  type TableDefinition,
  type TableSource,
  types,
} from '@sheafdb/core'
import { TermKind } from './tables.ts'
import { inlineInteger, isInlineId, rowOfTerm } from './term-id.ts'

const CHUNK_BITS = 12
const CHUNK_SIZE = 1 << CHUNK_BITS
const MAX_CHUNKS = 2048

/** A row whose number was not read yet. */
const UNREAD = Number.POSITIVE_INFINITY
const REQUEST = [
  { field: 'numeric', type: types.float64 },
  { field: 'kind', type: types.uint8 },
]

/** Stands in place of the number of an IRI or a blank node: no number stored is infinite. */
export const NO_LITERAL: number = Number.NEGATIVE_INFINITY

type Chunks = (Float64Array | undefined)[]

const caches = new WeakMap<TableDefinition, Chunks>()

/** Gives the numbers that terms stand for by their ids, without decoding them. Read once for each row of the terms table. */
export class TermNumbers {
  readonly #source: TableSource
  readonly #chunks: Chunks

  constructor(source: TableSource) {
    this.#source = source
    this.#chunks = caches.get(source.definition) ?? []
    caches.set(source.definition, this.#chunks)
  }

  /** Gives the number of each id; NaN for literals that are none, or of which only the term itself tells; `NO_LITERAL`. */
  of(ids: ArrayLike<number>): Float64Array {
    const numbers = new Float64Array(ids.length)
    const missing: number[] = []
    const chunks = this.#chunks
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number
      if (isInlineId(id)) numbers[at] = inlineInteger(id)
      else if (id > 0) {
        const row = rowOfTerm(id)
        const chunk = chunks[Math.floor(row / CHUNK_SIZE)]
        const number = chunk === undefined ? UNREAD : (chunk[row % CHUNK_SIZE] as number)
        numbers[at] = number
        if (number === UNREAD) missing.push(at)
      } else numbers[at] = Number.NaN
    }
    if (missing.length > 0) this.#fill(ids, numbers, missing)
    return numbers
  }

  #fill(ids: ArrayLike<number>, numbers: Float64Array, missing: readonly number[]): void {
    this.#read([...new Set(missing.map((at) => rowOfTerm(ids[at] as number)))])
    for (const at of missing) {
      const row = rowOfTerm(ids[at] as number)
      const number = this.#chunks[Math.floor(row / CHUNK_SIZE)]?.[row % CHUNK_SIZE] ?? UNREAD
      numbers[at] = number === UNREAD ? Number.NaN : number
    }
  }

  #read(rows: readonly number[]): void {
    if (this.#chunkCount() > MAX_CHUNKS) this.#chunks.length = 0
    const { columns, found } = this.#source.gather(rows, REQUEST)
    const [read, readKind] = columns.map((column) => columnReader(column as Column)) as [
      ColumnReader,
      ColumnReader,
    ]
    for (let at = 0; at < rows.length; at += 1) {
      if (found[at] === 0) continue
      const row = rows[at] as number
      const place = Math.floor(row / CHUNK_SIZE)
      let chunk = this.#chunks[place]
      if (chunk === undefined) {
        chunk = new Float64Array(CHUNK_SIZE).fill(UNREAD)
        this.#chunks[place] = chunk
      }
      const kind = readKind(at)
      const number = (read(at) as number | null) ?? Number.NaN
      const isNode = kind === TermKind.iri || kind === TermKind.blank
      chunk[row % CHUNK_SIZE] = isNode ? NO_LITERAL : Number.isFinite(number) ? number : Number.NaN
    }
  }

  #chunkCount(): number {
    let count = 0
    for (const chunk of this.#chunks) if (chunk !== undefined) count += 1
    return count
  }
}
