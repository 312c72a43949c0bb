import type { DataType } from 'apache-arrow'
import {
  type Batch,
  type BytesColumn,
  batchRowCount,
  type Column,
  columnReader,
  type DictionaryColumn,
} from '../types/column.ts'
import { BytesTable } from './bytes-table.ts'
import type { Generator } from './expression/generate.ts'
import { NO_KEY } from './key-interner.ts'

const utf8 = new TextEncoder()
/** An entry of a map with a string that others hold as well. */
const BYTES_PER_STRING = 64
/** Is what a code of a dictionary has until it is looked for. */
const UNKNOWN = -2

/**
 * Groups by one column of texts. Group 0 is null's, others are numbered by their texts as bytes: of a text no string is
 * made. For a dictionary there is a table from code to group.
 */
export class DictionaryGroups {
  readonly #texts = new BytesTable()
  /** Groups of texts that came as strings: to find one again costs less than to make bytes of it. */
  readonly #strings = new Map<string, number>()
  readonly #tables = new WeakMap<Column, Int32Array>()
  #seen = new Uint8Array(1024)

  /** Counts the groups known; group 0 is null's. */
  get count(): number {
    return this.#texts.count + 1
  }

  /** Finds the groups of all texts of a dictionary. */
  enter(column: DictionaryColumn): void {
    const { dictionary } = column
    const table = this.#tableOf(dictionary)
    const groupOf = this.#reader(dictionary, true)
    for (let code = 0; code < table.length; code += 1)
      if (table[code] === UNKNOWN) table[code] = groupOf(code)
    this.#growSeen()
  }

  #tableOf(dictionary: Column): Int32Array {
    let table = this.#tables.get(dictionary)
    if (table === undefined) {
      table = new Int32Array(dictionary.length).fill(UNKNOWN)
      this.#tables.set(dictionary, table)
    }
    return table
  }

  /** Makes what gives the group of a row; with `adds`, a new one for a new text, else {@link NO_KEY}. */
  #reader(column: Column, adds: boolean): (row: number) => number {
    const texts = this.#texts
    if (column.layout === 'bytes') return bytesReader(column, texts, adds)
    if (column.layout === 'dictionary') return this.#codeReader(column, adds)
    const read = columnReader(column)
    return (row) => {
      const value = read(row)
      return value === null || value === undefined ? 0 : this.#groupOfString(value as string, adds)
    }
  }

  #groupOfString(text: string, adds: boolean): number {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    const bytes = utf8.encode(text)
    const id = adds ? this.#texts.idOf(bytes, 0, bytes.length) : this.#texts.find(bytes, 0, bytes.length)
    if (id < 0) return NO_KEY
    this.#strings.set(text, id + 1)
    return id + 1
  }

  #codeReader({ dictionary, codes, validity }: DictionaryColumn, adds: boolean): (row: number) => number {
    const table = this.#tableOf(dictionary)
    const groupOf = this.#reader(dictionary, adds)
    return (row) => {
      if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) return 0
      const code = codes[row] as number
      let group = table[code] as number
      if (group === UNKNOWN) {
        group = groupOf(code)
        if (group !== NO_KEY) table[code] = group
      }
      return group
    }
  }

  #growSeen(): void {
    if (this.#seen.length >= this.count) return
    const seen = new Uint8Array(this.count * 2)
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
    const ids = this.#read(column, batch, true)
    this.#growSeen()
    const seen = this.#seen
    for (let at = 0; at < ids.length; at += 1) seen[ids[at] as number] = 1
    return ids
  }

  /** Gives the groups of rows, {@link NO_KEY} for those that have none. */
  find(column: Column, batch: Batch): Int32Array {
    return this.#read(column, batch, false)
  }

  #read(column: Column, batch: Batch, adds: boolean): Int32Array {
    const ids = new Int32Array(batchRowCount(batch))
    const groupOf = this.#reader(column, adds)
    const { selection } = batch
    for (let at = 0; at < ids.length; at += 1)
      ids[at] = groupOf(selection === null ? at : (selection[at] as number))
    return ids
  }

  /** Estimates the memory that the groups take. */
  bytes(): number {
    return this.#texts.sizeBytes + this.#seen.length + this.#strings.size * BYTES_PER_STRING
  }

  /** Gives the texts of groups as a column. */
  keyColumn(groups: Int32Array, type: DataType): Column {
    return this.#texts.column(
      groups.map((group) => group - 1),
      type,
    )
  }

  /** Gives the groups that have rows. */
  seenGroups(): Int32Array {
    const groups = new Int32Array(this.count)
    let count = 0
    for (let group = 0; group < groups.length; group += 1) {
      if (this.#seen[group] !== 1) continue
      groups[count] = group
      count += 1
    }
    return groups.subarray(0, count)
  }
}

function bytesReader(
  { offsets, data, validity }: BytesColumn,
  texts: BytesTable,
  adds: boolean,
): (row: number) => number {
  return (row) => {
    if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) return 0
    const start = offsets[row] as number
    const end = offsets[row + 1] as number
    const text = adds ? texts.idOf(data, start, end) : texts.find(data, start, end)
    return text < 0 ? NO_KEY : text + 1
  }
}
