import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { parseExpression, parsePath } from '../language/parser-expression.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { isPlain } from '../language/parser-values.ts'
import type { Filter } from '../language/syntax.ts'
import { type CompileContext, compileExpression, type Evaluator, type Scope } from './expression.ts'
import { compileFilter, type Matcher, type MatchSupport } from './match.ts'
import { sliceList } from './operators/array.ts'
import { bsonType, type Document, getKey, isDocument, isNumber, isTruthy, setKey } from './value.ts'

/** Makes a document of a document. */
export type Projector = (scope: Scope) => Document

/** Tells where a projection stands: `find` knows positions, `$slice` and `$elemMatch` of its own. */
export type ProjectionMode = {
  readonly find: boolean
  readonly context: CompileContext
  readonly support: MatchSupport
  /** The filter of the find, for `array.$`. */
  readonly filter?: Filter
}

type Node = {
  readonly children: Map<string, Node>
  action: Action | null
}

type Action =
  | { readonly kind: 'include' }
  | { readonly kind: 'exclude' }
  | { readonly kind: 'compute'; readonly evaluate: Evaluator }
  | { readonly kind: 'slice'; readonly count: Value; readonly limit: Value }
  | { readonly kind: 'element'; readonly matches: Matcher }
  | { readonly kind: 'position'; readonly indexOf: (document: Document) => number }

const MAX_DEPTH = 150

/** Compiles a projection. @throws MongoDB's error of what does not go together */
export function compileProjection(specification: Value, mode: ProjectionMode): Projector {
  if (!isPlain(specification))
    throw mongoError(mode.find ? 14 : 15969, 'A projection is an object. Give it fields.')
  const entries = Object.entries(specification)
  if (entries.length === 0) {
    if (mode.find) return (scope) => scope.root as Document
    throw mongoError(51272, 'A projection must not be empty. Name a field.')
  }
  const root: Node = { children: new Map(), action: null }
  const builder: Builder = { mode, root, includes: null, idAction: undefined, hasElement: false }
  for (const [path, value] of entries) addPath(builder, path, value, 0)
  if (builder.includes === null && builder.hasElement) builder.includes = true
  const inclusive = builder.includes ?? builder.idAction?.kind === 'include'
  return makeProjector(
    builder,
    builder.includes === null && builder.idAction?.kind === 'include' ? true : inclusive,
  )
}

type Builder = {
  readonly mode: ProjectionMode
  readonly root: Node
  /** True where fields are named to keep, false where to leave out, null while neither is known. */
  includes: boolean | null
  idAction: Action | undefined
  /** True where `$elemMatch` keeps a field: alone it makes the others be left out. */
  hasElement: boolean
}

function addPath(builder: Builder, path: string, value: Value, depth: number): void {
  if (depth > MAX_DEPTH)
    throw mongoError(15, `A projection is nested too deep. Use fewer than ${MAX_DEPTH} levels.`)
  const positional = builder.mode.find && path.endsWith('.$')
  const parts = parseProjectionPath(positional ? path.slice(0, -2) : path)
  if (isPlain(value) && Object.keys(value).length > 0 && !Object.keys(value)[0]?.startsWith('$')) {
    for (const [key, inner] of Object.entries(value)) {
      if (key.startsWith('$'))
        throw mongoError(16410, `A name must not start with '$'. Rename the field: ${key}`)
      addPath(builder, `${path}.${key}`, inner, depth + 1)
    }
    return
  }
  if (isPlain(value) && Object.keys(value).length === 0)
    throw mongoError(51270, `A projection of a field must not be an empty object. Give it 1: ${path}`)
  const action = positional ? positionAction(builder, parts, value) : actionOf(builder, value)
  if (path === '_id') {
    builder.idAction = action
  } else {
    noteKind(builder, action, path)
  }
  insert(builder.root, parts, action, path)
}

function parseProjectionPath(path: string): readonly string[] {
  if (path === '') throw mongoError(40352, 'A field must have a name. Give it one.')
  return parsePath(path)
}

function noteKind(builder: Builder, action: Action, path: string): void {
  if (action.kind === 'element') builder.hasElement = true
  if (action.kind === 'slice' || action.kind === 'element') return
  const includes = action.kind !== 'exclude'
  if (action.kind === 'compute' && builder.mode.find && builder.includes === null) {
    builder.includes = true
    return
  }
  if (builder.includes !== null && builder.includes !== includes) {
    throw builder.includes
      ? mongoError(31254, `A projection that keeps fields cannot leave others out. Remove: ${path}`)
      : mongoError(31253, `A projection that leaves fields out cannot keep others. Remove: ${path}`)
  }
  builder.includes = includes
}

