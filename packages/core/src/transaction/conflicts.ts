import { FIELDS_TABLE, SYSTEM_TABLES } from '../catalog/catalog-tables.ts'
import type { TableDefinition } from '../catalog/definition.ts'
import { SheafError } from '../types/errors.ts'
import { LATEST, type TableSet } from './table-set.ts'
import { findKey, findRow, partField } from './table-view.ts'
import { OWN, type TableWrites } from './table-writes.ts'
import { findConflictingKey } from './unique-keys.ts'
import type { OpenTransaction } from './write-transaction.ts'

/**
 * Finds rows and keys that others wrote since a transaction's snapshot, and with serialisable isolation also tables
 * that it read and others wrote.
 *
 * @throws `CONFLICT`
 */
export function checkConflicts(
  tables: TableSet,
  transaction: OpenTransaction,
  written: readonly TableWrites[],
): void {
  const since = transaction.snapshot.commit
  if (transaction.serializable) {
    for (const tableId of transaction.readTables) {
      if ((tables.all.get(tableId)?.lastChange ?? 0) > since) throw conflict('a table that it read', tableId)
    }
  }
  for (const tableId of transaction.guardedTables) {
    if ((tables.all.get(tableId)?.lastChange ?? 0) > since)
      throw conflict('a table whose rows it checked', tableId)
  }
  for (const writes of written) {
    checkTable(tables, transaction, writes.definition)
    if ((tables.all.get(writes.definition.id)?.lastChange ?? 0) > since) checkRows(tables, writes, since)
  }
}

/** A table that was dropped by another since the snapshot takes no rows. */
function checkTable(tables: TableSet, transaction: OpenTransaction, definition: TableDefinition): void {
  if (SYSTEM_TABLES.some((table) => table.id === definition.id)) return
  if (transaction.createdTables.has(definition.id)) return
  const newest = tables.definition(definition.id)
  if (newest === undefined) throw conflict('the table itself', definition.name)
  if (!transaction.writes.has(FIELDS_TABLE.id) && !takesRowsOf(newest, definition))
    throw conflict('the fields', definition.name)
}

/** Tells whether rows with the fields of a definition can go to a table that another may have changed since. */
function takesRowsOf(newest: TableDefinition, definition: TableDefinition): boolean {
  if (newest === definition) return true
  const ids = new Set(newest.fields.map((field) => partField(field).fieldId))
  const known = new Map(definition.fields.map((field) => [partField(field).fieldId, field]))
  return (
    [...known.keys()].every((id) => ids.has(id)) &&
    newest.fields.every((field) => {
      const part = partField(field)
      const before = known.get(part.fieldId)
      return field.nullable ? before !== undefined || part.missing === undefined : before?.nullable === false
    })
  )
}

function checkRows(tables: TableSet, writes: TableWrites, since: number): void {
  const { definition } = writes
  const latest = tables.view(definition, LATEST)
  checkUniqueKeys(tables, writes, since)
  for (const rowId of writes.deletedRows) {
    const place = findRow(latest, rowId)
    if (place === null || place.part.createdAt(place.position) > since)
      throw conflict(`row ${rowId}`, definition.name)
  }
  if (definition.key.length === 0) return
  for (const key of writes.committedKeys()) {
    const place = findKey(latest, key)
    if (place !== null && place.part.createdAt(place.position) > since)
      throw conflict('a key', definition.name)
  }
}

/** Two transactions that do not see each other may have written one key of a unique index, or one the index itself. */
function checkUniqueKeys(tables: TableSet, writes: TableWrites, since: number): void {
  const { definition } = writes
  const newest = tables.definition(definition.id)
  if (newest === undefined) return
  const known = new Set(definition.indexes.map((index) => index.name))
  if (newest.indexes.some((index) => index.unique !== null && !known.has(index.name)))
    throw conflict('a unique index', definition.name)
  const view = tables.view(definition, LATEST)
  const found = findConflictingKey(
    { view, indexes: tables.indexes },
    { parts: writes.ownParts, commit: OWN },
    since,
  )
  if (found !== null) throw conflict(`a key of ${found.index}`, definition.name)
}

function conflict(what: string, table: string | number): SheafError {
  return new SheafError(
    'CONFLICT',
    `Another transaction wrote what this one also wrote. Run it again: ${what} of ${table}`,
  )
}
