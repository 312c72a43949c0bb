import {
  type CatalogView,
  makeField,
  SheafError,
  type TableDefinition,
  types,
  type Value,
  type WriteTransaction,
} from '@sheafdb/core'
import { SEQUENCES_PARAMETER, type SequenceNumbers } from '../duckdb/sequence-functions.ts'
import { type Token, tokenize } from '../language/lexer.ts'
import type { AlterSequence, CreateObject } from '../language/statement.ts'
import { findObject, objectName, objectsOf } from '../layout/objects.ts'
import { isRelation, optionsOf, type SequenceOptions, type TableOptions } from '../layout/options.ts'
import { findCollection, MODEL_NAME } from '../layout/relations.ts'
import type { StatementContext } from './context.ts'

const LOWEST = -(2n ** 63n)
const HIGHEST = 2n ** 63n - 1n
/** Names the counter of a sequence's table. */
const COUNTER = 'taken'

/** Makes a sequence: a collection whose table has no rows, only a counter of the numbers taken. */
export function createSequence(transaction: WriteTransaction, { name, definition }: CreateObject): void {
  transaction.createCollection(MODEL_NAME, objectName('sequence', name.name), {
    version: 1,
    tables: [{ part: '', fields: [makeField('unused', types.int32)], key: [] }],
    options: sequenceOptions(definition === null ? [] : tokenize(definition.text)),
  })
}

/** Reads `START [WITH] n INCREMENT [BY] n MINVALUE n MAXVALUE n [NO] CYCLE`. @throws `SYNTAX`, `VALUE` */
function sequenceOptions(tokens: readonly Token[]): SequenceOptions {
  const given = new Map<string, bigint>()
  let cycle = false
  let at = 0
  const takes = (key: string): boolean => {
    if (tokens[at]?.key !== key) return false
    at += 1
    return true
  }
  while (at < tokens.length && tokens[at]?.kind !== 'end') {
    const negated = takes('NO')
    const word = tokens[at]?.key ?? ''
    at += 1
    if (word === 'CYCLE') cycle = !negated
    else if (negated && (word === 'MINVALUE' || word === 'MAXVALUE')) given.delete(word)
    else if (/^(START|INCREMENT|MINVALUE|MAXVALUE)$/.test(word)) {
      if (given.has(word)) throw sequenceError('SYNTAX', `${word} is given twice. Give it once.`)
      if (!takes('WITH')) takes('BY')
      const sign = takes('-') ? '-' : ''
      const digits = tokens[at]?.text ?? ''
      if (!/^\d+$/.test(digits)) throw sequenceError('SYNTAX', `A whole number is expected after ${word}.`)
      given.set(word, BigInt(sign + digits))
      at += 1
    } else throw sequenceError('SYNTAX', `A sequence has no such option: ${word}`)
  }
  return completeOptions(given, cycle)
}

function completeOptions(given: ReadonlyMap<string, bigint>, cycle: boolean): SequenceOptions {
  const increment = given.get('INCREMENT') ?? 1n
  if (increment === 0n) throw sequenceError('SYNTAX', 'The increment of a sequence must not be 0.')
  const rises = increment > 0n
  const minimum = given.get('MINVALUE') ?? (rises ? 1n : LOWEST)
  const maximum = given.get('MAXVALUE') ?? (rises ? HIGHEST : -1n)
  const start = given.get('START') ?? (rises ? minimum : maximum)
  for (const value of [increment, minimum, maximum, start])
    if (value < LOWEST || value > HIGHEST)
      throw sequenceError('OVERFLOW', `The numbers of a sequence have 64 bits. Use a smaller one: ${value}`)
  if (maximum <= minimum)
    throw sequenceError('SYNTAX', `MINVALUE (${minimum}) must be less than MAXVALUE (${maximum}).`)
  if (start < minimum || start > maximum)
    throw sequenceError(
      'SYNTAX',
      `START (${start}) must lie between MINVALUE (${minimum}) and MAXVALUE (${maximum}).`,
    )
  return {
    kind: 'sequence',
    start: String(start),
    increment: String(increment),
    minimum: String(minimum),
    maximum: String(maximum),
    cycle,
  }
}

function sequenceError(code: 'SYNTAX' | 'OVERFLOW', message: string): SheafError {
  return new SheafError(code, message)
}

