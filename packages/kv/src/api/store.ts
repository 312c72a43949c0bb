import { type CollectionMethods, checkName, collectionMethods, type ModelContext } from '@sheafdb/core'
import { MODEL } from '../layout/table.ts'
import { KeyValueCollection } from './collection.ts'

/** Is `store.kv`: opens a collection by name, and lists, drops and renames them. */
export type KeyValueApi = CollectionMethods & OpenKeyValueCollection

/** Opens a collection of entries; it is made with its first write. @throws `ARGUMENT` for a name that cannot be */
export type OpenKeyValueCollection = <Value = unknown>(name: string) => KeyValueCollection<Value>

/** Makes `store.kv` for a session. */
export function keyValueApi(context: ModelContext): KeyValueApi {
  // One object a name: writes through it gather, however often it is asked for.
  const opened = new Map<string, KeyValueCollection>()
  const open = <Value>(name: string): KeyValueCollection<Value> => {
    const collection = opened.get(name) ?? new KeyValueCollection(context, checkName(name))
    opened.set(name, collection)
    return collection as KeyValueCollection<Value>
  }
  return Object.assign(open, collectionMethods(context, MODEL))
}
