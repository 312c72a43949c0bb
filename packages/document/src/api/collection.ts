import { type ModelContext, type Query, SheafError, type Value } from '@sheafdb/core'
import type { JsonSource } from '../formats/read-json.ts'
import { bindingsOf, contextOf } from '../functions/functions.ts'
import { mongoError } from '../language/errors.ts'
import { countOption, type FindRequest, lowerFind } from '../language/lower.ts'
import { asColumns, lowerPipeline } from '../language/lower-pipeline.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { parsePipeline } from '../language/parser-pipeline.ts'
import { isPlain, typeWord } from '../language/parser-values.ts'
import { copyValue, storedValue } from '../layout/stored-value.ts'
import { optionsOf } from '../layout/table.ts'
import { scopeOf } from '../semantics/expression.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { distinctValues } from '../semantics/operators/array.ts'
import { expandPath } from '../semantics/path.ts'
import { compileProjection } from '../semantics/project.ts'
import { parseSort } from '../semantics/sort.ts'
import { compareMongo, type Document, getKey, setKey } from '../semantics/value.ts'
import { emptyPlan, runWriting, writes } from './aggregate.ts'
import { runBulk } from './bulk.ts'
import { callSettings, findCollection, oncePerCatalog, ownCopy } from './calls.ts'
import { type ExpirySweeps, removeExpired } from './expiry.ts'
import { exportDocuments, importDocuments } from './files.ts'
import { addIndex, describeIndex, ID_INDEX, parseIndex } from './indexes.ts'
import { onlyKey, readByKey } from './key-read.ts'
import { listResult } from './list-result.ts'
import type {
  BulkOperation,
  BulkWriteResult,
  CollectionSettings,
  DeleteResult,
  ExportOptions,
  FilterDocument,
  FindAndChangeOptions,
  FindOptions,
  ImportOptions,
  IndexDescription,
  InsertManyResult,
  InsertOneResult,
  ListResult,
  SortDocument,
  UpdateDocument,
  UpdateOptions,
  UpdateResult,
  Variables,
} from './types.ts'
import { compileValidator } from './validation.ts'
import {
  CollectionWriter,
  replacementSyntax,
  type UpdateOutcome,
  type UpdateRequest,
  updateSyntax,
} from './writer.ts'

/** Is a collection of documents, with the methods of MongoDB's driver. */
export class DocumentCollection {
  /** The collection's name. */
  readonly name: string
  readonly #context: ModelContext
  readonly #settings: CollectionSettings
  readonly #sweeps: ExpirySweeps

  constructor(
    context: ModelContext,
    name: string,
    { settings = {}, sweeps }: { readonly settings?: CollectionSettings; readonly sweeps: ExpirySweeps },
  ) {
    this.name = name
    this.#context = context
    this.#settings = settings
    this.#sweeps = sweeps
    if (settings.schema !== undefined) compileValidator(settings.schema, settings.schemas)
  }

