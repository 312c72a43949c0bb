import type { DataType, Field } from 'apache-arrow'
import {
  FIELDS_TABLE,
  fieldOfRow,
  type KnownTables,
  readCatalog,
  SYSTEM_TABLES,
  TABLES_TABLE,
} from '../catalog/catalog-tables.ts'
import type { TableDefinition } from '../catalog/definition.ts'
import type { TableSource } from '../catalog/table-source.ts'
import type { CatalogView } from '../catalog/table-store.ts'
import type { TableChange } from '../storage/commit-record.ts'
import type { ManifestTable } from '../storage/manifest.ts'
import type { SegmentFiles } from '../storage/segment-files.ts'
import type { SegmentEntry } from '../storage/segment-writer.ts'
import { columnReader } from '../types/column.ts'
import { PartIndexes } from './part-indexes.ts'
import { StoredTableSource } from './stored-table-source.ts'
import { AdjacencyCache, bringForward } from './table-adjacency.ts'
import { TableData } from './table-data.ts'
import { keyFields, partField, type TableView } from './table-view.ts'

/** Is past every commit: what it sees includes commits that are applied but not yet durable. */
export const LATEST: number = Number.MAX_SAFE_INTEGER

const SYSTEM_IDS: ReadonlySet<number> = new Set(SYSTEM_TABLES.map((table) => table.id))

/** Holds the tables of a store, the catalog's own among them, and makes commits part of them. */
export class TableSet {
  /** By table id; tables that nothing was ever written to are not in it. */
  readonly all: Map<number, TableData> = new Map()
  /** The indexes of the parts of all tables. */
  readonly indexes: PartIndexes
  readonly #files: SegmentFiles
  /** Row ids taken for tables that are not in the set yet. */
  readonly #newTableRows = new Map<number, number>()
  /** Counts the changes of the catalog's own tables, durable or not. */
  catalogChanges = 0
  readonly #known: KnownTables = new Map()
  #catalog: { readonly commit: number; readonly view: CatalogView } | null = null

  constructor(files: SegmentFiles, indexBytes: number = Number.POSITIVE_INFINITY) {
    this.#files = files
    this.indexes = new PartIndexes(indexBytes)
    for (const definition of SYSTEM_TABLES)
      this.all.set(definition.id, new TableData(definition.id, keyFields(definition)))
  }

  /** Counts the bytes of the adjacencies. */
  get adjacencyBytes(): number {
    let size = 0
    for (const table of this.all.values()) size += table.adjacencies.sizeBytes
    return size
  }

  /** Lets go of states of adjacencies that can be built again. */
  releaseAdjacencies(bytes: number): void {
    const target = this.adjacencyBytes - bytes
    for (const table of this.all.values()) {
      if (this.adjacencyBytes <= target) return
      table.adjacencies.clear()
    }
  }

  /** Gives what a commit sees of a table. */
  view(definition: TableDefinition, commit: number): TableView {
    const table = this.all.get(definition.id)
    const change = table?.changeUpTo(commit) ?? 0
    return {
      definition,
      parts: table?.parts ?? [],
      commit,
      hidden: new Map(),
      version: `${definition.id}@${change}`,
      change,
      own: null,
    }
  }

  /** Makes a view readable. */
  source(view: TableView): TableSource {
    const adjacencies = this.all.get(view.definition.id)?.adjacencies ?? new AdjacencyCache()
    return new StoredTableSource(view, { adjacencies, indexes: this.indexes })
  }

  /** Brings the adjacencies of a table forward to all that was committed. */
  bringForward(definition: TableDefinition): void {
    const adjacencies = this.all.get(definition.id)?.adjacencies
    if (adjacencies !== undefined) bringForward(this.view(definition, LATEST), adjacencies)
  }

