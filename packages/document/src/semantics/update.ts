import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { checkPath } from '../language/parser-update.ts'
import { isPlain } from '../language/parser-values.ts'
import type { Filter, UpdateOperation, UpdateSyntax } from '../language/syntax.ts'
import { type Binding, type CompileContext, scopeOf } from './expression.ts'
import { compileFilter, type Matcher } from './match.ts'
import { matchSupport } from './match-support.ts'
import { addNumbers, isDouble, multiplyNumbers } from './operators/number.ts'
import { isIndex } from './path.ts'
import { parseSort, sortArray, sortDocuments } from './sort.ts'
import { compileRowStage } from './stages/row-stage.ts'
import {
  bsonType,
  compareMongo,
  type Document,
  equalValues,
  getKey,
  isDocument,
  isNumber,
  keyOf,
  setKey,
  wholeNumber,
} from './value.ts'

/** Changes a document: gives a new one, or the same one where nothing changed. */
export type Updater = (document: Document, options: UpdateTarget) => Document

/** Tells which document an update is for. */
export type UpdateTarget = {
  /** True where the document is being made by an upsert. */
  readonly inserting: boolean
  readonly variables?: Binding | null
}

/** Is what an update needs beside itself. */
export type UpdateOptions = {
  readonly context: CompileContext
  /** The filter that found the document, for the positional `$`. */
  readonly filter: Filter
  readonly arrayFilters?: Value
}