  /** Finds documents. Nothing runs before the query is read. @throws MongoDB's errors when it is read */
  find(filter: FilterDocument = {}, options: FindOptions = {}): Query<Document> {
    const own = { filter: attempt(() => ownCopy(filter)), options: attempt(() => ownCopy(options)) }
    const request = (): FindRequest => findRequest(own.filter(), own.options() as FindOptions)
    const lower = (as: 'documents' | 'columns') =>
      oncePerCatalog(this.#context, () => lowerFind(findCollection(this.#context, this.name), request(), as))
    const [columns, documents] = [lower('columns'), lower('documents')]
    let names: readonly string[] | null = null
    return this.#context.query<Document>(() => columns().plan, {
      rowPlan: () => {
        const lowered = documents()
        names = lowered.names
        return lowered.plan
      },
      decode: (values, own) =>
        names === null ? (documentOf(values[0], own) as Document) : present(names, values),
    })
  }

  /** Finds the first document, or null. */
  async findOne(
    filter: FilterDocument = {},
    options: Omit<FindOptions, 'limit'> = {},
  ): Promise<Document | null> {
    const id = Object.keys(options).length === 0 ? onlyKey(filter) : undefined
    if (id !== undefined) return readByKey(this.#context, this.name, id)
    const [document] = await this.find(filter, { ...options, limit: 1 }).rows()
    return document ?? null
  }

  /** Runs a pipeline. A pipeline that ends in `$out` or `$merge` writes each time its rows are read. */
  aggregate(pipeline: readonly FilterDocument[], options: Variables = {}): Query<Document> {
    const context = this.#context
    const copied = attempt(() => ownCopy(pipeline))
    let names: readonly string[] | null = null
    const lowered = oncePerCatalog(context, () => {
      const stages = parsePipeline(copied())
      const call = callSettings(requireOptions(options).let)
      return { stages, call, writes: writes(stages) }
    })
    const lower = oncePerCatalog(context, () => {
      const { stages, call } = lowered()
      return lowerPipeline(findCollection(context, this.name), stages, {
        call,
        find: (name) => findCollection(context, name),
        relation: (name) => context.relation(name),
      })
    })
    const rowPlan = () => {
      const { stages, call, writes: isWriting } = lowered()
      if (isWriting) return runWriting(stages, { context, source: this.name, call }).then(emptyPlan)
      const { plan, names: found } = lower()
      names = found
      return plan
    }
    return context.query<Document>(
      oncePerCatalog(context, () => {
        const { stages, writes: isWriting } = lowered()
        return isWriting ? emptyPlan() : asColumns(lower(), stages)
      }),
      {
        rowPlan,
        decode: (values, own) =>
          names === null ? (documentOf(values[0], own) as Document) : named(names, values),
      },
    )
  }

  /** Counts the documents that a filter finds. */
  async countDocuments(
    filter: FilterDocument = {},
    options: { readonly skip?: number; readonly limit?: number } & Variables = {},
  ): Promise<number> {
    const count = countOption('limit', requireOptions(options).limit)
    if (count !== undefined && count <= 0)
      throw mongoError(2, `The limit of a count is positive. It is ${count}.`)
    return this.find(filter, options).count()
  }

  /** Gives the distinct values of a field; the elements of arrays count one by one. */
  distinct(field: string, filter: FilterDocument = {}): ListResult<unknown> {
    return listResult(async () => {
      if (typeof field !== 'string')
        throw mongoError(14, `The field of distinct is a text: ${typeWord(field)}`)
      if (field.includes('\0'))
        throw mongoError(31032, 'The field of distinct has no null bytes. Remove them.')
      const documents = await this.find(filter).rows()
      const path = field.split('.')
      const values = documents.flatMap((document) => expandPath(document, path))
      return distinctValues(values.filter((value) => value !== undefined)).sort(compareMongo)
    })
  }

  /** Inserts a document. @throws DuplicateKey */
  async insertOne(document: Document): Promise<InsertOneResult> {
    const [inserted] = await this.#write((writer) => writer.insert([document]))
    return { acknowledged: true, insertedId: copyValue(getKey(inserted as Document, '_id')) }
  }

  /** Inserts documents: all of them, or none. @throws DuplicateKey */
  async insertMany(documents: readonly Document[]): Promise<InsertManyResult> {
    if (!Array.isArray(documents))
      throw mongoError(14, 'insertMany takes an array of documents. Give it one.')
    if (documents.length === 0)
      throw new SheafError('ARGUMENT', 'insertMany needs a document. Give it one or more.')
    const inserted = await this.#write((writer) => writer.insert(documents))
    const insertedIds: Record<number, unknown> = {}
    for (const [index, document] of inserted.entries())
      insertedIds[index] = copyValue(getKey(document, '_id'))
    return { acknowledged: true, insertedCount: inserted.length, insertedIds }
  }

  /** Updates the first document that a filter finds. */
  async updateOne(
    filter: FilterDocument,
    update: UpdateDocument,
    options: UpdateOptions = {},
  ): Promise<UpdateResult> {
    return this.#update({ ...updateRequest(filter, options), update: updateSyntax(update), limit: 1 })
  }

  /** Updates all documents that a filter finds. */
  async updateMany(
    filter: FilterDocument,
    update: UpdateDocument,
    options: UpdateOptions = {},
  ): Promise<UpdateResult> {
    return this.#update({ ...updateRequest(filter, options), update: updateSyntax(update) })
  }

  /** Puts another document in the place of the first that a filter finds; its `_id` stays. */
  async replaceOne(
    filter: FilterDocument,
    replacement: Document,
    options: UpdateOptions = {},
  ): Promise<UpdateResult> {
    return this.#update({
      ...updateRequest(filter, options),
      update: replacementSyntax(replacement),
      limit: 1,
    })
  }

  /** Deletes the first document that a filter finds. */
  async deleteOne(filter: FilterDocument, options: Variables = {}): Promise<DeleteResult> {
    return this.#delete(filter, options, 1)
  }

  /** Deletes all documents that a filter finds. */
  async deleteMany(filter: FilterDocument, options: Variables = {}): Promise<DeleteResult> {
    return this.#delete(filter, options)
  }

  /** Updates the first document that a filter finds, and gives it. */
  async findOneAndUpdate(
    filter: FilterDocument,
    update: UpdateDocument,
    options: FindAndChangeOptions = {},
  ): Promise<Document | null> {
    return this.#findAndChange(filter, options, {
      ...updateRequest(filter, options),
      update: updateSyntax(update),
    })
  }

  /** Replaces the first document that a filter finds, and gives it. */
  async findOneAndReplace(
    filter: FilterDocument,
    replacement: Document,
    options: FindAndChangeOptions = {},
  ): Promise<Document | null> {
    const request = { ...updateRequest(filter, options), update: replacementSyntax(replacement) }
    return this.#findAndChange(filter, options, request)
  }

  /** Deletes the first document that a filter finds, and gives it. */
  async findOneAndDelete(
    filter: FilterDocument,
    options: Omit<FindOptions, 'skip' | 'limit'> = {},
  ): Promise<Document | null> {
    const request = updateRequest(filter, options)
    const project = projector(filter, options)
    const found = await this.#write(async (writer) => {
      const targets = await writer.find({ ...request, limit: 1 })
      writer.delete(targets)
      return targets[0]
    })
    return found === undefined ? null : project(found.document)
  }

  /** Runs several writes as one: all take effect, or none. */
  async bulkWrite(operations: readonly BulkOperation[]): Promise<BulkWriteResult> {
    return this.#write((writer) => runBulk(writer, operations))
  }

  /**
   * Reads documents of a file, a stream or text: JSON, a line each or as one array, values as MongoDB's Extended JSON
   * writes them. Each batch is a transaction; gives the count of documents.
   *
   * @throws `SYNTAX` naming the document that is no JSON; those of batches before it stay
   */
  async import(source: JsonSource, options: ImportOptions = {}): Promise<{ readonly insertedCount: number }> {
    const insert = (documents: readonly Document[]) => this.#write((writer) => writer.insert(documents))
    return { insertedCount: await importDocuments(source, options, insert) }
  }

  /** Writes documents to a file, which is there whole or not at all; gives their count. */
  async export(path: string, options: ExportOptions = {}): Promise<{ readonly exportedCount: number }> {
    const request = findRequest(ownCopy(options.filter ?? {}), {})
    const lowered = lowerFind(findCollection(this.#context, this.name), request, 'documents')
    return { exportedCount: await exportDocuments(this.#context, path, { lowered, options }) }
  }

  /** Creates an index, which reads use where their filters fix its first paths. */
  async createIndex(
    key: Readonly<Record<string, unknown>> | string,
    options?: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const index = parseIndex(key, options)
    const isOfId = index.key.length === 1 && index.key[0]?.[0] === '_id'
    if (isOfId && (index.sparse || index.partial !== null))
      throw mongoError(197, 'The index of _id covers all documents. Leave sparse and partial out.')
    await this.#write(async (writer) => {
      const current = optionsOf(writer.ensure())
      if (isOfId) return
      const indexes = addIndex(current.indexes ?? [], index)
      if (indexes === current.indexes) return
      writer.setOptions({ ...current, indexes })
      writer.createIndex(index)
    })
    return isOfId ? '_id_' : index.name
  }

  /** Drops an index by its name. @throws IndexNotFound */
  async dropIndex(name: string): Promise<void> {
    if (name === '_id_')
      throw mongoError(72, 'The index of _id cannot be dropped. Drop the collection instead.')
    await this.#write((writer) => {
      const current = optionsOf(writer.definition)
      const indexes = current.indexes ?? []
      const kept = indexes.filter((index) => index.name !== name)
      if (kept.length === indexes.length)
        throw mongoError(27, `There is no index of this name. Check it: ${name}`)
      writer.setOptions({ ...current, indexes: kept })
      writer.dropIndex(name)
    })
  }

  /** Describes the indexes. */
  listIndexes(): ListResult<IndexDescription> {
    return listResult(async () => {
      const definition = findCollection(this.#context, this.name)
      if (definition === undefined) return []
      return [ID_INDEX, ...(optionsOf(definition).indexes ?? []).map(describeIndex)]
    })
  }

  #write<Result>(work: (writer: CollectionWriter) => Promise<Result> | Result): Promise<Result> {
    const now = new Date()
    const sweeps = this.#sweeps.isDue(this.name, now.getTime())
    return this.#context.write((transaction) => {
      const writer = new CollectionWriter(this.#context, transaction, {
        name: this.name,
        settings: this.#settings,
      })
      return sweeps ? removeExpired(writer, now).then(() => work(writer)) : work(writer)
    })
  }

  /**
   * Deletes the documents whose time is over by an index with `expireAfterSeconds`; gives their count. Writes to the
   * collection do the same, once a minute at most.
   */
  removeExpired(): Promise<number> {
    return this.#write((writer) => removeExpired(writer, new Date()))
  }

  async #update(request: UpdateRequest): Promise<UpdateResult> {
    const { matched, modifiedCount, upserted } = await this.#write((writer) => writer.update(request))
    return {
      acknowledged: true,
      matchedCount: matched.length,
      modifiedCount,
      upsertedCount: upserted === null ? 0 : 1,
      upsertedId: upserted === null ? null : copyValue(getKey(upserted, '_id')),
    }
  }

  async #delete(filter: FilterDocument, options: Variables, most?: number): Promise<DeleteResult> {
    const request = updateRequest(filter, options)
    const deletedCount = await this.#write(async (writer) =>
      writer.delete(await writer.find({ ...request, ...(most === undefined ? {} : { limit: most }) })),
    )
    return { acknowledged: true, deletedCount }
  }

  async #findAndChange(
    filter: FilterDocument,
    options: FindAndChangeOptions,
    request: UpdateRequest,
  ): Promise<Document | null> {
    const project = projector(filter, options)
    const outcome = await this.#write((writer) => writer.update({ ...request, limit: 1 }))
    const document = changedDocument(outcome, options.returnDocument === 'after')
    return document === undefined ? null : project(document)
  }
}

