import { type CollectionMethods, checkName, collectionMethods, type ModelContext } from '@sheafdb/core'
import { MODEL } from '../layout/table.ts'
import { KeyValueCollection } from './collection.ts'

/** Is `store.kv`: opens a collection by name, and lists, drops and renames them. */
export type KeyValueApi = CollectionMethods & OpenKeyValueCollection

/** Opens a collection of entries; it is made with its first write. @throws `ARGUMENT` for a name that cannot be */
export type OpenKeyValueCollection = <Value = unknown>(name: string) => KeyValueCollection<Value>

/** Makes `store.kv` for a session. */
export function keyValueApi(context: ModelContext): KeyValueApi {
  const open = <Value>(name: string): KeyValueCollection<Value> =>
    new KeyValueCollection<Value>(context, checkName(name))
  return Object.assign(open, collectionMethods(context, MODEL))
}