function insert(root: Node, parts: readonly string[], action: Action, path: string): void {
  let node = root
  for (const [index, part] of parts.entries()) {
    if (node.action !== null)
      throw mongoError(31249, `A path is projected twice. Remove one of them: ${path}`)
    let child = node.children.get(part)
    if (child === undefined) {
      child = { children: new Map(), action: null }
      node.children.set(part, child)
    } else if (index === parts.length - 1) {
      throw mongoError(31250, `A path is projected twice. Remove one of them: ${path}`)
    }
    node = child
  }
  node.action = action
}

function actionOf({ mode }: Builder, value: Value): Action {
  if (typeof value === 'boolean' || isNumber(value))
    return isTruthy(value) || Number.isNaN(value) ? { kind: 'include' } : { kind: 'exclude' }
  if (mode.find && isPlain(value)) {
    if (Object.hasOwn(value, '$slice')) {
      const action = sliceAction(value.$slice)
      if (action !== null) return action
    }
    if (Object.hasOwn(value, '$elemMatch')) return elementAction(mode, value.$elemMatch)
    if (Object.hasOwn(value, '$meta')) throw mongoError(238, '$meta is not supported. Remove it.')
  }
  return { kind: 'compute', evaluate: compileExpression(parseExpression(value ?? null), mode.context) }
}

function sliceAction(value: Value): Action | null {
  const counts: readonly Value[] = Array.isArray(value) ? value : [value]
  if (Array.isArray(value) && !isNumber(value[0])) return null
  if (!Array.isArray(value) && !isNumber(value))
    throw mongoError(28667, `$slice takes a number or two. It got a ${bsonType(value)}.`)
  if (counts.length < 1 || counts.length > 2)
    throw mongoError(28667, `$slice takes a number or two. It got ${counts.length}.`)
  const [count, limit] = counts.map(clampWhole)
  if (limit !== undefined && (limit as number) <= 0) throw mongoError(28729, '$slice takes a positive limit.')
  return { kind: 'slice', count, limit }
}

function clampWhole(value: Value): Value {
  if (!isNumber(value)) throw mongoError(28728, `$slice takes numbers. It got a ${bsonType(value)}.`)
  const number = Number(value)
  return Number.isNaN(number) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(number)))
}

function elementAction(mode: ProjectionMode, value: Value): Action {
  if (!isPlain(value)) throw mongoError(31274, `$elemMatch takes an object. It got a ${bsonType(value)}.`)
  const filter = parseFilter({ item: { $elemMatch: value } })
  if (usesExpression(value)) throw mongoError(2, '$elemMatch of a projection takes no $expr. Use $filter.')
  const matches = compileFilter(filter, mode.support)
  return { kind: 'element', matches: (item) => matches({ item: [item] }) }
}

function usesExpression(value: Document): boolean {
  return Object.keys(value).includes('$expr')
}

function positionAction({ mode }: Builder, parts: readonly string[], value: Value): Action {
  if (isPlain(value) || (typeof value !== 'boolean' && !isNumber(value)))
    throw mongoError(31308, 'A positional projection takes 1 alone. Give it so.')
  const filter = mode.filter
  const conditions = filter === undefined ? [] : filtersOn(filter, parts)
  const matchers = conditions.map((condition) => compileFilter(condition, mode.support))
  return { kind: 'position', indexOf: (document) => firstMatch(document, parts, matchers) }
}

function filtersOn(filter: Filter, parts: readonly string[]): Filter[] {
  if (filter.kind === 'and' || filter.kind === 'or')
    return filter.filters.flatMap((part) => filtersOn(part, parts))
  if (filter.kind !== 'field') return []
  return parts.every((part, index) => filter.path[index] === part) ? [filter] : []
}

/** Finds the first element of an array with which all conditions hold. */
function firstMatch(document: Document, parts: readonly string[], matchers: readonly Matcher[]): number {
  let value: Value = document
  for (const part of parts) value = isDocument(value) ? getKey(value, part) : undefined
  if (!Array.isArray(value)) return -1
  const wrap = (item: Value): Value => parts.reduceRight<Value>((inner, part) => ({ [part]: inner }), [item])
  return value.findIndex((item: Value) => matchers.some((matches) => matches(wrap(item))))
}

