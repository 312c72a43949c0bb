import {
  type ColumnReader,
  columnReader,
  defineMember,
  isArrowTable,
  type ModelContext,
  recordBatchToBatch,
  SheafError,
  type Snapshot,
  type TabularSource,
  types,
  type Value,
  type WriteTransaction,
} from '@sheafdb/core'
import type { GraphSchema } from '../layout/schema.ts'
import { storedProperties } from '../update/properties.ts'
import { checkTouched } from '../update/rules.ts'
import { ensureGraph, observe, sharedLabels, typeId } from '../update/session.ts'
import { insertEdges, insertNodes } from '../update/write.ts'
import type { Properties } from '../values.ts'
import { fromJavaScript, inputReader } from './input.ts'
import { NodeKeys } from './node-keys.ts'

/** Tunes a bulk load. */
export type LoadOptions = {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  readonly signal?: AbortSignal
}

/**
 * Says how a column names a node: by a property of it (`id` where nothing else is said), of nodes with a label where
 * one is given; with `key: null` the column holds ids that the store gave.
 */
export type EndReference =
  | string
  | readonly [label: string, column: string]
  | { readonly column: string; readonly label?: string; readonly key?: string | null }

/** Tunes {@link addEdges}. */
export type EdgeOptions = LoadOptions & { readonly source: EndReference; readonly target: EndReference }

/** Is what a bulk load gives: the ids of what was added, in the order of the rows. */
export type BulkResult = { readonly count: number; readonly ids: Float64Array }

const BATCH_ROWS = 65_536

/** Is a run of rows: a reader a column. */
type Rows = {
  readonly length: number
  readonly names: readonly string[]
  readonly readers: readonly ColumnReader[]
}

function* rowsOf(source: TabularSource): Generator<Rows> {
  if (isArrowTable(source)) {
    const names = source.schema.fields.map(({ name }) => name)
    for (const batch of source.batches) {
      yield {
        length: batch.numRows,
        names,
        readers: recordBatchToBatch(batch).columns.map(inputReader),
      }
    }
    return
  }
  if (!Array.isArray(source))
    throw new SheafError('ARGUMENT', 'Rows must be an apache-arrow Table or an array of objects.')
  for (let from = 0; from < source.length; from += BATCH_ROWS)
    yield objectRows(source.slice(from, from + BATCH_ROWS))
}

function objectRows(rows: readonly Readonly<Record<string, Value>>[]): Rows {
  const names = new Set<string>()
  for (const row of rows) {
    if (typeof row !== 'object' || row === null)
      throw new SheafError('ARGUMENT', `Each row must be an object. One is a ${typeof row}.`)
    for (const name of Object.keys(row)) names.add(name)
  }
  const all = [...names]
  const readers = all.map((name) => (index: number) => {
    const row = rows[index] as Readonly<Record<string, Value>>
    return Object.hasOwn(row, name) ? row[name] : null
  })
  return { length: rows.length, names: all, readers }
}

function totalRows(source: TabularSource): number {
  return isArrowTable(source) ? source.numRows : (source as readonly unknown[]).length
}

const NO_PROPERTIES: Properties = Object.freeze({})

/** Makes the properties of each row, without the columns left out. */
function propertiesOf(rows: Rows, leaveOut: ReadonlySet<string> = new Set()): Properties[] {
  const columns = rows.names
    .map((name, at) => ({ name, read: rows.readers[at] as ColumnReader }))
    .filter(({ name }) => !leaveOut.has(name))
  if (columns.length === 0) return new Array<Properties>(rows.length).fill(NO_PROPERTIES)
  return Array.from({ length: rows.length }, (_, row) => {
    const properties: Record<string, Value> = {}
    for (const { name, read } of columns) {
      const value = read(row)
      if (value === null || value === undefined) continue
      if (typeof value === 'object') return storedProperties(fromJavaScript(wholeRow(columns, row)))
      defineMember(properties, name, value)
    }
    return properties
  })
}

function wholeRow(
  columns: readonly { readonly name: string; readonly read: ColumnReader }[],
  row: number,
): Properties {
  const whole: Record<string, Value> = {}
  for (const { name, read } of columns) defineMember(whole, name, read(row))
  return whole
}

function progress(options: LoadOptions, done: number, total: number): void {
  if (options.signal?.aborted) throw new SheafError('ABORTED', 'The load was aborted. Nothing of it is kept.')
  options.onProgress?.({ done, total })
}

function joinIds(parts: readonly Float64Array[], count: number): Float64Array {
  const ids = new Float64Array(count)
  let at = 0
  for (const part of parts) {
    ids.set(part, at)
    at += part.length
  }
  return ids
}

/** Adds nodes with one or more labels. */
export async function addNodes(
  context: ModelContext,
  graph: string,
  label: string | readonly string[],
  source: TabularSource,
  options: LoadOptions = {},
): Promise<BulkResult> {
  const labels = typeof label === 'string' ? [label] : [...label]
  const total = totalRows(source)
  return context.write((transaction) => {
    const schema = ensureGraph(transaction, graph)
    const parts: Float64Array[] = []
    let done = 0
    for (const rows of rowsOf(source)) {
      const properties = propertiesOf(rows)
      observe(transaction, graph, 'node', properties)
      const allLabels = new Array<readonly string[]>(rows.length).fill(labels)
      parts.push(insertNodes(transaction, schema, allLabels, properties))
      done += rows.length
      progress(options, done, total)
    }
    checkTouched(transaction)
    return { count: done, ids: joinIds(parts, done) }
  })
}

