import type { TableDefinition } from '../catalog/definition.ts'
import {
  bindIndexExpression,
  fieldResolver,
  type IndexDefinition,
  indexIdentity,
} from '../catalog/index-definition.ts'
import type { ScanColumnRequest } from '../catalog/table-source.ts'
import { column } from '../expression/build.ts'
import type { CallExpression, Expression } from '../expression/expression.ts'
import { interpretExpression, type RowEvaluator } from '../expression/interpret.ts'
import { functionNamed } from '../expression/registry.ts'
import { CHUNK_ROWS, type Part } from '../storage/part.ts'
import { type ColumnReader, columnReader } from '../types/column.ts'
import {
  type DataType,
  isBytes,
  isDecimal,
  isNumeric,
  isTemporal,
  isText,
  isVariant,
} from '../types/data-type.ts'
import { type Value, ValueRank } from '../types/value.ts'
import { type ResolvedColumn, requestedColumn, resolveRequest } from './scan-column.ts'

type BoundPart = {
  readonly evaluate: RowEvaluator
  readonly multiple: boolean
  /** The rank that all values of the part have; `null` where they may have any. */
  readonly rank: number | null
}

/** Is an index's expressions made ready to read the rows of a table. */
export type BoundIndex = {
  readonly definition: IndexDefinition
  /** The same for indexes that hold the same entries. */
  readonly identity: string
  readonly columns: readonly ResolvedColumn[]
  readonly parts: readonly BoundPart[]
  readonly where: RowEvaluator | null
}

const NO_PARAMETERS: ReadonlyMap<string, Value> = new Map()

/** Makes an index's expressions ready. @throws `NOT_FOUND`, `TYPE` */
export function bindIndex(table: TableDefinition, definition: IndexDefinition): BoundIndex {
  const columns: ResolvedColumn[] = []
  const request = (wanted: ScanColumnRequest): number => columns.push(resolveRequest(table, wanted)) - 1
  const bind = (tree: IndexDefinition['parts'][number]['expression']): Expression =>
    readColumns(bindIndexExpression(tree, fieldResolver(table.fields)), request)
  const parts = definition.parts.map((part) => ({
    bound: bind(part.expression),
    multiple: part.multiple === true,
  }))
  const condition = definition.where === null ? null : bind(definition.where)
  const places = new Map(columns.map((_, place) => [place, place]))
  const evaluator = (expression: Expression): RowEvaluator =>
    interpretExpression(expression, places, NO_PARAMETERS)
  return {
    definition,
    identity: `${indexIdentity(definition)} ${columns.map(columnIdentity).join(',')}`,
    columns,
    parts: parts.map(({ bound, multiple }) => ({
      evaluate: evaluator(bound),
      multiple,
      rank: multiple ? null : rankOf(bound.type),
    })),
    where: condition === null ? null : evaluator(condition),
  }
}

/** A field that another of its name came after is another one, though the index reads the same. */
function columnIdentity(column: ResolvedColumn): string | number {
  return column.kind === 'system' ? column.name : column.field.fieldId
}

/** Replaces fields, and paths in them, by columns that the parts of a table are asked for. */
function readColumns(expression: Expression, request: (wanted: ScanColumnRequest) => number): Expression {
  const path = pathRead(expression)
  if (path !== null)
    return column({
      id: request(path.request),
      name: path.request.field,
      type: expression.type,
      nullable: true,
    })
  if (expression.kind === 'column') {
    const wanted = { field: expression.name, type: expression.type }
    return column({ id: request(wanted), name: expression.name, type: expression.type, nullable: true })
  }
  if (expression.kind !== 'call') return expression
  return Object.freeze({ ...expression, args: expression.args.map((arg) => readColumns(arg, request)) })
}

/** Reads an expression as a path of constant keys in a field, which parts may keep as a column of its own. */
function pathRead(expression: Expression): { readonly request: ScanColumnRequest } | null {
  if (expression.kind !== 'call' || functionNamed(expression.function).pathAccess !== true) return null
  const [root, ...keys] = (expression as CallExpression).args
  if (root?.kind !== 'column' || keys.length === 0) return null
  const path: (string | number)[] = []
  for (const key of keys) {
    if (key.kind !== 'literal' || (typeof key.value !== 'string' && typeof key.value !== 'number'))
      return null
    path.push(key.value)
  }
  const evaluate = functionNamed(expression.function).evaluator([], expression.type)
  const access = {
    path,
    read: (value: Value, keys: readonly (string | number)[]) => evaluate(value, ...keys),
  }
  return { request: { field: root.name, type: expression.type, access } }
}

/** Gives the rank of all values of a type; `null` for types whose values have several, or are not ordered by themselves. */
function rankOf(type: DataType): number | null {
  if (isVariant(type) || isDecimal(type)) return null
  if (isText(type)) return ValueRank.text
  if (isNumeric(type) || isTemporal(type)) return ValueRank.number
  return isBytes(type) ? ValueRank.bytes : null
}

/** Takes an entry: the values of the key's parts, and the position of the row. */
export type TakeEntry = (key: readonly Value[], position: number) => void

/**
 * Reads the entries of the rows of a part from one position up to another, chunk by chunk. Deleted rows have entries
 * too: who reads the index asks whether a row is visible.
 */
export function* readEntries(
  index: BoundIndex,
  part: Part,
  range: { readonly start: number; readonly end: number },
  take: TakeEntry,
): Generator<void> {
  for (let chunk = Math.floor(range.start / CHUNK_ROWS); chunk * CHUNK_ROWS < range.end; chunk += 1) {
    const start = chunk * CHUNK_ROWS
    const length = Math.min(range.end - start, CHUNK_ROWS)
    const readers = index.columns.map((each) => columnReader(requestedColumn(each, { part, chunk, length })))
    for (let at = Math.max(range.start - start, 0); at < length; at += 1)
      takeRow(index, readers, at, (key) => take(key, start + at))
    yield
  }
}

/** Gives the entries of a row of columns. */
export function takeRow(
  { parts, where }: BoundIndex,
  readers: readonly ColumnReader[],
  at: number,
  take: (key: readonly Value[]) => void,
): void {
  if (where !== null && where(readers, at, []) !== true) return
  if (parts.length === 1 && !(parts[0] as BoundPart).multiple) {
    take([(parts[0] as BoundPart).evaluate(readers, at, [])])
    return
  }
  let keys: Value[][] = [[]]
  for (const part of parts) {
    const value = part.evaluate(readers, at, [])
    const choices = part.multiple ? ((value ?? []) as readonly Value[]) : [value]
    keys = keys.flatMap((key) => choices.map((choice) => [...key, choice]))
  }
  for (const key of keys) take(key)
}