function makeProjector(builder: Builder, inclusive: boolean): Projector {
  const { root, idAction, mode } = builder
  if (inclusive) {
    if (!root.children.has('_id')) {
      const children = new Map([
        ['_id', { children: new Map(), action: { kind: 'include' } as Action }],
        ...root.children,
      ])
      return (scope) => include(scope.root as Document, { children, action: null }, scope, mode)
    }
    return (scope) => include(scope.root as Document, root, scope, mode)
  }
  if (idAction?.kind === 'compute') return (scope) => include(scope.root as Document, root, scope, mode)
  return (scope) => exclude(scope.root as Document, root, scope)
}

function include(document: Document, node: Node, scope: Scope, mode: ProjectionMode): Document {
  const result: Document = {}
  for (const key of Object.keys(document)) {
    const child = node.children.get(key)
    if (child === undefined) continue
    if (child.action?.kind === 'compute' || child.action?.kind === 'element') continue
    const value = includeValue(document[key], child, scope, mode)
    if (value !== undefined) setKey(result, key, value)
  }
  for (const [key, child] of node.children) {
    if (child.action?.kind === 'element')
      addElement(result, key, { value: getKey(document, key), action: child.action, scope })
    else addComputed(result, key, child, scope)
  }
  return result
}

/** Adds what `$elemMatch` keeps, after the fields that are kept as they are. */
function addElement(
  result: Document,
  key: string,
  { value, action, scope }: { readonly value: Value; readonly action: Action; readonly scope: Scope },
): void {
  const kept = act(action, value, scope)
  if (kept !== undefined) setKey(result, key, kept)
}

function includeValue(value: Value, node: Node, scope: Scope, mode: ProjectionMode): Value {
  if (node.action !== null) {
    if (node.action.kind === 'exclude') return undefined
    return act(node.action, value, scope)
  }
  if (Array.isArray(value)) {
    return value
      .map((item: Value) =>
        isDocument(item) || Array.isArray(item) ? includeValue(item, node, scope, mode) : undefined,
      )
      .filter((item) => item !== undefined)
  }
  return isDocument(value) ? include(value, node, scope, mode) : undefined
}

/** Adds what is computed below a key, after the keys that the document has. */
function addComputed(result: Document, key: string, node: Node, scope: Scope): void {
  if (node.action !== null) {
    if (node.action.kind !== 'compute') return
    const value = node.action.evaluate(scope)
    if (value !== undefined) setKey(result, key, value)
    return
  }
  if (!hasComputed(node)) return
  const inner = getKey(result, key)
  if (inner === undefined) {
    const made: Document = {}
    for (const [name, child] of node.children) addComputed(made, name, child, scope)
    if (Object.keys(made).length > 0) setKey(result, key, made)
  } else if (isDocument(inner)) {
    for (const [name, child] of node.children) addComputed(inner, name, child, scope)
  } else if (Array.isArray(inner)) {
    for (const item of inner) {
      if (isDocument(item)) for (const [name, child] of node.children) addComputed(item, name, child, scope)
    }
  }
}

function hasComputed(node: Node): boolean {
  if (node.action?.kind === 'compute') return true
  return [...node.children.values()].some(hasComputed)
}

function exclude(document: Document, node: Node, scope: Scope): Document {
  const result: Document = {}
  for (const key of Object.keys(document)) {
    const child = node.children.get(key)
    const value = child === undefined ? document[key] : excludeValue(document[key], child, scope)
    if (value !== undefined) setKey(result, key, value)
  }
  for (const [key, child] of node.children) addComputed(result, key, child, scope)
  return result
}

function excludeValue(value: Value, node: Node, scope: Scope): Value {
  if (node.action !== null) {
    if (node.action.kind === 'exclude') return undefined
    return act(node.action, value, scope)
  }
  if (Array.isArray(value)) return value.map((item: Value) => excludeValue(item, node, scope))
  return isDocument(value) ? exclude(value, node, scope) : value
}

function act(action: Action, value: Value, scope: Scope): Value {
  switch (action.kind) {
    case 'slice':
      return Array.isArray(value) ? sliceList(value, action.count, action.limit) : value
    case 'element': {
      if (!Array.isArray(value)) return undefined
      const found = value.findIndex((item: Value) => action.matches(item))
      return found === -1 ? undefined : [value[found]]
    }
    case 'position': {
      if (!Array.isArray(value)) return value
      const found = action.indexOf(scope.root as Document)
      if (found === -1)
        throw mongoError(51246, 'A positional projection found no element. Put a condition on its array.')
      return [value[found]]
    }
    default:
      return value
  }
}
