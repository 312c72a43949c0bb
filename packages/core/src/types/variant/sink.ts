import type { Column, Validity } from '../column.ts'
import type { Value } from '../value.ts'

/** Is a column being built at row indexes that ascend; rows that are not set are null. */
export type ColumnSink = {
  /** Sets a row; false where the value does not fit. */
  set(row: number, value: Value): boolean
  build(length: number): Column
  /** False where no row was set. */
  readonly used: boolean
}

/** Marks which rows are set. */
export class Marks {
  readonly #bits: Uint8Array
  count = 0

  constructor(capacity: number) {
    this.#bits = new Uint8Array((capacity + 7) >> 3)
  }

  mark(row: number): void {
    this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7))
    this.count += 1
  }

  build(length: number): Validity {
    return this.count === length ? null : this.#bits.subarray(0, (length + 7) >> 3)
  }
}