  /** Gives the catalog that a commit sees. */
  catalogAt(commit: number): CatalogView {
    const version = SYSTEM_TABLES.slice(0, 3).reduce(
      (latest, table) => Math.max(latest, this.all.get(table.id)?.changeUpTo(commit) ?? 0),
      0,
    )
    if (this.#catalog !== null && this.#catalog.commit === version) return this.#catalog.view
    const byName = new Map(SYSTEM_TABLES.map((table) => [table.name, table]))
    const source = (name: string): TableSource =>
      this.source(this.view(byName.get(name) as TableDefinition, commit))
    const view = readCatalog(source, version, this.#known)
    if (this.#catalog === null || version > this.#catalog.commit) this.#catalog = { commit: version, view }
    return view
  }

  /** Finds the newest definition of a table, `undefined` where it is no more. */
  definition(tableId: number): TableDefinition | undefined {
    const system = SYSTEM_TABLES.find((table) => table.id === tableId)
    if (system !== undefined) return system
    for (const collection of this.catalogAt(LATEST).collections())
      for (const table of collection.tables) if (table.id === tableId) return table
    return undefined
  }

  /**
   * Finds the definition of a table that a commit from `oldest` on may ask for, with the fields that were dropped since:
   * `undefined` for a table that none of them sees.
   */
  retainedDefinition(tableId: number, oldest: number): TableDefinition | undefined {
    const newest = this.definition(tableId)
    if (newest !== undefined && (SYSTEM_TABLES.includes(newest) || !this.#changedSince(oldest))) return newest
    const seen = newest === undefined ? this.#lastSeen(tableId, oldest) : LATEST
    const last = newest ?? this.#definitionAt(tableId, seen)
    if (last === undefined) return undefined
    const dropped = this.#droppedFields(tableId, seen, oldest)
    return dropped.length === 0 ? last : { ...last, fields: [...last.fields, ...dropped] }
  }

  /** Finds the fields of a table, as a commit sees it, that were dropped after another commit. */
  #droppedFields(tableId: number, commit: number, oldest: number): TableDefinition['fields'] {
    const fields = FIELDS_TABLE.fields.map((field) => ({ name: field.name, part: partField(field) }))
    const dropped: TableDefinition['fields'][number][] = []
    for (const part of this.all.get(FIELDS_TABLE.id)?.parts ?? []) {
      for (let position = 0; position < part.rowCount; position += 1) {
        if (!part.isVisible(position, commit) || part.createdAt(position) <= oldest) continue
        const values = Object.fromEntries(fields.map((each) => [each.name, part.read(each.part, position)]))
        if (values.table_id === tableId && values.dropped === true) dropped.push(fieldOfRow(values))
      }
    }
    return dropped
  }

  #changedSince(oldest: number): boolean {
    return SYSTEM_TABLES.slice(0, 3).some((table) => (this.all.get(table.id)?.lastChange ?? 0) > oldest)
  }

  #definitionAt(tableId: number, commit: number): TableDefinition | undefined {
    for (const collection of this.catalogAt(commit).collections())
      for (const table of collection.tables) if (table.id === tableId) return table
    return undefined
  }

  /** Finds the last commit that saw a table, -1 where it was before `oldest`. */
  #lastSeen(tableId: number, oldest: number): number {
    const field = partField(TABLES_TABLE.fields[0] as TableDefinition['fields'][number])
    let last = -1
    for (const part of this.all.get(TABLES_TABLE.id)?.parts ?? []) {
      for (let position = 0; position < part.rowCount; position += 1) {
        const deleted = part.deletedAt(position)
        if (deleted > oldest && deleted - 1 > last && part.read(field, position) === tableId)
          last = Math.min(deleted - 1, LATEST)
      }
    }
    return last
  }

  /** Finds the type of a field. */
  fieldType(tableId: number, fieldId: number): DataType | undefined {
    const fields = this.definition(tableId)?.fields.map(partField)
    return fields?.find((field) => field.fieldId === fieldId)?.type
  }

  /** Takes row ids; those of a transaction that rolls back are never used. */
  takeRowIds(tableId: number, count: number): number {
    const table = this.all.get(tableId)
    const first = table?.nextRowId ?? this.#newTableRows.get(tableId) ?? 0
    if (table === undefined) this.#newTableRows.set(tableId, first + count)
    else table.nextRowId = first + count
    return first
  }

  /** Opens the segments that a manifest names. */
  load(tables: readonly ManifestTable[], commit: number): void {
    // The catalog's own tables come first: they tell the keys of the others.
    for (const { id, nextRowId, segments } of [...tables].sort((left, right) => left.id - right.id)) {
      const table = this.#tableData(id, this.retainedDefinition(id, 0))
      if (table === null) continue
      for (const entry of segments) table.addPart(this.#files.open(id, entry))
      table.nextRowId = nextRowId
      table.loadedAt(commit)
    }
  }

  /** Makes a change part of the tables; the same when it is committed and when it is read back from the log. */
  apply(change: TableChange, commit: number): void {
    const table = this.#tableData(change.tableId)
    if (table === null) return
    if (SYSTEM_IDS.has(change.tableId)) this.catalogChanges += 1
    if (change.tableId === FIELDS_TABLE.id) this.#noteFieldChanges(change)
    if (this.#fieldsChanged.delete(change.tableId)) {
      const definition = this.definition(change.tableId)
      if (definition !== undefined) table.renew(keyFields(definition))
    }
    for (const rowId of change.deletes) endRow(table, rowId, commit)
    const { rowIds } = change.rows
    if (rowIds.length > 0) table.active.append(change.rows, commit)
    let highest = this.#addSegments(table, change.segments, commit)
    for (let index = 0; index < rowIds.length; index += 1)
      highest = Math.max(highest, rowIds[index] as number)
    table.nextRowId = Math.max(table.nextRowId, highest + 1)
    table.noteChange(commit)
  }

  /** Tables whose fields were changed since rows were last written to them. */
  readonly #fieldsChanged = new Set<number>()

  /** Of one memtable all rows have a field or none has: rows that come after a change go to another one. */
  #noteFieldChanges(change: TableChange): void {
    const column = change.rows.columns.get(partField(FIELDS_TABLE.fields[0] as Field).fieldId)
    if (column === undefined) return
    const read = columnReader(column)
    for (let row = 0; row < column.length; row += 1) this.#fieldsChanged.add(read(row) as number)
  }

  /** Adds segments that a commit names; gives their highest row id, or -1. */
  #addSegments(table: TableData, entries: readonly string[], commit: number): number {
    let highest = -1
    for (const text of entries) {
      const entry = JSON.parse(text) as SegmentEntry
      const segment = this.#files.open(table.id, entry)
      segment.setCreated(commit)
      table.addPart(segment)
      highest = Math.max(highest, entry.rowIds[1])
    }
    return highest
  }

  #tableData(tableId: number, known?: TableDefinition): TableData | null {
    let table = this.all.get(tableId)
    if (table === undefined) {
      const definition = known ?? this.definition(tableId)
      if (definition === undefined) return null
      table = new TableData(tableId, keyFields(definition))
      table.nextRowId = this.#newTableRows.get(tableId) ?? 0
      this.#newTableRows.delete(tableId)
      this.all.set(tableId, table)
    }
    return table
  }
}

function endRow(table: TableData, rowId: number, commit: number): void {
  for (let at = table.parts.length - 1; at >= 0; at -= 1) {
    const part = table.parts[at] as TableData['parts'][number]
    const position = part.findRow(rowId, LATEST)
    if (position < 0) continue
    part.markDeleted(position, commit)
    return
  }
}
