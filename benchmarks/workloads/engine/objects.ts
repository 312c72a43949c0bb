import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { Field, Float64, Int32, makeData, RecordBatch, Schema, Struct, Table } from 'apache-arrow'
import type { Workload } from '../../src/workload.ts'
import { seededRandom } from '../flights-data.ts'

const ROWS = 10_000_000
const GROUPS = 1000
const OTHERS = 100_000

type Item = { readonly id: number; readonly group: number; readonly other: number; readonly value: number }

type Columns = {
  readonly id: Int32Array
  readonly group: Int32Array
  readonly other: Int32Array
  readonly value: Float64Array
}

function columnsOf(): Columns {
  const random = seededRandom(3)
  const id = new Int32Array(ROWS)
  const group = new Int32Array(ROWS)
  const other = new Int32Array(ROWS)
  const value = new Float64Array(ROWS)
  for (let at = 0; at < ROWS; at += 1) {
    id[at] = at
    group[at] = Math.floor(random() * GROUPS)
    other[at] = Math.floor(random() * OTHERS)
    value[at] = Math.floor(random() * 1000)
  }
  return { id, group, other, value }
}

function tableOf(columns: Readonly<Record<string, Int32Array | Float64Array>>): Table {
  const entries = Object.entries(columns)
  const fields = entries.map(
    ([name, data]) => new Field(name, data instanceof Int32Array ? new Int32() : new Float64(), false),
  )
  const children = entries.map(([, data], at) =>
    makeData({ type: (fields[at] as Field).type, length: data.length, nullCount: 0, data } as never),
  )
  const length = (entries[0] as [string, Int32Array])[1].length
  const schema = new Schema(fields)
  return new Table(schema, [
    new RecordBatch(
      schema,
      makeData({ type: new Struct(fields), length, nullCount: 0, children: children as never }),
    ),
  ])
}

type Operation = {
  readonly name: string
  readonly title: string
  readonly factor: number
  readonly sql: string
  readonly plain: (
    items: readonly Item[],
    weights: readonly { readonly id: number; readonly weight: number }[],
  ) => unknown
}

const round = (rows: readonly Record<string, unknown>[]): unknown[] => rows.map((row) => ({ ...row }))

const OPERATIONS: readonly Operation[] = [
  {
    name: 'scan',
    title: 'scan: the greatest of a computed column',
    factor: 8,
    sql: 'SELECT max(value * 2 + id) AS most FROM items',
    plain: (items) => {
      let most = Number.NEGATIVE_INFINITY
      for (const item of items) most = Math.max(most, item.value * 2 + item.id)
      return [{ most }]
    },
  },
  {
    name: 'filter',
    title: 'filter: rows that pass two conditions, counted',
    factor: 12,
    sql: 'SELECT count(*) AS n FROM items WHERE value > 900 AND "group" < 100',
    plain: (items) => [{ n: items.filter((item) => item.value > 900 && item.group < 100).length }],
  },
  {
    name: 'sum',
    title: 'sum of a column',
    factor: 16,
    sql: 'SELECT sum(value) AS total FROM items',
    plain: (items) => [{ total: items.reduce((total, item) => total + item.value, 0) }],
  },
  {
    name: 'group',
    title: 'group: sums of 1,000 groups',
    factor: 7,
    sql: 'SELECT "group", count(*) AS n, sum(value) AS total FROM items GROUP BY "group" ORDER BY "group"',
    plain: (items) => {
      const groups = new Map<number, { group: number; n: number; total: number }>()
      for (const item of items) {
        const known = groups.get(item.group)
        if (known === undefined) groups.set(item.group, { group: item.group, n: 1, total: item.value })
        else {
          known.n += 1
          known.total += item.value
        }
      }
      return [...groups.values()].sort((left, right) => left.group - right.group)
    },
  },
  {
    name: 'join',
    title: 'join with 100 K rows: the sum of products',
    factor: 7,
    sql: 'SELECT sum(items.value * weights.weight) AS total FROM items JOIN weights ON weights.id = items.other',
    plain: (items, weights) => {
      const byId = new Map(weights.map((each) => [each.id, each]))
      let total = 0
      for (const item of items) {
        const found = byId.get(item.other)
        if (found !== undefined) total += item.value * found.weight
      }
      return [{ total }]
    },
  },
]

function workload({ name, title, factor, sql, plain }: Operation): Workload {
  return {
    name: `engine-objects-${name}`,
    title: `${title}, 10 M rows`,
    asked: {
      text: `${factor} times an array of objects`,
      reached: (medians) =>
        (medians.get('array of objects') as number) / (medians.get('Sheaf') as number) >= factor,
    },
    runs: 5,
    warmups: 2,
    async prepare(folder) {
      const columns = columnsOf()
      const store = await openStore(`${folder}/objects.sheaf`, {
        models: [relational()],
        durability: 'none',
        memoryLimit: 2 ** 32,
      })
      await store.relational.run(
        'CREATE TABLE items (id INTEGER NOT NULL, "group" INTEGER NOT NULL, other INTEGER NOT NULL, value DOUBLE NOT NULL)',
      )
      await store.relational.run('CREATE TABLE weights (id INTEGER NOT NULL, weight INTEGER NOT NULL)')
      await store.relational('items').insert(tableOf(columns))
      const ids = Int32Array.from({ length: OTHERS }, (_, id) => id)
      const weight = ids.map((id) => id % 7)
      await store.relational('weights').insert(tableOf({ id: ids, weight }))
      const items = Array.from(columns.id, (id, at): Item => {
        const { group, other, value } = columns
        return { id, group: group[at] as number, other: other[at] as number, value: value[at] as number }
      })
      const weights = Array.from(ids, (id) => ({ id, weight: weight[id] as number }))
      return [
        {
          engine: 'Sheaf',
          run: async () => round(await store.relational.query(sql).rows()),
          close: () => store.close(),
        },
        { engine: 'array of objects', run: () => plain(items, weights) },
      ]
    },
  }
}

/** Runs the five operations that a program does with rows, against an array of objects. */
export const objects: readonly Workload[] = OPERATIONS.map(workload)
