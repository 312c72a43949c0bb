import type { Value } from '@sheafdb/core'
import { EJSON } from 'bson'
import { mongoError } from '../language/errors.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { isPlain, typeWord } from '../language/parser-values.ts'
import type { Condition, Filter } from '../language/syntax.ts'
import type { IndexDefinition } from '../layout/table.ts'
import { isNumber, isTruthy, setKey } from '../semantics/value.ts'
import type { IndexDescription } from './types.ts'

const OPTIONS = new Set([
  'name',
  'unique',
  'sparse',
  'partialFilterExpression',
  'expireAfterSeconds',
  'background',
  'hidden',
  'v',
  'comment',
])

/** Parses the arguments of `createIndex`. @throws CannotCreateIndex, TypeMismatch */
export function parseIndex(key: Value, options: Value): IndexDefinition {
  const entries = keyEntries(key)
  const settings = options === undefined ? {} : options
  if (!isPlain(settings)) throw mongoError(14, `The options of an index are an object: ${typeWord(options)}`)
  for (const name of Object.keys(settings)) {
    if (!OPTIONS.has(name))
      throw mongoError(197, `An index has no such option, or it is not supported: ${name}`)
  }
  const partial = settings.partialFilterExpression
  if (partial !== undefined) checkPartial(partial)
  if (partial !== undefined && settings.sparse === true)
    throw mongoError(67, 'An index is partial or sparse, not both. Remove one.')
  return {
    name: nameOf(settings.name, entries),
    key: entries,
    unique: flag('unique', settings.unique),
    sparse: flag('sparse', settings.sparse),
    partial: partial === undefined ? null : EJSON.stringify(partial as object, { relaxed: false }),
    expireAfterSeconds: expiry(settings.expireAfterSeconds, entries),
  }
}

const MOST_FIELDS = 32
/** Kinds of indexes of places: they are kept by name, and places are found by a scan. */
const PLACE_INDEXES: ReadonlySet<unknown> = new Set(['2d', '2dsphere'])

function keyEntries(key: Value): (readonly [string, unknown])[] {
  if (typeof key === 'string') return [[key, 1]]
  if (!isPlain(key)) throw mongoError(14, `The key of an index is an object. It is a ${typeWord(key)}.`)
  const entries = Object.entries(key)
  if (entries.length === 0) throw mongoError(67, 'The key of an index needs a field. Add one.')
  if (entries.length > MOST_FIELDS)
    throw mongoError(13103, `An index has at most ${MOST_FIELDS} fields. Name fewer.`)
  for (const [path, direction] of entries) {
    if (path === '' || path.split('.').some((part) => part === '' || part.startsWith('$')))
      throw mongoError(67, `A field of an index has no valid name. Correct it: ${path}`)
    if (isNumber(direction) && Number(direction) !== 0 && !Number.isNaN(Number(direction))) continue
    if (PLACE_INDEXES.has(direction) || direction === 'hashed') continue
    if (direction === 'text')
      throw mongoError(238, `Indexes of this kind are not supported. Use 1 or -1: ${direction}`)
    throw mongoError(67, `The direction of an index is 1 or -1. Correct it for: ${path}`)
  }
  return entries
}

function nameOf(name: Value, entries: readonly (readonly [string, unknown])[]): string {
  if (name === undefined) return entries.map(([path, direction]) => `${path}_${direction}`).join('_')
  if (typeof name !== 'string')
    throw mongoError(14, `The name of an index is a text. It is a ${typeWord(name)}.`)
  if (name === '') throw mongoError(67, 'The name of an index is not empty. Give it one.')
  return name
}

function flag(name: string, value: Value): boolean {
  if (value === undefined) return false
  if (typeof value !== 'boolean' && !isNumber(value))
    throw mongoError(14, `The option ${name} of an index is true or false. It is a ${typeWord(value)}.`)
  return isTruthy(value)
}

function expiry(value: Value, entries: readonly (readonly [string, unknown])[]): number | null {
  if (value === undefined) return null
  if (!isNumber(value)) throw mongoError(67, 'expireAfterSeconds is a number. Give it one.')
  const seconds = Number(value)
  if (!(seconds >= 0 && seconds <= 2 ** 31 - 1))
    throw mongoError(67, `expireAfterSeconds is between 0 and 2147483647. It is ${value}.`)
  if (entries.length > 1) throw mongoError(67, 'An index that expires documents has one field. Give it one.')
  if (entries[0]?.[0] === '_id')
    throw mongoError(197, 'The index of _id cannot expire documents. Use another field.')
  return Math.trunc(seconds)
}

function checkPartial(partial: Value): void {
  if (!isPlain(partial)) throw mongoError(67, 'partialFilterExpression is an object. Give it a filter.')
  if (!isAllowed(parseFilter(partial)))
    throw mongoError(
      67,
      'A partial index takes $eq, $exists, $gt, $gte, $lt, $lte, $type, $in, $and and $or alone.',
    )
}

const ALLOWED = new Set(['eq', 'gt', 'gte', 'lt', 'lte', 'exists', 'type', 'in'])

function isAllowed(filter: Filter): boolean {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.filters.every(isAllowed)
  return filter.kind === 'field' && isAllowedCondition(filter.condition)
}

function isAllowedCondition(condition: Condition): boolean {
  return ALLOWED.has(condition.kind)
}

/** Tells whether two indexes are over the same key in the same directions. */
function sameKey(left: IndexDefinition, right: IndexDefinition): boolean {
  return JSON.stringify(left.key) === JSON.stringify(right.key)
}

function sameCover(left: IndexDefinition, right: IndexDefinition): boolean {
  return left.partial === right.partial && left.sparse === right.sparse && left.unique === right.unique
}

/** Adds an index to those that there are. Gives the same list where it is there already. @throws IndexOptionsConflict */
export function addIndex(
  indexes: readonly IndexDefinition[],
  index: IndexDefinition,
): readonly IndexDefinition[] {
  const byName = indexes.find(({ name }) => name === index.name)
  const byKey = indexes.find((other) => sameKey(other, index) && sameCover(other, index))
  const known = byName ?? byKey
  if (known === undefined) return [...indexes, index]
  if (JSON.stringify(known) === JSON.stringify(index)) return indexes
  if (
    byName !== undefined &&
    (!sameKey(byName, index) ||
      byName.unique !== index.unique ||
      byName.sparse !== index.sparse ||
      byName.partial !== index.partial)
  )
    throw mongoError(86, `An index of this name exists with another key or other options: ${index.name}`)
  throw mongoError(85, `This index exists under another name or with other options: ${known.name}`)
}

/** Describes an index as `listIndexes` gives it. */
export function describeIndex(index: IndexDefinition): IndexDescription {
  const key: Record<string, unknown> = {}
  for (const [path, direction] of index.key) setKey(key, path, direction)
  return {
    v: 2,
    key,
    name: index.name,
    ...(index.unique ? { unique: true } : {}),
    ...(index.sparse ? { sparse: true } : {}),
    ...(index.partial === null
      ? {}
      : { partialFilterExpression: EJSON.parse(index.partial, { relaxed: true }) }),
    ...(index.expireAfterSeconds === null ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
  }
}

/** Describes the index that every collection has on its key. */
export const ID_INDEX: IndexDescription = { v: 2, key: { _id: 1 }, name: '_id_' }
