import type { SQLInputValue } from 'node:sqlite'
import { Aggregator, Query } from 'mingo'
import {
  type Dataset,
  duckDocuments,
  openSheaf,
  sqliteDocuments,
  surrealDocuments,
} from '../engines/document-stores.ts'
import type { Contender, Workload } from '../src/workload.ts'
import { makeDepartments, makePeople } from './document-data.ts'

type Row = Readonly<Record<string, unknown>>

/** Is one question in the language of each engine. */
export type Question = {
  readonly name: string
  readonly title: string
  /** MongoDB's filter with options, or a pipeline: for Sheaf and mingo. */
  readonly find?: { readonly filter: Row; readonly sort?: Record<string, 1 | -1>; readonly limit?: number }
  readonly pipeline?: readonly Row[]
  /** Left out of mingo where it takes minutes. */
  readonly skipsMingo?: true
  readonly sqlite: string
  readonly duckTyped: string
  readonly duckJson?: string
  /** Left out where it takes many seconds. */
  readonly surreal?: string
  /** Makes rows of every engine comparable. */
  readonly normal: (rows: readonly Row[]) => unknown
  /** What is asked beside ten times the best of SQLite, mingo and SurrealDB. */
  readonly levelWithDuck: boolean
}

/** The engines whose best time counts. */
const PEERS = ['mingo', 'SQLite JSONB', 'SurrealDB']

function bestOf(medians: ReadonlyMap<string, number>): number {
  return Math.min(...PEERS.map((engine) => medians.get(engine) ?? Number.POSITIVE_INFINITY))
}

/** Level allows for noise. */
const LEVEL = 1.2

function isReached({ levelWithDuck }: Question, medians: ReadonlyMap<string, number>): boolean {
  const own = medians.get('Sheaf') as number
  const typed = medians.get('DuckDB typed') as number
  return bestOf(medians) >= 10 * own && (!levelWithDuck || own <= LEVEL * typed)
}

/** Reads documents that SQLite gives as JSON text. */
function parsedRows(rows: readonly Row[]): Row[] {
  return rows.map((row) => (typeof row.doc === 'string' ? (JSON.parse(row.doc) as Row) : row))
}

const INDEXED_FINDS = 100

/** Makes the workload of a question that an index answers, in Sheaf and in SQLite: with a hundred values by turns. */
export function indexedWorkload(
  question: Pick<Question, 'name' | 'title' | 'sqlite' | 'normal'> & {
    readonly filter: (value: string | number) => Row
    readonly values: (at: number) => string | number
    readonly key: Readonly<Record<string, 1 | -1>>
    readonly sqliteIndex: string
  },
): Workload {
  const { normal, filter } = question
  const values = Array.from({ length: INDEXED_FINDS }, (_, at) => question.values(at))
  return {
    name: question.name,
    title: question.title,
    asked: {
      text: 'equal to SQLite, both indexed',
      reached: (medians) =>
        (medians.get('Sheaf') as number) <= LEVEL * (medians.get('SQLite JSONB') as number),
    },
    runs: 11,
    warmups: 10,
    async prepare(folder) {
      const dataset = { people: makePeople(), departments: makeDepartments() }
      const store = await openSheaf(folder, dataset)
      const people = store.document('people')
      await people.createIndex(question.key)
      const sqlite = sqliteDocuments(folder, dataset)
      sqlite.exec(question.sqliteIndex)
      const statement = sqlite.prepare(question.sqlite)
      return [
        {
          engine: 'Sheaf',
          run: async () => {
            const found: Row[] = []
            for (const value of values) found.push(...(await people.find(filter(value)).rows()))
            return normal(found)
          },
          close: () => store.close(),
        },
        {
          engine: 'SQLite JSONB',
          run: () => normal(values.flatMap((value) => parsedRows(statement.all(value) as Row[]))),
          close: () => sqlite.close(),
        },
      ]
    },
  }
}

/** Makes the workload of a question. */
export function readWorkload(question: Question): Workload {
  const asked = question.levelWithDuck
    ? '10 times the best of SQLite JSONB, mingo, SurrealDB; level with DuckDB typed'
    : '10 times the best of SQLite JSONB, mingo, SurrealDB'
  return {
    name: question.name,
    title: question.title,
    asked: { text: asked, reached: (medians) => isReached(question, medians) },
    runs: 11,
    warmups: 15,
    prepare: (folder) =>
      contendersOf(question, folder, { people: makePeople(), departments: makeDepartments() }),
    figures: (medians) => ({
      'best peer against Sheaf': `${(bestOf(medians) / (medians.get('Sheaf') as number)).toFixed(1)} times`,
    }),
  }
}

async function contendersOf(question: Question, folder: string, dataset: Dataset): Promise<Contender[]> {
  const { normal, find, pipeline } = question
  const store = await openSheaf(folder, dataset)
  const people = store.document('people')
  const sqlite = sqliteDocuments(folder, dataset)
  const statement = sqlite.prepare(question.sqlite)
  const duck = await duckDocuments(folder, dataset)
  const duckRows = async (sql: string): Promise<Row[]> =>
    (await duck.runAndReadAll(sql)).getRowObjectsJS() as Row[]
  const contenders: Contender[] = [
    {
      engine: 'Sheaf',
      run: async () =>
        normal(
          find === undefined
            ? await people.aggregate(pipeline as Row[]).rows()
            : await people.find(find.filter, find).rows(),
        ),
      close: () => store.close(),
    },
    ...(question.skipsMingo ? [] : [{ engine: 'mingo', run: () => normal(runMingo(question, dataset)) }]),
    {
      engine: 'SQLite JSONB',
      run: () => normal(parsedRows(statement.all(...([] as SQLInputValue[])) as Row[])),
      close: () => sqlite.close(),
    },
    {
      engine: 'DuckDB typed',
      run: async () => normal(await duckRows(question.duckTyped)),
      close: () => duck.closeSync(),
    },
  ]
  if (question.surreal !== undefined) contenders.push(await surrealContender(question, folder, dataset))
  const { duckJson } = question
  if (duckJson !== undefined)
    contenders.push({ engine: 'DuckDB JSON', run: async () => normal(parsedRows(await duckRows(duckJson))) })
  return contenders
}

async function surrealContender(
  { surreal: query, normal }: Question,
  folder: string,
  dataset: Dataset,
): Promise<Contender> {
  const surreal = await surrealDocuments(folder, dataset)
  return {
    engine: 'SurrealDB',
    run: async () => normal((await surreal.query<[Row[]]>(query as string))[0]),
    close: async () => {
      await surreal.close()
    },
  }
}

function runMingo({ find, pipeline }: Question, { people, departments }: Dataset): Row[] {
  if (find !== undefined) {
    const cursor = new Query(find.filter as Record<string, never>).find<Row>(people as unknown as Row[])
    if (find.sort !== undefined) cursor.sort(find.sort)
    if (find.limit !== undefined) cursor.limit(find.limit)
    return cursor.all()
  }
  const options = {
    collectionResolver: (name: string) => (name === 'departments' ? departments : people),
  }
  const aggregator = new Aggregator(pipeline as Record<string, never>[], options as never)
  return aggregator.run(people as unknown as Record<string, never>[]) as unknown as Row[]
}
