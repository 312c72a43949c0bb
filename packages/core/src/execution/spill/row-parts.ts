import type { DataType } from 'apache-arrow'
import type { ExecutionContext } from '../../catalog/engine.ts'
import { type Batch, batchRowCount, type Column, makeBatch } from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { columnBytes, compactBatch } from '../operators/steps.ts'

/** Rows are joined and copied in their order after they are gathered: each is accounted for as often. */
const COPIES = 3
const BYTES_PER_ROW = 16

/** Gathers rows in memory as far as there is room for them and for what is done with them. */
export class RowParts {
  rowCount = 0
  readonly #types: readonly DataType[]
  readonly #context: ExecutionContext
  #parts: Batch[] = []
  #reserved = 0

  constructor(types: readonly DataType[], context: ExecutionContext) {
    this.#types = types
    this.#context = context
  }

  /**
   * Adds the rows of a batch.
   *
   * @returns whether there was room; `false` only where rows can be put aside instead
   * @throws `MEMORY_LIMIT` where they cannot
   */
  add(batch: Batch): boolean {
    const part = compactBatch(batch)
    const bytes = bytesFor(part)
    if (!this.#context.tryReserve(bytes)) {
      if (this.#context.spill !== null) return false
      this.#context.reserve(bytes)
    }
    this.#keep(part, bytes)
    return true
  }

  /** Adds the rows of a batch, which must fit. @throws `MEMORY_LIMIT` */
  require(batch: Batch): void {
    const part = compactBatch(batch)
    const bytes = bytesFor(part)
    this.#context.reserve(bytes)
    this.#keep(part, bytes)
  }

  #keep(part: Batch, bytes: number): void {
    this.#reserved += bytes
    this.rowCount += batchRowCount(part)
    this.#parts.push(part)
  }

  /** Gives the parts as they were added. */
  batches(): readonly Batch[] {
    return this.#parts
  }

  /** Gives all rows as one batch. */
  joined(): Batch {
    const parts = this.#parts.filter((part) => part.length > 0)
    const columns = this.#types.map((type, at) =>
      concatColumns(
        type,
        parts.map((part) => part.columns[at] as Column),
      ),
    )
    return makeBatch(columns, this.rowCount)
  }

  /** Gives the memory back; the rows are gone. */
  release(): void {
    this.#context.release(this.#reserved)
    this.#reserved = 0
    this.#parts = []
    this.rowCount = 0
  }
}

function bytesFor(part: Batch): number {
  const bytes = part.columns.reduce((total, column) => total + columnBytes(column), 0)
  return bytes * COPIES + part.length * BYTES_PER_ROW
}
