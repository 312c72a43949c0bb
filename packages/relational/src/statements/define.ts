import {
  type CatalogView,
  type CollectionDefinition,
  checkName,
  type Field,
  SheafError,
  type WriteTransaction,
} from '@sheafdb/core'
import { type Token, tokenize } from '../language/lexer.ts'
import { partsOfName, quoteIdentifier } from '../language/quote.ts'
import type {
  AlterTable,
  CreateIndex,
  CreateTable,
  CreateView,
  Drop,
  RelationName,
} from '../language/statement.ts'
import {
  type IndexOptions,
  isRelation,
  optionsOf,
  type TableOptions,
  type ViewOptions,
} from '../layout/options.ts'
import { findCollection, MODEL_NAME, tableScan } from '../layout/relations.ts'
import { definitionsFor } from '../planning/definitions.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { evolveTable } from './evolve.ts'
import { checkUnreferenced } from './foreign-key.ts'
import { writePlan } from './insert-rows.ts'
import { dropObject, requireSchema } from './objects.ts'
import { renamedStruct } from './rename-struct-field.ts'
import { checkSequences, dropOwned, renameOwner, withSequences } from './sequence.ts'
import {
  canIndex,
  columnIndex,
  declarationOf,
  readShape,
  referencesIn,
  shapeOfColumns,
  specificationOf,
  type TableShape,
} from './table-shape.ts'
import { checkUnique } from './unique.ts'

const NOTHING: StatementResult = { rowsAffected: 0 }

/** Is the version of how tables are laid out. */
export const LAYOUT_VERSION = 1

/** Finds a table. @throws `NOT_FOUND`, `TYPE` for a view */
export function requireTable(transaction: WriteTransaction, name: string): CollectionDefinition {
  const collection = findCollection(transaction.snapshot.catalog, name)
  if (collection === undefined) {
    const known = transaction.snapshot.catalog
      .collections(MODEL_NAME)
      .filter(isRelation)
      .map((item) => item.name)
    throw new SheafError(
      'NOT_FOUND',
      `There is no table of this name. The tables are (${known.join(', ')}): ${name}`,
    )
  }
  if (optionsOf(collection).kind === 'view')
    throw new SheafError('TYPE', `A view cannot be written to. Write to the tables that it reads: ${name}`)
  return collection
}

/** Makes room for a new table or view. Gives false where one is there and that is fine. */
function clearName(
  transaction: WriteTransaction,
  relation: RelationName,
  options: {
    readonly ifNotExists: boolean
    readonly orReplace: boolean
    readonly object: 'table' | 'view'
  },
): boolean {
  requireSchema(transaction.snapshot.catalog, relation)
  const { name } = relation
  const there = findCollection(transaction.snapshot.catalog, checkName(name))
  if (there === undefined) return true
  if (options.ifNotExists) return false
  if (!options.orReplace || optionsOf(there).kind !== options.object)
    throw new SheafError(
      'ALREADY_EXISTS',
      `There is a table or view of this name already. Choose another: ${name}`,
    )
  checkUnreferenced(transaction.snapshot.catalog, there)
  transaction.dropCollection(MODEL_NAME, there.name)
  return true
}

function createCollection(
  transaction: WriteTransaction,
  name: string,
  shape: TableShape,
): CollectionDefinition {
  return transaction.createCollection(MODEL_NAME, name, {
    version: LAYOUT_VERSION,
    tables: [specificationOf(shape)],
    options: shape.options,
  })
}

/** Runs CREATE TABLE, from a declaration or a query. */
export async function createTable(statement: CreateTable, given: StatementContext): Promise<StatementResult> {
  const name = checkName(statement.table.name)
  const { query } = statement
  if (query === null) {
    const body = statement.body?.text ?? ''
    const others = referredTables(given.context.catalog(), name, body)
    const definitions = definitionsFor(given.context.catalog(), body).statements
    const shape = await readShape(given.database, { name, body, others, definitions })
    await given.context.write((transaction) => {
      for (const column of shape.options.columns) checkSequences(transaction.snapshot.catalog, column.default)
      if (clearName(transaction, statement.table, { ...statement, object: 'table' }))
        createCollection(transaction, name, shape)
    })
    return NOTHING
  }
  return given.context.write(async (transaction) => {
    const within = given.context.within(transaction)
    const { parameters, relations } = given
    const planned = await given
      .plannerFor(within)
      .plan(query.text, { parameters, ...(relations && { relations }) })
    if (!clearName(transaction, statement.table, { ...statement, object: 'table' })) return NOTHING
    const collection = createCollection(transaction, name, shapeOfColumns(uniqueNames(planned.columns)))
    const settings = withSequences({ ...given, context: within }, transaction)
    return { rowsAffected: await writePlan(transaction, collection, planned.plan, settings) }
  })
}

