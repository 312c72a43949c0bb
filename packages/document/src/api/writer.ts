import {
  boxedColumn,
  type CollectionDefinition,
  type column,
  columnReader,
  filter as filterPlan,
  isSheafError,
  keepColumns,
  limit,
  type ModelContext,
  sort,
  types,
  type Value,
  type WriteTransaction,
} from '@sheafdb/core'
import { ObjectId } from 'bson'
import type { CallSettings } from '../functions/calls.ts'
import { bindingsOf, contextOf } from '../functions/functions.ts'
import { mongoError } from '../language/errors.ts'
import { matchCall, sortKeys } from '../language/lower.ts'
import { isKeyValue, lowerFilter } from '../language/lower-filter.ts'
import { DocumentColumns } from '../language/lower-source.ts'
import { parseReplacement, parseUpdate } from '../language/parser-update.ts'
import type { Filter, SortField, UpdateSyntax } from '../language/syntax.ts'
import { isObserved, observeDocuments, shapeFromJson, shapeToJson } from '../layout/shape.ts'
import { isStoredValue, storedValue } from '../layout/stored-value.ts'
import {
  type CollectionOptions,
  documentLayout,
  documentTable,
  type IndexDefinition,
  LAYOUT_VERSION,
  MODEL,
  optionsOf,
  shapeOf,
  tableIndexes,
  uniqueIndexName,
} from '../layout/table.ts'
import { compileFilter } from '../semantics/match.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { compileUpdate } from '../semantics/update/update.ts'
import { upsertDocument } from '../semantics/update/upsert.ts'
import { bsonType, compareMongo, type Document, getKey, isDocument } from '../semantics/value.ts'
import type { CollectionSettings } from './types.ts'
import { validateDocuments } from './validation.ts'

/** Is a document that a write is about. */
export type Target = { readonly rowId: number; readonly document: Document }

/** Asks for the documents to change. */
export type TargetRequest = {
  readonly filter: Filter
  readonly sort?: readonly SortField[]
  readonly limit?: number
  readonly call: CallSettings
}

/** Is what an update is asked to do. */
export type UpdateRequest = TargetRequest & {
  readonly update: UpdateSyntax
  readonly arrayFilters?: Value
  readonly upsert: boolean
}

/** Tells what an update did. */
export type UpdateOutcome = {
  readonly matched: readonly Target[]
  /** The documents as they are after the update, beside `matched`. */
  readonly after: readonly Document[]
  readonly modifiedCount: number
  readonly upserted: Document | null
}

/** Writes into one collection inside one transaction. */
export class CollectionWriter {
  readonly #context: ModelContext
  readonly #transaction: WriteTransaction
  readonly #name: string
  readonly #settings: CollectionSettings

  constructor(
    context: ModelContext,
    transaction: WriteTransaction,
    collection: { readonly name: string; readonly settings: CollectionSettings },
  ) {
    this.#context = context
    this.#transaction = transaction
    this.#name = collection.name
    this.#settings = collection.settings
  }

  /** The collection, if there is one. */
  get definition(): CollectionDefinition | undefined {
    return this.#transaction.snapshot.catalog.collection(MODEL, this.#name)
  }

