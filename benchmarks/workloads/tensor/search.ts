import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from '@lancedb/lancedb'
import { openStore, type Store } from '@sheafdb/core'
import { type TensorCollection, tensor } from '@sheafdb/tensor'
import * as sqliteVec from 'sqlite-vec'
import type { Contender, Workload } from '../../src/workload.ts'
import { clusteredVectors, SIZE, vectorAt } from './data.ts'

const require = createRequire(import.meta.url)
const usearch = require('usearch') as typeof import('usearch')

const COUNT = 100_000
const QUERIES = 20
const EF = 256
const K = 10

type Sheaf = {
  readonly store: Store<readonly [ReturnType<typeof tensor>]>
  readonly vectors: TensorCollection
}

async function openSheaf(folder: string, data: Float32Array): Promise<Sheaf> {
  const store = await openStore(join(folder, 'vectors.sheaf'), { models: [tensor()] })
  const vectors = store.tensor('vectors', {
    dtype: 'float32',
    shape: [SIZE],
    metric: 'cosine',
    attributes: { part: 'int32' },
  })
  await vectors.putMany(
    Array.from({ length: data.length / SIZE }, (_, id) => ({
      id,
      values: vectorAt(data, id),
      attributes: { part: id % 100 },
    })),
  )
  return { store, vectors }
}

/** Gives ids in their own order: distances that rounding makes equal may change places. */
function sorted(ids: Iterable<number | bigint>): number[] {
  return Array.from(ids, Number).sort((left, right) => left - right)
}

async function idsOf(rows: Promise<readonly { readonly id: unknown }[]>): Promise<number[]> {
  return sorted((await rows).map((row) => Number(row.id)))
}

async function each(
  queries: Float32Array,
  search: (query: Float32Array) => number[] | Promise<number[]>,
): Promise<number[][]> {
  const found: number[][] = []
  for (let at = 0; at < QUERIES; at += 1) found.push(await search(vectorAt(queries, at)))
  return found
}

async function lance(
  folder: string,
  data: Float32Array,
  queries: Float32Array,
  where?: string,
): Promise<Contender> {
  const database = await connect(join(folder, 'lance'))
  const rows = Array.from({ length: data.length / SIZE }, (_, id) => ({
    id,
    part: id % 100,
    vector: Array.from(vectorAt(data, id)),
  }))
  const table = await database.createTable('vectors', rows)
  return {
    engine: 'LanceDB',
    run: () =>
      each(queries, async (query) => {
        const search = table
          .vectorSearch(Array.from(query))
          .distanceType('cosine')
          .limit(K)
          .select(['id', '_distance'])
        const found = await (where === undefined ? search : search.where(where)).toArray()
        return sorted(found.map((row: { id: number }) => row.id))
      }),
    close: () => database.close(),
  }
}

function sqlite(data: Float32Array, queries: Float32Array): Contender {
  const database = new DatabaseSync(':memory:', { allowExtension: true })
  sqliteVec.load(database)
  database.exec(`CREATE VIRTUAL TABLE vectors USING vec0(vector float[${SIZE}] distance_metric=cosine)`)
  const insert = database.prepare('INSERT INTO vectors(rowid, vector) VALUES (?, ?)')
  database.exec('BEGIN')
  for (let id = 0; id < data.length / SIZE; id += 1)
    insert.run(BigInt(id), new Uint8Array(vectorAt(data, id).slice().buffer))
  database.exec('COMMIT')
  const select = database.prepare(`SELECT rowid FROM vectors WHERE vector MATCH ? AND k = ${K}`)
  return {
    engine: 'sqlite-vec',
    run: () =>
      each(queries, (query) =>
        sorted(select.all(new Uint8Array(query.slice().buffer)).map((row) => row['rowid'] as number)),
      ),
    close: () => database.close(),
  }
}

