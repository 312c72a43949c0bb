import type { ScanColumnRequest } from '../catalog/table-source.ts'
import { CHUNK_ROWS, type Part, type PartField } from '../storage/part.ts'
import { takeColumn } from '../storage/take.ts'
import { boxedColumn, type Column, isBoxedType } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { types } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { accessColumn, idColumn, requestedColumn, resolveRequest, shreddedPath } from './scan-column.ts'
import type { RowPlace, TableView } from './table-view.ts'

type Chunk = { readonly part: Part; readonly chunk: number }

/** Reads rows at given places, in that order; a place of `null` gives nulls. */
export function readRows(
  view: TableView,
  places: readonly (RowPlace | null)[],
  requests: readonly ScanColumnRequest[],
): Column[] {
  const chunks: Chunk[] = []
  const which = new Uint32Array(places.length)
  const index = new Int32Array(places.length)
  const known = new Map<Part, number[]>()
  for (let row = 0; row < places.length; row += 1) {
    const place = places[row]
    if (place === null || place === undefined) {
      index[row] = -1
      continue
    }
    const chunk = Math.floor(place.position / CHUNK_ROWS)
    let numbers = known.get(place.part)
    if (numbers === undefined) {
      numbers = []
      known.set(place.part, numbers)
    }
    let number = numbers[chunk]
    if (number === undefined) {
      number = chunks.length
      chunks.push({ part: place.part, chunk })
      numbers[chunk] = number
    }
    which[row] = number
    index[row] = place.position - chunk * CHUNK_ROWS
  }
  const plan = { which, index }
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

/** From this many rows of a chunk on, a path's whole column of the chunk costs less than as many values decoded. */
const ROWS_PER_PATH_COLUMN = 32

/** Reads a path from its typed children, where all parts have it so and enough rows are asked for; else null. */
function takePaths(
  view: TableView,
  chunks: readonly Chunk[],
  plan: { readonly which: Uint32Array; readonly index: Int32Array },
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
function readValues(places: readonly (RowPlace | null)[], field: PartField): Column {
  return boxedColumn(
    field.type,
    places.map((place) => (place === null ? null : place.part.read(field, place.position))),
  )
}

/** Reads row ids or commit numbers of places one by one: a part may keep a whole chunk of them as one range. */
function readSystemNumbers(
  places: readonly (RowPlace | null)[],
  name: '_row_id' | '_created' | '_deleted',
): Column {
  if (name === '_deleted') return columnFromValues(types.uint64, new Array<Value>(places.length).fill(null))
  const numbers = new Float64Array(places.length)
  let isWhole = true
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index] as RowPlace | null
    if (place === null) isWhole = false
    else {
      const { part, position } = place
      numbers[index] = name === '_row_id' ? part.rowIdAt(position) : part.createdAt(position)
    }
  }
  if (isWhole) return idColumn(numbers)
  return columnFromValues(
    types.uint64,
    Array.from(numbers, (number, index) => (places[index] === null ? null : number)),
  )
}
