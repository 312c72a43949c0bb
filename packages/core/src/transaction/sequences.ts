import { SEQUENCES_TABLE } from '../catalog/catalog-tables.ts'
import type { TableChange } from '../storage/commit-record.ts'
import { searchKey } from '../storage/key-token.ts'
import { columnReader } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { LATEST, type TableSet } from './table-set.ts'
import { findKey, partField } from './table-view.ts'

/** Names a sequence of a table. */
export type SequenceName = readonly [tableId: number, name: string]

/**
 * Gives out numbers, each once, outside of snapshots: two transactions that take from one sequence do not conflict,
 * and what one that rolls back took is left out.
 */
export class Sequences {
  readonly #tables: TableSet
  readonly #next = new Map<string, number>()

  constructor(tables: TableSet) {
    this.#tables = tables
  }

  /** Takes the next numbers; gives the first. Sequences start at 0. */
  take([tableId, name]: SequenceName, count: number): number {
    const key = `${tableId}:${name}`
    const first = this.#next.get(key) ?? 0
    this.#next.set(key, first + count)
    return first
  }

  /** Goes on from what was committed. */
  load(): void {
    const source = this.#tables.source(this.#tables.view(SEQUENCES_TABLE, LATEST))
    const columns = SEQUENCES_TABLE.fields.map((field) => ({ field: field.name, type: field.type }))
    for (const batch of source.scan({ columns, predicates: [] })) {
      const [table, name, next] = batch.columns.map(columnReader)
      for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
        const row = batch.selection === null ? at : (batch.selection[at] as number)
        this.#next.set(`${table?.(row) as number}:${name?.(row) as string}`, next?.(row) as number)
      }
    }
  }

  /** Makes the change that keeps how far sequences have come; `null` for none. */
  change(taken: readonly SequenceName[]): TableChange | null {
    if (taken.length === 0) return null
    const view = this.#tables.view(SEQUENCES_TABLE, LATEST)
    const deletes: number[] = []
    const rowIds = taken.map((sequence) => {
      const place = findKey(view, searchKey(sequence))
      if (place === null) return this.#tables.takeRowIds(SEQUENCES_TABLE.id, 1)
      const rowId = place.part.rowIdAt(place.position)
      deletes.push(rowId)
      return rowId
    })
    const values = [
      taken.map(([tableId]) => tableId),
      taken.map(([, name]) => name),
      taken.map((sequence) => this.take(sequence, 0)),
    ]
    const columns = SEQUENCES_TABLE.fields.map(
      (field, at) =>
        [partField(field).fieldId, columnFromValues(field.type, values[at] as readonly unknown[])] as const,
    )
    return {
      tableId: SEQUENCES_TABLE.id,
      deletes: Float64Array.from(deletes),
      rows: { rowIds: Float64Array.from(rowIds), columns: new Map(columns) },
      segments: [],
    }
  }
}