function perQuery(medians: ReadonlyMap<string, number>): Record<string, string> {
  return Object.fromEntries(
    [...medians].map(([engine, time]) => [`${engine}, each query`, `${(time / QUERIES).toFixed(3)} ms`]),
  )
}

/** Finds the exact nearest of many. */
export const tensorExact: Workload = {
  name: 'tensor-exact',
  title: `exact top ${K} of ${COUNT / 1000} K x ${SIZE} float32 by cosine (${QUERIES} queries)`,
  asked: {
    text: "level with usearch's exactSearch on one thread; 40 times LanceDB",
    reached: (medians) =>
      (medians.get('Sheaf') as number) <= 1.1 * (medians.get('usearch exactSearch (1 thread)') as number) &&
      (medians.get('LanceDB') as number) >= 40 * (medians.get('Sheaf') as number),
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const [data, queries] = [clusteredVectors(COUNT, 1), clusteredVectors(QUERIES, 2)]
    const { store, vectors } = await openSheaf(folder, data)
    // It takes no view into a larger buffer: it would search near to the buffer's beginning.
    const exactly = (threads: number): Contender => ({
      engine: `usearch exactSearch (${threads} thread${threads === 1 ? '' : 's'})`,
      run: () =>
        each(queries, (query) =>
          sorted(
            usearch.exactSearch(data, query.slice(), SIZE, K, usearch.MetricKind.Cos, threads)
              .keys as Iterable<bigint>,
          ),
        ),
    })
    return [
      {
        engine: 'Sheaf',
        run: () => each(queries, (query) => idsOf(vectors.nearest(query, { k: K, exact: true }).rows())),
        close: () => store.close(),
      },
      exactly(1),
      exactly(2),
      await lance(folder, data, queries),
      sqlite(data, queries),
    ]
  },
  figures: perQuery,
}

/** Finds the exact nearest of one in a hundred. */
export const tensorFiltered: Workload = {
  name: 'tensor-filtered',
  title: `the same among the 1 % that a filter leaves`,
  asked: {
    text: '100 times LanceDB',
    reached: (medians) => (medians.get('LanceDB') as number) >= 100 * (medians.get('Sheaf') as number),
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const [data, queries] = [clusteredVectors(COUNT, 1), clusteredVectors(QUERIES, 2)]
    const { store, vectors } = await openSheaf(folder, data)
    return [
      {
        engine: 'Sheaf',
        run: () =>
          each(queries, (query) => idsOf(vectors.nearest(query, { k: K, where: { part: 7 } }).rows())),
        close: () => store.close(),
      },
      await lance(folder, data, queries, 'part = 7'),
    ]
  },
  figures: perQuery,
}

const builds = new Map<string, number>()
const recalls = new Map<string, number>()

function recall(found: readonly number[][], truth: readonly number[][]): number {
  let shared = 0
  found.forEach((ids, at) => {
    const wanted = new Set(truth[at])
    shared += ids.filter((id) => wanted.has(id)).length
  })
  return shared / truth.flat().length
}

type Search = { readonly where?: { readonly part: { readonly $lt: number } }; readonly exact?: boolean }

async function searchAll(
  vectors: TensorCollection,
  queries: Float32Array,
  search: Search,
): Promise<number[][]> {
  return each(queries, (query) => idsOf(vectors.nearest(query, { k: K, ...search }).rows()))
}

const TITLE = `HNSW: top ${K} of ${COUNT / 1000} K x ${SIZE}, recall of at least 0.95 (${QUERIES} queries)`

