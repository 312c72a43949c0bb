import {
  type CollectionDefinition,
  type Column,
  columnReader,
  describeValue,
  groupKey,
  type RowBatch,
  SheafError,
  type Snapshot,
  type TableDefinition,
  types,
  type Value,
} from '@sheafdb/core'
import { optionsOf } from '../layout/options.ts'

/** Gives the column sets that must be unique beside the primary key. */
export function uniqueSets(collection: CollectionDefinition): readonly (readonly string[])[] {
  const options = optionsOf(collection)
  if (options.kind !== 'table') return []
  const table = collection.tables[0] as TableDefinition
  const known = new Set(table.fields.map((field) => field.name))
  const indexes = (options.indexes ?? []).filter((index) => index.unique).map((index) => index.columns)
  return [...options.unique, ...indexes].filter((names) => names.every((name) => known.has(name)))
}

/** Makes the key of a row over some columns; `undefined` where one of them is null, which equals nothing. */
function rowKey(readers: readonly ((index: number) => Value)[], row: number): string | undefined {
  let key = ''
  for (const read of readers) {
    const value = read(row)
    if (value === null || value === undefined) return undefined
    const part = groupKey(value)
    key += `${typeof part}${String(part).length}:${String(part)}`
  }
  return key
}

/** Finds for each row of a batch the row of the table that has the same values in some columns; -1 for none. */
export function findExisting(
  snapshot: Snapshot,
  collection: CollectionDefinition,
  names: readonly string[],
  rows: RowBatch,
): Float64Array {
  const table = collection.tables[0] as TableDefinition
  const found = new Float64Array(rows.length).fill(-1)
  const columns = names.map((name) => rows.columns[rows.fields.indexOf(name)])
  if (columns.some((column) => column === undefined)) return found
  const readers = columns.map((column) => columnReader(column as Column))
  const source = snapshot.source(table.name)
  if (table.key.length > 0 && table.key.join('\0') === names.join('\0')) {
    const keys = Array.from({ length: rows.length }, (_, row) => readers.map((read) => read(row)))
    const { batch, index } = source.lookup(keys, [ROW_ID])
    const read = columnReader(batch.columns[0] as Column)
    for (let at = 0; at < index.length; at += 1) found[index[at] as number] = Number(read(at))
    return found
  }
  const index = indexOver(table, names)
  if (index !== undefined) {
    const keys = Array.from({ length: rows.length }, (_, row) => readers.map((read) => read(row)))
    const { batch, index: places } = source.indexLookup(index, keys, [ROW_ID])
    const read = columnReader(batch.columns[0] as Column)
    for (let at = 0; at < places.length; at += 1) found[places[at] as number] = Number(read(at))
    return found
  }
  const wanted = new Map<string, number[]>()
  for (let row = 0; row < rows.length; row += 1) {
    const key = rowKey(readers, row)
    if (key === undefined) continue
    const same = wanted.get(key)
    if (same === undefined) wanted.set(key, [row])
    else same.push(row)
  }
  for (const { key, rowId } of scanKeys(snapshot, table, names))
    for (const row of wanted.get(key) ?? []) found[row] = rowId
  return found
}

/** Finds an index over exactly these columns, in this order. */
function indexOver(table: TableDefinition, names: readonly string[]): string | undefined {
  return (table.indexes ?? []).find(
    ({ parts, where }) =>
      where === null &&
      parts.length === names.length &&
      parts.every(
        ({ expression, multiple }, at) =>
          !multiple && 'field' in expression && expression.field === names[at],
      ),
  )?.name
}

const ROW_ID = { field: '_row_id', type: types.uint64 }

/** Walks the keys of a table's rows over some columns. */
function* scanKeys(
  snapshot: Snapshot,
  table: TableDefinition,
  names: readonly string[],
): Generator<{ readonly key: string; readonly rowId: number }> {
  const fields = names.map(
    (name) => table.fields.find((field) => field.name === name) as TableDefinition['fields'][number],
  )
  const requests = [ROW_ID, ...fields.map((field) => ({ field: field.name, type: field.type }))]
  for (const batch of snapshot.source(table.name).scan({ columns: requests, predicates: [] })) {
    const [rowIds, ...readers] = batch.columns.map(columnReader)
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      const key = rowKey(readers, row)
      if (key !== undefined) yield { key, rowId: Number(rowIds?.(row)) }
    }
  }
}

/** Checks that a table has no two rows with the same values in some columns. @throws `CONSTRAINT` */
export function checkUnique(
  snapshot: Snapshot,
  collection: CollectionDefinition,
  names: readonly string[],
): void {
  const seen = new Set<string>()
  for (const { key } of scanKeys(snapshot, collection.tables[0] as TableDefinition, names)) {
    if (seen.has(key))
      throw new SheafError(
        'CONSTRAINT',
        `The rows hold duplicates. Remove them before making ${names.join(', ')} unique.`,
      )
    seen.add(key)
  }
}

/**
 * Checks rows that are about to be written against the unique constraints. `replaced` are rows that these take the
 * place of.
 *
 * @throws `CONSTRAINT` naming the columns and the value
 */
export function checkUniqueRows(
  snapshot: Snapshot,
  collection: CollectionDefinition,
  rows: RowBatch,
  replaced: ReadonlySet<number> = new Set(),
): void {
  for (const names of uniqueSets(collection)) {
    if (!names.every((name) => rows.fields.includes(name))) continue
    const readers = names.map((name) => columnReader(rows.columns[rows.fields.indexOf(name)] as Column))
    const seen = new Set<string>()
    const existing = findExisting(snapshot, collection, names, rows)
    for (let row = 0; row < rows.length; row += 1) {
      const key = rowKey(readers, row)
      if (key === undefined) continue
      const taken = existing[row] as number
      if (seen.has(key) || (taken >= 0 && !replaced.has(taken))) {
        const shown = readers.map((read) => describeValue(read(row))).join(', ')
        throw new SheafError(
          'CONSTRAINT',
          `A value that must be unique is there already. Use another, or ON CONFLICT: UNIQUE (${names.join(', ')}) of ${collection.name}, value (${shown})`,
        )
      }
      seen.add(key)
    }
  }
}
