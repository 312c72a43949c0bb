/**
 * The catalog is kept in tables like any other, with low ids that never change, so that it is read, written, logged
 * and rolled back in the same way as the data that it describes.
 */
import type { Field } from 'apache-arrow'
import { type Column, columnReader } from '../types/column.ts'
import { FIELD_ID_KEY, makeField, types } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import type { CollectionDefinition, TableDefinition } from './definition.ts'
import { formerIds } from './field-history.ts'
import type { TableSource } from './table-source.ts'
import type { CatalogView } from './table-store.ts'
import { fieldFromJson, type TypeJson, typeToJson } from './type-json.ts'

/** Is the id of the first table that a user makes; lower ones are the catalog's. */
export const FIRST_USER_TABLE_ID = 16

/** Names the catalog's tables. */
export const CATALOG_TABLE_NAMES = {
  collections: 'sheaf:collections',
  tables: 'sheaf:tables',
  fields: 'sheaf:fields',
  sequences: 'sheaf:sequences',
} as const

/** Is the definition of `sheaf:collections`: a row a collection. */
export const COLLECTIONS_TABLE: TableDefinition = systemTable(1, 'collections', {
  fields: [
    makeField('model', types.utf8, { nullable: false }),
    makeField('name', types.utf8, { nullable: false }),
    makeField('layout_version', types.int32, { nullable: false }),
    makeField('options', types.utf8, { nullable: false }),
  ],
  key: ['model', 'name'],
})

/** Is the definition of `sheaf:tables`: a row a table, what is a list or an object in it as JSON text. */
export const TABLES_TABLE: TableDefinition = systemTable(2, 'tables', {
  fields: [
    makeField('table_id', types.int32, { nullable: false }),
    makeField('name', types.utf8, { nullable: false }),
    makeField('model', types.utf8, { nullable: false }),
    makeField('collection', types.utf8, { nullable: false }),
    makeField('part', types.utf8, { nullable: false }),
    makeField('key', types.utf8, { nullable: false }),
    makeField('adjacencies', types.utf8, { nullable: false }),
    makeField('options', types.utf8, { nullable: false }),
    // Null in rows that were written before tables had indexes.
    makeField('indexes', types.utf8, { nullable: true }),
  ],
  key: ['table_id'],
})

/** Is the definition of `sheaf:fields`: a row a field. */
export const FIELDS_TABLE: TableDefinition = systemTable(3, 'fields', {
  fields: [
    makeField('table_id', types.int32, { nullable: false }),
    makeField('field_id', types.int32, { nullable: false }),
    makeField('name', types.utf8, { nullable: false }),
    makeField('type', types.utf8, { nullable: false }),
    makeField('nullable', types.bool, { nullable: false }),
    makeField('metadata', types.utf8, { nullable: false }),
    makeField('dropped', types.bool, { nullable: false }),
  ],
  key: ['table_id', 'field_id'],
})

/** Is the definition of `sheaf:sequences`: the next number of each sequence of a table. */
export const SEQUENCES_TABLE: TableDefinition = systemTable(4, 'sequences', {
  fields: [
    makeField('table_id', types.int32, { nullable: false }),
    makeField('name', types.utf8, { nullable: false }),
    makeField('next', types.int64, { nullable: false }),
  ],
  key: ['table_id', 'name'],
})

/** Lists the catalog's own tables. */
export const SYSTEM_TABLES: readonly TableDefinition[] = [
  COLLECTIONS_TABLE,
  TABLES_TABLE,
  FIELDS_TABLE,
  SEQUENCES_TABLE,
]

function systemTable(
  id: number,
  collection: string,
  table: { readonly fields: readonly Field[]; readonly key: readonly string[] },
): TableDefinition {
  return {
    id,
    name: `sheaf:${collection}`,
    model: 'sheaf',
    collection,
    part: '',
    fields: table.fields.map((field, index) =>
      makeField(field.name, field.type, { nullable: field.nullable, fieldId: index }),
    ),
    key: table.key,
    adjacencies: [],
    indexes: [],
    options: {},
  }
}

/** Is a row of a table of the catalog, by field name. */
export type CatalogRow = { readonly rowId: number; readonly values: Readonly<Record<string, Value>> }

/** Reads all rows of a table of the catalog. */
export function readCatalogRows(source: TableSource): readonly CatalogRow[] {
  const { fields } = source.definition
  const columns = fields.map((field) => ({ field: field.name, type: field.type }))
  const rows: CatalogRow[] = []
  const request = { columns: [...columns, { field: '_row_id', type: types.uint64 }], predicates: [] }
  for (const batch of source.scan(request)) {
    const readers = batch.columns.map(columnReader)
    const count = batch.selection?.length ?? batch.length
    for (let at = 0; at < count; at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      const values: Record<string, Value> = Object.create(null)
      for (let column = 0; column < fields.length; column += 1)
        values[(fields[column] as Field).name] = readers[column]?.(index)
      rows.push({ rowId: readers[fields.length]?.(index) as number, values })
    }
  }
  return rows
}

/** Makes the columns of catalog rows, in the order of the table's fields. */
export function catalogColumns(
  table: TableDefinition,
  rows: readonly Readonly<Record<string, Value>>[],
  make: (type: Field['type'], values: readonly Value[]) => Column,
): readonly Column[] {
  return table.fields.map((field) =>
    make(
      field.type,
      rows.map((row) => row[field.name] ?? null),
    ),
  )
}

