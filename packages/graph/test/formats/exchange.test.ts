import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GraphApi, type GraphFormat, graph } from '../../src/index.ts'

let store: Store & { graph: GraphApi }

beforeEach(async () => {
  store = await openStore(':memory:', { models: [graph()] })
})

afterEach(() => store.close())

const content = async (name: string): Promise<unknown> => ({
  nodes: await store
    .graph(name)
    .query('MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties ORDER BY n.name')
    .rows(),
  edges: await store
    .graph(name)
    .query(
      'MATCH (a)-[r]->(b) RETURN a.name AS a, type(r) AS type, properties(r) AS properties, b.name AS b ORDER BY r.n',
    )
    .rows(),
})

describe('graphs as text', () => {
  for (const format of ['graphml', 'gexf', 'node-link'] as const satisfies readonly GraphFormat[]) {
    it(`come back from ${format} as they went in`, async () => {
      await store.graph('a').run(
        `CREATE (x:Person:\`a:b\\\\c\` {name: 'a', born: 1970, score: 1.5, ok: true, text: '<&"\u00e9\u{1f600}\\n>', big: 9007199254740993}),
                (y {name: 'b'}), (z:Person {name: 'c', \`odd <key>\`: 'v', __proto__: 'p'}),
                (x)-[:KNOWS {n: 1, since: 2.25}]->(y), (y)-[:\`likes & <loves>\` {n: 2}]->(y), (x)-[:KNOWS {n: 3}]->(y)`,
      )
      const text = await store.graph('a').export(format)
      expect(await store.graph('b').import(text, format)).toEqual({ nodes: 3, edges: 3 })
      const [before, after] = [await content('a'), await content('b')]
      if (format === 'node-link') expect(JSON.stringify(after, plain)).toBe(JSON.stringify(before, plain))
      else if (format === 'graphml')
        expect(JSON.stringify(after, plain)).toBe(JSON.stringify(before, plain).replace('[]', '["Node"]'))
      else expect(after).toEqual(before)
    })

    it(`an empty graph is one in ${format} too`, async () => {
      await store.graph('a').run('CREATE (n) DELETE n')
      expect(await store.graph('b').import(await store.graph('a').export(format), format)).toEqual({
        nodes: 0,
        edges: 0,
      })
    })

    it(`what is no ${format} is refused`, async () => {
      for (const text of [
        '',
        '<a',
        '{',
        '[1]',
        '<x></x>',
        '{"nodes": 3}',
        '<graphml><graph><node/></graph></graphml>',
      ])
        await expect(store.graph('b').import(text, format)).rejects.toMatchObject({ code: 'SYNTAX' })
    })
  }

  it('reads what other tools write', async () => {
    await store.graph('g').import(
      `<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
        <key id="k" for="node" attr.name="color" attr.type="string"><default>yellow</default></key>
        <key id="w" for="edge" attr.name="weight" attr.type="double"/>
        <graph edgedefault="undirected"><node id="n0"><data key="k">green</data></node><node id="n1"/>
        <edge source="n0" target="n1"><data key="w">1.0</data></edge></graph></graphml>`,
      'graphml',
    )
    expect(
      await store
        .graph('g')
        .query('MATCH (a:Node)-[r:RELATED]->(b) RETURN a.color AS a, b.color AS b, r.weight AS w')
        .rows(),
    ).toEqual([{ a: 'green', b: 'yellow', w: 1 }])
    await store
      .graph('h')
      .import(
        '{"directed": false, "nodes": [{"id": 1}, {"id": 2}], "edges": [{"source": 1, "target": 2}]}',
        'node-link',
      )
    expect(await store.graph('h').query('MATCH ()-->() RETURN count(*) AS n').rows()).toEqual([{ n: 1 }])
    await expect(
      store.graph('h').import('{"nodes": [], "links": [{"source": 1, "target": 2}]}', 'node-link'),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(store.graph('h').import('x', 'dot' as never)).rejects.toMatchObject({ code: 'ARGUMENT' })
  })
})

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

it('loads CSV with types, and tells how far it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sheaf-csv-'))
  try {
    const [people, knows] = [join(folder, 'people.csv'), join(folder, 'knows.csv')]
    await writeFile(people, 'id,name,zip,score,member\n1,Ann,0150,1.5,true\n2,"Bo, Jr",0151,2,\n')
    await writeFile(knows, 'a;b;since\n1;2;1999\n')
    const seen: unknown[] = []
    const g = store.graph('g')
    await g.importCsv(people, { label: 'Person', onProgress: (progress) => seen.push(progress) })
    await g.importCsv(knows, { type: 'KNOWS', source: 'a', target: 'b', separator: ';' })
    expect(seen).toEqual([{ done: 2, total: 2 }])
    expect(
      await g
        .query(
          'MATCH (a:Person)-[k:KNOWS]->(b) RETURN properties(a) AS a, k.since AS since, properties(b) AS b',
        )
        .rows(),
    ).toEqual([
      {
        a: { id: 1, name: 'Ann', zip: '0150', score: 1.5, member: true },
        since: 1999,
        b: { id: 2, name: 'Bo, Jr', zip: '0151', score: 2 },
      },
    ])
    await expect(g.importCsv(join(folder, 'none.csv'), { label: 'X' })).rejects.toMatchObject({ code: 'IO' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
