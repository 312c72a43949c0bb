import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Graph, type GraphApi, graph } from '../../src/index.ts'

let store: Store & { graph: GraphApi }
let g: Graph

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
  g = store.graph('g')
})

afterEach(() => store.close())

const refused = (text: string, parameters?: Record<string, never>): Promise<void> =>
  expect(g.run(text, parameters)).rejects.toMatchObject({ code: 'CONSTRAINT' })

describe('constraints', () => {
  it('a value is unique among the nodes of a label, and free elsewhere', async () => {
    await g.run('CREATE CONSTRAINT ids FOR (p:Person) REQUIRE p.id IS UNIQUE')
    await g.run('CREATE (:Person {id: 1}), (:Person), (:Person), (:Other {id: 1})')
    await refused('CREATE (:Person {id: 1})')
    await refused('CREATE (:Person {id: 2}), (:Person {id: 2})')
    await refused('MATCH (o:Other) SET o:Person')
    await refused('MATCH (p:Person) WHERE p.id IS NULL SET p.id = 1')
    await expect(g.addNodes('Person', [{ id: 7 }, { id: 7 }])).rejects.toMatchObject({ code: 'CONSTRAINT' })
    expect(await g.query('MATCH (n) RETURN count(n) AS n').rows()).toEqual([{ n: 4 }])
    await g.run('MATCH (p:Person {id: 1}) DELETE p')
    await g.run('CREATE (:Person {id: 1})')
  })

  it('is not made over rows that break it', async () => {
    await g.run('CREATE (:Person {id: 1}), (:Person {id: 1}), (:Person)')
    await refused('CREATE CONSTRAINT FOR (p:Person) REQUIRE p.id IS UNIQUE')
    await refused('CREATE CONSTRAINT FOR (p:Person) REQUIRE p.id IS NOT NULL')
    await refused('CREATE CONSTRAINT FOR (p:Person) REQUIRE p.id IS :: STRING')
    expect((await g.run('SHOW CONSTRAINTS')).rows).toEqual([])
  })

  it('a property exists, has a type, and several make a key', async () => {
    await g.run('CREATE CONSTRAINT FOR (p:Person) REQUIRE p.name IS NOT NULL')
    await g.run('CREATE CONSTRAINT FOR (p:Person) REQUIRE p.age IS :: INTEGER | LIST<STRING NOT NULL>')
    await g.run('CREATE CONSTRAINT FOR (p:Place) REQUIRE (p.country, p.city) IS NODE KEY')
    await g.run(
      `CREATE (:Person {name: 'Ann', age: 3}), (:Person {name: 'Bo', age: ['a']}), (:Place {country: 'NO', city: 'Oslo'})`,
    )
    await refused('CREATE (:Person {age: 3})')
    await refused('MATCH (p:Person) SET p.name = null')
    await refused('MATCH (p:Person) REMOVE p.name')
    await refused(`CREATE (:Person {name: 'Cy', age: 'three'})`)
    await refused(`CREATE (:Person {name: 'Cy', age: 1.5})`)
    await refused(`CREATE (:Place {country: 'NO'})`)
    await refused(`CREATE (:Place {country: 'NO', city: 'Oslo'})`)
    await g.run(`CREATE (:Place {country: 'NO', city: 'Bergen'})`)
  })

  it('hold for relationships too', async () => {
    await g.run('CREATE CONSTRAINT FOR ()-[r:R]-() REQUIRE r.since IS NOT NULL')
    await g.run('CREATE CONSTRAINT FOR ()-[r:R]-() REQUIRE r.since IS UNIQUE')
    await g.run('CREATE ()-[:R {since: 1}]->(), ()-[:S]->()')
    await refused('CREATE ()-[:R]->()')
    await refused('CREATE ()-[:R {since: 1}]->()')
    await refused('MATCH ()-[r:R]->() SET r.since = null')
  })

  it('are shown, dropped and told apart by name', async () => {
    await g.run('CREATE CONSTRAINT ids IF NOT EXISTS FOR (p:Person) REQUIRE p.id IS UNIQUE')
    await g.run('CREATE CONSTRAINT ids IF NOT EXISTS FOR (p:Person) REQUIRE p.id IS UNIQUE')
    await expect(g.run('CREATE CONSTRAINT ids FOR (p:Person) REQUIRE p.x IS UNIQUE')).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    })
    await g.run('CREATE INDEX FOR (p:Person) ON (p.name)')
    expect((await g.run('SHOW INDEXES')).rows).toMatchObject([
      { name: 'ids', type: 'UNIQUE', labelsOrTypes: ['Person'], properties: ['id'] },
      { name: 'index_Person_name', type: 'INDEX' },
    ])
    await g.run('DROP CONSTRAINT ids')
    await expect(g.run('DROP CONSTRAINT ids')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await g.run('DROP CONSTRAINT ids IF EXISTS')
    await g.run('CREATE (:Person {id: 1}), (:Person {id: 1})')
    await expect(g.run('CREATE CONSTRAINT FOR (p:P) REQUIRE p.x IS :: NOTHING')).rejects.toMatchObject({
      code: 'SYNTAX',
    })
    await expect(g.run('CREATE CONSTRAINT FOR (p:P) REQUIRE q.x IS UNIQUE')).rejects.toMatchObject({
      code: 'SYNTAX',
    })
    await expect(g.query('SHOW INDEXES').rows()).rejects.toMatchObject({ code: 'READ_ONLY' })
  })

  it('stay after the store was closed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sheaf-rules-'))
    try {
      const first = await openStore(join(folder, 's'), { models: [graph()] })
      await first.graph('g').run('CREATE CONSTRAINT FOR (p:P) REQUIRE (p.a, p.b) IS NODE KEY')
      await first.graph('g').run('CREATE (:P {a: 1, b: 2})')
      await first.close()
      const second = await openStore(join(folder, 's'), { models: [graph()] })
      await expect(second.graph('g').run('CREATE (:P {a: 1, b: 2})')).rejects.toMatchObject({
        code: 'CONSTRAINT',
      })
      await expect(second.graph('g').run('CREATE (:P {a: 1})')).rejects.toMatchObject({ code: 'CONSTRAINT' })
      await second.close()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('indexes', () => {
  it('find what scanning finds, of every kind of value, before and after changes', async () => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, text: `t${id % 7}`, half: id / 2 }))
    await g.addNodes('N', rows)
    await g.addNodes('M', rows)
    const ask = async (): Promise<unknown[]> => [
      await g.query('MATCH (n:N {id: $x}) RETURN n.half AS h', { x: 17 }).rows(),
      await g.query('MATCH (n:N) WHERE n.half = 3.5 RETURN n.id AS id').rows(),
      await g.query(`MATCH (n:N) WHERE n.text = 't3' RETURN count(*) AS n`).rows(),
      await g.query('MATCH (n:N) WHERE n.id >= 190 AND n.id < 195 RETURN count(*) AS n').rows(),
      await g.query('MATCH (n:N) WHERE n.id IN [1, 5, 5000] RETURN n.id AS id ORDER BY id').rows(),
    ]
    const scanned = await ask()
    for (const key of ['id', 'text', 'half']) await g.run(`CREATE INDEX FOR (n:N) ON (n.${key})`)
    expect(await ask()).toEqual(scanned)
    expect(await g.query('MATCH (n:N {id: 17}) RETURN n').explain()).toMatch(/index/)
    await g.run('MATCH (n:N {id: 17}) SET n.id = 5000, n.half = 0.25')
    await g.run('MATCH (n:N {id: 190}) DELETE n')
    const changed = await ask()
    for (const key of ['id', 'text', 'half']) await g.run(`DROP INDEX index_N_${key}`)
    expect(changed).toEqual(await ask())
    expect(changed[0]).toEqual([])
  })
})
