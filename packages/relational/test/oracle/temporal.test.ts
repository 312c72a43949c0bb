import { openStore } from '@sheafdb/core'
import { assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { relational } from '../../src/index.ts'

const UNITS = [
  ...['millennium', 'century', 'decade', 'year', 'quarter', 'month', 'week', 'day'],
  ...['hour', 'minute', 'second', 'millisecond', 'microsecond'],
]
const PARTS = [...UNITS, 'dow', 'isodow', 'doy', 'isoyear']
const COUNTED = UNITS.filter((unit) => !/millennium|century|decade|quarter|week/.test(unit))

const EXPRESSIONS = [
  ...PARTS.flatMap((part) => [`extract(${part} FROM t)`, `date_part('${part}', d)`]),
  ...UNITS.flatMap((unit) => [`date_trunc('${unit}', t)`, `date_trunc('${unit}', d)`]),
  ...COUNTED.map((unit) => `date_diff('${unit}', t, u)`),
  ...[
    "INTERVAL '1 month 3 days'",
    'INTERVAL 90 DAY',
    'INTERVAL (-13) MONTH',
    "INTERVAL '2 hours 5 seconds'",
  ].flatMap((interval) => [`d + ${interval}`, `t - ${interval}`, `${interval} + t`]),
  ...COUNTED.map((unit) => `date_diff('${unit}', d, DATE '2001-02-03')`),
  "d > DATE '1998-12-01' - INTERVAL '90' DAY",
  "d <= TIMESTAMP '2024-02-29 00:00:00'",
  "TIMESTAMP '2024-02-29 12:00:00' > d",
  'monthname(d)',
  'dayname(t)',
  'last_day(d)',
  'last_day(t)',
  'make_date(year(d)::INTEGER, month(d)::INTEGER, 28)',
  "DATE '1998-12-01' - INTERVAL '90' DAY",
]

/** Random days from 2000 BC to 6000 AD, and times of day to the microsecond. */
function sample(seed: number): { readonly day: string; readonly time: string }[] {
  let state = seed >>> 0
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
  return Array.from({ length: 40 }, () => ({
    day: String(next(2) === 0 ? next(60_000) - 30_000 : next(2_900_000) - 1_450_000),
    time: `${next(2) === 0 ? next(60_000) - 30_000 : next(2_900_000) - 1_450_000}::BIGINT * 86400000000 + ${next(86_400)}::BIGINT * 1000000 + ${next(1_000_000)}`,
  }))
}

async function tableOf(native: boolean, seed: number) {
  const { relational: sql } = await openStore(':memory:', { models: [relational({ native })] })
  await sql.run('CREATE TABLE x(d DATE, t TIMESTAMP, u TIMESTAMP)')
  const rows = sample(seed).map(
    ({ day, time }, at) =>
      `(DATE '1970-01-01' + (${day})::INTEGER, make_timestamp(${time}), ${at % 7 === 0 ? 'NULL' : `make_timestamp(${sample(seed + 1)[at]?.time})`})`,
  )
  const special =
    "(NULL, NULL, NULL), (DATE '2024-02-29', TIMESTAMP '2024-12-31 23:59:59.999999', TIMESTAMP '1969-12-31 23:59:59.999999')"
  const infinite =
    "('infinity'::DATE, 'infinity'::TIMESTAMP, TIMESTAMP '2000-01-01'), ('-infinity'::DATE, '-infinity'::TIMESTAMP, TIMESTAMP '2000-01-01')"
  await sql.run(`INSERT INTO x VALUES ${rows.join(', ')}, ${special}, ${infinite}`)
  return sql
}

test('functions of dates and times give natively what DuckDB gives, for random values, nulls and extremes', async () => {
  const seeds: number[] = []
  assert(
    property(integer({ min: 1, max: 2 ** 31 }), (seed) => {
      seeds.push(seed)
    }),
    { numRuns: 3 },
  )
  for (const seed of seeds) {
    const [native, duck] = [await tableOf(true, seed), await tableOf(false, seed)]
    for (const expression of EXPRESSIONS) {
      const text = `SELECT CAST(${expression} AS VARCHAR) AS v FROM x`
      expect(await native.query(text).explain(), expression).not.toContain('foreign')
      const wanted = await duck.query(text).rows()
      expect(await native.query(text).rows(), `${expression} with seed ${seed}`).toEqual(wanted)
    }
  }
})
