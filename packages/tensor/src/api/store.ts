import { type CollectionMethods, checkName, collectionMethods, type ModelContext } from '@sheafdb/core'
import type { HnswIndexes } from '../indexes/hnsw.ts'
import { MODEL, type TensorOptions } from '../layout/table.ts'
import { TensorCollection } from './collection.ts'

/** Is `store.tensor`: opens a collection by name, and lists, drops and renames them. */
export type TensorApi = CollectionMethods & OpenTensorCollection

/**
 * Opens a collection of tensors; it is made with its first write, as the options say. Later it may be opened without.
 *
 * @throws `ARGUMENT` for options that cannot be, and later where the collection has others
 */
export type OpenTensorCollection = (name: string, options?: TensorOptions) => TensorCollection

/** Makes `store.tensor` for a session. */
export function tensorApi(context: ModelContext, indexes: HnswIndexes): TensorApi {
  const open: OpenTensorCollection = (name, options = {}) =>
    new TensorCollection(context, checkName(name), { options, indexes })
  return Object.assign(open, collectionMethods(context, MODEL))
}
