/**
 * Is the key-value model of Sheaf: ordered keys of many kinds, any structured-cloneable value, ranges, time to live.
 */

export { type BatchOperation, type Entry, KeyValueCollection } from './api/collection.ts'
export type { PutOptions } from './api/conditions.ts'
export type { RangeBounds, RangeOptions } from './api/range.ts'
export type { KeyValueApi } from './api/store.ts'
export type { Change } from './api/watch.ts'
export type { Key } from './layout/key.ts'
export { type KeyValueModel, kv } from './model.ts'
