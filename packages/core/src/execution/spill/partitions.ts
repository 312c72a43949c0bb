import type { DataType } from 'apache-arrow'
import type { ExecutionContext } from '../../catalog/engine.ts'
import type { SpillSpace } from '../../catalog/spill.ts'
import { type Batch, batchRowCount, type Column, makeBatch } from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { columnBytes, compactBatch } from '../operators/steps.ts'
import { hashRows } from './hash-rows.ts'
import { RowsFile } from './rows-file.ts'

/** Rows are put aside in so many parts, told apart by the hash of their keys. */
const PARTITIONS = 16
/** Rows wait in memory for this many bytes of a part before they are written. */
const BUFFER_BYTES = 1 << 16
/** Parts of parts of parts: past this depth one key holds more rows than fit. */
const MAX_DEPTH = 5

/** Tells whether rows may be put aside at a depth. */
export function canSpill(context: ExecutionContext, depth: number): boolean {
  return context.spill !== null && depth < MAX_DEPTH
}

/** Puts rows aside on disk in parts, so that rows of equal keys are in one part. */
export class Partitions {
  readonly #files: RowsFile[]
  readonly #buffers: Batch[][]
  readonly #buffered: number[]
  readonly #types: readonly DataType[]
  readonly #seed: number

  constructor(space: SpillSpace, types: readonly DataType[], depth: number) {
    this.#files = Array.from({ length: PARTITIONS }, () => new RowsFile(space, types))
    this.#buffers = this.#files.map(() => [])
    this.#buffered = this.#files.map(() => 0)
    this.#types = types
    this.#seed = depth
  }

  /** Adds the selected rows of a batch, by the columns of their keys. */
  add(batch: Batch, keys: readonly Column[]): void {
    const hashes = hashRows(keys, batch, this.#seed)
    const rows: number[][] = this.#files.map(() => [])
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1)
      (rows[(hashes[at] as number) % PARTITIONS] as number[]).push(
        batch.selection === null ? at : (batch.selection[at] as number),
      )
    rows.forEach((own, part) => {
      if (own.length > 0) this.#buffer(part, compactBatch({ ...batch, selection: Uint32Array.from(own) }))
    })
  }

  #buffer(part: number, batch: Batch): void {
    const bytes = batch.columns.reduce((total, column) => total + columnBytes(column), 0)
    ;(this.#buffers[part] as Batch[]).push(batch)
    this.#buffered[part] = (this.#buffered[part] as number) + bytes
    if ((this.#buffered[part] as number) >= BUFFER_BYTES) this.#write(part)
  }

  #write(part: number): void {
    const buffered = this.#buffers[part] as Batch[]
    if (buffered.length === 0) return
    const columns = this.#types.map((type, at) =>
      concatColumns(
        type,
        buffered.map((batch) => batch.columns[at] as Column),
      ),
    )
    const length = buffered.reduce((total, batch) => total + batch.length, 0)
    ;(this.#files[part] as RowsFile).write(makeBatch(columns, length))
    this.#buffers[part] = []
    this.#buffered[part] = 0
  }

  /** Writes what waits and gives the parts; nothing can be added after. */
  finish(): readonly RowsFile[] {
    this.#files.forEach((_, part) => {
      this.#write(part)
    })
    return this.#files
  }

  /** Removes all files. */
  remove(): void {
    for (const file of this.#files) file.remove()
  }
}