/** Finds very likely the nearest by an index. Every run tells whether its recall was good: that is what must be equal. */
const hnsw: Workload = {
  name: 'tensor-hnsw',
  title: TITLE,
  asked: {
    text: 'within 1.2 times usearch alone, the build too',
    reached: (medians) =>
      (medians.get('Sheaf') as number) <= 1.2 * (medians.get('usearch') as number) &&
      (builds.get('Sheaf') as number) <= 1.2 * (builds.get('usearch') as number),
  },
  runs: 7,
  warmups: 2,
  async prepare(folder) {
    const [data, queries] = [clusteredVectors(COUNT, 1), clusteredVectors(QUERIES, 2)]
    const { store, vectors } = await openSheaf(folder, data)
    let start = performance.now()
    await vectors.createIndex({ kind: 'hnsw', ef: EF })
    builds.set('Sheaf', performance.now() - start)
    const truth = await searchAll(vectors, queries, { exact: true })
    start = performance.now()
    const index = new usearch.Index(SIZE, usearch.MetricKind.Cos, usearch.ScalarKind.F32, 16, 128, EF)
    for (let from = 0; from < COUNT; from += 128) {
      const to = Math.min(from + 128, COUNT)
      const keys = BigUint64Array.from({ length: to - from }, (_, at) => BigInt(from + at))
      index.add(keys, data.subarray(from * SIZE, to * SIZE), 2)
    }
    builds.set('usearch', performance.now() - start)
    const isGood = judge(truth)
    return [
      {
        engine: 'Sheaf',
        run: async () => isGood('Sheaf', await searchAll(vectors, queries, {})),
        close: () => store.close(),
      },
      {
        engine: 'usearch',
        run: async () =>
          isGood(
            'usearch',
            await each(queries, (query) => sorted(index.search(query, EF, 1).keys.subarray(0, K))),
          ),
      },
    ]
  },
  figures: (medians) => ({
    ...perQuery(medians),
    ...recallFigures(),
    ...Object.fromEntries(
      [...builds].map(([engine, time]) => [`${engine}, build`, `${(time / 1000).toFixed(1)} s`]),
    ),
  }),
}

function judge(truth: readonly number[][]): (engine: string, found: readonly number[][]) => boolean {
  return (engine, found) => {
    recalls.set(engine, recall(found, truth))
    return recall(found, truth) >= 0.95
  }
}

function recallFigures(): Record<string, string> {
  return Object.fromEntries([...recalls].map(([engine, part]) => [`${engine}, recall`, part.toFixed(3)]))
}

const SELECTIVITIES = [1, 10, 50] as const

/** Finds the nearest among what filters leave, by an index and exactly. */
const hnswFiltered: Workload = {
  name: 'tensor-hnsw-filtered',
  title: 'HNSW: the same among the 1, 10 and 50 % that a filter leaves',
  asked: {
    text: 'recall of at least 0.95 each; faster than exact at 10 and 50 %',
    reached: (medians) =>
      [10, 50].every(
        (part) => (medians.get(`Sheaf, ${part} %`) as number) < (medians.get(`exact, ${part} %`) as number),
      ),
  },
  runs: 5,
  warmups: 1,
  async prepare(folder) {
    const [data, queries] = [clusteredVectors(COUNT, 1), clusteredVectors(QUERIES, 2)]
    const { store, vectors } = await openSheaf(folder, data)
    await vectors.createIndex({ kind: 'hnsw', ef: EF })
    const contenders: Contender[] = []
    for (const part of SELECTIVITIES) {
      const where = { part: { $lt: part } }
      const isGood = judge(await searchAll(vectors, queries, { where, exact: true }))
      contenders.push(
        {
          engine: `Sheaf, ${part} %`,
          run: async () => isGood(`Sheaf, ${part} %`, await searchAll(vectors, queries, { where })),
        },
        {
          engine: `exact, ${part} %`,
          run: async () =>
            isGood(`exact, ${part} %`, await searchAll(vectors, queries, { where, exact: true })),
        },
      )
    }
    return contenders.map((contender, at) =>
      at === 0 ? { ...contender, close: () => store.close() } : contender,
    )
  },
  figures: (medians) => ({ ...perQuery(medians), ...recallFigures() }),
}

/** Holds the searches through an index. */
export const tensorHnsw: readonly Workload[] = [hnsw, hnswFiltered]
