import type { DataType } from 'apache-arrow'
import type { Step } from '../../catalog/engine.ts'
import type { SpillFile, SpillSpace } from '../../catalog/spill.ts'
import { type Batch, batchRowCount } from '../../types/column.ts'
import { sliceRows } from '../operators/limit.ts'
import { columnBytes } from '../operators/steps.ts'
import { decodeBatch, encodeBatch } from './batch-codec.ts'

/** Batches are written in parts of at most about this many bytes, so that reading one back takes little memory. */
const PART_BYTES = 1 << 18
const SMALLEST_PART_ROWS = 64

/** Holds rows that a query put aside, in the order in which they were written. */
export class RowsFile {
  readonly #file: SpillFile
  readonly #types: readonly DataType[]
  #rowCount = 0

  constructor(space: SpillSpace, types: readonly DataType[]) {
    this.#file = space.createFile()
    this.#types = types
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Writes the rows of a batch. */
  write(batch: Batch): void {
    const count = batchRowCount(batch)
    const bytesPerRow =
      batch.columns.reduce((total, column) => total + columnBytes(column), 0) / Math.max(1, batch.length)
    const rows = Math.max(SMALLEST_PART_ROWS, Math.floor(PART_BYTES / Math.max(1, bytesPerRow)))
    for (let start = 0; start < count; start += rows)
      this.#file.append(encodeBatch(sliceRows(batch, start, Math.min(count, start + rows))))
    this.#rowCount += count
  }

  /** Gives the rows back, in parts. */
  *read(): Generator<Step, void, undefined> {
    for (let at = 0; at < this.#file.count; at += 1) {
      yield decodeBatch(this.#file.read(at), this.#types)
      yield null
    }
  }

  /** Removes the file. */
  remove(): void {
    this.#file.remove()
  }
}
