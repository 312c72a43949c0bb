import { DuckDatabase } from './src/duckdb/database.ts'

const db = new DuckDatabase()
for (const s of process.argv.slice(2))
  console.log(
    '==',
    s,
    '\n',
    (await db.serialize(s))
      .replace(/"query_location":\d+,?/g, '')
      .replace(/"error":false,"statements":/, '')
      .replace(/"order_bys":\{"type":"ORDER_MODIFIER"\},?/g, ''),
  )
await db.use(async (s) => {
  for (const q of [
    'select 1+$1, $2',
    'select $1 = 1',
    'select $a::int as x',
    "select 1.5e0+1::float, 1.5+1::float, 1::bigint+1::float, 1/1::float, abs(-1::smallint), round(1.5::float), round(2), length('a'), sum(1::float), nullif(1,2), year(date '2020-01-01'), 1::float > 0.1, -(1::smallint), sum(x) from range(2) t(x)",
  ]) {
    try {
      const r = await s.describe(q)
      console.log(
        q,
        r.columns.map((c) => c.name + ':' + c.type),
        r.parameters.map((c) => c.name + ':' + c.type),
      )
    } catch (e) {
      console.log(q, (e as Error).message)
    }
  }
})
