/** Lowers finds and pipelines to plans. */
import {
  type CollectionDefinition,
  call,
  conjuncts,
  type DataType,
  type Expression,
  filter as filterPlan,
  join,
  type LogicalPlan,
  limit,
  literal,
  named,
  project,
  type SortKey,
  sort,
  sortKey,
  types,
  type Value,
} from '@sheafdb/core'
import type { CallSettings, DistanceCall, ProjectCall } from '../functions/calls.ts'
import { contextOf } from '../functions/functions.ts'
import { isNeverNull, Kind, knowPath, type Shape, scalarType } from '../layout/shape.ts'
import { compileFilter } from '../semantics/match.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { compileProjection } from '../semantics/project.ts'
import { parseSort } from '../semantics/sort.ts'
import { isNumber } from '../semantics/value.ts'
import { mongoError } from './errors.ts'
import { lowerFilter } from './lower-filter.ts'
import { DocumentColumns, type PathSource, plainType, relationColumns } from './lower-source.ts'
import { isPlain } from './parser-values.ts'
import type { Filter, SortField } from './syntax.ts'

/** Is a lowered query: its plan, and how a row of it is a document. */
export type Lowered = {
  readonly plan: LogicalPlan
  /** Names of the columns that are the document's fields; `null` where the only column is the document itself. */
  readonly names: readonly string[] | null
}

/** Holds what a find asks for. */
export type FindRequest = {
  readonly filter: Filter
  readonly projection?: Value
  readonly sort?: Value
  readonly skip?: number
  readonly limit?: number
  readonly call: CallSettings
}

/** Makes a constant of the plan that holds what a function of this model needs. */
export function settings(value: object): Expression {
  return literal(value, types.variant)
}

/** Makes the call that matches a part of a filter against the document. */
export function matchCall(call_: CallSettings): (filter: Filter) => Expression {
  return (filter) => {
    compileFilter(filter, matchSupport(contextOf(call_)))
    return settings({ ...call_, filter })
  }
}

/** Lowers a find: as documents, or as columns for what is built on it. */
export function lowerFind(
  collection: CollectionDefinition | undefined,
  request: FindRequest,
  as: 'documents' | 'columns',
): Lowered {
  const columns = new DocumentColumns(collection)
  const predicate = lowerFilter(request.filter, columns, matchCall(request.call))
  const sorted = sortKeys(request.sort === undefined ? [] : parseSort(request.sort), columns)
  const keys = sorted.length > 0 ? sorted : nearKeys(request.filter, columns)
  const fields = as === 'documents' ? projectedFields(columns, request) : null
  if (as === 'documents' && fields === null && readsLate(predicate, columns, request)) {
    const rowId = columns.rowId()
    const found = limitRows(sort(filterPlan(columns.scan(), predicate), keys), request)
    return lowerLate(found, rowId, new DocumentColumns(collection), request)
  }
  const output = projectionOutput(columns, request, as)
  const found = limitRows(sort(filterPlan(columns.scan(), predicate), keys), request)
  return { plan: projectOutput(found, output), names: output.isDocument ? null : namesOf(output) }
}

/** Sorts what is found near a point by its distance, where no other order is asked for. */
function nearKeys(filter: Filter, columns: DocumentColumns): SortKey[] {
  const parts = filter.kind === 'and' ? filter.filters : [filter]
  for (const part of parts) {
    if (part.kind !== 'field' || part.condition.kind !== 'geo' || part.condition.geo.kind !== 'near') continue
    const near: DistanceCall = { path: part.path, near: part.condition.geo }
    return [sortKey(call('mongo.distance', columns.document(), settings(near)))]
  }
  return []
}

function projectedFields(columns: DocumentColumns, { projection }: FindRequest): OutputColumn[] | null {
  return isEmptyProjection(projection) || !isPlain(projection) ? null : wholeFields(columns, projection)
}

function projectOutput(plan: LogicalPlan, { columns }: Output): LogicalPlan {
  return project(
    plan,
    columns.map(({ name, expression }) => named(name, expression)),
  )
}

function namesOf({ columns }: Output): string[] {
  return columns.map(({ name }) => name)
}

/**
 * Tells whether documents are read after the rows are found and put in order: where columns alone decide which rows
 * there are, and few are asked for. Rows found by key are read at once; scans read documents after their filters anyway.
 */
function readsLate(predicate: Expression, columns: DocumentColumns, request: FindRequest): boolean {
  if (columns.readsDocument || columns.isMissing) return false
  const parts = conjuncts(predicate)
  if (parts.some(isKeyComparison)) return false
  const { limit: count = 0 } = request
  return count !== 0 && Math.abs(count) <= FEW_ROWS
}

/** Up to this many rows are read one by one rather than with the rest of their segments. */
const FEW_ROWS = 10_000

function isKeyComparison(predicate: Expression): boolean {
  return (
    predicate.kind === 'call' &&
    (predicate.function === 'eq' || predicate.function === 'in') &&
    predicate.args.some((arg) => arg.kind === 'column' && arg.name === '_id')
  )
}

/** Reads the documents of rows that were found, by the rows' ids and in their order. */
function lowerLate(
  found: LogicalPlan,
  rowId: Expression,
  columns: DocumentColumns,
  request: FindRequest,
): Lowered {
  const right = columns.rowId()
  const output = projectionOutput(columns, request, 'documents')
  const joined = join(found, columns.scan(), { how: 'left', keys: [{ left: rowId, right }] })
  return { plan: projectOutput(joined, output), names: null }
}

