import type { RowBatch, TableDefinition, TableSpecification } from '../../src/catalog/definition.ts'
import type { Snapshot, TableStore } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import { type ColumnKind, columnKinds, type Draw, drawValues, oneIn, pick, upTo } from './random-table.ts'

const KEY: ColumnKind = { name: 'key', type: types.int64, values: [0, 1, 2, 3, -1] }
const EDGE_FIELDS = ['source', 'target', 'kind']

/** Is a store whose tables were filled by several commits, with rows changed and deleted. */
export type StoredTables = {
  readonly store: TableStore
  readonly snapshot: Snapshot
  readonly tables: readonly TableDefinition[]
  readonly edges: readonly TableDefinition[]
}

/** Draws a store with a table without a key, one with a key, a long one with a key, and one of edges. */
export async function drawStore(draw: Draw): Promise<StoredTables> {
  const store = await openTableStore({ path: 'store', fileSystem: new MemoryFileSystem() })
  const kinds = (): ColumnKind[] => columnKinds.filter(() => oneIn(draw, 2))
  await fill(store, draw, 'plain', kinds(), { hasKey: false, rowCounts: [0, 3, 6] })
  await fill(store, draw, 'keyed', kinds(), { hasKey: true, rowCounts: [0, 3, 6] })
  await fill(store, draw, 'long', kinds().slice(0, 2), { hasKey: true, rowCounts: [200, 30] })
  await fillEdges(store, draw)
  if (oneIn(draw, 3)) await store.compact({ full: true })
  const snapshot = store.snapshot()
  const definition = (name: string) => snapshot.catalog.table(`test:${name}`) as TableDefinition
  return {
    store,
    snapshot,
    tables: ['plain', 'keyed', 'long'].map(definition),
    edges: [definition('edges')],
  }
}

/** Draws indexes over one column or two. */
function drawIndexes(draw: Draw, kinds: readonly ColumnKind[]): TableSpecification['indexes'] & object {
  if (kinds.length === 0) return []
  return Array.from({ length: upTo(draw, 3) }, (_, number) => ({
    name: `index ${number}`,
    parts: Array.from({ length: 1 + upTo(draw, 1) }, () => ({
      expression: { field: pick(draw, kinds).name },
    })),
  }))
}

async function fill(
  store: TableStore,
  draw: Draw,
  name: string,
  kinds: readonly ColumnKind[],
  options: { readonly hasKey: boolean; readonly rowCounts: readonly number[] },
): Promise<void> {
  const all = options.hasKey ? [KEY, ...kinds] : kinds
  const specification: TableSpecification = {
    part: '',
    fields: all.map((kind) => makeField(kind.name, kind.type, { nullable: kind !== KEY })),
    key: options.hasKey ? ['key'] : [],
    indexes: drawIndexes(draw, all),
  }
  const creation = store.begin()
  creation.createCollection('test', name, { version: 1, tables: [specification] })
  await creation.commit()
  let nextKey = -2
  for (let commit = upTo(draw, 2); commit >= 0; commit -= 1) {
    const count = pick(draw, options.rowCounts)
    const columns = all.map((kind) =>
      kind === KEY ? Array.from({ length: count }, (_, row) => nextKey + row) : drawValues(draw, kind, count),
    )
    nextKey += count
    const transaction = store.begin()
    const { rowIds } = transaction.insert(`test:${name}`, rowsOf(all, columns, count))
    const deleted = rowIds.filter(() => oneIn(draw, 8))
    transaction.delete(`test:${name}`, deleted)
    await transaction.commit()
    const kept = rowIds.filter((id) => !deleted.includes(id))
    if (kinds.length > 0 && kept.length > 0 && oneIn(draw, 2)) {
      const update = store.begin()
      const changed = kept.subarray(0, 2)
      const values = kinds.map((kind) => drawValues(draw, kind, changed.length))
      update.update(`test:${name}`, changed, rowsOf(kinds, values, changed.length))
      await update.commit()
    }
    if (oneIn(draw, 4)) await store.compact({ full: oneIn(draw, 2) })
  }
}

function rowsOf(kinds: readonly ColumnKind[], columns: readonly unknown[][], length: number): RowBatch {
  return {
    fields: kinds.map((kind) => kind.name),
    columns: kinds.map((kind, at) => columnFromValues(kind.type, columns[at] as unknown[])),
    length,
  }
}

async function fillEdges(store: TableStore, draw: Draw): Promise<void> {
  const transaction = store.begin()
  transaction.createCollection('test', 'edges', {
    version: 1,
    tables: [
      {
        part: '',
        fields: EDGE_FIELDS.map((field) => makeField(field, types.int64)),
        key: [],
        adjacencies: [
          { name: 'all', source: 'source', target: 'target', partition: null },
          { name: 'parted', source: 'source', target: 'target', partition: 'kind' },
        ],
      },
    ],
  })
  const count = upTo(draw, 14)
  const node = () => (oneIn(draw, 12) ? null : upTo(draw, 5))
  const kinds = EDGE_FIELDS.map((name) => ({ name, type: types.int64, values: [] }))
  const columns = [node, node, () => upTo(draw, 2)].map((make) => Array.from({ length: count }, make))
  const { rowIds } = transaction.insert('test:edges', rowsOf(kinds, columns, count))
  await transaction.commit()
  const removal = store.begin()
  removal.delete(
    'test:edges',
    rowIds.filter(() => oneIn(draw, 6)),
  )
  await removal.commit()
}
