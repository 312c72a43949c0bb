import {
  type Column,
  columnFromValues,
  dictionaryOf,
  makeField,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { GraphSchema } from '../layout/schema.ts'
import type { Properties } from '../values.ts'
import { touch } from './rules.ts'

const LABEL_LIST = new List(makeField('item', dictionaryOf(), { nullable: false }))

/** Makes a column of ids, as narrow as they allow. */
export function idColumn(ids: ArrayLike<number>): Column {
  let maximum = 0
  for (let at = 0; at < ids.length; at += 1) maximum = Math.max(maximum, ids[at] as number)
  const narrow = maximum < 2 ** 32
  const made = narrow ? Uint32Array.from(ids) : BigUint64Array.from(Array.from(ids), (id) => BigInt(id))
  return { layout: 'flat', type: types.uint64, length: ids.length, validity: null, values: made }
}

/** Makes a column of lists of labels. */
export function labelColumn(labels: readonly (readonly string[])[]): Column {
  const codes = new Map<string, number>()
  const offsets = new Int32Array(labels.length + 1)
  const items: number[] = []
  for (let row = 0; row < labels.length; row += 1) {
    for (const label of labels[row] as readonly string[]) {
      let code = codes.get(label)
      if (code === undefined) {
        code = codes.size
        codes.set(label, code)
      }
      items.push(code)
    }
    offsets[row + 1] = items.length
  }
  const child: Column = {
    layout: 'dictionary',
    type: types.utf8,
    length: items.length,
    validity: null,
    codes: Int32Array.from(items),
    dictionary: columnFromValues(types.utf8, [...codes.keys()]),
  }
  return { layout: 'list', type: LABEL_LIST, length: labels.length, validity: null, offsets, child }
}

/** Makes a column that holds one text in every row. */
function constantText(text: string, length: number): Column {
  return {
    layout: 'dictionary',
    type: types.utf8,
    length,
    validity: null,
    codes: new Uint8Array(length),
    dictionary: columnFromValues(types.utf8, [text]),
  }
}

/** Inserts nodes and gives their ids. */
export function insertNodes(
  transaction: WriteTransaction,
  schema: GraphSchema,
  labels: readonly (readonly string[])[],
  properties: readonly Properties[],
): Float64Array {
  if (labels.length === 0) return new Float64Array(0)
  const { rowIds } = transaction.insert(schema.nodes, {
    fields: ['labels', 'properties'],
    columns: [labelColumn(labels), columnFromValues(types.variant, properties)],
    length: labels.length,
  })
  touch(transaction, schema.nodes, 'node', rowIds)
  return rowIds
}

/** Is edges of one type to be inserted. */
export type NewEdges = {
  readonly type: string
  readonly typeId: number
  readonly sources: ArrayLike<number>
  readonly targets: ArrayLike<number>
  readonly properties: readonly Properties[]
}

/** Inserts edges of one type and gives their ids. */
export function insertEdges(
  transaction: WriteTransaction,
  schema: GraphSchema,
  edges: NewEdges,
): Float64Array {
  const length = edges.properties.length
  if (length === 0) return new Float64Array(0)
  const typeIds = {
    layout: 'flat',
    type: types.int32,
    length,
    validity: null,
    values: new Int32Array(length).fill(edges.typeId),
  } as const
  const { rowIds } = transaction.insert(schema.edges, {
    fields: ['source', 'target', 'type', 'type_id', 'properties'],
    columns: [
      idColumn(edges.sources),
      idColumn(edges.targets),
      constantText(edges.type, length),
      typeIds,
      columnFromValues(types.variant, edges.properties),
    ],
    length,
  })
  touch(transaction, schema.edges, 'relationship', rowIds)
  return rowIds
}