/** Limits rows; nothing where neither is asked for. */
export function limitRows(
  plan: LogicalPlan,
  { skip, limit: count }: { readonly skip?: number | undefined; readonly limit?: number | undefined },
): LogicalPlan {
  const most = count === undefined || count === 0 ? null : Math.abs(count)
  const offset = skip === undefined || skip === 0 ? null : skip
  return most === null && offset === null ? plan : limit(plan, most, offset)
}

/** Lowers a sort. Paths of one type of scalar sort by their column, others by the value that MongoDB sorts by. */
export function sortKeys(fields: readonly SortField[], columns: DocumentColumns): SortKey[] {
  return fields.map((field) => {
    const { path, descending } = field
    const nullsFirst = !descending && !isNeverNull(columns.shape, path)
    return sortKey(sortExpression(field, path, columns), { descending, nullsFirst })
  })
}

/** Lowers a sort by paths that each hold one type of scalar; null where one does not. */
export function columnSortKeys(fields: readonly SortField[], source: PathSource): SortKey[] | null {
  const keys: SortKey[] = []
  for (const { path, descending } of fields) {
    const { kinds } = knowPath(source.shape, path)
    const type = kinds === null ? null : scalarType(kinds)
    const expression = type === null ? null : source.path(path, type)
    if (expression === null) return null
    keys.push(
      sortKey(expression, { descending, nullsFirst: !descending && !isNeverNull(source.shape, path) }),
    )
  }
  return keys
}

function sortExpression(field: SortField, path: readonly string[], columns: DocumentColumns): Expression {
  if (path.length === 1 && path[0] === '_id') return columns.id()
  const { kinds } = knowPath(columns.shape, path)
  const type = kinds === null ? null : scalarType(kinds)
  if (type !== null) return columns.path(path, type)
  return call('mongo.sort_value', columns.document(), settings(field))
}

type OutputColumn = { readonly name: string; readonly expression: Expression }
type Output = { readonly columns: readonly OutputColumn[]; readonly isDocument: boolean }

function projectionOutput(
  columns: DocumentColumns,
  request: FindRequest,
  as: 'documents' | 'columns',
): Output {
  const { projection, filter, call: call_ } = request
  if (isEmptyProjection(projection)) {
    return as === 'documents'
      ? wholeDocument(columns)
      : { columns: relationColumns(columns), isDocument: false }
  }
  const context = contextOf(call_)
  compileProjection(projection, { find: true, context, support: matchSupport(context), filter })
  const kept = as === 'columns' ? keptColumns(columns, projection) : wholeFields(columns, projection)
  if (kept !== null) return { columns: kept, isDocument: false }
  const projecting: ProjectCall = { ...call_, projection, filter }
  return {
    columns: [
      { name: 'document', expression: call('mongo.project', columns.document(), settings(projecting)) },
    ],
    isDocument: true,
  }
}

function isEmptyProjection(projection: Value): boolean {
  return projection === undefined || (isPlain(projection) && Object.keys(projection).length === 0)
}

function wholeDocument(columns: DocumentColumns): Output {
  return { columns: [{ name: 'document', expression: columns.document() }], isDocument: true }
}

/**
 * Gives the columns of which the projected documents can be made: where null of a column can only mean missing, and
 * where the documents have their keys in one order. `null` where documents must be read.
 */
function wholeFields(columns: DocumentColumns, projection: Value): OutputColumn[] | null {
  const { fields, ordered, more } = columns.shape
  if (!ordered || more) return null
  const kept = keptColumns(columns, projection, plainType)
  if (kept === null || kept.length > MOST_COLUMNS) return null
  const byName = new Map(kept.map((item) => [item.name, item]))
  const known = [...fields.keys()].flatMap((name) => byName.get(name) ?? [])
  const tellsMissing = known.every(({ name }) => ((fields.get(name) as Shape).kinds & Kind.null) === 0)
  return known.length > 0 && tellsMissing ? known : null
}

/** More columns than these cost as much as the document whole. */
const MOST_COLUMNS = 16

/** Gives the columns that a projection of whole fields keeps; `null` for any other projection. */
function keptColumns(
  columns: DocumentColumns,
  projection: Value,
  type?: (field: Shape) => DataType,
): OutputColumn[] | null {
  const entries = Object.entries(projection as Record<string, Value>)
  const flags = entries.map(([, value]) =>
    typeof value === 'boolean' || isNumber(value) ? Boolean(value) : null,
  )
  if (flags.includes(null) || entries.some(([path]) => path.includes('.'))) return null
  const chosen = new Map(entries.map(([name], index) => [name, flags[index] as boolean]))
  const others = [...chosen].filter(([name]) => name !== '_id')
  const keeps = others.length === 0 ? chosen.get('_id') === true : (others[0] as [string, boolean])[1]
  const known = relationColumns(columns, type)
  if (!keeps) return known.filter(({ name }) => chosen.get(name) !== false)
  const wanted = [...(chosen.get('_id') === false ? [] : ['_id']), ...others.map(([name]) => name)]
  return wanted.map(
    (name) =>
      known.find((item) => item.name === name) ?? { name, expression: columns.path([name], types.variant) },
  )
}

/** Reads skip and limit as numbers. @throws BadValue, TypeMismatch */
export function countOption(name: string, value: Value): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!isNumber(value)) throw mongoError(14, `${name} is a number. Give it one.`)
  const count = Number(value)
  if (!Number.isInteger(count)) throw mongoError(9, `${name} is a whole number. It is ${value}.`)
  if (count < 0 && name === 'skip') throw mongoError(51024, `${name} is not negative. It is ${value}.`)
  return count
}