/** Gives the number that a sequence gives at a place from 0; `undefined` where it has come to its end. */
export function numberAt(options: SequenceOptions, place: bigint): bigint | undefined {
  const increment = BigInt(options.increment)
  const [minimum, maximum] = [BigInt(options.minimum), BigInt(options.maximum)]
  const value = BigInt(options.start) + place * increment
  if (value >= minimum && value <= maximum) return value
  if (!options.cycle) return undefined
  const rises = increment > 0n
  const size = rises ? increment : -increment
  const room = rises ? maximum - BigInt(options.start) : BigInt(options.start) - minimum
  const afterFirst = place - (room / size + 1n)
  const inLap = afterFirst % ((maximum - minimum) / size + 1n)
  return rises ? minimum + inLap * increment : maximum + inLap * increment
}

/** Gives out numbers of the store's sequences inside a transaction. */
export function sequenceNumbers(transaction: WriteTransaction): SequenceNumbers {
  const find = (name: string) => {
    const found = findObject(transaction.snapshot.catalog, 'sequence', plainName(name))
    if (found === undefined)
      throw new SheafError('NOT_FOUND', `There is no sequence of this name. Create it first: ${name}`)
    return { found, table: (found.collection.tables[0] as TableDefinition).name }
  }
  return {
    next(name) {
      const { found, table } = find(name)
      const value = numberAt(found.options, BigInt(transaction.allocate(table, COUNTER, 1)))
      if (value !== undefined) return value
      throw new SheafError(
        'LIMIT',
        `The sequence has given all of its numbers. Create it with CYCLE or a wider range: ${found.name}`,
      )
    },
    current(name) {
      const { found, table } = find(name)
      const taken = transaction.allocate(table, COUNTER, 0)
      const value = taken === 0 ? undefined : numberAt(found.options, BigInt(taken - 1))
      if (value !== undefined) return value
      throw new SheafError(
        'ARGUMENT',
        `The sequence has given no number yet. Call nextval first: ${found.name}`,
      )
    },
  }
}

/** Reads the name in `nextval('…')`: quotes off, and the schema `main` left out. */
function plainName(text: string): string {
  const parts = tokenize(text)
    .filter((token) => token.kind === 'word' || token.kind === 'quoted')
    .map((token) => token.name)
  return (parts.length > 1 && parts[0]?.toLowerCase() === 'main' ? parts.slice(1) : parts).join('.')
}

