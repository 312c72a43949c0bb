import type { DataType } from 'apache-arrow'
import type { Batch, Column, DictionaryColumn } from '../types/column.ts'
import { DictionaryGroups } from './dictionary-groups.ts'
import type { Generator } from './expression/generate.ts'
import { NO_KEY } from './key-interner.ts'

/** Combinations of groups of several columns stand in a table up to this many; more of them in maps alone. */
const MAX_TABLE = 65_536
/** Groups of a column are numbered below this. */
const MAX_COLUMN_GROUPS = 2 ** 26
/** A group's entries in the maps and lists, a column. */
const GROUP_BYTES = 48

/**
 * Groups by text columns that are dictionaries. Each column's codes become small numbers; these together find the group
 * in one table, so that a generated loop needs two loads a column and one more a row.
 */
export class TextGroups {
  readonly #places: readonly number[]
  readonly #columns: readonly DictionaryGroups[]
  /** How many numbers of each column the table has places for. */
  #sizes: readonly number[]
  #table = new Int32Array(0)
  /** The group of a prefix's group and the next column's number. */
  readonly #steps: readonly Map<number, number>[]
  /** The number of each column, by group. */
  readonly #parts: readonly number[][]

  constructor(places: readonly number[]) {
    this.#places = places
    this.#columns = places.map(() => new DictionaryGroups())
    this.#sizes = places.map(() => 0)
    this.#steps = places.slice(1).map(() => new Map())
    this.#parts = places.map(() => [])
  }

  get #isSingle(): boolean {
    return this.#places.length === 1
  }

  /** Counts the groups known. */
  get count(): number {
    return this.#isSingle ? (this.#columns[0] as DictionaryGroups).count : (this.#parts[0] as number[]).length
  }

  /** Counts the groups that there may be once so many more rows were added. */
  countAfter(rows: number): number {
    return this.#isSingle ? this.count : this.count + Math.min(rows, this.#table.length)
  }

  /** Takes in the dictionaries of a batch; false where there are too many combinations for a table. */
  enter(batch: Batch): boolean {
    for (const [at, place] of this.#places.entries())
      (this.#columns[at] as DictionaryGroups).enter(batch.columns[place] as DictionaryColumn)
    return this.#isSingle || this.#fitTable()
  }

  #fitTable(): boolean {
    if (this.#columns.every((column, at) => column.count <= (this.#sizes[at] as number))) return true
    const sizes = this.#columns.map((column, at) =>
      Math.max(this.#sizes[at] as number, 2 ** Math.ceil(Math.log2(column.count + 1))),
    )
    const size = sizes.reduce((product, each) => product * each, 1)
    if (size > MAX_TABLE) return false
    this.#sizes = sizes
    this.#table = new Int32Array(size).fill(-1)
    for (let group = 0; group < this.count; group += 1) {
      let place = 0
      for (const [at, parts] of this.#parts.entries())
        place = place * (sizes[at] as number) + (parts[group] as number)
      this.#table[place] = group
    }
    return true
  }

  /** Writes source that sets `g`. */
  source(generator: Generator): string {
    if (this.#isSingle)
      return (this.#columns[0] as DictionaryGroups).source(generator, this.#places[0] as number)
    const place = this.#columns.reduce((source, column, at) => {
      const part = column.groupSource(generator, this.#places[at] as number)
      if (at === 0) return part
      return `(${source}) * ${generator.input('k', () => this.#sizes[at])} + ${part}`
    }, '')
    const table = generator.input('t', () => this.#table)
    const fresh = generator.input('f', () => this.#fresh)
    return `const q = ${place}; let g = ${table}[q]; if (g < 0) g = ${fresh}(q);`
  }

  /** Makes the group of a place of the table. */
  readonly #fresh = (place: number): number => {
    const parts = new Array<number>(this.#places.length)
    let rest = place
    for (let at = parts.length - 1; at >= 0; at -= 1) {
      const size = this.#sizes[at] as number
      parts[at] = rest % size
      rest = Math.floor(rest / size)
    }
    const group = this.#groupOf(parts)
    this.#table[place] = group
    return group
  }

  #groupOf(parts: readonly number[]): number {
    let group = parts[0] as number
    const last = this.#steps.length - 1
    for (let at = 0; at <= last; at += 1) {
      const step = this.#steps[at] as Map<number, number>
      const key = group * MAX_COLUMN_GROUPS + (parts[at + 1] as number)
      let next = step.get(key)
      if (next === undefined) {
        next = step.size
        step.set(key, next)
        if (at === last)
          for (const [column, list] of this.#parts.entries()) list.push(parts[column] as number)
      }
      group = next
    }
    return group
  }

  /** Gives the groups of rows of any columns of such values. */
  idsOf(batch: Batch): Int32Array {
    const lists = this.#places.map((place, at) =>
      (this.#columns[at] as DictionaryGroups).idsOf(batch.columns[place] as Column, batch),
    )
    return this.#isSingle
      ? (lists[0] as Int32Array)
      : (lists[0] as Int32Array).map((_, row) => this.#groupOf(lists.map((list) => list[row] as number)))
  }

  /** Gives the groups of rows, {@link NO_KEY} for those that have none. */
  find(batch: Batch): Int32Array {
    const lists = this.#places.map((place, at) =>
      (this.#columns[at] as DictionaryGroups).find(batch.columns[place] as Column, batch),
    )
    return this.#isSingle
      ? (lists[0] as Int32Array)
      : (lists[0] as Int32Array).map((_, row) => this.#known(lists.map((list) => list[row] as number)))
  }

  #known(parts: readonly number[]): number {
    let group = parts[0] as number
    for (const [at, step] of this.#steps.entries()) {
      const part = parts[at + 1] as number
      if (group === NO_KEY || part === NO_KEY) return NO_KEY
      group = step.get(group * MAX_COLUMN_GROUPS + part) ?? NO_KEY
    }
    return group
  }

  /** Estimates the bytes that the groups take. */
  bytes(): number {
    const own = this.#isSingle ? 0 : this.#table.byteLength + this.count * GROUP_BYTES * this.#places.length
    return this.#columns.reduce((total, column) => total + column.bytes(), own)
  }

  /** Gives the texts of groups, a column each. */
  keyColumns(groups: Int32Array, types: readonly DataType[]): readonly Column[] {
    return this.#columns.map((column, at) => {
      const parts = this.#parts[at] as readonly number[]
      const own = this.#isSingle ? groups : groups.map((group) => parts[group] as number)
      return column.keyColumn(own, types[at] as DataType)
    })
  }

  /** Gives the groups that have rows, `null` where all of them do. */
  seenGroups(): Int32Array | null {
    return this.#isSingle ? (this.#columns[0] as DictionaryGroups).seenGroups() : null
  }
}
