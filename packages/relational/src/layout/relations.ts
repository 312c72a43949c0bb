import {
  type CatalogView,
  type CollectionDefinition,
  type DataType,
  type LogicalPlan,
  planField,
  type ScanColumn,
  scan,
  type TableDefinition,
  types,
} from '@sheafdb/core'
import { rememberSqlType } from '../duckdb/types.ts'
import { optionsOf } from './options.ts'

/** Names this model in the catalog. */
export const MODEL_NAME = 'relational'

/** Finds a table or view by its name, letter case left out as in SQL. */
export function findCollection(catalog: CatalogView, name: string): CollectionDefinition | undefined {
  const exact = catalog.collection(MODEL_NAME, name)
  if (exact !== undefined) return exact
  const wanted = name.toLowerCase()
  return catalog.collections(MODEL_NAME).find((collection) => collection.name.toLowerCase() === wanted)
}

/** Makes the plan that reads a table whole, `_row_id` last where asked for. */
export function tableScan(
  collection: CollectionDefinition,
  options: { readonly rowId?: boolean } = {},
): LogicalPlan {
  const table = collection.tables[0] as TableDefinition
  const declared = optionsOf(collection)
  const columns = table.fields.map((field): ScanColumn => {
    const column =
      declared.kind === 'table' ? declared.columns.find((item) => item.name === field.name) : undefined
    const type: DataType = column?.held ? rememberSqlType(field.type, column.type) : field.type
    return { ...planField(field.name, type, field.nullable), field: field.name }
  })
  const rowId: ScanColumn = { ...planField('_row_id', types.uint64, false), field: '_row_id' }
  return scan(table.name, options.rowId ? [...columns, rowId] : columns)
}
