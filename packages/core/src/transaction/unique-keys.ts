import type { TableDefinition } from '../catalog/definition.ts'
import { keyText } from '../storage/index-key.ts'
import type { Part } from '../storage/part.ts'
import { type Column, type ColumnReader, columnReader, nullColumn } from '../types/column.ts'
import { describeValue } from '../types/column-builder.ts'
import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { type BoundIndex, readEntries, takeRow } from './index-entries.ts'
import { boundIndex, findInIndex, type IndexedView } from './index-reads.ts'
import { accessColumn } from './scan-column.ts'
import type { RowPlace, TableView } from './table-view.ts'

/** Is rows that are about to be written: those of `rows` among `length`, or all. */
export type WrittenRows = {
  readonly columns: ReadonlyMap<number, Column>
  readonly rows: Int32Array | null
  readonly length: number
}

/** Lists the unique indexes of a table that a view sees. */
export function uniqueIndexes(view: TableView): readonly BoundIndex[] {
  return view.definition.indexes
    .filter((index) => index.unique !== null)
    .map((index) => boundIndex(view, index.name))
}

/** Tells whether a key may be there but once: with `nulls-distinct`, one with a null in it may repeat. */
function isBinding({ definition }: BoundIndex, key: readonly Value[]): boolean {
  return definition.unique === 'nulls-equal' || !key.some((value) => value === null || value === undefined)
}

/** Checks rows against the unique indexes of a table. `replaced` are rows that they take the place of. @throws `CONSTRAINT` */
export function checkUniqueRows(
  indexed: IndexedView,
  written: WrittenRows,
  replaced: readonly RowPlace[],
): void {
  for (const index of uniqueIndexes(indexed.view)) checkIndex(index, indexed, written, replaced)
}

function checkIndex(
  index: BoundIndex,
  indexed: IndexedView,
  { columns, rows, length }: WrittenRows,
  replaced: readonly RowPlace[],
): void {
  const keys: (readonly Value[])[] = []
  const rowOf: number[] = []
  const seen = new Map<string, number>()
  const readers = index.columns.map((column) => writtenReader(column, columns, length))
  const count = rows?.length ?? length
  for (let at = 0; at < count; at += 1) {
    const row = rows === null ? at : (rows[at] as number)
    takeRow(index, readers, row, (key) => {
      if (!isBinding(index, key)) return
      const text = keyText(key)
      const other = seen.get(text)
      if (other !== undefined && other !== row) throw taken(index, indexed.view.definition, key)
      if (other === row) return
      seen.set(text, row)
      keys.push(key)
      rowOf.push(row)
    })
  }
  const gone = new Map<Part, Set<number>>()
  for (const { part, position } of replaced) gone.set(part, (gone.get(part) ?? new Set()).add(position))
  findInIndex(indexed, index.definition.name, keys, (key, place) => {
    if (gone.get(place.part)?.has(place.position) !== true)
      throw taken(index, indexed.view.definition, keys[key] as readonly Value[])
  })
}

/** Reads a column of rows that are not in a part yet. */
function writtenReader(
  column: BoundIndex['columns'][number],
  columns: ReadonlyMap<number, Column>,
  length: number,
): ColumnReader {
  if (column.kind === 'system')
    throw new SheafError(
      'ARGUMENT',
      `A unique index cannot be over ${column.name}. Name a field of the table.`,
    )
  const whole = columns.get(column.field.fieldId) ?? nullColumn(column.field.type, length)
  return columnReader(column.kind === 'access' ? accessColumn(whole, column.request) : whole)
}

function taken(index: BoundIndex, table: TableDefinition, key: readonly Value[]): SheafError {
  const shown = key.map(describeValue).join(', ')
  return new SheafError(
    'CONSTRAINT',
    `A unique index has a row with this key already. Use another value, or change that row: ${index.definition.name} = (${shown}) in ${table.name}`,
    { detail: `unique:${index.definition.name}` },
  )
}

/** Checks that the rows which are there keep a new index unique, and that its expressions can be computed. @throws `CONSTRAINT` */
export function checkNewIndex(view: TableView, index: BoundIndex): void {
  if (index.definition.unique === null) return
  const seen = new Map<string, RowPlace>()
  for (const part of view.parts) {
    const hidden = view.hidden.get(part)
    const range = { start: 0, end: part.rowCountAt(view.commit) }
    const steps = readEntries(index, part, range, (key, position) => {
      if (!isBinding(index, key) || !part.isVisible(position, view.commit) || hidden?.has(position) === true)
        return
      const text = keyText(key)
      const other = seen.get(text)
      if (other !== undefined && (other.part !== part || other.position !== position))
        throw taken(index, view.definition, key)
      seen.set(text, { part, position })
    })
    while (steps.next().done !== true);
  }
}

/**
 * Finds a key of the rows that a transaction wrote which another has written since a commit; `null` where there is
 * none.
 */
export function findConflictingKey(
  latest: IndexedView,
  own: { readonly parts: readonly Part[]; readonly commit: number },
  since: number,
): { readonly index: string; readonly key: readonly Value[] } | null {
  for (const index of uniqueIndexes(latest.view)) {
    const keys: (readonly Value[])[] = []
    for (const part of own.parts) {
      const range = { start: 0, end: part.rowCount }
      const steps = readEntries(index, part, range, (key, position) => {
        if (part.isVisible(position, own.commit) && isBinding(index, key)) keys.push(key)
      })
      while (steps.next().done !== true);
    }
    let found = -1
    findInIndex(latest, index.definition.name, keys, (key, { part, position }) => {
      if (part.createdAt(position) > since) found = key
    })
    if (found >= 0) return { index: index.definition.name, key: keys[found] as readonly Value[] }
  }
  return null
}