/** Makes the row of `sheaf:tables` that describes a table. */
export function tableRow(table: TableDefinition): Readonly<Record<string, Value>> {
  return {
    table_id: table.id,
    name: table.name,
    model: table.model,
    collection: table.collection,
    part: table.part,
    key: JSON.stringify(table.key),
    adjacencies: JSON.stringify(table.adjacencies),
    options: JSON.stringify(table.options),
    indexes: JSON.stringify(table.indexes),
  }
}

/** Makes the row of `sheaf:fields` that describes a field. */
export function fieldRow(
  tableId: number,
  fieldId: number,
  field: Field,
  dropped = false,
): Readonly<Record<string, Value>> {
  const metadata = [...field.metadata].filter(([key]) => key !== FIELD_ID_KEY)
  return {
    table_id: tableId,
    field_id: fieldId,
    name: field.name,
    type: JSON.stringify(typeToJson(field.type)),
    nullable: field.nullable,
    metadata: JSON.stringify(metadata),
    dropped,
  }
}

/** Is tables read before, each with the text that tells whether one read later is the same. */
export type KnownTables = Map<number, { readonly text: string; readonly table: TableDefinition }>

/** Gives a table as the object that it was when it was read before: caches are kept by it. */
function unchanged(table: TableDefinition, known: KnownTables): TableDefinition {
  const fields = table.fields.map((field, index) => fieldRow(table.id, index, field))
  const text = JSON.stringify([tableRow(table), fields, table.fields.map(({ metadata }) => [...metadata])])
  const before = known.get(table.id)
  if (before?.text === text) return before.table
  known.set(table.id, { text, table })
  return table
}

/** Reads the catalog out of its tables; tables that `known` holds and that have not changed are the same objects. */
export function readCatalog(
  source: (name: string) => TableSource,
  version: number,
  known: KnownTables = new Map(),
): CatalogView {
  const fields = readFields(source(CATALOG_TABLE_NAMES.fields))
  const tables = readTables(source(CATALOG_TABLE_NAMES.tables), fields).map((table) =>
    unchanged(table, known),
  )
  const collections = readCollections(source(CATALOG_TABLE_NAMES.collections), tables)
  const byName = new Map<string, TableDefinition>()
  for (const table of [...SYSTEM_TABLES, ...tables]) byName.set(table.name, table)
  const byKey = new Map(collections.map((each) => [collectionKey(each.model, each.name), each]))
  return {
    version,
    collections: (model) =>
      model === undefined ? collections : collections.filter((each) => each.model === model),
    collection: (model, name) => byKey.get(collectionKey(model, name)),
    table: (name) => byName.get(name),
  }
}

function collectionKey(model: string, name: string): string {
  return `${model}:${name}`
}

/** Reads a field out of its row of `sheaf:fields`. */
export function fieldOfRow(values: Readonly<Record<string, Value>>): Field {
  const field = fieldFromJson({
    name: values.name as string,
    type: JSON.parse(values.type as string) as TypeJson,
    nullable: values.nullable as boolean,
  })
  for (const [key, value] of JSON.parse(values.metadata as string) as [string, string][])
    field.metadata.set(key, value)
  field.metadata.set(FIELD_ID_KEY, String(values.field_id))
  return field
}

function readFields(source: TableSource): Map<number, Field[]> {
  const byTable = new Map<number, { place: number; field: Field }[]>()
  for (const { values } of readCatalogRows(source)) {
    if (values.dropped === true) continue
    const field = fieldOfRow(values)
    // A field that took over the values of another stands where that one stood.
    const place = formerIds(field).at(-1) ?? (values.field_id as number)
    const list = byTable.get(values.table_id as number) ?? []
    list.push({ place, field })
    byTable.set(values.table_id as number, list)
  }
  return new Map(
    [...byTable].map(([table, list]) => [
      table,
      list.sort((left, right) => left.place - right.place).map((each) => each.field),
    ]),
  )
}

function readTables(source: TableSource, fields: Map<number, Field[]>): readonly TableDefinition[] {
  const tables = readCatalogRows(source).map(({ values }) => ({
    id: values.table_id as number,
    name: values.name as string,
    model: values.model as string,
    collection: values.collection as string,
    part: values.part as string,
    fields: fields.get(values.table_id as number) ?? [],
    key: JSON.parse(values.key as string) as string[],
    adjacencies: JSON.parse(values.adjacencies as string) as TableDefinition['adjacencies'],
    options: JSON.parse(values.options as string) as Record<string, unknown>,
    indexes: JSON.parse((values.indexes as string | null) ?? '[]') as TableDefinition['indexes'],
  }))
  return tables.sort((left, right) => left.id - right.id)
}

function readCollections(
  source: TableSource,
  tables: readonly TableDefinition[],
): readonly CollectionDefinition[] {
  const byCollection = Map.groupBy(tables, (table) => collectionKey(table.model, table.collection))
  return readCatalogRows(source).map(({ values }) => ({
    model: values.model as string,
    name: values.name as string,
    layoutVersion: values.layout_version as number,
    options: JSON.parse(values.options as string) as Record<string, unknown>,
    tables: byCollection.get(collectionKey(values.model as string, values.name as string)) ?? [],
  }))
}