  /** Gives the collection, making it where there is none. */
  ensure(): CollectionDefinition {
    const known = this.definition
    if (known === undefined) {
      return this.#transaction.createCollection(MODEL, this.#name, {
        version: LAYOUT_VERSION,
        tables: documentLayout(),
        options: this.#ownOptions({}),
      })
    }
    const { schema, validation } = this.#settings
    if (schema === undefined && validation === undefined) return known
    const options = this.#ownOptions(optionsOf(known))
    if (JSON.stringify(options) !== JSON.stringify(known.options))
      this.#transaction.setOptions(MODEL, this.#name, options)
    return this.definition as CollectionDefinition
  }

  #ownOptions(options: CollectionOptions): Record<string, unknown> {
    const { schema, schemas, validation } = this.#settings
    return {
      ...options,
      ...(schema === undefined ? {} : { schema }),
      ...(schemas === undefined ? {} : { schemas }),
      ...(validation === undefined ? {} : { validation }),
    }
  }

  /** Replaces the collection's options. */
  setOptions(options: CollectionOptions): void {
    this.ensure()
    this.#transaction.setOptions(MODEL, this.#name, options as Record<string, unknown>)
  }

  /** Makes the index of the table that stands for one of the collection; places have none. */
  createIndex(index: IndexDefinition): void {
    if (index.key.some(([, direction]) => typeof direction === 'string' && direction.startsWith('2d'))) return
    const table = documentTable(this.#name)
    for (const specification of tableIndexes(index))
      duplicatesNamed(() => this.#transaction.createIndex(table, specification))
  }

  /** Drops the table's index, where the collection's has one. */
  dropIndex(name: string): void {
    const table = documentTable(this.#name)
    const indexes = this.#transaction.snapshot.catalog.table(table)?.indexes ?? []
    for (const own of [name, uniqueIndexName(name)])
      if (indexes.some((index) => index.name === own)) this.#transaction.dropIndex(table, own)
  }

  /** Deletes every document. */
  async clear(): Promise<void> {
    const targets = await this.find({ filter: { kind: 'and', filters: [] }, call: NO_CALL })
    this.delete(targets)
  }

  /** Inserts documents, giving an `_id` to those that have none. @throws DuplicateKey, InvalidIdField */
  async insert(documents: readonly Value[]): Promise<Document[]> {
    const definition = this.ensure()
    const options = optionsOf(definition)
    // Many documents are written out before anybody can change them, so they need not be copied.
    const settles = documents.length >= MANY_DOCUMENTS
    const prepared = documents.map(settles ? borrowDocument : prepareDocument)
    validateDocuments(options, prepared)
    this.#observe(definition, prepared)
    const ids = prepared.map((document) => getKey(document, '_id'))
    duplicatesNamed(() => {
      this.#transaction.insert(
        documentTable(this.#name),
        {
          fields: ['_id', 'document'],
          columns: [boxedColumn(types.variant, ids), boxedColumn(types.variant, prepared)],
          length: prepared.length,
        },
        'error',
      )
      if (settles) this.#transaction.settle(documentTable(this.#name))
    })
    return prepared
  }

  /** Adds documents to what is known of the collection's. */
  #observe(definition: CollectionDefinition, documents: readonly Document[]): void {
    const options = optionsOf(definition)
    if (!isObserved(shapeOf(definition), documents)) {
      const shape = shapeFromJson(options.shape)
      observeDocuments(shape, documents)
      this.#transaction.setOptions(MODEL, this.#name, { ...options, shape: shapeToJson(shape) })
    }
  }

  /** Finds documents with the ids of their rows. */
  async find(request: TargetRequest): Promise<Target[]> {
    const { definition } = this
    if (definition === undefined) return []
    const key = keyOfFilter(request.filter)
    if (key !== undefined) return this.#findByKey(key, request)
    const columns = new DocumentColumns(definition)
    const rowId = columns.rowId()
    const document = columns.document()
    const predicate = lowerFilter(request.filter, columns, matchCall(request.call))
    const keys = sortKeys(request.sort ?? [], columns)
    const sorted = sort(filterPlan(columns.scan(), predicate), keys)
    const bounded = request.limit === undefined ? sorted : limit(sorted, request.limit)
    const plan = keepColumns(bounded, [idOf(rowId), idOf(document)])
    const rows = await this.#context.read(plan, { transaction: this.#transaction })
    return rows.map(([id, found]) => ({ rowId: Number(id), document: found as Document }))
  }

  /** Finds the one document of a key, where the rest of the filter holds of it too, without planning a query. */
  #findByKey(key: Value, { filter, call }: TargetRequest): Target[] {
    const { batch } = this.#transaction.snapshot
      .source(documentTable(this.#name))
      .lookup([[key]], KEY_COLUMNS)
    const row = batch.selection === null ? 0 : batch.selection[0]
    if (row === undefined || batch.length === 0) return []
    const [rowId, document] = batch.columns.map((each) => columnReader(each)(row))
    if (filter.kind === 'and' && filter.filters.length > 1) {
      const matches = compileFilter(filter, matchSupport(contextOf(call), bindingsOf(call)))
      if (!matches(document)) return []
    }
    return [{ rowId: Number(rowId), document: document as Document }]
  }

  /** Updates documents, or inserts one where none is found and an upsert is asked for. */
  async update(request: UpdateRequest): Promise<UpdateOutcome> {
    const update = compileUpdate(request.update, {
      context: contextOf(request.call),
      filter: request.filter,
      ...(request.arrayFilters === undefined ? {} : { arrayFilters: request.arrayFilters }),
    })
    const variables = bindingsOf(request.call)
    const matched = await this.find(request)
    if (matched.length === 0 && request.upsert) {
      const start = upsertDocument(request.filter)
      const made = update(start, { inserting: true, variables })
      const [upserted] = await this.insert([idFirst(made)])
      return { matched, after: [], modifiedCount: 0, upserted: upserted as Document }
    }
    const after = matched.map(({ document }) => update(document, { inserting: false, variables }))
    const changed = matched.flatMap((target, index) => {
      const next = after[index] as Document
      return isSame(target.document, next) ? [] : [{ target, next: storedValue(next) as Document }]
    })
    if (changed.length > 0) await this.#replace(changed)
    return { matched, after, modifiedCount: changed.length, upserted: null }
  }

  async #replace(changed: readonly { readonly target: Target; readonly next: Document }[]): Promise<void> {
    const documents = changed.map(({ next }) => next)
    const definition = this.ensure()
    const options = optionsOf(definition)
    validateDocuments(options, documents)
    this.#observe(definition, documents)
    const rowIds = Float64Array.from(changed, ({ target }) => target.rowId)
    const columns = [boxedColumn(types.variant, documents)]
    duplicatesNamed(() =>
      this.#transaction.update(documentTable(this.#name), rowIds, {
        fields: ['document'],
        columns,
        length: documents.length,
      }),
    )
  }

  /** Deletes documents. */
  delete(targets: readonly Target[]): number {
    if (targets.length === 0) return 0
    return this.#transaction.delete(
      documentTable(this.#name),
      Float64Array.from(targets, ({ rowId }) => rowId),
    )
  }
}

