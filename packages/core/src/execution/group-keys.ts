import type { DataType } from 'apache-arrow'
import { type Batch, type Column, type DictionaryColumn, isNullAt } from '../types/column.ts'
import { concatColumns } from '../types/concat.ts'
import { MISSING, takeColumn } from '../types/take.ts'

/** Keeps the key values of groups, in the order of their numbers, as columns: no value is made of any. */
export class GroupKeys {
  readonly #pieces: Column[][]
  #count = 0

  constructor(columnCount: number) {
    this.#pieces = Array.from({ length: columnCount }, () => [])
  }

  /** Takes in the groups that a batch brought up to a count: of new ones, the first rows stand in the order of their numbers. */
  add(columns: readonly Column[], batch: Batch, ids: Int32Array, count: number): void {
    if (count === this.#count) return
    const rows = new Uint32Array(count - this.#count)
    let next = this.#count
    for (let at = 0; next < count; at += 1) {
      if (ids[at] !== next) continue
      rows[next - this.#count] = batch.selection === null ? at : (batch.selection[at] as number)
      next += 1
    }
    for (const [at, column] of columns.entries()) this.#pieces[at]?.push(takePlain(column, rows))
    this.#count = count
  }

  /** Gives the columns of all groups. */
  columns(types: readonly DataType[]): readonly Column[] {
    return this.#pieces.map((pieces, at) => {
      const whole = concatColumns(types[at] as DataType, pieces)
      pieces.splice(0, pieces.length, whole)
      return whole
    })
  }
}

/** Takes rows without the dictionary that they may be codes into, which is mostly larger than they are. */
function takePlain(column: Column, rows: Uint32Array): Column {
  return column.layout === 'dictionary'
    ? takeColumn(column.dictionary, codesOf(column, rows), true)
    : takeColumn(column, rows)
}

function codesOf(column: DictionaryColumn, rows: Uint32Array): Uint32Array {
  return rows.map((row) => (isNullAt(column, row) ? MISSING : (column.codes[row] as number)))
}
