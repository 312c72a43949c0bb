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

const caches = new WeakMap<TableDefinition, Map<number, Float64Array>>()

/** Gives the numbers that terms stand for by their ids, without decoding them. Read once for each row of the terms table. */
export class TermNumbers {
  readonly #source: TableSource
  #chunks: Map<number, Float64Array>

  constructor(source: TableSource) {
    this.#source = source
    this.#chunks = caches.get(source.definition) ?? new Map()
    caches.set(source.definition, this.#chunks)
  }

  /** Gives the number of each id; NaN for literals that are none, or of which only the term itself tells; `NO_LITERAL`. */
  of(ids: ArrayLike<number>): Float64Array {
    const numbers = new Float64Array(ids.length)
    const missing: number[] = []
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number
      const number = isInlineId(id) ? inlineInteger(id) : id > 0 ? this.#known(rowOfTerm(id)) : Number.NaN
      numbers[at] = number
      if (number === UNREAD) missing.push(at)
    }
    if (missing.length > 0) {
      this.#read(missing.map((at) => rowOfTerm(ids[at] as number)))
      for (const at of missing) {
        const number = this.#known(rowOfTerm(ids[at] as number))
        numbers[at] = number === UNREAD ? Number.NaN : number
      }
    }
    return numbers
  }

  #known(row: number): number {
    const chunk = this.#chunks.get(Math.floor(row / CHUNK_SIZE))
    return chunk === undefined ? UNREAD : (chunk[row % CHUNK_SIZE] as number)
  }

  #read(rows: readonly number[]): void {
    if (this.#chunks.size > MAX_CHUNKS) this.#chunks.clear()
    const { columns, found } = this.#source.gather(rows, REQUEST)
    const [read, readKind] = columns.map((column) => columnReader(column as Column)) as [
      ColumnReader,
      ColumnReader,
    ]
    for (let at = 0; at < rows.length; at += 1) {
      if (found[at] === 0) continue
      const row = rows[at] as number
      const place = Math.floor(row / CHUNK_SIZE)
      let chunk = this.#chunks.get(place)
      if (chunk === undefined) {
        chunk = new Float64Array(CHUNK_SIZE).fill(UNREAD)
        this.#chunks.set(place, chunk)
      }
      const kind = readKind(at)
      const number = (read(at) as number | null) ?? Number.NaN
      const isNode = kind === TermKind.iri || kind === TermKind.blank
      chunk[row % CHUNK_SIZE] = isNode ? NO_LITERAL : Number.isFinite(number) ? number : Number.NaN
    }
  }
}