type End = { readonly column: string; readonly label: string | null; readonly key: string | null }

function endOf(reference: EndReference): End {
  if (typeof reference === 'string') return { column: reference, label: null, key: 'id' }
  if (Array.isArray(reference))
    return { column: reference[1] as string, label: reference[0] as string, key: 'id' }
  const {
    column,
    label = null,
    key = 'id',
  } = reference as Exclude<EndReference, string | readonly [string, string]>
  return { column, label, key }
}

/** Adds edges of one type between nodes that are there. */
export async function addEdges(
  context: ModelContext,
  graph: string,
  type: string,
  source: TabularSource,
  options: EdgeOptions,
): Promise<BulkResult> {
  if (options?.source === undefined || options.target === undefined) {
    throw new SheafError(
      'ARGUMENT',
      'Say which columns name the ends of the edges: { source: "from", target: "to" }.',
    )
  }
  const ends = [endOf(options.source), endOf(options.target)] as const
  const total = totalRows(source)
  return context.write((transaction) => {
    const schema = ensureGraph(transaction, graph)
    const [first, second] = ends
    const sourceKeys = indexNodes(transaction.snapshot, schema, first)
    const isSame = first.label === second.label && first.key === second.key
    const finders = [sourceKeys, isSame ? sourceKeys : indexNodes(transaction.snapshot, schema, second)]
    const parts: Float64Array[] = []
    let done = 0
    for (const rows of rowsOf(source)) {
      const [sources, targets] = ends.map((end, at) => resolveEnds(rows, end, finders[at] as NodeKeys)) as [
        Float64Array,
        Float64Array,
      ]
      const properties = propertiesOf(rows, new Set(ends.map(({ column }) => column)))
      observe(transaction, graph, 'relationship', properties)
      const id = typeId(transaction, graph, type, {
        source: () => labelsOfEnd(transaction, schema, ends[0], sources),
        target: () => labelsOfEnd(transaction, schema, ends[1], targets),
      })
      parts.push(insertEdges(transaction, schema, { type, typeId: id, sources, targets, properties }))
      done += rows.length
      progress(options, done, total)
    }
    checkTouched(transaction)
    return { count: done, ids: joinIds(parts, done) }
  })
}

/** Finds the labels that all nodes at an end have: the one that it was looked up by, else those they share. */
function labelsOfEnd(
  transaction: WriteTransaction,
  schema: GraphSchema,
  { label }: End,
  ids: Float64Array,
): readonly string[] {
  return label === null ? sharedLabels(transaction, schema.nodes, ids) : [label]
}

function resolveEnds(rows: Rows, end: End, keys: NodeKeys): Float64Array {
  const at = rows.names.indexOf(end.column)
  if (at === -1)
    throw new SheafError(
      'NOT_FOUND',
      `There is no column of this name. The columns are (${rows.names.join(', ')}): ${end.column}`,
    )
  const read = rows.readers[at] as ColumnReader
  const ids = new Float64Array(rows.length)
  for (let row = 0; row < rows.length; row += 1) {
    const value = read(row)
    const id = keys.find(value)
    if (id === undefined) throw missingNode(end, value)
    ids[row] = id
  }
  return ids
}

function missingNode({ column, label, key }: End, value: Value): SheafError {
  const what = key === null ? 'the id' : `the property ${key}`
  const where = label === null ? '' : ` and the label ${label}`
  return new SheafError(
    'NOT_FOUND',
    `An edge names a node that is not there. Add a node with ${what}${where} that equals what stands in ${column}: ${String(value)}`,
  )
}

/** Indexes the nodes of a label by a property, in one scan. The first node wins where several have a value. */
function indexNodes(snapshot: Snapshot, schema: GraphSchema, { label, key }: End): NodeKeys {
  const source = snapshot.source(schema.nodes)
  const index = new NodeKeys(source.statistics().rowCount)
  const columns = [
    { field: '_row_id', type: types.uint64 },
    ...(label === null ? [] : [{ field: 'labels', type: types.variant }]),
    ...(key === null ? [] : [keyColumn(key)]),
  ]
  for (const batch of source.scan({ columns, predicates: [] })) {
    const readers = batch.columns.map(columnReader)
    const [readId] = readers as [ColumnReader]
    const readLabels = label === null ? null : (readers[1] as ColumnReader)
    const readKey = key === null ? readId : (readers.at(-1) as ColumnReader)
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      if (readLabels !== null && !(readLabels(row) as readonly Value[]).includes(label)) continue
      const value = readKey(row)
      if (value === null) continue
      index.add(value, Number(readId(row)))
    }
  }
  return index
}

function keyColumn(key: string): {
  readonly field: string
  readonly type: typeof types.variant
  readonly access: { readonly path: readonly string[]; readonly read: (root: Value) => Value }
} {
  const read = (root: Value): Value => {
    const object = root as Properties
    return Object.hasOwn(object, key) ? (object[key] ?? null) : null
  }
  return { field: 'properties', type: types.variant, access: { path: [key], read } }
}