/** Gives the declarations of the tables that a declaration refers to, those first that others refer to. */
function referredTables(catalog: CatalogView, name: string, body: string): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (text: string): void => {
    for (const { name: other } of referencesIn(text)) {
      const collection = findCollection(catalog, other)
      if (
        collection === undefined ||
        other.toLowerCase() === name.toLowerCase() ||
        found.has(collection.name)
      )
        continue
      const options = optionsOf(collection)
      if (options.kind !== 'table') continue
      const declaration = declarationOf(options)
      found.set(collection.name, '')
      visit(declaration)
      found.delete(collection.name)
      found.set(collection.name, declaration)
    }
  }
  visit(body)
  return found
}

/** Makes a table with columns as they come, without a key. */
export function createTableFor(
  transaction: WriteTransaction,
  name: string,
  columns: Parameters<typeof shapeOfColumns>[0],
): CollectionDefinition {
  return createCollection(transaction, checkName(name), shapeOfColumns(uniqueNames([...columns])))
}

/** Numbers names that stand twice, as DuckDB does. */
function uniqueNames<Column extends { readonly name: string }>(columns: readonly Column[]): Column[] {
  const seen = new Set<string>()
  return columns.map((column) => {
    let { name } = column
    for (let copy = 1; seen.has(name.toLowerCase()); copy += 1) name = `${column.name}_${copy}`
    seen.add(name.toLowerCase())
    return { ...column, name }
  })
}

/** Runs CREATE VIEW: the query is checked, and kept as text. */
export async function createView(statement: CreateView, given: StatementContext): Promise<StatementResult> {
  const { name } = statement.view
  const sql = viewText(statement)
  await given.context.write(async (transaction) => {
    const { columns } = await given.plannerFor(given.context.within(transaction)).plan(sql)
    if (statement.columns.length > columns.length)
      throw new SheafError(
        'TYPE',
        `The view names ${statement.columns.length} columns and its query gives ${columns.length}. Name fewer.`,
      )
    if (!clearName(transaction, statement.view, { ...statement, object: 'view' })) return
    const options: ViewOptions = {
      kind: 'view',
      sql,
      columns: uniqueNames(columns).map((column, index) => statement.columns[index] ?? column.name),
      ...(given.settings.schema === '' ? {} : { schema: given.settings.schema }),
    }
    transaction.createCollection(MODEL_NAME, name, { version: LAYOUT_VERSION, tables: [], options })
  })
  return NOTHING
}

function viewText({ view, columns, query, recursive }: CreateView): string {
  if (!recursive) return query.text
  const name = quoteIdentifier(partsOfName(view.name)[1])
  return `WITH RECURSIVE ${name}(${columns.map(quoteIdentifier).join(', ')}) AS (${query.text}) FROM ${name}`
}

/** Runs DROP. */
export async function drop(statement: Drop, given: StatementContext): Promise<StatementResult> {
  await given.context.write((transaction) => {
    const { object, ifExists } = statement
    for (const name of statement.names) {
      if (object === 'index') dropIndex(transaction, name.name, ifExists)
      else if (object === 'table' || object === 'view')
        dropRelation(transaction, name.name, { object, ifExists })
      else dropObject(transaction, object, name, statement)
    }
  })
  return NOTHING
}

function dropRelation(
  transaction: WriteTransaction,
  name: string,
  { object, ifExists }: { readonly object: 'table' | 'view'; readonly ifExists: boolean },
): void {
  const collection = findCollection(transaction.snapshot.catalog, name)
  if (collection === undefined) {
    if (ifExists) return
    throw new SheafError('NOT_FOUND', `There is no ${object} of this name to drop: ${name}`)
  }
  checkUnreferenced(transaction.snapshot.catalog, collection)
  if (optionsOf(collection).kind !== object)
    throw new SheafError(
      'TYPE',
      `This is no ${object}. Use DROP ${optionsOf(collection).kind.toUpperCase()}: ${name}`,
    )
  transaction.dropCollection(MODEL_NAME, collection.name)
  dropOwned(transaction, `relation:${collection.name}`)
}

function tableWithIndex(
  transaction: WriteTransaction,
  name: string,
): { readonly collection: CollectionDefinition; readonly options: TableOptions } | undefined {
  for (const collection of transaction.snapshot.catalog.collections(MODEL_NAME)) {
    const options = optionsOf(collection)
    if (
      options.kind === 'table' &&
      options.indexes?.some((index) => index.name.toLowerCase() === name.toLowerCase())
    )
      return { collection, options }
  }
  return undefined
}

