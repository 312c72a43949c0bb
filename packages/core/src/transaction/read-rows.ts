import type { ScanColumnRequest } from '../catalog/table-source.ts'
import { CHUNK_ROWS, type Part, type PartField } from '../storage/part.ts'
import { type TakePlan, takeColumn } from '../storage/take.ts'
import { boxedColumn, type Column, isBoxedType } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { types } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { type RowPlaces, rowPlaces } from './row-places.ts'
import { accessColumn, idColumn, requestedColumn, resolveRequest, shreddedPath } from './scan-column.ts'
import type { RowPlace, TableView } from './table-view.ts'

type Chunk = { readonly part: Part; readonly chunk: number }

/** Reads rows at given places, in that order; a place of `null` gives nulls. */
export function readRows(
  view: TableView,
  places: readonly (RowPlace | null)[],
  requests: readonly ScanColumnRequest[],
): Column[] {
  return readPlaces(view, rowPlaces(places), requests)
}

/** Reads rows at given places, in that order; what stands nowhere gives nulls. */
export function readPlaces(
  view: TableView,
  places: RowPlaces,
  requests: readonly ScanColumnRequest[],
): Column[] {
  const { chunks, plan } = chunkPlan(places)
  return requests.map((request) => {
    const { access: _, ...whole } = request
    const column = resolveRequest(view.definition, whole)
    if (column.kind === 'system') return readSystemNumbers(places, column.name)
    if (column.kind === 'field' && isBoxedType(column.field.type))
      return takePaths(view, chunks, plan, request) ?? accessColumn(readValues(places, column.field), request)
    const sources = chunks.map(({ part, chunk }) => {
      const length = Math.min(part.rowCountAt(view.commit) - chunk * CHUNK_ROWS, CHUNK_ROWS)
      return requestedColumn(column, { part, chunk, length })
    })
    return accessColumn(takeColumn(column.field.type, sources, plan), request)
  })
}

/** Finds the chunks that rows stand in, and where in them. */
function chunkPlan({ parts, which, positions }: RowPlaces): { chunks: Chunk[]; plan: TakePlan } {
  const chunks: Chunk[] = []
  const numbers = parts.map((): number[] => [])
  const chosen = new Uint32Array(which.length)
  const index = new Int32Array(which.length)
  for (let row = 0; row < which.length; row += 1) {
    const place = which[row] as number
    if (place < 0) {
      index[row] = -1
      continue
    }
    const position = positions[row] as number
    const chunk = Math.floor(position / CHUNK_ROWS)
    const known = numbers[place] as number[]
    let number = known[chunk]
    if (number === undefined) {
      number = chunks.push({ part: parts[place] as Part, chunk }) - 1
      known[chunk] = number
    }
    chosen[row] = number
    index[row] = position - chunk * CHUNK_ROWS
  }
  return { chunks, plan: { which: chosen, index } }
}

/** From this many rows of a chunk on, a path's whole column of the chunk costs less than as many values decoded. */
const ROWS_PER_PATH_COLUMN = 32

/** Reads a path from its typed children, where all parts have it so and enough rows are asked for; else null. */
function takePaths(
  view: TableView,
  chunks: readonly Chunk[],
  plan: TakePlan,
  request: ScanColumnRequest,
): Column | null {
  if (request.access === undefined || plan.index.length < chunks.length * ROWS_PER_PATH_COLUMN) return null
  const column = resolveRequest(view.definition, request)
  if (column.kind !== 'access') return null
  const sources: Column[] = []
  for (const { part, chunk } of chunks) {
    const source = shreddedPath(part, chunk, column.field, request)
    if (source === null) return null
    sources.push(source)
  }
  return takeColumn(request.type, sources, plan)
}

/** Reads boxed values one by one: of a segment's chunk only those that are asked for are decoded. */
function readValues({ parts, which, positions }: RowPlaces, field: PartField): Column {
  const values = new Array<Value>(which.length)
  const column = boxedColumn(field.type, values)
  let own = true
  for (let row = 0; row < which.length; row += 1) {
    const part = parts[which[row] as number]
    values[row] = part === undefined ? null : part.read(field, positions[row] as number)
    if (part?.makesValues === false) own = false
  }
  return own ? { ...column, own: true } : column
}

/** Reads row ids or commit numbers of places one by one: a part may keep a whole chunk of them as one range. */
function readSystemNumbers(places: RowPlaces, name: '_row_id' | '_created' | '_deleted'): Column {
  const { parts, which, positions, rowIds } = places
  const { length } = which
  if (name === '_deleted') return columnFromValues(types.uint64, new Array<Value>(length).fill(null))
  const numbers = new Float64Array(length)
  let isWhole = true
  for (let row = 0; row < length; row += 1) {
    const part = parts[which[row] as number]
    if (part === undefined) isWhole = false
    else if (name === '_created') numbers[row] = part.createdAt(positions[row] as number)
    else numbers[row] = rowIds === null ? part.rowIdAt(positions[row] as number) : (rowIds[row] as number)
  }
  if (isWhole) return idColumn(numbers)
  return columnFromValues(
    types.uint64,
    Array.from(numbers, (number, row) => ((which[row] as number) < 0 ? null : number)),
  )
}
