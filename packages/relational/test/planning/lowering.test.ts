import { explainPlan, type LogicalPlan, openStore } from '@sheafdb/core'
import { describe, expect, test } from 'vitest'
import { relational } from '../../src/index.ts'

async function plansOf(...queries: string[]): Promise<string[]> {
  const store = await openStore(':memory:', { models: [relational()] })
  try {
    await store.relational.run(`
      CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b DOUBLE, c VARCHAR NOT NULL);
      CREATE TABLE u (id INTEGER NOT NULL, a INTEGER, n DECIMAL(8, 2))`)
    const plans: string[] = []
    for (const query of queries)
      plans.push(explainPlan((await store.relational.query(query).plan()) as LogicalPlan))
    return plans
  } finally {
    await store.close()
  }
}

const planOf = async (query: string) => (await plansOf(query))[0] as string

describe('queries lower to the common plan', () => {
  test('a filter, a projection, an order and a limit', async () => {
    expect(await planOf('SELECT c, a + 1 AS next FROM t WHERE b > 2 ORDER BY next DESC LIMIT 3')).toBe(
      [
        'project [c#2 as c, cast.int32(next) as next]',
        '  limit 3',
        '    sort by next desc',
        '      project [c as c#2, (a + 1) as next]',
        '        filter (b > 2)',
        '          scan relational:t [id, a, b, c]',
      ].join('\n'),
    )
  })

  test('IN and EXISTS become semi joins, their negations anti joins', async () => {
    const [isIn, exists, none, notIn] = await plansOf(
      'SELECT c FROM t WHERE a IN (SELECT a FROM u)',
      'SELECT c FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND u.id > 2)',
      'SELECT c FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)',
      'SELECT c FROM t WHERE id NOT IN (SELECT id FROM u)',
    )
    expect(isIn).toContain('join semi on a = a#2')
    expect(exists).toContain('join semi on a = a#2')
    expect(none).toContain('join anti on')
    expect(notIn).toContain('join anti on')
  })

  test('a correlated aggregate becomes a left join with groups', async () => {
    const plan = await planOf('SELECT c, (SELECT max(u.id) FROM u WHERE u.a = t.a) AS m FROM t')
    expect(plan).toContain('join left on')
    expect(plan).toContain('aggregate by')
  })

  test('windows, grouping sets, NOT IN with nulls and correlated subqueries', async () => {
    const [window, sets, notIn, correlated] = await plansOf(
      'SELECT sum(a) OVER (PARTITION BY c ORDER BY id ROWS 1 PRECEDING) AS s FROM t QUALIFY s > 1',
      'SELECT a, count(*) AS n FROM t GROUP BY ROLLUP (a)',
      'SELECT id FROM t WHERE a NOT IN (SELECT a FROM u)',
      'SELECT id, (SELECT min(u.id) FROM u WHERE u.a > t.a) AS m FROM t',
    )
    expect(window).toContain('window by [c')
    expect(sets).toMatch(/aggregate by .*set/)
    expect(notIn).toContain('join left on')
    expect(correlated).toContain('apply single')
  })

  test('set operations are those of the plan', async () => {
    const [except, union] = await plansOf(
      'SELECT a FROM t EXCEPT SELECT a FROM u',
      'SELECT a FROM t UNION SELECT a FROM u',
    )
    expect(except).toMatch(/^except/m)
    expect(union).toContain('distinct')
  })
})

describe('what the plan cannot express exactly goes to DuckDB whole', () => {
  const queries = [
    'SELECT n * 2 AS d FROM u',
    "SELECT printf('%d', id) AS s FROM t",
    'SELECT * FROM t USING SAMPLE 10 ROWS',
    'SELECT * FROM t POSITIONAL JOIN u',
    "SELECT c LIKE 'a\\%' AS m FROM t",
  ]
  for (const query of queries)
    test(query, async () => {
      expect(await planOf(query)).toMatch(/^foreign duckdb/)
    })

  test('it reads the columns that the text names, and no others', async () => {
    const plan = await planOf('SELECT histogram(a) AS h FROM t')
    expect(plan).toContain('project [a]')
  })
})
