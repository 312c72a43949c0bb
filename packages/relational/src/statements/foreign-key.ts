import {
  type CatalogView,
  type CollectionDefinition,
  type Column,
  columnReader,
  describeValue,
  type RowBatch,
  SheafError,
  type TableDefinition,
  type WriteTransaction,
} from '@sheafdb/core'
import { type ForeignKeyOptions, optionsOf } from '../layout/options.ts'
import { findCollection, MODEL_NAME, tableScan } from '../layout/relations.ts'
import { gatherRows } from './table-rows.ts'
import { findExisting } from './unique.ts'

/** Gives the foreign keys of a table. */
export function foreignKeysOf(collection: CollectionDefinition): readonly ForeignKeyOptions[] {
  const options = optionsOf(collection)
  return options.kind === 'table' ? (options.foreignKeys ?? []) : []
}

type Reference = { readonly child: CollectionDefinition; readonly key: ForeignKeyOptions }

/** Finds the foreign keys that refer to a table. */
export function referencesTo(catalog: CatalogView, collection: CollectionDefinition): Reference[] {
  const name = collection.name.toLowerCase()
  return catalog.collections(MODEL_NAME).flatMap((child) =>
    foreignKeysOf(child)
      .filter((key) => key.table.toLowerCase() === name)
      .map((key) => ({ child, key })),
  )
}

function columnsOfKey(rows: RowBatch, names: readonly string[]): Column[] | undefined {
  const columns = names.map((name) => rows.columns[rows.fields.indexOf(name)])
  return columns.every((column) => column !== undefined) ? (columns as Column[]) : undefined
}

/** Checks that the rows which written rows refer to are there. @throws `CONSTRAINT` naming the value */
export function checkForeignKeys(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rows: RowBatch,
): void {
  for (const key of foreignKeysOf(collection)) {
    const columns = columnsOfKey(rows, key.columns)
    const parent = findCollection(transaction.snapshot.catalog, key.table)
    if (columns === undefined || parent === undefined) continue
    const wanted: RowBatch = { fields: key.references, columns, length: rows.length }
    const found = findExisting(transaction.snapshot, parent, key.references, wanted)
    const own = parent.name === collection.name ? ownKeys(rows, key.references) : new Set<string>()
    const readers = columns.map(columnReader)
    for (let row = 0; row < rows.length; row += 1) {
      const values = readers.map((read) => read(row))
      if ((found[row] as number) >= 0 || values.some((value) => value === null)) continue
      if (own.has(JSON.stringify(values.map(String)))) continue
      throw new SheafError(
        'CONSTRAINT',
        `A row refers to one that is not there. Insert that first: FOREIGN KEY (${key.columns.join(', ')}) of ${collection.name}, (${key.references.join(', ')}) = (${values.map(describeValue).join(', ')}) in ${key.table}`,
      )
    }
  }
}

function ownKeys(rows: RowBatch, names: readonly string[]): Set<string> {
  const readers = columnsOfKey(rows, names)?.map(columnReader) ?? []
  const keys = new Set<string>()
  if (readers.length === 0) return keys
  for (let row = 0; row < rows.length; row += 1)
    keys.add(JSON.stringify(readers.map((read) => String(read(row)))))
  return keys
}

/**
 * Checks that no row refers to rows that are about to be deleted, or whose key is about to change to `after`.
 *
 * @throws `CONSTRAINT` naming the table that refers
 */
export function checkReferenced(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rowIds: Float64Array,
  after: RowBatch | null,
): void {
  if (rowIds.length === 0) return
  const table = collection.tables[0] as TableDefinition
  for (const { child, key } of referencesTo(transaction.snapshot.catalog, collection)) {
    if (after !== null && !key.references.some((name) => after.fields.includes(name))) continue
    const shown = tableScan(collection).output
    const present = gatherRows(transaction.snapshot, table, shown, rowIds)
    if (present.kind !== 'values') continue
    const columns = key.references.map(
      (name) => present.columns[table.fields.findIndex((field) => field.name === name)] as Column,
    )
    const found = findExisting(transaction.snapshot, child, key.columns, {
      fields: key.columns,
      columns,
      length: rowIds.length,
    })
    const readers = columns.map(columnReader)
    const newReaders = key.references.map((name) => {
      const column = after?.columns[after.fields.indexOf(name)]
      return column === undefined ? undefined : columnReader(column)
    })
    for (let row = 0; row < rowIds.length; row += 1) {
      const same =
        after !== null &&
        readers.every((read, at) => newReaders[at] === undefined || newReaders[at]?.(row) === read(row))
      if ((found[row] as number) < 0 || same) continue
      throw new SheafError(
        'CONSTRAINT',
        `A row is still referred to by ${child.name}. Delete or change what refers to it first: ${readers.map((read) => describeValue(read(row))).join(', ')}`,
      )
    }
  }
}

/** Checks that no other table refers to one that is about to go. @throws `CONSTRAINT` */
export function checkUnreferenced(catalog: CatalogView, collection: CollectionDefinition): void {
  const other = referencesTo(catalog, collection).find(({ child }) => child.name !== collection.name)
  if (other !== undefined)
    throw new SheafError(
      'CONSTRAINT',
      `A foreign key of ${other.child.name} refers to this table. Drop that table first: ${collection.name}`,
    )
}
