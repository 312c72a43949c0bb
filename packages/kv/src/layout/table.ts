import {
  type DataType,
  makeField,
  type ScanColumnRequest,
  type TableSpecification,
  tableName,
  types,
} from '@sheafdb/core'

/** Names the model: `store.kv`. */
export const MODEL = 'kv'

/** Counts the versions of the layout. */
export const LAYOUT_VERSION = 1

/**
 * Names the fields of a collection's table: `key` in order-preserving bytes, `value` and `tag` (see
 * `value-encoding.ts`), `version` (grows with each write of the key) and `expiry` (milliseconds since the epoch, null
 * for never).
 */
export const FIELDS = ['key', 'value', 'tag', 'version', 'expiry'] as const

type FieldName = (typeof FIELDS)[number]

const FIELD_TYPES: Readonly<Record<FieldName, DataType>> = {
  key: types.binary,
  value: types.binary,
  tag: types.uint8,
  version: types.uint64,
  expiry: types.int64,
}

/** Gives the table of a collection. */
export function entryTable(): TableSpecification {
  return {
    part: '',
    key: ['key'],
    fields: FIELDS.map((name) => makeField(name, FIELD_TYPES[name], { nullable: name === 'expiry' })),
  }
}

/** Names the table of a collection. */
export function entryTableName(collection: string): string {
  return tableName(MODEL, collection, '')
}

/** Asks a table for fields. */
export function requestFields(names: readonly FieldName[]): ScanColumnRequest[] {
  return names.map((field) => ({ field, type: FIELD_TYPES[field] }))
}

/** Gives the type of a field. */
export function fieldType(name: FieldName): DataType {
  return FIELD_TYPES[name]
}
