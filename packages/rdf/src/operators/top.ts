import type { Batch, Column, ExtensionOperator } from '@sheafdb/core'
import { isBatch, placesOf } from './batches.ts'

type Numbers = Exclude<Extract<Column, { layout: 'flat' }>['values'], BigInt64Array | BigUint64Array>

/**
 * Drops the rows that are, by their first sort keys alone, worse than as many others as are wanted: what further keys
 * sort by need not be found for them. Rows without a number are kept. Settings: `count`, and `descending`.
 */
export const topOperator: ExtensionOperator = {
  name: 'rdf.top',
  *execute(plan, inputs) {
    const { count, descending } = plan.settings as { readonly count: number; readonly descending: boolean }
    const places = placesOf(plan)
    const best = new BestRows(count, places.length, descending ? -1 : 1)
    for (const step of inputs[0] as NonNullable<(typeof inputs)[number]>) {
      const columns = isBatch(step) ? numbersOf(step, places) : null
      yield columns === null ? step : { ...(step as Batch), selection: best.select(step as Batch, columns) }
    }
  },
}

/** Gives the values of columns that are plain numbers without nulls; null where one is not. */
function numbersOf(batch: Batch, places: readonly number[]): readonly Numbers[] | null {
  const found: Numbers[] = []
  for (const place of places) {
    const column = batch.columns[place] as Column
    if (column.layout !== 'flat' || column.validity !== null) return null
    const { values } = column
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) return null
    found.push(values)
  }
  return found
}

/** Keeps the numbers of the best rows so far, and which of them is the worst. */
class BestRows {
  readonly #count: number
  readonly #width: number
  readonly #sign: 1 | -1
  readonly #rows: Float64Array
  #filled = 0
  #worst = 0

  constructor(count: number, width: number, sign: 1 | -1) {
    this.#count = count
    this.#width = width
    this.#sign = sign
    this.#rows = new Float64Array(count * width)
  }

  /** Selects the rows of a batch that may be among the best. */
  select(batch: Batch, columns: readonly Numbers[]): Uint32Array {
    const { selection, length } = batch
    const count = selection === null ? length : selection.length
    const kept = new Uint32Array(count)
    let size = 0
    for (let at = 0; at < count; at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      if (!this.#mayBeAmong(columns, row)) continue
      kept[size] = row
      size += 1
    }
    return kept.subarray(0, size)
  }

  #mayBeAmong(columns: readonly Numbers[], row: number): boolean {
    for (const column of columns) if (Number.isNaN(column[row])) return true
    if (this.#filled < this.#count) {
      this.#put(columns, row, this.#filled)
      this.#filled += 1
    } else {
      const order = this.#compare(columns, row)
      if (order >= 0) return order === 0
      this.#put(columns, row, this.#worst)
    }
    if (this.#filled === this.#count) this.#findWorst()
    return true
  }

  #put(columns: readonly Numbers[], row: number, place: number): void {
    for (let at = 0; at < this.#width; at += 1)
      this.#rows[place * this.#width + at] = (columns[at] as Numbers)[row] as number
  }

  /** Compares a row with the worst: above 0 where it comes after it. */
  #compare(columns: readonly Numbers[], row: number): number {
    const start = this.#worst * this.#width
    for (let at = 0; at < this.#width; at += 1) {
      const value = (columns[at] as Numbers)[row] as number
      const other = this.#rows[start + at] as number
      if (value !== other) return value < other ? -this.#sign : this.#sign
    }
    return 0
  }

  #findWorst(): void {
    let worst = 0
    for (let place = 1; place < this.#count; place += 1) if (this.#isAfter(place, worst)) worst = place
    this.#worst = worst
  }

  #isAfter(left: number, right: number): boolean {
    for (let at = 0; at < this.#width; at += 1) {
      const a = this.#rows[left * this.#width + at] as number
      const b = this.#rows[right * this.#width + at] as number
      if (a !== b) return a > b === this.#sign > 0
    }
    return false
  }
}
