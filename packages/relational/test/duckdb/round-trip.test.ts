import {
  type Column,
  columnFromValues,
  columnReader,
  makeBatch,
  makeField,
  openStore,
  types,
  type Value,
} from '@sheafdb/core'
import { type DataType, Decimal, FixedSizeList, Float32, List, Struct } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { resultReader } from '../../src/duckdb/column-reader.ts'
import { DuckDatabase } from '../../src/duckdb/database.ts'
import { duckTypeOf } from '../../src/duckdb/types.ts'
import { relational } from '../../src/index.ts'

const ROWS = 5000

/** Sends a column through DuckDB, in batches of uneven length, and reads it back. */
async function roundTrip(type: DataType, values: readonly Value[]): Promise<Value[]> {
  const database = new DuckDatabase({ threads: 1 })
  return database.use(async (session) => {
    const parts = [values.slice(0, 37), values.slice(37, 2500), values.slice(2500)]
    const batches = parts.map((part) => makeBatch([columnFromValues(type, part)], part.length))
    await session.show([['x', { columns: [{ name: 'v', type: duckTypeOf(type) }], scan: () => batches }]])
    const statement = await session.prepare('SELECT v FROM x')
    const result = await statement.stream()
    const reader = resultReader(type, result.columnType(0), 100)
    for (;;) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) break
      reader.append(chunk.getColumnVector(0), chunk.rowCount)
    }
    statement.destroySync()
    const column: Column = reader.finish()
    const read = columnReader(column)
    return Array.from({ length: column.length }, (_, index) => read(index))
  })
}

const sparse = (make: (index: number) => Value) =>
  Array.from({ length: ROWS }, (_, index) => (index % 7 === 3 ? null : make(index)))

describe('columns go through DuckDB and back unchanged', () => {
  const cases: readonly (readonly [string, DataType, readonly Value[]])[] = [
    ['int32', types.int32, sparse((index) => index - 2500)],
    [
      'int64 past the safe range',
      types.int64,
      sparse((index) => (index % 2 === 0 ? index : 9007199254740993n)),
    ],
    ['float64', types.float64, sparse((index) => index / 3)],
    ['float32', types.float32, sparse((index) => Math.fround(index / 3))],
    ['bool', types.bool, sparse((index) => index % 3 === 0)],
    ['short and long text', types.utf8, sparse((index) => 'ü'.repeat(index % 40))],
    ['bytes', types.binary, sparse((index) => Uint8Array.of(index & 255, 0, 7))],
    ['dates', types.date, sparse((index) => index - 1000)],
    ['timestamps', types.timestamp, sparse((index) => index * 1_000_003)],
    ['decimals', new Decimal(2, 12, 128), sparse((index) => BigInt(index) * -101n)],
    [
      'lists',
      new List(makeField('item', types.int32)),
      sparse((index) => [index, null, 1].slice(0, index % 4)),
    ],
    [
      'structs',
      new Struct([makeField('a', types.int32), makeField('b', types.utf8)]),
      sparse((index) => ({ a: index, b: `x${index}` })),
    ],
  ]
  for (const [name, type, values] of cases)
    test(name, async () => {
      const back = await roundTrip(type, values)
      expect(back.map(plain)).toEqual(values.map(plain))
    })

  test('vectors', async () => {
    const type = new FixedSizeList(2, makeField('item', new Float32()))
    const back = await roundTrip(type, [Float32Array.of(1, 2), Float32Array.of(3, 4)])
    expect(back.map((value) => Array.from(value as number[]))).toEqual([
      [1, 2],
      [3, 4],
    ])
  })
})

/** Makes structs of any prototype comparable. */
function plain(value: Value): unknown {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
    ? { ...value }
    : value
}

describe('maps, unions and nested values', () => {
  test('come back as entries, tagged members, and the values that columns of their types give', async () => {
    const store = await openStore(':memory:', { models: [relational()] })
    const sql = store.relational
    await sql.run(`
      CREATE TABLE t(id INTEGER, m MAP(VARCHAR, INTEGER), u UNION(n INTEGER, s VARCHAR),
        d MAP(INTEGER, UNION(x DOUBLE, y DATE))[], s STRUCT(day DATE, cost DECIMAL(5, 2)));
      INSERT INTO t VALUES
        (1, MAP {'a': 1, 'b': NULL}, union_value(s := '5'), [MAP {1: DATE '2024-01-02'::UNION(x DOUBLE, y DATE)}, NULL],
          {'day': DATE '2024-02-03', 'cost': 1.5}),
        (2, MAP {}, 5, [], NULL), (3, NULL, NULL, NULL, {'day': NULL, 'cost': NULL})`)
    expect(await sql.query('FROM t ORDER BY id').rows()).toEqual([
      {
        id: 1,
        m: [
          { key: 'a', value: 1 },
          { key: 'b', value: null },
        ],
        u: { tag: 's', n: null, s: '5' },
        d: [[{ key: 1, value: { tag: 'y', x: null, y: new Date('2024-01-02') } }], null],
        s: { day: new Date('2024-02-03'), cost: '1.50' },
      },
      { id: 2, m: [], u: { tag: 'n', n: 5, s: null }, d: [], s: null },
      { id: 3, m: null, u: null, d: null, s: { day: null, cost: null } },
    ])
    expect(
      await sql
        .query("SELECT m['a'] AS a, union_tag(u)::VARCHAR AS t, d[1][1].y AS y FROM t ORDER BY id")
        .rows(),
    ).toEqual([
      { a: 1, t: 's', y: new Date('2024-01-02') },
      { a: null, t: 'n', y: null },
      { a: null, t: null, y: null },
    ])
    await store.close()
  })
})
