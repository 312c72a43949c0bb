import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const SCRIPT = `
import { col, count, openStore, sum } from '@sheafdb/core'
const store = await openStore(':memory:', { models: [] })
const rows = Array.from({ length: 30000 }, (_, at) => ({ at, text: 't' + (at % 3), half: at / 2 }))
const query = store.from(rows)
  .filter(col('at').lt(9).and(col('text').ne('t1')))
  .groupBy('text').agg({ rows: count(), sum: sum(col('half').mul(2)) })
  .sort('text')
let generates = true
try { new Function('return 1')() } catch { generates = false }
console.log(JSON.stringify({ generates, rows: await query.rows() }))
await store.close()
`

test('a host that allows no code generation runs the same queries', () => {
  const output = execFileSync(
    process.execPath,
    [
      '--disallow-code-generation-from-strings',
      '--conditions=source',
      '--no-warnings',
      '--input-type=module',
      '--eval',
      SCRIPT,
    ],
    { cwd: new URL('../../../..', import.meta.url), encoding: 'utf8' },
  )
  expect(JSON.parse(output)).toEqual({
    generates: false,
    rows: [
      { text: 't0', rows: 3, sum: 9 },
      { text: 't2', rows: 3, sum: 15 },
    ],
  })
})
