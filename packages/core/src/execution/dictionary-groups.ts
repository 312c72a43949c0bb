import {
  type Batch,
  type BytesColumn,
  batchRowCount,
  type Column,
  columnReader,
  columnValues,
  type DictionaryColumn,
  decodeUtf8,
} from '../types/column.ts'
import type { Value } from '../types/value.ts'
import { BytesTable } from './bytes-table.ts'
import type { Generator } from './expression/generate.ts'

const BYTES_PER_KEY = 64

/** Groups by one dictionary column: a table from code to group for each dictionary that comes by. */
export class DictionaryGroups {
  readonly #groups = new Map<Value, number>()
  readonly #keys: Value[] = [null]
  readonly #tables = new WeakMap<Column, Int32Array>()
  /** Texts that came as bytes, and the group of each. */
  readonly #texts = new BytesTable()
  readonly #textGroups: number[] = []
  #seen = new Uint8Array(1024)

  /** Counts the groups known; group 0 is null's. */
  get count(): number {
    return this.#keys.length
  }

  enter(column: DictionaryColumn): void {
    if (this.#tables.has(column.dictionary)) return
    const values = columnValues(column.dictionary)
    const table = new Int32Array(values.length)
    for (let code = 0; code < values.length; code += 1) table[code] = this.#groupOf(values[code])
    this.#tables.set(column.dictionary, table)
    this.#growSeen()
  }

  #groupOf(value: Value): number {
    if (value === null || value === undefined) return 0
    let group = this.#groups.get(value)
    if (group === undefined) {
      group = this.#keys.length
      this.#groups.set(value, group)
      this.#keys.push(value)
    }
    return group
  }

  #growSeen(): void {
    if (this.#seen.length >= this.#keys.length) return
    const seen = new Uint8Array(this.#keys.length * 2)
    seen.set(this.#seen)
    this.#seen = seen
  }

  /** Writes source that sets `g`. */
  source(generator: Generator, place: number): string {
    const seen = generator.input('s', () => this.#seen)
    return `const g = ${this.groupSource(generator, place)}; ${seen}[g] = 1;`
  }

  /** Writes source of the group of row `i`. */
  groupSource(generator: Generator, place: number): string {
    const column = generator.sampleColumn(place)
    const codes = generator.input('c', (batch) => (batch.columns[place] as DictionaryColumn).codes)
    const table = generator.input('t', (batch) =>
      this.#tables.get((batch.columns[place] as DictionaryColumn).dictionary),
    )
    const code = `${table}[${codes}[i]]`
    if (column.layout === 'boxed' || column.validity === null) return code
    const validity = generator.input('m', (batch) => (batch.columns[place] as DictionaryColumn).validity)
    return `((${validity}[i >> 3] >> (i & 7) & 1) === 0 ? 0 : ${code})`
  }

  /** Gives the groups of rows of any column of such values. */
  idsOf(column: Column, batch: Batch): Int32Array {
    if (column.layout === 'bytes') return this.#idsOfBytes(column, batch)
    const read = columnReader(column)
    const ids = new Int32Array(batchRowCount(batch))
    for (let at = 0; at < ids.length; at += 1) {
      const group = this.#groupOf(read(batch.selection === null ? at : (batch.selection[at] as number)))
      this.#growSeen()
      this.#seen[group] = 1
      ids[at] = group
    }
    return ids
  }

  /** Decodes a text only where its bytes were not there before. */
  #idsOfBytes(column: BytesColumn, batch: Batch): Int32Array {
    const { offsets, data, validity } = column
    const ids = new Int32Array(batchRowCount(batch))
    for (let at = 0; at < ids.length; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      let group = 0
      if (validity === null || (((validity[row >> 3] as number) >> (row & 7)) & 1) === 1) {
        const start = offsets[row] as number
        const end = offsets[row + 1] as number
        const known = this.#texts.count
        const text = this.#texts.idOf(data, start, end)
        if (text === known) {
          this.#textGroups.push(this.#groupOf(decodeUtf8(data, start, end)))
          this.#growSeen()
        }
        group = this.#textGroups[text] as number
      }
      this.#seen[group] = 1
      ids[at] = group
    }
    return ids
  }

  /** Estimates the memory that the groups take; the texts themselves are mostly those of dictionaries. */
  bytes(): number {
    return this.#keys.length * BYTES_PER_KEY + this.#texts.sizeBytes
  }

  keys(): readonly Value[] {
    return this.#keys
  }

  seenGroups(): Uint32Array {
    const groups: number[] = []
    for (let group = 0; group < this.#keys.length; group += 1) if (this.#seen[group] === 1) groups.push(group)
    return Uint32Array.from(groups)
  }
}
