import type { Workload } from '../../src/workload.ts'
import type { CachedData } from '../cached-tables.ts'
import { sqlContenders } from '../sql-contenders.ts'
import { tpchData } from '../tpch/data.ts'
import { eventData } from './data.ts'

type Question = {
  readonly name: string
  readonly title: string
  readonly sql: string
  /** How many times as fast as DuckDB, and with how many threads. */
  readonly factor: number
  readonly threads: 1 | 2
  readonly data: () => Promise<CachedData>
}

const lineitem = { factor: 1, threads: 1, data: tpchData } as const
const events = { threads: 2, data: eventData } as const

const QUESTIONS: readonly Question[] = [
  {
    ...lineitem,
    name: 'scan',
    title: 'three columns of 6 M rows read to their ends',
    sql: 'SELECT max(l_orderkey) AS a, max(l_partkey) AS b, max(l_shipdate) AS c FROM lineitem',
  },
  {
    ...lineitem,
    name: 'filter',
    title: 'rows of 6 M that pass three conditions, counted',
    sql: "SELECT count(*) AS n FROM lineitem WHERE l_quantity < 24 AND l_discount > 0.05 AND l_shipmode = 'AIR'",
  },
  {
    ...lineitem,
    name: 'sum',
    title: 'sum of 6 M doubles',
    sql: 'SELECT sum(l_extendedprice) AS total FROM lineitem',
  },
  {
    ...lineitem,
    name: 'group-few',
    title: '6 M rows in 7 groups by a text column',
    sql: 'SELECT l_shipmode, count(*) AS n, sum(l_extendedprice) AS total, avg(l_discount) AS discount FROM lineitem GROUP BY l_shipmode ORDER BY l_shipmode',
  },
  {
    ...events,
    name: 'group-strings',
    title: '2 M rows grouped by 200 K strings, the 10 greatest groups',
    factor: 5,
    sql: 'SELECT key, sum(value) AS total FROM events GROUP BY key ORDER BY total DESC LIMIT 10',
  },
  {
    ...events,
    name: 'top-k',
    title: 'top 100 of 2 M rows',
    factor: 3,
    sql: 'SELECT id, value FROM events ORDER BY value DESC, id LIMIT 100',
  },
  {
    ...lineitem,
    name: 'join-one',
    title: '1.5 M rows joined one to one with 1.5 M',
    factor: 1 / 1.5,
    sql: 'SELECT count(*) AS n, sum(a.o_totalprice - b.o_custkey) AS total FROM orders a JOIN orders b ON a.o_orderkey = b.o_orderkey',
  },
  {
    ...lineitem,
    name: 'join-many',
    title: '1.5 M rows joined with 6 M, both filtered, in 5 groups',
    factor: 1 / 1.5,
    sql: "SELECT o_orderpriority, count(*) AS n, sum(l_extendedprice) AS total FROM orders JOIN lineitem ON o_orderkey = l_orderkey WHERE o_orderdate < DATE '1997-01-01' AND l_quantity > 10 GROUP BY o_orderpriority ORDER BY o_orderpriority",
  },
  {
    ...lineitem,
    name: 'window',
    title: 'a running row number over 1.5 M orders by customer',
    factor: 1 / 1.5,
    sql: 'SELECT count(*) AS n, sum(number) AS total FROM (SELECT row_number() OVER (PARTITION BY o_custkey ORDER BY o_orderdate, o_orderkey) AS number FROM orders) WHERE number <= 3',
  },
  {
    ...lineitem,
    name: 'sort',
    title: '1.5 M rows sorted by a double',
    factor: 1 / 1.5,
    sql: 'SELECT o_orderkey, o_totalprice FROM orders ORDER BY o_totalprice, o_orderkey OFFSET 1499990',
  },
  {
    ...lineitem,
    name: 'distinct',
    title: 'distinct pairs of part and supplier among 6 M rows, counted',
    sql: 'SELECT count(*) AS n FROM (SELECT DISTINCT l_partkey, l_suppkey FROM lineitem)',
  },
]

/** Runs one operator at a time, against DuckDB. */
export const operators: readonly Workload[] = QUESTIONS.map(
  ({ name, title, sql, factor, threads, data }): Workload => ({
    name: `engine-${name}`,
    title,
    asked: {
      text: `${factor >= 1 ? `${factor} times` : `within ${(1 / factor).toFixed(1)} times`} DuckDB (${threads} thread${threads === 1 ? '' : 's'})`,
      reached: (medians) =>
        (medians.get(`DuckDB (${threads} thread${threads === 1 ? '' : 's'})`) as number) /
          (medians.get('Sheaf') as number) >=
        factor,
    },
    runs: 7,
    warmups: 3,
    prepare: async () => sqlContenders(await data(), sql),
  }),
)
