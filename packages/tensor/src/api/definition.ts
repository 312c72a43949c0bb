import {
  type Field,
  type Metric,
  type ModelContext,
  makeField,
  SheafError,
  type TableDefinition,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import {
  type CollectionOptions,
  checkAttributeName,
  collectionTables,
  LAYOUT_VERSION,
  MODEL,
  type TensorOptions,
  tensorTable,
  tensorTableName,
} from '../layout/table.ts'
import { attributeFields, idKindOf, type NewTensor } from './rows.ts'

const METRICS: readonly string[] = ['cosine', 'l2', 'dot', 'l1', 'hamming', 'jaccard'] satisfies Metric[]

/** Checks a metric. @throws `ARGUMENT` */
export function checkMetric(metric: Metric): Metric {
  if (METRICS.includes(metric)) return metric
  throw new SheafError(
    'ARGUMENT',
    `There is no such metric. Use one of ${METRICS.join(', ')}: ${String(metric)}`,
  )
}

/** Checks options as a user gives them. @throws `ARGUMENT` */
export function checkOptions(options: TensorOptions): TensorOptions {
  if (options.metric !== undefined) checkMetric(options.metric)
  tensorTable({ ...options, id: 'any' })
  return options
}

/** Is a collection that is there. */
export type Definition = { readonly table: TableDefinition; readonly options: CollectionOptions }

/** Finds a collection. @throws `ARGUMENT` where it is of another dtype or shape than asked for */
export function findDefinition(
  catalog: ReturnType<ModelContext['catalog']>,
  name: string,
  wanted: TensorOptions,
): Definition | undefined {
  const collection = catalog.collection(MODEL, name)
  const table = collection?.tables[0]
  if (collection === undefined || table === undefined) return undefined
  const options = collection.options as CollectionOptions
  checkSame('dtype', wanted.dtype, options.dtype, name)
  checkSame('shape', wanted.shape?.join(' x '), options.shape?.join(' x '), name)
  return { table, options }
}

function checkSame(what: string, wanted: string | undefined, found: string | undefined, name: string): void {
  if (wanted === undefined || wanted === found) return
  throw new SheafError(
    'ARGUMENT',
    `The collection is of another ${what}. Open it without one, or with its own: "${name}" has ${found ?? 'none'}, not ${wanted}`,
  )
}

/** Finds the collection to write to, makes it where there is none, and adds columns for new attributes. */
export function prepareDefinition(
  transaction: WriteTransaction,
  name: string,
  options: TensorOptions,
  tensors: readonly NewTensor[],
): Definition {
  let definition = findDefinition(transaction.snapshot.catalog, name, options)
  if (definition === undefined) {
    const own: CollectionOptions = { ...options, id: idKindOf(tensors.map((tensor) => tensor.id)) }
    transaction.createCollection(MODEL, name, {
      version: LAYOUT_VERSION,
      tables: collectionTables(own),
      options: own,
    })
    definition = findDefinition(transaction.snapshot.catalog, name, options) as Definition
  }
  const added = newAttributes(definition, tensors)
  if (added.length === 0) return definition
  return { ...definition, table: transaction.addFields(tensorTableName(name), added) }
}

function newAttributes({ table, options }: Definition, tensors: readonly NewTensor[]): Field[] {
  const known = new Set(attributeFields(table, options).map((field) => field.name))
  const added: Field[] = []
  for (const { attributes } of tensors) {
    for (const name of Object.keys(attributes)) {
      if (known.has(name)) continue
      known.add(checkAttributeName(name))
      added.push(makeField(name, types.variant))
    }
  }
  return added
}