function dropIndex(transaction: WriteTransaction, name: string, ifExists: boolean): void {
  const found = tableWithIndex(transaction, name)
  if (found === undefined) {
    if (ifExists) return
    throw new SheafError('NOT_FOUND', `There is no index of this name to drop: ${name}`)
  }
  const own = (found.collection.tables[0]?.indexes ?? []).find(
    (index) => index.name.toLowerCase() === `index:${name.toLowerCase()}`,
  )
  if (own !== undefined) transaction.dropIndex(tableOf(found.collection), own.name)
  const indexes = (found.options.indexes ?? []).filter(
    (index) => index.name.toLowerCase() !== name.toLowerCase(),
  )
  transaction.setOptions(MODEL_NAME, found.collection.name, { ...found.options, indexes })
}

/** Runs CREATE INDEX: the core keeps it, and a unique one is a constraint that is checked on writes. */
export async function createIndex(statement: CreateIndex, given: StatementContext): Promise<StatementResult> {
  if (statement.method !== null && !/^(art|btree|hash)$/i.test(statement.method))
    throw new SheafError(
      'TYPE',
      `There is no kind of index of this name. Leave USING out: ${statement.method}`,
    )
  await given.context.write((transaction) => {
    const collection = requireTable(transaction, statement.table.name)
    const options = optionsOf(collection) as TableOptions
    if (tableWithIndex(transaction, statement.index) !== undefined) {
      if (statement.ifNotExists) return
      throw new SheafError('ALREADY_EXISTS', `There is an index of this name already: ${statement.index}`)
    }
    const columns = statement.columns.map(({ text }) => indexedColumn(text, options))
    const index: IndexOptions = { name: statement.index, columns, unique: statement.unique }
    if (statement.unique) checkUnique(transaction.snapshot, collection, columns)
    addIndex(transaction, collection, index)
    transaction.setOptions(MODEL_NAME, collection.name, {
      ...options,
      indexes: [...(options.indexes ?? []), index],
    })
  })
  return NOTHING
}

/** Gives a table's index to the core, where it is over plain columns; over expressions it is recorded alone. */
function addIndex(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  index: IndexOptions,
): void {
  const fields = collection.tables[0]?.fields ?? []
  if (!index.columns.every((name) => canIndex(fields, name))) return
  transaction.createIndex(
    tableOf(collection),
    columnIndex(`index:${index.name}`, index.columns, index.unique),
  )
}

function indexedColumn(text: string, options: TableOptions): string {
  const [first, , ...more] = tokenize(text)
  const plain = more.length === 0 || /^(ASC|DESC)$/i.test(text.split(/\s+/).slice(1).join(' '))
  const column = options.columns.find((item) => item.name.toLowerCase() === first?.name.toLowerCase())
  if (column !== undefined && plain) return column.name
  if (first?.kind === 'word' && plain)
    throw new SheafError('NOT_FOUND', `There is no column of this name to index: ${text}`)
  return text
}

/** Runs ALTER TABLE: DuckDB says what the table is afterwards, and the rows are brought there. */
export async function alterTable(statement: AlterTable, given: StatementContext): Promise<StatementResult> {
  await given.context.write(async (transaction) => {
    const { name } = statement.table
    if (statement.ifExists && findCollection(transaction.snapshot.catalog, name) === undefined) return
    const words = tokenize(statement.change.text)
    if (statement.object === 'view') return renameView(transaction, name, words)
    const collection = requireTable(transaction, name)
    const before = optionsOf(collection) as TableOptions
    if (words[0]?.key !== 'ADD') checkUnreferenced(transaction.snapshot.catalog, collection)
    if (words[0]?.key === 'RENAME' && words[1]?.key === 'TO') {
      const renamed = checkName(words[2]?.name ?? '')
      const other = findCollection(transaction.snapshot.catalog, renamed)
      if (other !== undefined && other.name !== collection.name)
        throw new SheafError('ALREADY_EXISTS', `There is a table or view of this name already: ${renamed}`)
      const [schema] = partsOfName(collection.name)
      const to = schema === '' ? renamed : `${schema}.${renamed}`
      transaction.renameCollection(MODEL_NAME, collection.name, to)
      renameOwner(transaction, collection.name, to)
      return
    }
    const shape = await readShape(
      given.database,
      {
        name: collection.name,
        body: declarationOf(before),
        definitions: definitionsFor(
          transaction.snapshot.catalog,
          `${declarationOf(before)} ${statement.change.text}`,
        ).statements,
        others: referredTables(transaction.snapshot.catalog, collection.name, declarationOf(before)),
      },
      statement.change.text,
    )
    const after = { ...shape, options: { ...shape.options, indexes: before.indexes ?? [] } }
    const renamed = words[0]?.key === 'RENAME' ? renamedColumn(before, after.options) : undefined
    if (renamed !== undefined) transaction.renameField(tableOf(collection), renamed[0], renamed[1])
    else if (
      !sameFields(collection, after) &&
      (words[0]?.key === 'RENAME' ||
        /\bUSING\b/i.test(statement.change.text) ||
        !(await evolveTable(transaction, collection, after, given)))
    )
      return rewrite(transaction, collection, after, given, statement.change.text)
    transaction.setOptions(MODEL_NAME, collection.name, after.options)
  })
  return NOTHING
}

