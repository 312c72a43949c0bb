import { columnReader, type ModelContext, types, type Value } from '@sheafdb/core'
import { isPlain } from '../language/parser-values.ts'
import { copyValue } from '../layout/stored-value.ts'
import { documentTable } from '../layout/table.ts'
import type { Document } from '../semantics/value.ts'

/** Gives the key that a filter asks for where it asks for nothing else; `undefined` for any other filter. */
export function onlyKey(filter: Value): Value {
  if (!isPlain(filter)) return undefined
  const [key, ...more] = Object.keys(filter)
  if (key !== '_id' || more.length > 0) return undefined
  const id = filter._id
  if (id === null || Array.isArray(id) || id instanceof RegExp || isPlain(id)) return undefined
  return typeof id === 'function' || typeof id === 'symbol' ? undefined : id
}

/** Reads a document by its key without planning a query, for its receiver to change; null where there is none. */
export function readByKey(context: ModelContext, collection: string, id: Value): Document | null {
  const table = documentTable(collection)
  const snapshot = context.snapshot()
  try {
    if (snapshot.catalog.table(table) === undefined) return null
    const request = { field: 'document', type: types.variant }
    const { batch } = snapshot.source(table).lookup([[id]], [request])
    const at = batch.selection === null ? 0 : batch.selection[0]
    const [column] = batch.columns
    if (column === undefined || at === undefined || batch.length === 0) return null
    const document = columnReader(column)(at) as Document
    return column.layout === 'boxed' && column.own === true ? document : (copyValue(document) as Document)
  } finally {
    snapshot.close()
  }
}