function changedDocument(
  { matched, after, upserted }: UpdateOutcome,
  wantsAfter: boolean,
): Document | undefined {
  if (!wantsAfter) return matched[0]?.document
  return after[0] ?? upserted ?? undefined
}

/** Gives a document that its receiver may change. */
function documentOf(value: Value, own: boolean): Value {
  return own ? value : copyValue(value)
}

/** Makes a document of columns in which null stands for what is missing. */
function present(names: readonly string[], values: readonly Value[]): Document {
  const document: Document = {}
  for (let at = 0; at < names.length; at += 1) {
    const value = values[at]
    if (value !== null) setKey(document, names[at] as string, copyValue(value))
  }
  return document
}

function named(names: readonly string[], values: readonly Value[]): Document {
  const document: Document = {}
  names.forEach((name, index) => {
    setKey(document, name, copyValue(values[index]))
  })
  return document
}

/** Runs `make` now and gives its result, or its error, when asked. */
function attempt<Made>(make: () => Made): () => Made {
  try {
    const made = make()
    return () => made
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function requireOptions(options: unknown): Record<string, unknown> {
  if (options === undefined) return {}
  if (isPlain(options)) {
    requireSimpleCollation(options.collation)
    return options
  }
  throw mongoError(14, `The options of a call are an object. They are a ${typeWord(options)}.`)
}

/** Texts are compared by their code points; another order is refused rather than left out. */
function requireSimpleCollation(collation: unknown): void {
  if (collation === undefined || (isPlain(collation) && collation.locale === 'simple')) return
  throw mongoError(
    2,
    "Collations are not supported but { locale: 'simple' }. Leave the collation out, or compare $toLower of the field.",
  )
}

function findRequest(filter: Value, options: FindOptions): FindRequest {
  const { projection, sort, skip, limit, let: variables } = requireOptions(options)
  if (sort !== undefined && !isPlain(sort))
    throw mongoError(14, `A sort is an object. It is a ${typeWord(sort)}.`)
  return {
    filter: parseFilter(filter),
    ...(projection === undefined ? {} : { projection }),
    ...(sort === undefined ? {} : { sort }),
    ...optional('skip', countOption('skip', skip)),
    ...optional('limit', countOption('limit', limit)),
    call: callSettings(variables),
  }
}

function optional<Name extends string>(
  name: Name,
  value: number | undefined,
): { readonly [K in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in Name]?: number })
}

/** Reads the filter and options of an update or deletion. */
export function updateRequest(
  filter: FilterDocument,
  options: UpdateOptions & { readonly sort?: SortDocument },
): Omit<UpdateRequest, 'update'> {
  const { sort, arrayFilters, upsert, let: variables } = requireOptions(options)
  return {
    filter: parseFilter(storedValue(filter)),
    call: callSettings(variables),
    upsert: upsert === true,
    ...(sort === undefined ? {} : { sort: parseSort(sort) }),
    ...(arrayFilters === undefined ? {} : { arrayFilters: storedValue(arrayFilters) }),
  }
}

function projector(
  filter: FilterDocument,
  options: { readonly projection?: Readonly<Record<string, unknown>> } & Variables,
): (document: Document) => Document {
  const { projection } = options
  if (projection === undefined) return (document) => copyValue(document) as Document
  const call = callSettings(options.let)
  const context = contextOf(call)
  const project = compileProjection(projection, {
    find: true,
    context,
    support: matchSupport(context, bindingsOf(call)),
    filter: parseFilter(filter),
  })
  return (document) => copyValue(project(scopeOf(document, bindingsOf(call)))) as Document
}