function renameView(transaction: WriteTransaction, name: string, words: readonly Token[]): void {
  const view = findCollection(transaction.snapshot.catalog, name)
  if (view === undefined) throw new SheafError('NOT_FOUND', `There is no view of this name: ${name}`)
  if (optionsOf(view).kind !== 'view')
    throw new SheafError('TYPE', `This is no view. Use ALTER TABLE: ${name}`)
  if (words[0]?.key !== 'RENAME' || words[1]?.key !== 'TO')
    throw new SheafError('TYPE', `A view can only be renamed. Create it anew with OR REPLACE: ${name}`)
  transaction.renameCollection(MODEL_NAME, view.name, checkName(words[2]?.name ?? ''))
}

function tableOf(collection: CollectionDefinition): string {
  return (collection.tables[0] as { name: string }).name
}

function renamedColumn(before: TableOptions, after: TableOptions): readonly [string, string] | undefined {
  const index = before.columns.findIndex((column, at) => column.name !== after.columns[at]?.name)
  const from = before.columns[index]?.name
  const to = after.columns[index]?.name
  return from === undefined || to === undefined ? undefined : [from, to]
}

function sameFields(collection: CollectionDefinition, after: TableShape): boolean {
  const fields = collection.tables[0]?.fields ?? []
  const key = collection.tables[0]?.key ?? []
  return (
    fields.length === after.fields.length &&
    key.join('\0') === after.options.primaryKey.join('\0') &&
    fields.every((field, index) => {
      const other = after.fields[index]
      return (
        field.name === other?.name &&
        field.nullable === other.nullable &&
        String(field.type) === String(other.type)
      )
    })
  )
}

/** Writes a table anew in another shape. */
async function rewrite(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  after: TableShape,
  given: StatementContext,
  change: string,
): Promise<void> {
  const within = given.context.within(transaction)
  const before = optionsOf(collection) as TableOptions
  const fieldsOf = (fields: readonly Field[], name: string) =>
    fields.find((field) => field.name === name)?.type
  const items = after.options.columns.map((column) => {
    const from = fieldsOf(collection.tables[0]?.fields ?? [], column.name)
    const to = fieldsOf(after.fields, column.name)
    const renames = /^RENAME\b/i.test(change) && from !== undefined && to !== undefined
    const name = quoteIdentifier(column.name)
    return rewrittenColumn(column, before, {
      change,
      ...(renames ? { value: renamedStruct(name, from, to) } : {}),
    })
  })
  const relations = new Map([['sheaf_before', tableScan(collection)]])
  const { plan } = await given
    .plannerFor(within)
    .plan(`SELECT ${items.join(', ')} FROM sheaf_before`, { relations })
  const batches = []
  for await (const batch of within.batches(plan, { transaction })) batches.push(batch)
  transaction.dropCollection(MODEL_NAME, collection.name)
  const made = createCollection(transaction, collection.name, after)
  for (const index of after.options.indexes ?? []) addIndex(transaction, made, index)
  await writePlan(transaction, made, plan, { ...given, context: within }, batches)
}

function rewrittenColumn(
  column: TableOptions['columns'][number],
  before: TableOptions,
  { change, value: renamed }: { readonly change: string; readonly value?: string },
): string {
  const name = quoteIdentifier(column.name)
  const old = before.columns.find((item) => item.name === column.name)
  const value = old === undefined ? (column.generated ?? column.default ?? 'NULL') : (renamed ?? name)
  const using =
    old !== undefined && old.type !== column.type ? /\bUSING\b([\s\S]*)$/i.exec(change)?.[1] : undefined
  return `CAST((${using ?? value}) AS ${column.type}) AS ${name}`
}
