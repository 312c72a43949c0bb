import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import type { UpdateOperation, UpdateSyntax } from '../../language/syntax.ts'
import { scopeOf } from '../expression.ts'
import type { Matcher } from '../match.ts'
import { isIndex } from '../path.ts'
import type { Binding } from '../scope.ts'
import { compileRowStage } from '../stages/row-stage.ts'
import { bsonType, compareMongo, type Document, equalValues, getKey, isDocument } from '../value.ts'
import { addToSetChange, popChange, pullAllChange, pullChange, pushChange } from './array-changes.ts'
import { compileArrayFilters, type ElementSource, positionFinder } from './array-filters.ts'
import { arithmeticChange, bitChange, currentDateChange } from './field-changes.ts'
import { applyJsonPatch, applyMergePatch } from './json-patch.ts'
import { applyAt, type Change, type PathChange } from './path-change.ts'
import { compileRename } from './rename.ts'

/** Changes a document: gives a new one, or the same one where nothing changed. */
export type Updater = (document: Document, options: UpdateTarget) => Document

/** Tells which document an update is for. */
export type UpdateTarget = {
  /** True where the document is being made by an upsert. */
  readonly inserting: boolean
  readonly variables?: Binding | null
}

/** Compiles an update. @throws MongoDB's error */
export function compileUpdate(update: UpdateSyntax, options: ElementSource): Updater {
  switch (update.kind) {
    case 'replacement':
      return (document) => replaceDocument(document, update.document)
    case 'pipeline': {
      const stages = update.stages.map((stage) => compileRowStage(stage, options.context))
      return (document, { variables = null }) =>
        keepId(
          document,
          stages.reduce((row, stage) => stage(scopeOf(row, variables)) as Document, document),
        )
    }
    case 'patch':
      return (document) => keepId(document, applyJsonPatch(document, update.operations))
    case 'merge-patch':
      return (document) => keepId(document, applyMergePatch(document, update.patch) as Document)
    case 'operators':
      return compileOperators(update.operations, options)
  }
}

function replaceDocument(document: Document, replacement: Document): Document {
  const id = getKey(document, '_id')
  if (!Object.hasOwn(replacement, '_id'))
    return id === undefined ? { ...replacement } : { _id: id, ...replacement }
  return keepId(document, { ...replacement })
}

/** Refuses a change of `_id`, and puts it back where it was left out. */
function keepId(before: Document, after: Document): Document {
  const id = getKey(before, '_id')
  if (id === undefined) return after
  if (!Object.hasOwn(after, '_id')) return { _id: id, ...after }
  if (compareMongo(id, getKey(after, '_id')) !== 0)
    throw mongoError(66, 'An update cannot change _id. Insert a new document and delete the old one.')
  return after
}

function compileOperators(operations: readonly UpdateOperation[], options: ElementSource): Updater {
  const filters = compileArrayFilters(options)
  const used = new Set<string>()
  const changes = [...operations]
    .sort((left, right) => comparePaths(left.path, right.path))
    .map((operation) => compileOperation(operation, filters, used))
  for (const name of filters.keys()) {
    if (!used.has(name)) throw mongoError(9, `An array filter is not used in the update. Remove it: ${name}`)
  }
  const positional = operations.some(({ path }) => path.split('.').includes('$'))
  const positionOf = positional ? positionFinder(options) : () => -1
  return (document, { inserting }) => {
    const place = { inserting, position: positional ? positionOf(document) : -1 }
    const changed = changes.reduce((current, change) => change(current, place), document)
    if (changed === document) return document
    if (Object.hasOwn(document, '_id') && !Object.hasOwn(changed, '_id'))
      throw mongoError(66, 'An update cannot remove _id. Leave it out of the update.')
    return keepId(document, changed)
  }
}

/** Orders paths as fields are set: by name, indexes of arrays by number. */
function comparePaths(left: string, right: string): number {
  const [a, b] = [left.split('.'), right.split('.')]
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const [x, y] = [a[at] as string, b[at] as string]
    if (x === y) continue
    return isIndex(x) && isIndex(y) ? Number(x) - Number(y) : compareMongo(x, y)
  }
  return a.length - b.length
}

function compileOperation(
  operation: UpdateOperation,
  filters: ReadonlyMap<string, Matcher>,
  used: Set<string>,
): PathChange {
  const { operator, path, argument } = operation
  const parts = path.split('.')
  for (const part of parts) {
    const name = /^\$\[(.+)\]$/.exec(part)?.[1]
    if (name === undefined) continue
    if (!filters.has(name))
      throw mongoError(2, `There is no array filter of this name. Add it to arrayFilters: ${name}`)
    used.add(name)
  }
  if (operator === '$rename') return compileRename(path, argument)
  const change = changeOf(operator, argument, path)
  const creates = operator !== '$unset' && !operator.startsWith('$pull') && operator !== '$pop'
  return (document, place) =>
    applyAt(document, parts, 0, {
      change,
      place,
      filters,
      creates,
      removes: operator === '$unset',
      path,
    }) as Document
}

function changeOf(operator: string, argument: Value, path: string): Change {
  switch (operator) {
    case '$set':
      return (value) => (sameStored(value, argument) ? value : (argument ?? null))
    case '$setOnInsert':
      return (value, { inserting }) => (inserting ? (argument ?? null) : value)
    case '$unset':
      return () => undefined
    case '$inc':
    case '$mul':
      return arithmeticChange(operator, argument, path)
    case '$min':
      return (value) => (value === undefined || compareMongo(argument, value) < 0 ? argument : value)
    case '$max':
      return (value) => (value === undefined || compareMongo(argument, value) > 0 ? argument : value)
    case '$currentDate':
      return currentDateChange(argument)
    case '$bit':
      return bitChange(argument, path)
    case '$push':
      return pushChange(argument, path)
    case '$addToSet':
      return addToSetChange(argument, path)
    case '$pop':
      return popChange(argument, path)
    case '$pull':
      return pullChange(argument, path)
    default:
      return pullAllChange(argument, path)
  }
}

/** Tells whether setting a value would change nothing that can be seen. */
function sameStored(value: Value, next: Value): boolean {
  return (
    value !== undefined &&
    bsonType(value) === bsonType(next) &&
    equalValues(value, next) &&
    sameKinds(value, next)
  )
}

function sameKinds(left: Value, right: Value): boolean {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item: Value, at) => sameKinds(item, right[at]))
  if (isDocument(left) && isDocument(right)) {
    const keys = Object.keys(left)
    return keys.every((key, at) => Object.keys(right)[at] === key && sameKinds(left[key], right[key]))
  }
  return bsonType(left) === bsonType(right) && !(typeof left === 'number' && !Object.is(left, right))
}
