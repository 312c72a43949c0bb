/**
 * Changes of the fields of tables: rows of the catalog alone. Segments stay as they are; what they lack is made when it
 * is read (`storage/evolved-column.ts`). A field that changes its type becomes another field, which takes over the values
 * of the former one: so a snapshot of before reads the former one as it was.
 */
import type { DataType, Field } from 'apache-arrow'
import {
  type CatalogRow,
  COLLECTIONS_TABLE,
  FIELDS_TABLE,
  fieldOfRow,
  fieldRow,
  readCatalogRows,
  TABLES_TABLE,
} from '../catalog/catalog-tables.ts'
import { SYSTEM_COLUMNS, type TableDefinition } from '../catalog/definition.ts'
import { formerIds, succeeding, withMissing } from '../catalog/field-history.ts'
import { indexFields, renameIndexField } from '../catalog/index-definition.ts'
import type { TableSource } from '../catalog/table-source.ts'
import type { CatalogView, Snapshot } from '../catalog/table-store.ts'
import { convertColumn, isLossless } from '../storage/evolved-column.ts'
import { columnReader, isNullAt } from '../types/column.ts'
import { fieldIdOf, typeName, typesEqual } from '../types/data-type.ts'
import { isSheafError, SheafError } from '../types/errors.ts'
import { compareValues, type Value } from '../types/value.ts'

/** Is the values of a row of the catalog. */
export type CatalogRowValues = Readonly<Record<string, Value>>

/** Is what changes of fields need of the transaction that they are part of. */
export type SchemaHost = {
  readonly catalog: CatalogView
  /** Finds a table of a user. @throws `NOT_FOUND`, `READ_ONLY` */
  table(name: string): TableDefinition
  source(name: string): TableSource
  /** Opens an earlier version of the store. @throws `NOT_FOUND` */
  openVersion(version: number): Snapshot
  insertRows(table: TableDefinition, rows: readonly CatalogRowValues[]): void
  updateRows(
    table: TableDefinition,
    match: (row: CatalogRowValues) => boolean,
    change: CatalogRowValues,
  ): void
  /** Reads the definition of a table anew; with `redefined` rows written from now on have other fields. */
  reload(tableName: string, redefined?: boolean): TableDefinition
  /** Lets the commit fail where another wrote rows of a table meanwhile: what was checked of them may be wrong then. */
  guard(tableId: number): void
  renameCollection(model: string, from: string, to: string): void
}

/** Adds fields at the end. @throws `ALREADY_EXISTS`, `CONSTRAINT` */
export function addFields(
  host: SchemaHost,
  name: string,
  fields: readonly Field[],
  defaults: ReadonlyMap<string, Value>,
): TableDefinition {
  const table = host.table(name)
  checkFieldNames(fields, table.fields)
  const added = fields.map((field) => {
    const value = defaults.get(field.name) ?? null
    if (value !== null) return withMissing(field, value)
    if (field.nullable) return field
    throw new SheafError(
      'CONSTRAINT',
      `A field added to a table must be nullable or have a default: "${field.name}"`,
    )
  })
  const first = nextFieldId(host, table.id)
  host.insertRows(
    FIELDS_TABLE,
    added.map((field, index) => fieldRow(table.id, first + index, field)),
  )
  return host.reload(name, defaults.size > 0)
}

/** Drops a field. @throws `NOT_FOUND`, `CONSTRAINT` */
export function dropField(host: SchemaHost, name: string, field: string): TableDefinition {
  const table = host.table(name)
  const fieldId = idOf(table, field)
  const used =
    table.adjacencies.some((each) => [each.source, each.target, each.partition].includes(field)) ||
    table.indexes.some((index) => indexFields(index).has(field))
  if (table.key.includes(field) || used)
    throw new SheafError(
      'CONSTRAINT',
      `A key, an adjacency or an index uses the field. It cannot be dropped: "${field}"`,
    )
  updateField(host, table.id, fieldId, { dropped: true })
  return host.reload(name)
}

/** Gives a field another name. @throws `NOT_FOUND`, `ALREADY_EXISTS` */
export function renameField(host: SchemaHost, name: string, from: string, to: string): TableDefinition {
  const table = host.table(name)
  const fieldId = idOf(table, from)
  if (table.fields.some((each) => each.name === to))
    throw new SheafError('ALREADY_EXISTS', `Table ${name} has a field of this name already: "${to}"`)
  const renamed = <T extends string | null>(field: T): T | string => (field === from ? to : field)
  updateField(host, table.id, fieldId, { name: to })
  host.updateRows(TABLES_TABLE, (row) => row.table_id === table.id, {
    key: JSON.stringify(table.key.map(renamed)),
    adjacencies: JSON.stringify(
      table.adjacencies.map((each) => ({
        name: each.name,
        source: renamed(each.source),
        target: renamed(each.target),
        partition: renamed(each.partition),
      })),
    ),
    indexes: JSON.stringify(table.indexes.map((index) => renameIndexField(index, from, to))),
  })
  return host.reload(name)
}

