/**
 * Reads from the row versions what commits changed: a version that a commit created is an insert, one that it ended a
 * delete, both of one row an update. Versions are kept as far back as the retention goes, so a feed needs no log of its own.
 */
import { SYSTEM_TABLES } from '../catalog/catalog-tables.ts'
import type { TableDefinition } from '../catalog/definition.ts'
import type { TableChanges } from '../catalog/table-store.ts'
import type { Part } from '../storage/part.ts'
import { makeBatch } from '../types/column.ts'
import { readRows } from './read-rows.ts'
import { LATEST, type TableSet } from './table-set.ts'
import type { RowPlace } from './table-view.ts'

/** Is what a commit did to a row: where its version was before, and where it is after. */
type RowChange = { readonly rowId: number; before: RowPlace | null; after: RowPlace | null }

/** Rows of one batch of changes at most. */
const BATCH_ROWS = 1024

/** Gives the changes of the commits after `since` up to another, in the order of the commits, then of the tables. */
export function* readChanges(
  tables: TableSet,
  range: { readonly since: number; readonly upTo: number },
  wanted: (definition: TableDefinition) => boolean,
): Generator<TableChanges, void, undefined> {
  const commits = new Map<number, Map<number, Map<number, RowChange>>>()
  for (const [id, table] of tables.all) {
    if (SYSTEM_TABLES.some((system) => system.id === id)) continue
    for (const part of table.parts) collect(part, range, (commit) => changesOf(commits, commit, id))
  }
  for (const commit of [...commits.keys()].sort((left, right) => left - right)) {
    const byTable = commits.get(commit) as Map<number, Map<number, RowChange>>
    const definitions = [commit, commit - 1].map((at) => definitionsAt(tables, at))
    for (const id of [...byTable.keys()].sort((left, right) => left - right)) {
      const definition = definitions[0]?.get(id) ?? definitions[1]?.get(id)
      if (definition === undefined || !wanted(definition)) continue
      const rows = [...(byTable.get(id) as Map<number, RowChange>).values()]
      rows.sort((left, right) => left.rowId - right.rowId)
      for (let start = 0; start < rows.length; start += BATCH_ROWS)
        yield batchOf(definition, commit, rows.slice(start, start + BATCH_ROWS))
    }
  }
}

function changesOf(
  commits: Map<number, Map<number, Map<number, RowChange>>>,
  commit: number,
  tableId: number,
): Map<number, RowChange> {
  const byTable = commits.get(commit) ?? new Map<number, Map<number, RowChange>>()
  commits.set(commit, byTable)
  const rows = byTable.get(tableId) ?? new Map<number, RowChange>()
  byTable.set(tableId, rows)
  return rows
}

function collect(
  part: Part,
  { since, upTo }: { readonly since: number; readonly upTo: number },
  rowsOf: (commit: number) => Map<number, RowChange>,
): void {
  const change = (commit: number, position: number): RowChange => {
    const rows = rowsOf(commit)
    const rowId = part.rowIdAt(position)
    const known = rows.get(rowId) ?? { rowId, before: null, after: null }
    rows.set(rowId, known)
    return known
  }
  const length = part.rowCountAt(upTo)
  for (let position = 0; position < length; position += 1) {
    const created = part.createdAt(position)
    if (created > since && created <= upTo) change(created, position).after = { part, position }
    const deleted = part.deletedAt(position)
    if (deleted > since && deleted <= upTo) change(deleted, position).before = { part, position }
  }
}

function definitionsAt(tables: TableSet, commit: number): ReadonlyMap<number, TableDefinition> {
  const collections = tables.catalogAt(commit).collections()
  return new Map(collections.flatMap((each) => each.tables.map((table) => [table.id, table] as const)))
}

function batchOf(definition: TableDefinition, commit: number, rows: readonly RowChange[]): TableChanges {
  const view = { definition, parts: [], commit: LATEST, hidden: new Map(), version: '', change: 0, own: null }
  const requests = definition.fields.map((field) => ({ field: field.name, type: field.type }))
  const read = (places: readonly (RowPlace | null)[]): TableChanges['after'] =>
    makeBatch(readRows(view, places, requests), places.length)
  return {
    commit,
    definition,
    rowIds: Float64Array.from(rows, (row) => row.rowId),
    kinds: rows.map(({ before, after }) =>
      before === null ? 'insert' : after === null ? 'delete' : 'update',
    ),
    before: read(rows.map((row) => row.before)),
    after: read(rows.map((row) => row.after)),
  }
}
