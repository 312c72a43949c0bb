import { openStore } from '@sheafdb/core'
import { DateDay, Table, TimestampMillisecond, vectorFromArray } from 'apache-arrow'
import { expect, it } from 'vitest'
import { fromJavaScript } from '../../src/api/input.ts'
import { graph } from '../../src/index.ts'

it('takes dates of JavaScript and of Arrow as dates and times', async () => {
  const store = await openStore(':memory:', { models: [graph()] })
  const g = store.graph('g')
  const at = new Date('2020-02-03T04:05:06.789Z')
  await g.run('CREATE (:E {at: $at, all: $all})', { at, all: [at] })
  const [row] = await g
    .query('MATCH (e:E) WHERE e.at < $later RETURN e.at AS at, e.all AS all, e.at.year AS y', {
      later: new Date('2021-01-01'),
    })
    .rows()
  expect([String(row?.at), String(row?.all), row?.y]).toEqual([
    '2020-02-03T04:05:06.789Z',
    '2020-02-03T04:05:06.789Z',
    2020,
  ])
  const table = new Table({
    day: vectorFromArray([at], new DateDay()),
    moment: vectorFromArray([at], new TimestampMillisecond()),
  })
  await g.addNodes('T', table)
  const [other] = await g.query('MATCH (t:T) RETURN t.day AS day, t.moment AS moment').rows()
  expect([String(other?.day), String(other?.moment)]).toEqual(['2020-02-03', '2020-02-03T04:05:06.789'])
  await g.addNodes('O', [{ when: at, n: 1 }])
  expect(String((await g.query('MATCH (o:O) RETURN o.when AS w').first())?.w)).toBe(
    '2020-02-03T04:05:06.789Z',
  )
  await store.close()
})

it('leaves what holds no date as it is', () => {
  const value = { a: [1, { b: 'x' }], c: new Uint8Array(2) }
  expect(fromJavaScript(value)).toBe(value)
  const nan = { a: [Number.NaN] }
  expect(fromJavaScript(nan)).toEqual(nan)
})
