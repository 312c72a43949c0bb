import { openStore } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { graph } from '../../src/index.ts'
import { civilFromDays, daysFromCivil, weekOf } from '../../src/temporal/calendar.ts'
import { makeDateTime } from '../../src/temporal/construct.ts'
import { parseDuration } from '../../src/temporal/parse.ts'

describe('calendar', () => {
  it('agrees with JavaScript on every day of some centuries, and turns back', () => {
    for (let days = -200_000; days < 200_000; days += 37) {
      const date = new Date(days * 86_400_000)
      const civil = civilFromDays(days)
      expect(civil).toEqual({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
      expect(daysFromCivil(civil)).toBe(days)
    }
  })

  it('puts the first days of a year into the week that they belong to', () => {
    expect(weekOf(daysFromCivil({ year: 2021, month: 1, day: 3 }))).toEqual({ weekYear: 2020, week: 53 })
    expect(weekOf(daysFromCivil({ year: 2019, month: 12, day: 30 }))).toEqual({ weekYear: 2020, week: 1 })
  })
})

describe('time zones', () => {
  it('takes the earlier offset where clocks go back and moves on where they go forward', () => {
    expect(String(makeDateTime('2017-10-29T02:30[Europe/Stockholm]'))).toBe(
      '2017-10-29T02:30+02:00[Europe/Stockholm]',
    )
    expect(String(makeDateTime('2017-03-26T02:30[Europe/Stockholm]'))).toBe(
      '2017-03-26T03:30+02:00[Europe/Stockholm]',
    )
  })

  it('names what is wrong with a zone or a date', () => {
    expect(() => makeDateTime('2017-10-29T02:30[Nowhere/Land]')).toThrow(/time zone/)
    expect(() => makeDateTime('2017-02-29')).toThrow(/between 1 and 28/)
  })
})

describe('durations', () => {
  it.each(['P1Y2M14DT16H12M10S', 'PT-9M-59.4S', 'P12Y5M-14DT16H', 'PT0S', 'PT-2.001S'])(
    'turns %s to text and back',
    (text) => {
      expect(String(parseDuration(text))).toBe(text)
    },
  )
})

describe('temporal properties', () => {
  it('come back from disk form as they went in, and sort', async () => {
    const store = await openStore(':memory:', { models: [graph()] })
    const g = store.graph('g')
    await g.run(
      `UNWIND ['2020-05-01', '1999-12-31', '2020-04-30'] AS d CREATE (:D {on: date(d), at: datetime(d + 'T10:00+01:00')})`,
    )
    await store.compact()
    const rows = await g
      .query('MATCH (n:D) RETURN n.on AS on, n.at AS at, n.on.year AS year ORDER BY n.on')
      .rows()
    expect(rows.map(({ on, at, year }) => [String(on), String(at), year])).toEqual([
      ['1999-12-31', '1999-12-31T10:00+01:00', 1999],
      ['2020-04-30', '2020-04-30T10:00+01:00', 2020],
      ['2020-05-01', '2020-05-01T10:00+01:00', 2020],
    ])
    expect(await g.query(`MATCH (n:D) WHERE n.on > date('2000-01-01') RETURN count(*) AS n`).rows()).toEqual([
      { n: 2 },
    ])
    await store.close()
  })
})
