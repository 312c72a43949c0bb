import {
  type CollectionDefinition,
  call,
  columnNamed,
  type LogicalPlan,
  type Model,
  type ModelContext,
  named,
  project,
  type Relation,
  SheafError,
  tablePlan,
} from '@sheafdb/core'
import { findDefinition } from './api/definition.ts'
import { checkSearch, nearestPlan, type QueryVector } from './api/nearest.ts'
import { attributeFields } from './api/rows.ts'
import { type TensorApi, tensorApi } from './api/store.ts'
import { tensorFunctions } from './functions/index.ts'
import { HnswIndexes } from './indexes/hnsw.ts'
import { type CollectionOptions, collectionTables, isFixed, LAYOUT_VERSION, MODEL } from './layout/table.ts'

/** Is the tensor model as `openStore` takes it. */
export type TensorModel = Model<'tensor', TensorApi>

/**
 * Makes the tensor model: tensors by id, with attributes, nearest neighbours, files of tensors.
 *
 * @example const store = await openStore(':memory:', { models: [tensor()] })
 */
export function tensor(): TensorModel {
  const indexes = new HnswIndexes()
  return {
    name: MODEL,
    layoutVersion: LAYOUT_VERSION,
    layout: (_, options) => collectionTables(options as CollectionOptions),
    open: (context) => {
      if (context.commitsEachWrite) indexes.keepThrough(context)
      return tensorApi(context, indexes)
    },
    vectorIndexes: indexes,
    relations: relationsOf,
    functions: tensorFunctions,
    tableFunctions: [{ name: 'nearest', lower: lowerNearest }],
  }
}

/** Shows a collection as its table; exact bytes as lists of their elements. */
function relationsOf(collection: CollectionDefinition): Relation[] {
  const options = collection.options as CollectionOptions
  return collection.tables.slice(0, 1).map((table) => {
    const all = tablePlan(table)
    if (isFixed(options)) return { name: collection.name, plan: all }
    const elements = call('tensor.values', columnNamed(all, 'dtype'), columnNamed(all, 'values'))
    const shown = ['id', 'dtype', 'shape', ...attributeFields(table, options).map((field) => field.name)]
    const items = shown.map((name) => named(name, columnNamed(all, name)))
    return { name: collection.name, plan: project(all, [...items, named('values', elements)]) }
  })
}

/** Lowers `nearest('faces', [0.1, …], 10)` in SQL to rows of `id`, `distance` and attributes. */
function lowerNearest(context: ModelContext, args: readonly unknown[]): LogicalPlan {
  const [name, vector, k = 10] = args
  if (typeof name !== 'string' || args.length < 2 || args.length > 3) {
    throw new SheafError(
      'ARGUMENT',
      "The table function nearest takes a collection, a vector and a count: nearest('faces', [0.1, 0.2], 10)",
    )
  }
  const definition = findDefinition(context.catalog(), name, {})
  if (definition === undefined)
    throw new SheafError('NOT_FOUND', `There is no collection of tensors of this name: ${name}`)
  const options = { k: Number(k), metric: definition.options.metric ?? 'cosine' }
  return nearestPlan(definition, checkSearch(vector as QueryVector, options), options)
}
