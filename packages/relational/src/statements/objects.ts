import { type CatalogView, checkName, SheafError, type WriteTransaction } from '@sheafdb/core'
import { sqlTypeName } from '../duckdb/types.ts'
import { tokenize } from '../language/lexer.ts'
import { quoteText } from '../language/quote.ts'
import type { CreateObject, Drop, RelationName } from '../language/statement.ts'
import { readTree } from '../language/tree.ts'
import { findObject, objectName } from '../layout/objects.ts'
import { isRelation, type MacroOptions, type TypeOptions } from '../layout/options.ts'
import { MODEL_NAME } from '../layout/relations.ts'
import { definitionOf, definitionsFor } from '../planning/definitions.ts'
import { namesIn } from '../planning/names.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { createSequence, dropOwned, dropSequence } from './sequence.ts'

const NOTHING: StatementResult = { rowsAffected: 0 }

/** Checks that the schema of a name is there; a name without one is in `main`. @throws `NOT_FOUND` */
export function requireSchema(catalog: CatalogView, { schema }: RelationName): void {
  if (schema === undefined || findObject(catalog, 'schema', schema) !== undefined) return
  throw new SheafError(
    'NOT_FOUND',
    `There is no schema of this name. Create it with CREATE SCHEMA: ${schema}`,
  )
}

/** Runs CREATE SCHEMA, SEQUENCE, TYPE and MACRO. */
export async function createObject(
  statement: CreateObject,
  given: StatementContext,
): Promise<StatementResult> {
  await given.context.write(async (transaction) => {
    const { object, name, ifNotExists, orReplace } = statement
    const { catalog } = transaction.snapshot
    checkName(name.name)
    if (object !== 'schema') requireSchema(catalog, name)
    const there = findObject(catalog, object, name.name)
    const isMain = object === 'schema' && name.name.toLowerCase() === 'main'
    if ((there !== undefined || isMain) && ifNotExists) return
    if ((there !== undefined && !orReplace) || isMain)
      throw new SheafError('ALREADY_EXISTS', `There is a ${object} of this name already: ${name.name}`)
    if (there !== undefined) {
      if (object === 'sequence') dropSequence(transaction, there.name, false)
      else transaction.dropCollection(MODEL_NAME, there.collection.name)
    }
    if (object === 'sequence') createSequence(transaction, statement)
    else await keepObject(transaction, statement, given)
  })
  return NOTHING
}

async function keepObject(
  transaction: WriteTransaction,
  statement: CreateObject,
  given: StatementContext,
): Promise<void> {
  const { object, name } = statement
  const within = { ...given, context: given.context.within(transaction) }
  const options =
    object === 'schema'
      ? { kind: 'schema' }
      : object === 'type'
        ? await typeOptions(statement, within)
        : await macroOptions(statement, within)
  transaction.createCollection(MODEL_NAME, objectName(object, name.name), { version: 1, tables: [], options })
}

function definitionText({ definition, name, object }: CreateObject): string {
  if (definition !== null) return definition.text
  throw new SheafError('SYNTAX', `The ${object} has no definition. Write it after AS: ${name.name}`)
}

/** Lets DuckDB say what a type stands for; the values of an ENUM may come from a query. */
async function typeOptions(statement: CreateObject, given: StatementContext): Promise<TypeOptions> {
  const text = definitionText(statement).replace(/^AS\b\s*/i, '')
  const [first, open, next] = tokenize(text)
  const fromQuery =
    first?.key === 'ENUM' && open?.key === '(' && /^(SELECT|FROM|VALUES|WITH)$/.test(next?.key ?? '')
  const sql = fromQuery ? await enumOf(text.slice(open.end, text.lastIndexOf(')')), given) : text
  const definitions = definitionsFor(given.context.catalog(), sql)
  const type = await given.database.use(async (session) => {
    await session.define(definitions.statements)
    const { columns } = await session.describe(`SELECT CAST(NULL AS ${sql}) AS value`, noValue)
    return columns[0]?.type
  })
  return { kind: 'type', sql: type === undefined ? sql : sqlTypeName(type) }
}

async function enumOf(query: string, given: StatementContext): Promise<string> {
  const planner = given.plannerFor(given.context)
  const { plan } = await planner.plan(
    `SELECT CAST(value AS VARCHAR) AS value FROM (${query}) AS items(value)`,
    {
      parameters: given.parameters,
    },
  )
  const rows = await given.context.read(plan, { parameters: given.parameters })
  const values = new Set(rows.map(([value]) => value))
  if (values.has(null))
    throw new SheafError('VALUE', 'A value of an ENUM must not be NULL. Leave it out of the query.')
  return `ENUM(${[...values].map((value) => quoteText(String(value))).join(', ')})`
}

