import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CsrIndex } from '../../src/catalog/csr.ts'
import type { RowBatch } from '../../src/catalog/definition.ts'
import type { Snapshot, TableStore, WriteTransaction } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'

const TABLE = 'test:edges'
const ADJACENCY = { name: 'edges', source: 'source', target: 'target', partition: 'kind' }
const FIELDS = ['source', 'target', 'kind', 'weight']

type Edge = readonly [source: number | null, target: number, kind: number, weight: number]

async function openEdges(): Promise<TableStore> {
  const store = await openTableStore({ path: 'store', fileSystem: new MemoryFileSystem() })
  const transaction = store.begin()
  const fields = FIELDS.map((name) => makeField(name, types.int64))
  transaction.createCollection('test', 'edges', {
    version: 1,
    tables: [{ part: '', fields, key: [], adjacencies: [ADJACENCY] }],
  })
  await transaction.commit()
  return store
}

function rowsOf(edges: readonly Edge[], fields = FIELDS): RowBatch {
  const columns = fields.map((name) =>
    columnFromValues(
      types.int64,
      edges.map((edge) => edge[FIELDS.indexOf(name)]),
    ),
  )
  return { fields, columns, length: edges.length }
}

/** Lists the edges of an index as `node>neighbour:edge`, sorted. */
function listed(index: CsrIndex | undefined): string[] {
  if (index === undefined) return []
  const found: string[] = []
  for (let slot = 0; slot < index.slotCount; slot += 1) {
    const node = index.nodes === null ? slot : (index.nodes[slot] as number)
    for (let at = index.offsets[slot] as number; at < (index.offsets[slot + 1] as number); at += 1)
      found.push(`${node}>${index.neighbours[at]}:${index.edges[at]}`)
  }
  return found.sort()
}

/** Checks an adjacency against the rows themselves. */
function check(snapshot: Snapshot): void {
  const source = snapshot.source(TABLE)
  const columns = ['_row_id', 'source', 'target', 'kind'].map((field) => ({ field, type: types.int64 }))
  const wanted = new Map([0, 1].map((kind) => [kind, { forward: [] as string[], backward: [] as string[] }]))
  for (const batch of source.scan({ columns, predicates: [] })) {
    const [id, from, to, kind] = batch.columns.map(columnReader) as [
      (row: number) => unknown,
      (row: number) => unknown,
      (row: number) => unknown,
      (row: number) => unknown,
    ]
    for (const row of batch.selection ?? Array.from({ length: batch.length }, (_, at) => at)) {
      if (from(row) === null) continue
      wanted.get(kind(row) as number)?.forward.push(`${from(row)}>${to(row)}:${id(row)}`)
      wanted.get(kind(row) as number)?.backward.push(`${to(row)}>${from(row)}:${id(row)}`)
    }
  }
  const adjacency = source.adjacency(ADJACENCY)
  for (const [kind, { forward, backward }] of wanted) {
    expect(listed(adjacency.forward(kind))).toEqual(forward.sort())
    expect(listed(adjacency.backward(kind))).toEqual(backward.sort())
  }
}

const node = fc.oneof(fc.nat(6), fc.constant(2 ** 40))
const edge = fc.tuple(fc.option(node, { freq: 6 }), node, fc.nat(1), fc.nat(9)) as fc.Arbitrary<Edge>
const change = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), edges: fc.array(edge, { minLength: 1, maxLength: 12 }) }),
  fc.record({ kind: fc.constant('delete' as const), id: fc.nat(40) }),
  fc.record({ kind: fc.constant('move' as const), id: fc.nat(40), edge }),
  fc.record({ kind: fc.constant('weigh' as const), id: fc.nat(40), edge }),
)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
      looks: fc.boolean(),
      commits: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'hold' as const }) },
)

function apply(
  transaction: WriteTransaction,
  each: typeof change extends fc.Arbitrary<infer Change> ? Change : never,
): void {
  switch (each.kind) {
    case 'insert':
      transaction.insert(TABLE, rowsOf(each.edges))
      return
    case 'delete':
      transaction.delete(TABLE, Float64Array.of(each.id))
      return
    case 'move':
      transaction.update(TABLE, Float64Array.of(each.id), rowsOf([each.edge], ['source', 'target', 'kind']))
      return
    case 'weigh':
      transaction.update(TABLE, Float64Array.of(each.id), rowsOf([each.edge], ['weight']))
  }
}

describe('an adjacency of a table', () => {
  test('follows the rows through any history, for the newest state, held snapshots and open transactions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }),
        async (steps, asks) => {
          const store = await openEdges()
          const held: Snapshot[] = []
          for (const [at, each] of steps.entries()) {
            if (each.kind === 'compact') await store.compact({ full: true })
            else if (each.kind === 'hold') held.push(store.snapshot())
            else {
              const transaction = store.begin()
              for (const one of each.changes) {
                apply(transaction, one)
                if (each.looks) check(transaction.snapshot)
              }
              if (each.commits) await transaction.commit()
              else transaction.rollback()
            }
            if (asks[at] === true) check(store.snapshot())
            const [oldest] = held
            if (asks[at] === true && oldest !== undefined) check(oldest)
            if (held.length > 2) held.shift()?.close()
          }
          check(store.snapshot())
          for (const snapshot of held) check(snapshot)
          await store.close()
        },
      ),
      { numRuns: 80 },
    )
  })

  test('after a write shares what the write does not concern', async () => {
    const store = await openEdges()
    const write = async (edges: readonly Edge[]): Promise<void> => {
      const transaction = store.begin()
      transaction.insert(TABLE, rowsOf(edges))
      await transaction.commit()
    }
    await write(Array.from({ length: 100 }, (_, at): Edge => [at % 10, at % 7, at % 2, 0]))
    const before = store.snapshot().source(TABLE).adjacency(ADJACENCY)
    const [even, odd] = [before.forward(0), before.forward(1)]
    await write([[3, 4, 1, 0]])
    const after = store.snapshot().source(TABLE).adjacency(ADJACENCY)
    expect(after.forward(0)).toBe(even)
    expect(after.forward(1)?.edgeCount).toBe((odd as CsrIndex).edgeCount + 1)
    check(store.snapshot())
  })
})