/** Tells whether SQL calls a function over sequences. */
export function usesSequences(sql: string): boolean {
  return /\b(nextval|currval)\s*\(/i.test(sql)
}

/** Lets the queries of a statement take numbers of sequences inside its transaction. */
export function withSequences(given: StatementContext, transaction: WriteTransaction): StatementContext {
  if (objectsOf(transaction.snapshot.catalog, 'sequence').length === 0) return given
  return { ...given, parameters: parametersWithSequences(given.parameters, transaction) }
}

/** Adds what gives out numbers of sequences to a statement's parameters. */
export function parametersWithSequences(
  parameters: ReadonlyMap<string, Value>,
  transaction: WriteTransaction,
): ReadonlyMap<string, Value> {
  return new Map<string, Value>(parameters).set(SEQUENCES_PARAMETER, sequenceNumbers(transaction))
}

/** Runs ALTER SEQUENCE … OWNED BY. @throws `NOT_FOUND`, `CONSTRAINT` */
export async function alterSequence(
  { sequence, ifExists, owner }: AlterSequence,
  given: StatementContext,
): Promise<{ readonly rowsAffected: number }> {
  await given.context.write((transaction) => {
    const { catalog } = transaction.snapshot
    const found = findObject(catalog, 'sequence', sequence.name)
    if (found === undefined) {
      if (ifExists) return
      throw new SheafError('NOT_FOUND', `There is no sequence of this name to change: ${sequence.name}`)
    }
    const key = ownerKey(catalog, owner.name)
    const own = `sequence:${found.name}`
    const others = objectsOf(catalog, 'sequence')
    const owners = new Set(others.map((other) => other.options.ownedBy))
    const isOwned =
      key.startsWith('sequence:') &&
      others.some((other) => `sequence:${other.name}` === key && other.options.ownedBy !== undefined)
    if ((found.options.ownedBy ?? key) !== key || owners.has(own) || isOwned || key === own)
      throw new SheafError(
        'CONSTRAINT',
        `A sequence has one owner, and no owner is owned itself. Drop what it belongs to first: ${found.name}`,
      )
    transaction.setOptions(MODEL_NAME, found.collection.name, { ...found.options, ownedBy: key })
  })
  return { rowsAffected: 0 }
}

function ownerKey(catalog: CatalogView, name: string): string {
  const relation = findCollection(catalog, name)
  if (relation !== undefined) return `relation:${relation.name}`
  const sequence = findObject(catalog, 'sequence', name)
  if (sequence !== undefined) return `sequence:${sequence.name}`
  throw new SheafError(
    'NOT_FOUND',
    `There is no table, view or sequence of this name to own a sequence: ${name}`,
  )
}

/** Drops a sequence. @throws `CONSTRAINT` where a table uses or owns it and `cascade` is not said */
export function dropSequence(transaction: WriteTransaction, name: string, cascade: boolean): void {
  const { catalog } = transaction.snapshot
  const found = findObject(catalog, 'sequence', name)
  if (found === undefined) return
  const users = usersOf(catalog, found.name)
  const owner = found.options.ownedBy
  if (!cascade && (users.length > 0 || owner !== undefined))
    throw new SheafError(
      'CONSTRAINT',
      `The sequence is in use. Drop what uses it first, or say CASCADE: ${[...users, owner?.replace(/^\w+:/, '')].filter(Boolean).join(', ')}`,
    )
  transaction.dropCollection(MODEL_NAME, found.collection.name)
  const relations = new Set(users)
  if (owner?.startsWith('relation:')) relations.add(owner.slice('relation:'.length))
  for (const relation of relations) transaction.dropCollection(MODEL_NAME, relation)
  if (owner?.startsWith('sequence:')) dropSequence(transaction, owner.slice('sequence:'.length), true)
  dropOwned(transaction, `sequence:${found.name}`)
}

/** Drops the sequences that belong to what was dropped. */
export function dropOwned(transaction: WriteTransaction, owner: string): void {
  for (const sequence of objectsOf(transaction.snapshot.catalog, 'sequence')) {
    if (sequence.options.ownedBy?.toLowerCase() !== owner.toLowerCase()) continue
    transaction.dropCollection(MODEL_NAME, sequence.collection.name)
    dropOwned(transaction, `sequence:${sequence.name}`)
  }
}

/** Lets sequences follow a relation that gets another name. */
export function renameOwner(transaction: WriteTransaction, from: string, to: string): void {
  for (const { collection, options } of objectsOf(transaction.snapshot.catalog, 'sequence')) {
    if (options.ownedBy === `relation:${from}`)
      transaction.setOptions(MODEL_NAME, collection.name, { ...options, ownedBy: `relation:${to}` })
  }
}

/** Names the tables that have a column whose default takes from a sequence. */
function usersOf(catalog: CatalogView, sequence: string): string[] {
  return catalog
    .collections(MODEL_NAME)
    .filter((collection) => isRelation(collection) && optionsOf(collection).kind === 'table')
    .filter((collection) =>
      (optionsOf(collection) as TableOptions).columns.some((column) =>
        readsSequence(column.default, sequence),
      ),
    )
    .map((collection) => collection.name)
}

function readsSequence(expression: string | undefined, sequence: string): boolean {
  if (expression === undefined || !usesSequences(expression)) return false
  return tokenize(expression).some(
    (token) =>
      token.kind === 'string' && plainName(token.text.slice(1, -1)).toLowerCase() === sequence.toLowerCase(),
  )
}

/** Checks that the sequences which an expression names are there. @throws `NOT_FOUND` */
export function checkSequences(catalog: CatalogView, expression: string | undefined): void {
  if (expression === undefined || !usesSequences(expression)) return
  const tokens = tokenize(expression)
  tokens.forEach((token, index) => {
    const text = tokens[index + 2]
    if (!/^(NEXTVAL|CURRVAL)$/.test(token.key) || text?.kind !== 'string') return
    if (findObject(catalog, 'sequence', plainName(text.text.slice(1, -1))) === undefined)
      throw new SheafError('NOT_FOUND', `There is no sequence of this name. Create it first: ${text.text}`)
  })
}