function noValue(): never {
  throw new SheafError('ARGUMENT', 'A definition takes no parameters. Write the values into it.')
}

/** Lets DuckDB check a macro, over the relations that it names. */
async function macroOptions(statement: CreateObject, given: StatementContext): Promise<MacroOptions> {
  const text = definitionText(statement)
  const bodies = macroBodies(text)
  const relations = new Set<string>()
  for (const body of bodies) {
    const tree = readTree(await given.database.serialize(body), body)
    for (const { name, schema } of namesIn(tree).tables) {
      const full = schema === '' || schema.toLowerCase() === 'main' ? name : `${schema}.${name}`
      relations.add(full)
    }
  }
  const options: MacroOptions = {
    kind: 'macro',
    sql: text,
    isTable: /\bAS\s+TABLE\b/i.test(text),
    relations: [...relations],
  }
  const definitions = definitionsFor(given.context.catalog(), text)
  await given.database.use(async (session) => {
    await session.define(definitions.statements)
    await given.plannerFor(given.context).showRelations(session, [...relations, ...definitions.relations])
    await session.define([definitionOf({ name: statement.name.name, options })])
  })
  return options
}

/** Gives the bodies of a macro as queries: each overload has one. */
function macroBodies(text: string): string[] {
  const bodies: string[] = []
  const tokens = tokenize(text)
  let depth = 0
  let from: number | null = null
  let isTable = false
  const end = (at: number): void => {
    if (from === null) return
    const body = text.slice(from, at)
    bodies.push(isTable ? body : `SELECT ${body}`)
    from = null
  }
  tokens.forEach((token, index) => {
    if (token.key === '(' || token.key === '[' || token.key === '{') depth += 1
    if (token.key === ')' || token.key === ']' || token.key === '}') depth -= 1
    if (depth > 0) return
    if (token.key === 'AS' && from === null) {
      isTable = tokens[index + 1]?.key === 'TABLE'
      from = (isTable ? tokens[index + 1] : token)?.end ?? token.end
    } else if (token.kind === 'end' || (token.key === ',' && !isTable && tokens[index + 1]?.key === '('))
      end(token.start)
  })
  return bodies
}

/** Drops schemas, sequences, types and macros. @throws `NOT_FOUND`, `CONSTRAINT` */
export function dropObject(
  transaction: WriteTransaction,
  object: CreateObject['object'],
  { name }: RelationName,
  { ifExists, cascade }: Pick<Drop, 'ifExists' | 'cascade'>,
): void {
  const found = findObject(transaction.snapshot.catalog, object, name)
  if (object === 'schema' && name.toLowerCase() === 'main')
    throw new SheafError('CONSTRAINT', 'The schema main is always there. Drop what is in it instead.')
  if (found === undefined) {
    if (ifExists) return
    throw new SheafError('NOT_FOUND', `There is no ${object} of this name to drop: ${name}`)
  }
  if (object === 'schema') dropContent(transaction, found.name, cascade)
  if (object === 'sequence') dropSequence(transaction, found.name, cascade)
  else transaction.dropCollection(MODEL_NAME, found.collection.name)
}

/** Drops what is in a schema. */
function dropContent(transaction: WriteTransaction, schema: string, cascade: boolean): void {
  const prefix = `${schema.toLowerCase()}.`
  const inside = transaction.snapshot.catalog.collections(MODEL_NAME).filter(({ name }) =>
    name
      .replace(/^sheaf:\w+:/, '')
      .toLowerCase()
      .startsWith(prefix),
  )
  if (inside.length > 0 && !cascade)
    throw new SheafError(
      'CONSTRAINT',
      `The schema is not empty. Drop what is in it first, or say CASCADE: ${inside.map(({ name }) => name.replace(/^sheaf:\w+:/, '')).join(', ')}`,
    )
  for (const collection of inside) {
    if (transaction.snapshot.catalog.collection(MODEL_NAME, collection.name) === undefined) continue
    transaction.dropCollection(MODEL_NAME, collection.name)
    if (isRelation(collection)) dropOwned(transaction, `relation:${collection.name}`)
  }
}
