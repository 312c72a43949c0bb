import type { DataType, Field } from 'apache-arrow'
import {
  COLLECTIONS_TABLE,
  catalogColumns,
  FIELDS_TABLE,
  fieldRow,
  readCatalogRows,
  SYSTEM_TABLES,
  TABLES_TABLE,
  tableRow,
} from '../catalog/catalog-tables.ts'
import type {
  CollectionDefinition,
  RowBatch,
  TableDefinition,
  TableSpecification,
} from '../catalog/definition.ts'
import { tableName } from '../catalog/definition.ts'
import { type IndexSpecification, indexOf } from '../catalog/index-definition.ts'
import type { KeyedReader } from '../catalog/keyed-reader.ts'
import type { TableSource } from '../catalog/table-source.ts'
import type { CatalogView, OnKeyConflict, Snapshot, WriteTransaction } from '../catalog/table-store.ts'
import type { Segment } from '../storage/segment.ts'
import type { SegmentContent } from '../storage/segment-writer.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { bindIndex } from './index-entries.ts'
import { keyedReader } from './keyed-reads.ts'
import type { PartIndexes } from './part-indexes.ts'
import { Savepoints } from './savepoints.ts'
import {
  addFields,
  type CatalogRowValues,
  changeField,
  checkFieldNames,
  dropField,
  renameField,
  restoreCollection,
  type SchemaHost,
} from './schema-changes.ts'
import type { TableView } from './table-view.ts'
import { DIRECT_ROWS, TableWrites, type WritesMark } from './table-writes.ts'
import { checkNewIndex } from './unique-keys.ts'

/** Is what an open transaction needs of the store. */
export type TransactionHost = {
  /** Opens the snapshot that the transaction reads. */
  readonly snapshot: Snapshot
  view(definition: TableDefinition, commit: number): TableView
  source(view: TableView): TableSource
  catalog(source: (name: string) => TableSource, version: number): CatalogView
  /** Opens an earlier version of the store. */
  openVersion(version: number): Snapshot
  nextTableId(): number
  takeRowIds(tableId: number, count: number): number
  writeSegment(tableId: number, content: SegmentContent): Segment
  /** The indexes of the parts of all tables. */
  readonly indexes: PartIndexes
  readonly spillBytes: number
  /** Removes segments of a transaction that does not commit. */
  discardSegments(tableId: number, segments: readonly Segment[]): void
  takeSequence(tableId: number, name: string, count: number): number
  commit(transaction: OpenTransaction): Promise<number>
}

/** Is how far a transaction had come. */
type TransactionMark = {
  readonly catalog: CatalogView
  readonly writes: readonly { readonly id: number; readonly writes: TableWrites; readonly mark: WritesMark }[]
  readonly createdTables: ReadonlySet<number>
  readonly sequences: ReadonlyMap<string, readonly [number, string]>
}

let catalogVersions = 0

/** Is an open transaction: what it wrote, table by table, over its snapshot. */
export class OpenTransaction implements WriteTransaction {
  readonly snapshot: Snapshot
  readonly serializable: boolean
  readonly writes: Map<number, TableWrites> = new Map()
  /** Tables that were read, for serialisable isolation. */
  readonly readTables: Set<number> = new Set()
  readonly createdTables: Set<number> = new Set()
  /** Tables whose rows were checked, for a unique index or a type: rows that others write meanwhile may break that. */
  readonly guardedTables: Set<number> = new Set()
  /** Sequences that were taken from, as `[table id, name]`. */
  readonly sequences: Map<string, readonly [number, string]> = new Map()
  readonly #host: TransactionHost
  readonly #savepoints: Savepoints<TransactionMark>
  /** Writes to tables that were dropped since; a savepoint may bring them back. */
  readonly #dropped = new Map<number, TableWrites>()
  #catalog: CatalogView
  #state: 'open' | 'done' = 'open'