/** Changes the type of a field, or whether it may be null. @throws `NOT_FOUND`, `TYPE`, `CONSTRAINT` */
export function changeField(
  host: SchemaHost,
  name: string,
  fieldName: string,
  change: { readonly type?: DataType; readonly nullable?: boolean },
): TableDefinition {
  const table = host.table(name)
  const fieldId = idOf(table, fieldName)
  const field = table.fields.find((each) => each.name === fieldName) as Field
  const type = change.type ?? field.type
  const nullable = change.nullable ?? field.nullable
  if (nullable && table.key.includes(fieldName) && !field.nullable)
    throw new SheafError('CONSTRAINT', `A field of the key must not be null: "${fieldName}"`)
  if (!isLossless(field.type, type))
    throw new SheafError(
      'TYPE',
      `Values of ${typeName(field.type)} may be none of ${typeName(type)}. Change a field to a type that holds all of its values, or write it anew: "${fieldName}"`,
    )
  if (!nullable && field.nullable) checkNoNulls(host, table, field)
  if (typesEqual(field.type, type)) {
    updateField(host, table.id, fieldId, { nullable })
    return host.reload(name)
  }
  return succeed(host, table, field, { type, nullable, name: fieldName })
}

/** Puts another field in the place of one, which takes over its values. */
function succeed(
  host: SchemaHost,
  table: TableDefinition,
  field: Field,
  to: { readonly type: DataType; readonly nullable: boolean; readonly name: string },
): TableDefinition {
  updateField(host, table.id, fieldIdOf(field) as number, { dropped: true })
  const next = nextFieldId(host, table.id)
  const row = fieldRow(table.id, next, succeeding(field, to.type, to.nullable))
  host.insertRows(FIELDS_TABLE, [{ ...row, name: to.name }])
  return host.reload(table.name, true)
}

function checkNoNulls(host: SchemaHost, table: TableDefinition, field: Field): void {
  host.guard(table.id)
  const request = { columns: [{ field: field.name, type: field.type }], predicates: [] }
  for (const { columns, selection, length } of host.source(table.name).scan(request)) {
    const [column] = columns
    for (let at = 0; column !== undefined && at < (selection?.length ?? length); at += 1)
      if (isNullAt(column, selection === null ? at : (selection[at] as number)))
        throw new SheafError('CONSTRAINT', `Rows have no value of this field. Give them one: "${field.name}"`)
  }
}

/**
 * Brings a collection back to how a version of the store had it: its name, options and fields, also where it was dropped.
 * Rows stay as they are now; a dropped collection has those that it was dropped with.
 *
 * @throws `NOT_FOUND` where the retention does not go back so far, or the version has no such collection;
 *   `ALREADY_EXISTS`, `CONSTRAINT`, `TYPE` where values are none of a field's former type
 */
export function restoreCollection(host: SchemaHost, model: string, name: string, version: number): void {
  const past = host.openVersion(version)
  try {
    const collection = past.catalog.collection(model, name)
    if (collection === undefined)
      throw new SheafError(
        'NOT_FOUND',
        `Version ${version} has no ${model} collection of this name to restore: ${name}`,
      )
    const ids = new Set<Value>(collection.tables.map((table) => table.id))
    const rowsOf = (table: TableDefinition): readonly CatalogRowValues[] =>
      readCatalogRows(past.source(table.name)).map((row) => row.values)
    const fields = rowsOf(FIELDS_TABLE).filter((row) => ids.has(row.table_id))
    const now = host.catalog.collections(model).find((each) => each.tables.some((table) => ids.has(table.id)))
    const isNamed = (row: CatalogRowValues): boolean => row.model === model && row.name === name
    const described = rowsOf(COLLECTIONS_TABLE).find(isNamed) as CatalogRowValues
    if (now === undefined) {
      if (host.catalog.collection(model, name) !== undefined)
        throw new SheafError(
          'ALREADY_EXISTS',
          `There is another ${model} collection of this name. Rename it first: ${name}`,
        )
      host.insertRows(COLLECTIONS_TABLE, [described])
      host.insertRows(
        TABLES_TABLE,
        rowsOf(TABLES_TABLE).filter((row) => ids.has(row.table_id)),
      )
      host.insertRows(FIELDS_TABLE, fields)
    } else {
      if (now.name !== name) host.renameCollection(model, now.name, name)
      for (const table of collection.tables)
        restoreFields(
          host,
          table,
          fields.filter((row) => row.table_id === table.id),
        )
      host.updateRows(COLLECTIONS_TABLE, isNamed, { options: described.options ?? null })
    }
    for (const table of collection.tables) host.reload(table.name)
  } finally {
    past.close()
  }
}

