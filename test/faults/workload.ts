/**
 * A workload of numbered transactions over all six models, and what the store must hold after the n-th of them: what
 * the fault suites run, break off and check. Transaction n writes n everywhere, so that half of one shows.
 */
import { type OpenOptions, openStore, type Store } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { graph } from '@sheafdb/graph'
import { kv } from '@sheafdb/kv'
import { rdf } from '@sheafdb/rdf'
import { relational } from '@sheafdb/relational'
import { tensor } from '@sheafdb/tensor'

const models = () => [relational(), document(), graph(), rdf(), tensor(), kv()] as const

/** Is a store of all models. */
export type WorkloadStore = Store<ReturnType<typeof models>>

/** Opens a store of all models. */
export function openWorkload(
  path: string,
  options: Partial<Omit<OpenOptions<ReturnType<typeof models>>, 'models'>> = {},
): Promise<WorkloadStore> {
  return openStore(path, { models: models(), ...options })
}

/** Rows and entries older than this many transactions are deleted again. */
const KEPT = 30
const TENSORS = 10
/** After every so many transactions the store is compacted. */
const COMPACT_EVERY = 20

const vectors = (session: Pick<WorkloadStore, 'tensor'>) =>
  session.tensor('vectors', { dtype: 'float32', shape: [4], metric: 'l2' })

/** Makes the tables that need to be declared: before the first transaction. */
export async function prepare(store: WorkloadStore): Promise<void> {
  await store.relational.run(
    'CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer VARCHAR, total DOUBLE)',
  )
}

/** Runs the n-th transaction, n from 1 on. */
export async function runTransaction(store: WorkloadStore, n: number): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.relational.run('INSERT INTO orders VALUES ($1, $2, $3)', [n, `customer ${n % 7}`, n * 1.5])
    await tx.relational.run('DELETE FROM orders WHERE id = $1', [n - KEPT])
    await tx.document('notes').insertOne({ _id: n, text: `note ${n}`, tags: ['a', `t${n % 3}`] })
    await tx.document('notes').updateOne({ _id: 'count' }, { $set: { n } }, { upsert: true })
    await tx.graph('chain').run('CREATE (:Step {n: $n})', { n })
    await tx
      .graph('chain')
      .run('MATCH (a:Step {n: $before}), (b:Step {n: $n}) CREATE (a)-[:NEXT {n: $n}]->(b)', {
        before: n - 1,
        n,
      })
    await tx.rdf('facts').update(`INSERT DATA { <http://example.org/${n}> <http://example.org/n> ${n} }`)
    await vectors(tx).put(`v${n % TENSORS}`, Float32Array.of(n, n, n, n))
    await tx.kv('keys').put(['n', n], `value ${n}`)
    await tx.kv('keys').delete(['n', n - KEPT])
    await tx.kv('keys').put('last', n)
  })
}

/** Does what belongs between two transactions. */
export async function afterTransaction(store: WorkloadStore, n: number): Promise<void> {
  if (n % COMPACT_EVERY === 0) await store.compact()
}

/** Gives what the store holds, as plain values. */
export async function readState(store: WorkloadStore): Promise<Record<string, unknown>> {
  const has = (model: { list(): readonly string[] }, name: string): boolean => model.list().includes(name)
  const tensors = has(store.tensor as never, 'vectors') ? vectors(store) : null
  const values: (number[] | null)[] = []
  for (let at = 0; tensors !== null && at < TENSORS; at += 1) {
    const found = await tensors.get(`v${at}`)
    values.push(found === undefined ? null : Array.from(found.values as Float32Array))
  }
  const entries = has(store.kv, 'keys') ? await store.kv('keys').range({}).rows() : []
  return {
    orders: has(store.relational, 'orders')
      ? await store.relational.query('SELECT id, customer, total FROM orders ORDER BY id').rows()
      : [],
    notes: has(store.document, 'notes')
      ? await store
          .document('notes')
          .find({}, { sort: { _id: 1 } })
          .rows()
      : [],
    steps: has(store.graph, 'chain')
      ? (await store.graph('chain').query('MATCH (s:Step) RETURN s.n AS n ORDER BY n').rows()).map(
          ({ n }) => n,
        )
      : [],
    edges: has(store.graph, 'chain')
      ? (
          await store
            .graph('chain')
            .query('MATCH (a:Step)-[e:NEXT]->(b:Step) RETURN a.n AS a, e.n AS e, b.n AS b ORDER BY b')
            .rows()
        ).map(({ a, e, b }) => [a, e, b])
      : [],
    facts: has(store.rdf, 'facts')
      ? (
          await store
            .rdf('facts')
            .query('SELECT ?s ?o WHERE { ?s <http://example.org/n> ?o } ORDER BY ?o')
            .rows()
        ).map(({ s, o }) => [(s as { value: string }).value, (o as { value: string }).value])
      : [],
    vectors: values,
    entries: entries.map(({ key, value }) => [key, value]),
  }
}

/** Gives what the store must hold after n transactions. */
export function expectedState(n: number): Record<string, unknown> {
  const all = Array.from({ length: n }, (_, at) => at + 1)
  const kept = all.filter((each) => each > n - KEPT)
  const last = (slot: number): number | undefined => all.findLast((each) => each % TENSORS === slot)
  return {
    orders: kept.map((id) => ({ id, customer: `customer ${id % 7}`, total: id * 1.5 })),
    notes: [
      ...all.map((id) => ({ _id: id, text: `note ${id}`, tags: ['a', `t${id % 3}`] })),
      ...(n === 0 ? [] : [{ _id: 'count', n }]),
    ],
    steps: all,
    edges: all.slice(1).map((each) => [each - 1, each, each]),
    facts: all.map((each) => [`http://example.org/${each}`, String(each)]),
    vectors:
      n === 0
        ? []
        : Array.from({ length: TENSORS }, (_, slot) => {
            const value = last(slot)
            return value === undefined ? null : [value, value, value, value]
          }),
    entries: [...(n === 0 ? [] : [['last', n]]), ...kept.map((each) => [['n', each], `value ${each}`])],
  }
}

/** Tells how many transactions a state is the outcome of, and `null` where it is that of no number of them. */
export function transactionsOf(state: Record<string, unknown>): number | null {
  const n = (state.steps as unknown[]).length
  return JSON.stringify(state) === JSON.stringify(expectedState(n)) ? n : null
}