  constructor(host: TransactionHost, serializable: boolean) {
    this.#host = host
    this.serializable = serializable
    this.#catalog = host.snapshot.catalog
    this.#savepoints = new Savepoints({
      mark: () => this.#mark(),
      restore: (mark) => this.#restore(mark),
      forgetMarks: () => {
        for (const writes of this.writes.values()) writes.forgetMarks()
      },
    })
    const owner = this
    this.snapshot = {
      commit: host.snapshot.commit,
      get catalog() {
        return owner.#catalog
      },
      source: (name) => this.#source(name),
      keyed: (name, fields) => this.#keyed(name, fields),
      close() {},
    }
  }

  #keyed(name: string, fields: readonly string[]): KeyedReader {
    const definition = this.#read(name)
    return keyedReader(definition, fields, () => this.#view(definition))
  }

  /** Finds a table that is about to be read. @throws `NOT_FOUND` */
  #read(name: string): TableDefinition {
    this.#checkOpen()
    const definition = this.#catalog.table(name)
    if (definition === undefined) throw unknownTable(name)
    this.readTables.add(definition.id)
    return definition
  }

  /** Gives what the transaction sees of a table now. */
  #view(definition: TableDefinition): TableView {
    return this.writes.get(definition.id)?.view() ?? this.#host.view(definition, this.snapshot.commit)
  }

  #source(name: string): TableSource {
    return this.#host.source(this.#view(this.#read(name)))
  }

  #checkOpen(): void {
    if (this.#state === 'done')
      throw new SheafError('CLOSED', 'The transaction has ended. Begin another one.')
  }

  #writesOf(definition: TableDefinition): TableWrites {
    this.#checkOpen()
    let writes = this.writes.get(definition.id)
    if (writes === undefined) {
      const { id } = definition
      writes = new TableWrites(this.#host.view(definition, this.snapshot.commit), {
        takeRowIds: (count) => this.#host.takeRowIds(id, count),
        writeSegment: (content) => this.#host.writeSegment(id, content),
        indexes: this.#host.indexes,
        spillBytes: this.#host.spillBytes,
      })
      this.writes.set(id, writes)
    }
    writes.definition = definition
    return writes
  }

  #table(name: string): TableDefinition {
    const definition = this.#catalog.table(name)
    if (definition === undefined) throw unknownTable(name)
    if (SYSTEM_TABLES.includes(definition))
      throw new SheafError('READ_ONLY', `The catalog's tables change with what they describe only: ${name}`)
    return definition
  }

  createCollection(
    model: string,
    name: string,
    layout: {
      readonly version: number
      readonly tables: readonly TableSpecification[]
      readonly options?: Readonly<Record<string, unknown>>
    },
  ): CollectionDefinition {
    this.#checkOpen()
    if (this.#catalog.collection(model, name) !== undefined)
      throw new SheafError('ALREADY_EXISTS', `There is a ${model} collection of this name already: ${name}`)
    this.#insertRows(COLLECTIONS_TABLE, [
      {
        model,
        name,
        layout_version: layout.version,
        options: JSON.stringify(layout.options ?? {}),
      },
    ])
    for (const specification of layout.tables) this.#createTable(model, name, specification)
    this.#reloadCatalog()
    return this.#catalog.collection(model, name) as CollectionDefinition
  }

  #createTable(model: string, collection: string, specification: TableSpecification): void {
    const id = this.#host.nextTableId()
    this.createdTables.add(id)
    this.#insertRows(TABLES_TABLE, [
      tableRow({
        id,
        name: tableName(model, collection, specification.part),
        model,
        collection,
        part: specification.part,
        fields: [],
        key: specification.key,
        adjacencies: specification.adjacencies ?? [],
        indexes: (specification.indexes ?? []).map(indexOf),
        options: specification.options ?? {},
      }),
    ])
    checkFieldNames(specification.fields, [])
    for (const name of specification.key) {
      if (!specification.fields.some((field) => field.name === name))
        throw new SheafError('ARGUMENT', `A key must name fields of its table. There is no field "${name}".`)
    }
    this.#insertRows(
      FIELDS_TABLE,
      specification.fields.map((field, index) => fieldRow(id, index, field)),
    )
  }

  dropCollection(model: string, name: string): void {
    const collection = this.#collection(model, name)
    const ids = new Set<Value>(collection.tables.map((table) => table.id))
    this.#deleteRows(FIELDS_TABLE, (row) => ids.has(row.table_id))
    this.#deleteRows(TABLES_TABLE, (row) => ids.has(row.table_id))
    this.#deleteRows(COLLECTIONS_TABLE, (row) => row.model === model && row.name === name)
    for (const table of collection.tables) this.#discard(table.id)
    this.#reloadCatalog()
  }

  #discard(tableId: number): void {
    const writes = this.writes.get(tableId)
    if (writes === undefined) return
    this.writes.delete(tableId)
    this.#dropped.set(tableId, writes)
  }

  #mark(): TransactionMark {
    this.#checkOpen()
    return {
      catalog: this.#catalog,
      writes: [...this.writes].map(([id, writes]) => ({ id, writes, mark: writes.mark() })),
      createdTables: new Set(this.createdTables),
      sequences: new Map(this.sequences),
    }
  }

  #restore(mark: TransactionMark): void {
    if (this.#state === 'done') return
    const kept = new Set(mark.writes.map((each) => each.writes))
    for (const [id, writes] of this.writes)
      if (!kept.has(writes)) this.#host.discardSegments(id, writes.segments)
    this.writes.clear()
    for (const { id, writes, mark: state } of mark.writes) {
      this.#dropped.delete(id)
      this.writes.set(id, writes)
      this.#host.discardSegments(id, writes.restore(state))
    }
    replaceAll(this.createdTables, mark.createdTables)
    this.sequences.clear()
    for (const [key, sequence] of mark.sequences) this.sequences.set(key, sequence)
    this.#catalog = mark.catalog
  }

  savepoint(name: string): void {
    this.#checkOpen()
    this.#savepoints.set(name)
  }

  rollbackTo(name: string): void {
    this.#checkOpen()
    this.#savepoints.rollbackTo(name)
  }

  release(name: string): void {
    this.#checkOpen()
    this.#savepoints.release(name)
  }

  statement<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return this.#savepoints.statement(work)
  }

  #collection(model: string, name: string): CollectionDefinition {
    this.#checkOpen()
    const collection = this.#catalog.collection(model, name)
    if (collection === undefined)
      throw new SheafError('NOT_FOUND', `There is no ${model} collection of this name: ${name}`)
    return collection
  }

  renameCollection(model: string, from: string, to: string): void {
    const collection = this.#collection(model, from)
    if (this.#catalog.collection(model, to) !== undefined)
      throw new SheafError('ALREADY_EXISTS', `There is a ${model} collection of this name already: ${to}`)
    this.#updateRows(COLLECTIONS_TABLE, (row) => row.model === model && row.name === from, { name: to })
    for (const table of collection.tables) {
      this.#updateRows(TABLES_TABLE, (row) => row.table_id === table.id, {
        collection: to,
        name: tableName(model, to, table.part),
      })
    }
    this.#reloadCatalog()
  }

  setOptions(model: string, name: string, options: Readonly<Record<string, unknown>>): void {
    this.#collection(model, name)
    this.#updateRows(COLLECTIONS_TABLE, (row) => row.model === model && row.name === name, {
      options: JSON.stringify(options),
    })
    this.#reloadCatalog()
  }

  addFields(
    name: string,
    fields: readonly Field[],
    options: { readonly defaults?: Readonly<Record<string, Value>> } = {},
  ): TableDefinition {
    return addFields(this.#schema(), name, fields, new Map(Object.entries(options.defaults ?? {})))
  }

  dropField(name: string, field: string): TableDefinition {
    return dropField(this.#schema(), name, field)
  }

  renameField(name: string, from: string, to: string): TableDefinition {
    return renameField(this.#schema(), name, from, to)
  }

  changeField(
    name: string,
    field: string,
    change: { readonly type?: DataType; readonly nullable?: boolean },
  ): TableDefinition {
    return changeField(this.#schema(), name, field, change)
  }

  restoreCollection(model: string, name: string, version: number): void {
    restoreCollection(this.#schema(), model, name, version)
  }

  #schema(): SchemaHost {
    this.#checkOpen()
    return {
      catalog: this.#catalog,
      table: (name) => this.#table(name),
      source: (name) => this.#source(name),
      openVersion: (version) => this.#host.openVersion(version),
      insertRows: (table, rows) => this.#insertRows(table, rows),
      updateRows: (table, match, change) => this.#updateRows(table, match, change),
      reload: (name, redefined = false) => this.#reloadTable(name, redefined),
      guard: (tableId) => void this.guardedTables.add(tableId),
      renameCollection: (model, from, to) => this.renameCollection(model, from, to),
    }
  }

  createIndex(name: string, specification: IndexSpecification): TableDefinition {
    this.#checkOpen()
    const table = this.#table(name)
    const index = indexOf(specification)
    if (table.indexes.some((each) => each.name === index.name))
      throw new SheafError('ALREADY_EXISTS', `Table ${name} has an index of this name already: ${index.name}`)
    checkNewIndex(this.#writesOf(table).view(), bindIndex(table, index))
    if (index.unique !== null) this.guardedTables.add(table.id)
    return this.#setIndexes(table, [...table.indexes, index])
  }

  dropIndex(name: string, indexName: string): TableDefinition {
    this.#checkOpen()
    const table = this.#table(name)
    const kept = table.indexes.filter((each) => each.name !== indexName)
    if (kept.length === table.indexes.length)
      throw new SheafError('NOT_FOUND', `Table ${name} has no index of this name: ${indexName}`)
    return this.#setIndexes(table, kept)
  }

  #setIndexes(table: TableDefinition, indexes: TableDefinition['indexes']): TableDefinition {
    this.#updateRows(TABLES_TABLE, (row) => row.table_id === table.id, { indexes: JSON.stringify(indexes) })
    return this.#reloadTable(table.name)
  }

  #reloadTable(name: string, redefined = false): TableDefinition {
    this.#reloadCatalog()
    const definition = this.#table(name)
    const writes = this.writes.get(definition.id)
    if (redefined) writes?.redefine(definition)
    else if (writes !== undefined) writes.definition = definition
    return definition
  }

  #reloadCatalog(): void {
    catalogVersions -= 1
    this.#catalog = this.#host.catalog((name) => this.#source(name), catalogVersions)
  }

  #insertRows(table: TableDefinition, rows: readonly CatalogRowValues[]): void {
    this.#writesOf(table).insert(
      {
        fields: table.fields.map((field) => field.name),
        columns: catalogColumns(table, rows, columnFromValues),
        length: rows.length,
      },
      'error',
    )
  }

  #rowsWhere(
    table: TableDefinition,
    match: (row: CatalogRowValues) => boolean,
  ): { readonly ids: Float64Array; readonly rows: readonly CatalogRowValues[] } {
    const found = readCatalogRows(this.#source(table.name)).filter((row) => match(row.values))
    return { ids: Float64Array.from(found, (row) => row.rowId), rows: found.map((row) => row.values) }
  }

  #deleteRows(table: TableDefinition, match: (row: CatalogRowValues) => boolean): void {
    this.#writesOf(table).delete(this.#rowsWhere(table, match).ids)
  }

  #updateRows(
    table: TableDefinition,
    match: (row: CatalogRowValues) => boolean,
    change: CatalogRowValues,
  ): void {
    const { ids, rows } = this.#rowsWhere(table, match)
    this.#writesOf(table).update(ids, {
      fields: table.fields.map((field) => field.name),
      columns: catalogColumns(
        table,
        rows.map((row) => ({ ...row, ...change })),
        columnFromValues,
      ),
      length: rows.length,
    })
  }

  insert(
    name: string,
    rows: RowBatch,
    onConflict: OnKeyConflict = 'error',
  ): { readonly rowIds: Float64Array; readonly insertedCount: number } {
    this.#checkOpen()
    return this.#writesOf(this.#table(name)).insert(rows, onConflict)
  }

  settle(name: string): void {
    this.#checkOpen()
    this.#writesOf(this.#table(name)).prepare(DIRECT_ROWS)
  }

  update(name: string, rowIds: Float64Array, rows: RowBatch): number {
    this.#checkOpen()
    return this.#writesOf(this.#table(name)).update(rowIds, rows)
  }

  delete(name: string, rowIds: Float64Array): number {
    this.#checkOpen()
    return this.#writesOf(this.#table(name)).delete(rowIds)
  }

  allocate(name: string, sequence: string, count: number): number {
    this.#checkOpen()
    const { id } = this.#table(name)
    this.sequences.set(`${id}:${sequence}`, [id, sequence])
    return this.#host.takeSequence(id, sequence, count)
  }

  async commit(): Promise<number> {
    this.#checkOpen()
    try {
      this.#savepoints.checkWhole()
    } catch (error) {
      this.rollback()
      throw error
    }
    this.#state = 'done'
    try {
      return await this.#host.commit(this)
    } finally {
      this.#discardDropped()
      this.#host.snapshot.close()
    }
  }

  rollback(): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    for (const tableId of [...this.writes.keys()]) this.#discard(tableId)
    this.#discardDropped()
    this.#host.snapshot.close()
  }

  #discardDropped(): void {
    for (const [tableId, writes] of this.#dropped) this.#host.discardSegments(tableId, writes.segments)
    this.#dropped.clear()
  }
}

function replaceAll<T>(target: Set<T>, values: ReadonlySet<T>): void {
  target.clear()
  for (const value of values) target.add(value)
}

function unknownTable(name: string): SheafError {
  return new SheafError('NOT_FOUND', `There is no table of this name: ${name}`)
}
