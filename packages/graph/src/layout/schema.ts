import {
  type CatalogView,
  type CollectionDefinition,
  dictionaryOf,
  type LogicalPlan,
  makeField,
  type TableSpecification,
  tableName,
  types,
} from '@sheafdb/core'
import { List } from 'apache-arrow'

import { type EdgeEnds, endsFromOptions } from './ends.ts'
import { kindsFromOptions, type PropertyKinds } from './kinds.ts'

/** Is the name of the model in the catalog and of its place on a store: `store.graph`. */
export const MODEL_NAME = 'graph'

/** Is the version of the layout below. */
export const LAYOUT_VERSION = 1

/**
 * Gives the tables of a graph.
 *
 * | table | field | type | what |
 * |---|---|---|---|
 * | nodes | `_row_id` | UInt64 | the node's id, for ever |
 * | nodes | `labels` | List<Dictionary<Utf8>> | in the order given |
 * | nodes | `properties` | variant | shredded to typed columns by the core |
 * | edges | `_row_id` | UInt64 | the edge's id, for ever |
 * | edges | `source`, `target` | UInt64 | ids of nodes |
 * | edges | `type` | Dictionary<Utf8> | its type |
 * | edges | `type_id` | Int32 | place of its type in the collection's option `types`; parts the adjacency |
 * | edges | `properties` | variant | |
 *
 * Ids are the core's row ids: they are stable, need no key to be kept and are what the adjacency joins.
 */
export function graphLayout(): readonly TableSpecification[] {
  return [
    {
      part: 'nodes',
      fields: [
        makeField('labels', new List(makeField('item', dictionaryOf(), { nullable: false })), {
          nullable: false,
        }),
        makeField('properties', types.variant, { nullable: false }),
      ],
      key: [],
    },
    {
      part: 'edges',
      fields: [
        makeField('source', types.uint64, { nullable: false }),
        makeField('target', types.uint64, { nullable: false }),
        makeField('type', dictionaryOf(), { nullable: false }),
        makeField('type_id', types.int32, { nullable: false }),
        makeField('properties', types.variant, { nullable: false }),
      ],
      key: [],
      adjacencies: [{ name: 'edges', source: 'source', target: 'target', partition: 'type_id' }],
    },
  ]
}

/** Is what lowering must know of a stored graph: its tables, and its edge types by their ids. */
export type GraphSchema = {
  readonly nodes: string
  readonly edges: string
  /** Edge types; the place of each is its id. */
  readonly types: readonly string[]
  /** What kinds of values the properties of nodes and of edges have. */
  readonly kinds: { readonly node: PropertyKinds; readonly relationship: PropertyKinds }
  /** What labels the ends of edges surely have. */
  readonly ends: EdgeEnds
  /** Where the graph is a view over tables, what they are. */
  readonly view?: ViewSchema
}

/** Is a graph over tables that exist: whose rows are nodes of a label, and whose are edges of a type. */
export type ViewSchema = {
  readonly nodes: ReadonlyMap<string, ViewNodes>
  readonly edges: ReadonlyMap<string, ViewEdges>
}

/** Is the rows that are nodes of one label, each told by its key. */
export type ViewNodes = { readonly plan: LogicalPlan; readonly key: string }

/** Is the rows that are edges of one type, and which columns hold the keys of their ends. */
export type ViewEdges = { readonly plan: LogicalPlan; readonly source: ViewEnd; readonly target: ViewEnd }

/** Is an end of a view's edges: the label of the node, and the column with its key. */
export type ViewEnd = { readonly label: string; readonly column: string }

/** Finds the schema of a graph in the catalog, `undefined` where there is none of this name yet. */
export function graphSchema(catalog: CatalogView, name: string): GraphSchema | undefined {
  const collection = catalog.collection(MODEL_NAME, name)
  return collection === undefined ? undefined : schemaOfCollection(collection)
}

/** Reads the schema of a graph from its definition. */
export function schemaOfCollection(collection: CollectionDefinition): GraphSchema {
  return {
    nodes: tableName(MODEL_NAME, collection.name, 'nodes'),
    edges: tableName(MODEL_NAME, collection.name, 'edges'),
    types: edgeTypes(collection),
    kinds: collectionKinds(collection),
    ends: endsFromOptions(collection.options.ends),
  }
}

/** Reads what is known of the properties of a graph. */
export function collectionKinds({ options }: CollectionDefinition): GraphSchema['kinds'] {
  return { node: kindsFromOptions(options.nodeKinds), relationship: kindsFromOptions(options.edgeKinds) }
}

/** Lists the edge types of a graph; the place of each is its id. */
export function edgeTypes(collection: CollectionDefinition): readonly string[] {
  const { types: known } = collection.options
  return Array.isArray(known) ? (known as readonly string[]) : []
}