/** Brings the fields of a table back to rows of the catalog as they were. */
function restoreFields(
  host: SchemaHost,
  table: TableDefinition,
  pastRows: readonly CatalogRowValues[],
): void {
  const past = new Map(
    pastRows.flatMap((row) => (row.dropped === true ? [] : [[row.field_id as number, fieldOfRow(row)]])),
  )
  const restored = new Set<number>()
  for (const field of host.table(table.name).fields) {
    const id = fieldIdOf(field) as number
    if (past.has(id)) continue
    const formerId = formerIds(field).find((former) => past.has(former))
    if (formerId === undefined) dropField(host, table.name, field.name)
    else {
      restored.add(formerId)
      restoreType(host, host.table(table.name), field, past.get(formerId) as Field)
    }
  }
  for (const row of fieldRows(host, table.id)) {
    const field = past.get(row.values.field_id as number)
    if (field === undefined || restored.has(row.values.field_id as number)) continue
    const { name, nullable } = field
    if (row.values.dropped === true)
      updateField(host, table.id, fieldIdOf(field) as number, { dropped: false })
    host.reload(table.name)
    if (row.values.name !== name) renameField(host, table.name, row.values.name as string, name)
    changeField(host, table.name, name, { nullable })
  }
}

/** Gives the values of a field the type that they had before, where they still have it. */
function restoreType(host: SchemaHost, table: TableDefinition, field: Field, past: Field): void {
  host.guard(table.id)
  const request = { columns: [{ field: field.name, type: field.type }], predicates: [] }
  for (const { columns, selection, length } of host.source(table.name).scan(request)) {
    const [column] = columns
    if (column === undefined) continue
    const before = columnReader(column)
    const after = columnReader(converted(column, field, past))
    for (let at = 0; at < (selection?.length ?? length); at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      if (!sameValue(before(row), after(row), field, past)) throw notOfType(field, past)
    }
  }
  succeed(host, table, field, {
    type: past.type,
    nullable: past.nullable || field.nullable,
    name: field.name,
  })
  if (field.name !== past.name) renameField(host, table.name, field.name, past.name)
}

function converted(column: Parameters<typeof convertColumn>[0], field: Field, past: Field): typeof column {
  try {
    return convertColumn(column, field.type, past.type)
  } catch (error) {
    if (isSheafError(error, 'TYPE', 'OVERFLOW')) throw notOfType(field, past)
    throw error
  }
}

/** Compares a value with what it is in a type: decimals by going there and back. */
function sameValue(before: Value, after: Value, field: Field, past: Field): boolean {
  const scaleOf = (each: Field): number => (each.type as unknown as { scale?: number }).scale ?? 0
  const digits = scaleOf(field) - scaleOf(past)
  if (typeof before === 'bigint' && typeof after === 'bigint' && digits !== 0)
    return after * 10n ** BigInt(digits) === before
  return compareValues(before, after) === 0
}

function notOfType(field: Field, past: Field): SheafError {
  return new SheafError(
    'TYPE',
    `Values written since are none of the former type ${typeName(past.type)}. Change them, or keep the type: "${field.name}"`,
  )
}

function fieldRows(host: SchemaHost, tableId: number): readonly CatalogRow[] {
  return readCatalogRows(host.source(FIELDS_TABLE.name)).filter((row) => row.values.table_id === tableId)
}

/** Field ids are never reused: dropped fields keep their rows in the catalog. */
function nextFieldId(host: SchemaHost, tableId: number): number {
  return fieldRows(host, tableId).reduce(
    (next, { values }) => Math.max(next, (values.field_id as number) + 1),
    0,
  )
}

function updateField(host: SchemaHost, tableId: number, fieldId: number, change: CatalogRowValues): void {
  host.updateRows(FIELDS_TABLE, (row) => row.table_id === tableId && row.field_id === fieldId, change)
}

function idOf(table: TableDefinition, name: string): number {
  const field = table.fields.find((each) => each.name === name)
  if (field === undefined)
    throw new SheafError('NOT_FOUND', `Table ${table.name} has no field of this name: "${name}"`)
  return fieldIdOf(field) as number
}

/** Checks the names of fields that a table is to have beside others. @throws `ALREADY_EXISTS` */
export function checkFieldNames(added: readonly Field[], existing: readonly Field[]): void {
  const names = new Set<string>([...SYSTEM_COLUMNS, ...existing.map((field) => field.name)])
  for (const { name } of added) {
    if (names.has(name))
      throw new SheafError('ALREADY_EXISTS', `Two fields of a table cannot have one name: "${name}"`)
    names.add(name)
  }
}