/** Compiles an update. @throws MongoDB's error */
export function compileUpdate(update: UpdateSyntax, options: UpdateOptions): Updater {
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

type PathChange = (target: Document, place: Place) => Document
type Place = { readonly inserting: boolean; readonly position: number }

function compileOperators(operations: readonly UpdateOperation[], options: UpdateOptions): Updater {
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

function compileArrayFilters({ arrayFilters, context }: UpdateOptions): ReadonlyMap<string, Matcher> {
  const filters = new Map<string, Matcher>()
  if (arrayFilters === undefined) return filters
  if (!Array.isArray(arrayFilters)) throw mongoError(14, 'arrayFilters is an array. Give it filters.')
  for (const filter of arrayFilters as readonly Value[]) {
    if (!isPlain(filter)) throw mongoError(14, 'An array filter is an object. Give it a condition.')
    const name = filterName(parseFilter(filter))
    if (name === null)
      throw mongoError(9, 'An array filter needs one name at its start. Write { "name.field": … }.')
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
      throw mongoError(2, `The name of an array filter has letters and digits, a small letter first: ${name}`)
    if (filters.has(name)) throw mongoError(9, `Two array filters have one name. Join them: ${name}`)
    const matches = compileFilter(parseFilter(filter), matchSupport(context))
    filters.set(name, (item) => matches({ [name]: item }))
  }
  return filters
}

function filterName(filter: Filter): string | null {
  if (filter.kind === 'field') return filter.path[0] as string
  if (filter.kind === 'and' || filter.kind === 'or' || filter.kind === 'nor') {
    const names = new Set(filter.filters.map(filterName))
    return names.size === 1 ? ([...names][0] as string | null) : null
  }
  return null
}

/** Finds the index of the array element by which a document was found. */
function positionFinder({ filter, context }: UpdateOptions): (document: Document) => number {
  const fields = fieldsOf(filter)
  const support = matchSupport(context)
  return (document) => {
    for (const field of fields) {
      for (let length = 1; length <= field.path.length; length += 1) {
        let value: Value = document
        for (const part of field.path.slice(0, length))
          value = isDocument(value) ? getKey(value, part) : undefined
        if (!Array.isArray(value)) continue
        const rest = field.path.slice(length)
        const matches = compileFilter({ ...field, path: ['item', ...rest] }, support)
        const found = value.findIndex((item: Value) => matches({ item: rest.length === 0 ? [item] : item }))
        if (found !== -1) return found
      }
    }
    return -1
  }
}

function fieldsOf(filter: Filter): (Filter & { readonly kind: 'field' })[] {
  if (filter.kind === 'field') return [filter]
  return filter.kind === 'and' ? filter.filters.flatMap(fieldsOf) : []
}

/** Computes the new value of a place; `undefined` removes it. The same value changes nothing. */
type Change = (value: Value, place: Place) => Value

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

type Application = {
  readonly change: Change
  readonly place: Place
  readonly filters: ReadonlyMap<string, Matcher>
  /** True where missing objects on the way are made. */
  readonly creates: boolean
  readonly removes: boolean
  readonly path: string
}

const MOST_PADDING = 1_500_000

function applyAt(target: Value, parts: readonly string[], at: number, application: Application): Value {
  if (at === parts.length) return application.change(target, application.place)
  const part = parts[at] as string
  if (part === '$' || part.startsWith('$[')) return applyToElements(target, parts, at, application)
  if (Array.isArray(target)) return applyToIndex(target, parts, at, application)
  if (isDocument(target)) {
    const before = getKey(target, part)
    const after = applyAt(before, parts, at + 1, application)
    if (after === before) return target
    const changed = { ...target }
    if (after === undefined) delete changed[part]
    else setKey(changed, part, after)
    return changed
  }
  if (!application.creates) return target
  if (target !== undefined)
    throw mongoError(
      28,
      `An update cannot make a field inside a value that is no object. Check: ${application.path}`,
    )
  const inner = applyAt(undefined, parts, at + 1, application)
  if (inner === undefined) return target
  const made: Document = {}
  setKey(made, part, inner)
  return made
}

function applyToIndex(
  target: readonly Value[],
  parts: readonly string[],
  at: number,
  application: Application,
): Value {
  const part = parts[at] as string
  if (!isIndex(part)) {
    if (!application.creates) return target
    throw mongoError(
      28,
      `An update cannot make a field inside an array. Use an index or $[]: ${application.path}`,
    )
  }
  const index = Number(part)
  if (index >= target.length && !application.creates) return target
  if (index - target.length > MOST_PADDING)
    throw mongoError(2, `An array would become too long. Use a smaller index: ${index}`)
  const before = target[index]
  const after = applyAt(before, parts, at + 1, application)
  if (after === before && index < target.length) return target
  if (after === undefined && index >= target.length) return target
  const changed = [...target]
  while (changed.length < index) changed.push(null)
  changed[index] = after === undefined ? null : after
  return changed
}

function applyToElements(
  target: Value,
  parts: readonly string[],
  at: number,
  application: Application,
): Value {
  const part = parts[at] as string
  const { place, filters, path } = application
  if (part === '$') {
    if (place.inserting)
      throw mongoError(2, `A positional operator needs a document that was found. Correct: ${path}`)
    if (place.position === -1)
      throw mongoError(
        2,
        `A positional operator did not find its element. Put its array into the filter: ${path}`,
      )
    return applyAt(
      target,
      [...parts.slice(0, at), String(place.position), ...parts.slice(at + 1)],
      at,
      application,
    )
  }
  if (target === undefined && !application.creates) return target
  if (!Array.isArray(target))
    throw mongoError(2, `The path to a positional operator must lead to an array. Correct: ${path}`)
  const name = part.slice(2, -1)
  const matches = name === '' ? () => true : (filters.get(name) as Matcher)
  let changed = false
  const items = target.map((item: Value) => {
    if (!matches(item)) return item
    const after = applyAt(item, parts, at + 1, application)
    if (after !== item) changed = true
    return after === undefined ? null : after
  })
  return changed ? items : target
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

function arithmeticChange(operator: '$inc' | '$mul', argument: Value, path: string): Change {
  if (!isNumber(argument))
    throw mongoError(14, `${operator} takes a number. It got a ${bsonType(argument)} for ${path}.`)
  return (value) => {
    if (value === undefined) return operator === '$inc' ? argument : typeof argument === 'bigint' ? 0n : 0
    if (!isNumber(value))
      throw mongoError(14, `${operator} needs a number in the document. ${path} is a ${bsonType(value)}.`)
    const result = operator === '$inc' ? addNumbers(value, argument) : multiplyNumbers(value, argument)
    const wide = typeof value === 'bigint' || typeof argument === 'bigint'
    if (wide && typeof result !== 'bigint' && !isDouble(value) && !isDouble(argument))
      throw mongoError(2, `${operator} would leave the range of 64 bits. Use a double: ${path}`)
    return Object.is(result, value) ? value : result
  }
}

function currentDateChange(argument: Value): Change {
  const type = isPlain(argument) ? argument.$type : undefined
  if (isPlain(argument)) {
    if (Object.keys(argument).some((key) => key !== '$type'))
      throw mongoError(2, "$currentDate takes true or { $type: 'date' }. Give it one of them.")
    if (type !== 'date' && type !== 'timestamp')
      throw mongoError(2, "$currentDate takes the types 'date' and 'timestamp'. Give it one of them.")
  } else if (typeof argument !== 'boolean') {
    throw mongoError(2, "$currentDate takes true or { $type: 'date' }. Give it one of them.")
  }
  return () => new Date()
}

function bitChange(argument: Value, path: string): Change {
  if (!isPlain(argument) || Object.keys(argument).length === 0)
    throw mongoError(2, `$bit takes an object of and, or, xor. It got a ${bsonType(argument)} for ${path}.`)
  const steps = Object.entries(argument).map(([name, operand]) => {
    if (!['and', 'or', 'xor'].includes(name))
      throw mongoError(2, `$bit knows and, or and xor. Correct: ${name}`)
    if (!isNumber(operand) || isDouble(operand))
      throw mongoError(2, `$bit takes ints and longs. Correct: ${path}`)
    return { name, operand }
  })
  return (value) => {
    if (value !== undefined && (!isNumber(value) || isDouble(value)))
      throw mongoError(2, `$bit needs an int or a long in the document. ${path} is a ${bsonType(value)}.`)
    return steps.reduce<number | bigint>(
      (state, { name, operand }) => {
        if (typeof state === 'number' && typeof operand === 'number') {
          return name === 'and' ? state & operand : name === 'or' ? state | operand : state ^ operand
        }
        const [left, right] = [BigInt(state), BigInt(operand)]
        return name === 'and' ? left & right : name === 'or' ? left | right : left ^ right
      },
      (value as number | bigint | undefined) ?? 0,
    )
  }
}

function requireArrayAt(operator: string, value: Value, path: string): readonly Value[] {
  if (Array.isArray(value)) return value
  throw mongoError(2, `${operator} needs an array in the document. ${path} is a ${bsonType(value)}.`)
}

type Modifiers = {
  readonly each: readonly Value[]
  readonly position: number | undefined
  readonly slice: number | undefined
  readonly sort: Value
}

const MODIFIERS = new Set(['$each', '$position', '$slice', '$sort'])

function parsePush(argument: Value): Modifiers {
  if (!isPlain(argument) || !Object.hasOwn(argument, '$each')) {
    return { each: [argument ?? null], position: undefined, slice: undefined, sort: undefined }
  }
  const odd = Object.keys(argument).find((key) => !MODIFIERS.has(key))
  if (odd !== undefined) throw mongoError(2, `$push has no such modifier. Check its spelling: ${odd}`)
  if (!Array.isArray(argument.$each))
    throw mongoError(2, `$each takes an array. It got a ${bsonType(argument.$each)}.`)
  return {
    each: argument.$each,
    position: modifier('$position', argument),
    slice: modifier('$slice', argument),
    sort: checkPushSort(argument.$sort),
  }
}

function modifier(name: string, argument: Document): number | undefined {
  if (!Object.hasOwn(argument, name)) return undefined
  const number = wholeNumber(argument[name])
  if (number === undefined)
    throw mongoError(2, `${name} takes a whole number. It got a ${bsonType(argument[name])}.`)
  return number
}

function checkPushSort(sort: Value): Value {
  if (sort === undefined) return undefined
  if (isDocument(sort)) {
    if (Object.keys(sort).length === 0) throw mongoError(2, '$sort takes a field. Add one.')
    for (const [path, direction] of Object.entries(sort)) {
      const sign = wholeNumber(direction)
      if (sign !== 1 && sign !== -1) throw mongoError(2, `$sort takes 1 or -1 for a field. Correct: ${path}`)
      if (path === '' || path.split('.').includes(''))
        throw mongoError(2, `$sort takes paths without empty names: ${path}`)
    }
    return sort
  }
  const sign = wholeNumber(sort)
  if (sign !== 1 && sign !== -1)
    throw mongoError(2, '$sort takes 1, -1 or an object of fields. Give one of them.')
  return sign
}

function pushChange(argument: Value, path: string): Change {
  const { each, position, slice, sort } = parsePush(argument)
  return (value) => {
    const list = value === undefined ? [] : requireArrayAt('$push', value, path)
    const at =
      position === undefined ? list.length : position < 0 ? Math.max(0, list.length + position) : position
    let items = [...list.slice(0, at), ...each, ...list.slice(at)]
    if (sort !== undefined)
      items = isDocument(sort) ? sortDocuments(items, parseSort(sort)) : sortArray(items, sort)
    if (slice !== undefined) items = slice >= 0 ? items.slice(0, slice) : items.slice(slice)
    return each.length === 0 && equalValues(items, value) ? value : items
  }
}

function addToSetChange(argument: Value, path: string): Change {
  let each: readonly Value[] = [argument ?? null]
  if (isPlain(argument) && Object.keys(argument)[0] === '$each') {
    if (!Array.isArray(argument.$each))
      throw mongoError(14, `$each takes an array. It got a ${bsonType(argument.$each)}.`)
    if (Object.keys(argument).length > 1)
      throw mongoError(2, '$addToSet takes no modifier but $each. Remove others.')
    each = argument.$each
  }
  return (value) => {
    const list = value === undefined ? [] : requireArrayAt('$addToSet', value, path)
    const keys = new Set(list.map(keyOf))
    const added = each.filter((item) => {
      const key = keyOf(item)
      if (keys.has(key)) return false
      keys.add(key)
      return true
    })
    return added.length === 0 && value !== undefined ? value : [...list, ...added]
  }
}

function popChange(argument: Value, path: string): Change {
  const side = wholeNumber(argument)
  if (side !== 1 && side !== -1)
    throw mongoError(9, `$pop takes 1 or -1. It got a ${bsonType(argument)} for ${path}.`)
  return (value) => {
    if (value === undefined) return value
    if (!Array.isArray(value))
      throw mongoError(14, `$pop needs an array in the document. ${path} is a ${bsonType(value)}.`)
    if (value.length === 0) return value
    return side === 1 ? value.slice(0, -1) : value.slice(1)
  }
}

function pullChange(argument: Value, path: string): Change {
  const matches = pullMatcher(argument)
  return (value) => {
    if (value === undefined) return value
    const list = requireArrayAt('$pull', value, path)
    const kept = list.filter((item) => !matches(item))
    return kept.length === list.length ? value : kept
  }
}

const NO_SUPPORT = {
  expression: () => {
    throw mongoError(2, '$expr cannot stand in $pull. Use an update pipeline.')
  },
  schema: () => {
    throw mongoError(2, '$jsonSchema cannot stand in $pull. Use an update pipeline.')
  },
}

function pullMatcher(argument: Value): Matcher {
  if (isPlain(argument)) {
    const [first] = Object.keys(argument)
    if (first?.startsWith('$') && !['$and', '$or', '$nor', '$expr'].includes(first)) {
      const matches = compileFilter(parseFilter({ item: argument }), NO_SUPPORT)
      return (item) => matches({ item })
    }
    const matches = compileFilter(parseFilter(argument), NO_SUPPORT)
    return (item) => isDocument(item) && matches(item)
  }
  if (argument instanceof RegExp) return (item) => typeof item === 'string' && argument.test(item)
  return (item) => equalValues(item, argument)
}

function pullAllChange(argument: Value, path: string): Change {
  if (!Array.isArray(argument))
    throw mongoError(2, `$pullAll takes an array. It got a ${bsonType(argument)} for ${path}.`)
  const keys = new Set(argument.map(keyOf))
  return (value) => {
    if (value === undefined) return value
    const list = requireArrayAt('$pullAll', value, path)
    const kept = list.filter((item) => !keys.has(keyOf(item)))
    return kept.length === list.length ? value : kept
  }
}

function compileRename(path: string, argument: Value): PathChange {
  if (typeof argument !== 'string')
    throw mongoError(2, `$rename takes a new path. It got a ${bsonType(argument)} for ${path}.`)
  if (argument.includes('\0'))
    throw mongoError(9867600, '$rename takes a path without null bytes. Rename it.')
  checkPath(argument)
  for (const each of [path, argument]) {
    if (each.split('.').some((part) => part.startsWith('$')))
      throw mongoError(2, `$rename takes no positional operators. Correct: ${each}`)
  }
  if (path === argument) throw mongoError(2, `$rename needs two paths that differ. Correct: ${path}`)
  const [from, to] = [path.split('.'), argument.split('.')]
  return (document) => {
    const value = readPlainPath(document, from, path)
    if (value === undefined) return document
    readPlainPath(document, to.slice(0, -1), argument, true)
    const base = { place: { inserting: false, position: -1 }, filters: new Map<string, Matcher>(), path }
    const without = applyAt(document, from, 0, {
      ...base,
      change: () => undefined,
      creates: false,
      removes: true,
    })
    return applyAt(without, to, 0, {
      ...base,
      change: () => value,
      creates: true,
      removes: false,
    }) as Document
  }
}

function readPlainPath(document: Document, parts: readonly string[], path: string, target = false): Value {
  let value: Value = document
  for (const part of parts) {
    if (Array.isArray(value)) throw mongoError(2, `$rename cannot go through an array. Correct: ${path}`)
    if (!isDocument(value)) return undefined
    value = getKey(value, part)
  }
  if (target && Array.isArray(value))
    throw mongoError(2, `$rename cannot go through an array. Correct: ${path}`)
  return value
}

/** Makes the document that an upsert starts from: what the filter says to equal. */
export function upsertDocument(filter: Filter): Document {
  const document: Document = {}
  const set = (path: readonly string[], value: Value): void => {
    let target = document
    for (const part of path.slice(0, -1)) {
      const next = getKey(target, part)
      if (isDocument(next)) target = next
      else {
        const made: Document = {}
        setKey(target, part, made)
        target = made
      }
    }
    const last = path.at(-1) as string
    if (Object.hasOwn(target, last))
      throw mongoError(54, `An upsert would set a field twice: ${path.join('.')}`)
    setKey(target, last, value)
  }
  const collect = (part: Filter): void => {
    if (part.kind === 'and') part.filters.forEach(collect)
    if (part.kind === 'or' && part.filters.length === 1) part.filters.forEach(collect)
    if (part.kind !== 'field') return
    const { condition } = part
    if (condition.kind === 'eq') set(part.path, condition.value)
    if (condition.kind === 'in' && condition.values.length === 1 && condition.patterns.length === 0)
      set(part.path, condition.values[0])
  }
  collect(filter)
  return document
}