const KEY_COLUMNS = [
  { field: '_row_id', type: types.uint64 },
  { field: 'document', type: types.variant },
] as const

/** Gives the key that a filter fixes by an equality; `undefined` where it fixes none. */
function keyOfFilter(filter: Filter): Value {
  if (filter.kind === 'and') {
    for (const part of filter.filters) {
      const key = part.kind === 'field' ? keyOfFilter(part) : undefined
      if (key !== undefined) return key
    }
    return undefined
  }
  if (filter.kind !== 'field' || filter.path.length !== 1 || filter.path[0] !== '_id') return undefined
  const { condition } = filter
  return condition.kind === 'eq' && isKeyValue(condition.value) ? condition.value : undefined
}

const NO_CALL: CallSettings = { variables: [], now: new Date(0) }

function idOf(expression: ReturnType<typeof column> | ReturnType<DocumentColumns['rowId']>): number {
  return (expression as ReturnType<typeof column>).id
}

/** Tells whether an update left a document as it was, types of numbers included. */
function isSame(before: Document, after: Document): boolean {
  return before === after || (compareMongo(before, after) === 0 && kindsOf(before) === kindsOf(after))
}

function kindsOf(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(kindsOf).join()}]`
  if (isDocument(value)) return `{${Object.values(value).map(kindsOf).join()}}`
  return Object.is(value, -0) ? '-0' : bsonType(value)
}

/** Puts `_id` first, where an upsert made it. */
function idFirst(document: Document): Document {
  return Object.hasOwn(document, '_id') ? { _id: getKey(document, '_id'), ...document } : document
}

/** From so many on, documents go into a segment at once. */
const MANY_DOCUMENTS = 65_536

/** Runs a write; what breaks a unique index, or the key, is told as MongoDB does. @throws DuplicateKey */
function duplicatesNamed(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!isSheafError(error, 'CONSTRAINT')) throw error
    throw mongoError(
      11000,
      `A document with this _id or value exists already, or two have the same. ${error.message}`,
    )
  }
}

/** Gives a document as it is stored, the very object where nothing of it is to be changed. */
function borrowDocument(value: Value): Document {
  const isPlain = isDocument(value) && isStoredValue(value) && Object.hasOwn(value, '_id')
  return isPlain ? checkId(value) : prepareDocument(value)
}

/** Gives a document as it is stored: a copy, with an `_id` first where it had none. */
function prepareDocument(value: Value): Document {
  const document = storedValue(value)
  if (!isDocument(document))
    throw mongoError(14, `A document is a plain object. It is a ${bsonType(document)}.`)
  if (!Object.hasOwn(document, '_id')) return { _id: new ObjectId(), ...document }
  return checkId(document)
}

function checkId(document: Document): Document {
  const type = bsonType(getKey(document, '_id'))
  if (type === 'array' || type === 'regex')
    throw mongoError(53, `An _id cannot be a value of this type. Use another: ${type}`)
  return document
}

/** Parses an update that a user gave. */
export function updateSyntax(update: Value): UpdateSyntax {
  return parseUpdate(storedValue(update))
}

/** Parses a replacement that a user gave. */
export function replacementSyntax(replacement: Value): UpdateSyntax {
  return parseReplacement(storedValue(replacement))
}
