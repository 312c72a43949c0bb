import { openStore } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { graph } from '../../src/index.ts'

describe('labels and types whose names are computed', () => {
  it('takes one name or a list of them, of which all or any must stand', async () => {
    const store = await openStore(':memory:', { models: [graph()] })
    const g = store.graph('g')
    await g.run('CREATE (a:A:B)-[:R]->(b:B)-[:S]->(c:C)')
    const count = async (pattern: string, parameters = {}): Promise<unknown> =>
      (await g.query(`MATCH ${pattern} RETURN count(*) AS n`, parameters).rows())[0]?.n
    expect(await count("(n:$('B'))")).toBe(2)
    expect(await count("(n:$(['A', 'B']))")).toBe(1)
    expect(await count("(n:$all(['A', 'B']))")).toBe(1)
    expect(await count("(n:$any(['A', 'C']))")).toBe(2)
    expect(await count('(n:$any($names))', { names: ['C', 'D'] })).toBe(1)
    expect(await count("(n:!$('B'))")).toBe(1)
    expect(await count("()-[r:$any(['R', 'S'])]->()")).toBe(2)
    expect(await count("()-[r:$('R')]->()")).toBe(1)
    expect(await count("()-[r:$all(['R', 'S'])]->()")).toBe(0)
    expect(await g.query("MATCH (n) WHERE n:$any(['A', 'C']) RETURN count(n) AS n").rows()).toEqual([
      { n: 2 },
    ])
    await expect(count('(n:$any([1]))')).rejects.toMatchObject({ code: 'TYPE' })
    await store.close()
  })
})

describe('tests of a type', () => {
  it('tells of which type a value is, null being of every type', async () => {
    const store = await openStore(':memory:', { models: [graph()] })
    const g = store.graph('g')
    expect(
      await g
        .query(
          "RETURN 'x' IS :: STRING AS t, 1 IS NOT :: STRING AS f, [1] IS :: LIST<INTEGER> AS l, null IS :: DATE AS n, 1 IS TYPED DATE | FLOAT AS i, date('2020-01-01') IS :: LOCAL TIME AS lt",
        )
        .rows(),
    ).toEqual([{ t: true, f: true, l: true, n: true, i: true, lt: false }])
    await expect(g.query('RETURN 1 IS :: NOTHING AS x').rows()).rejects.toMatchObject({ code: 'ARGUMENT' })
    await store.close()
  })
})
