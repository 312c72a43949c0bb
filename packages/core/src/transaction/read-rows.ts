import type { ScanColumnRequest } from '../catalog/table-source.ts'
import { CHUNK_ROWS, type Part, type PartField } from '../storage/part.ts'
import { takeColumn } from '../storage/take.ts'
import { boxedColumn, type Column, isBoxedType } from '../types/column.ts'
import { accessColumn, requestedColumn, resolveRequest } from './scan-column.ts'
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
    if (column.kind === 'field' && isBoxedType(column.field.type))
      return accessColumn(readValues(places, column.field), request)
    const sources = chunks.map(({ part, chunk }) => {
      const length = Math.min(part.rowCountAt(view.commit) - chunk * CHUNK_ROWS, CHUNK_ROWS)
      return requestedColumn(column, { part, chunk, length })
    })
    const type = column.kind === 'system' ? request.type : column.field.type
    return accessColumn(takeColumn(type, sources, plan), request)
  })
}

/** Reads boxed values one by one: of a segment's chunk only those that are asked for are decoded. */
function readValues(places: readonly (RowPlace | null)[], field: PartField): Column {
  return boxedColumn(
    field.type,
    places.map((place) => (place === null ? null : place.part.read(field, place.position))),
  )
}
