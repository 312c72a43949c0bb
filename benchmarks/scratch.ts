import { rm } from 'node:fs/promises'
import { openStore } from '@sheafdb/core'
import { graph } from '@sheafdb/graph'
import { hubs, knowsRows, personRows } from './workloads/graph/social-data.ts'

const KUZU = process.argv.includes('--kuzu')
const only = process.argv.find((a) => a.startsWith('--only='))?.slice(7)
const dir = '/tmp/graph/scratch'
await rm(dir, { recursive: true, force: true })
const persons = personRows()
const knows = knowsRows()
const t = async (name: string, f: () => Promise<unknown>, n = 5) => {
  if (only !== undefined && !name.includes(only)) return
  const times: number[] = []
  let r: unknown
  for (let i = 0; i < n; i++) {
    const s = performance.now()
    r = await f()
    times.push(performance.now() - s)
  }
  times.sort((a, b) => a - b)
  console.log(
    name.padEnd(28),
    times[n >> 1]!.toFixed(3),
    'first',
    times.at(-1)!.toFixed(1),
    JSON.stringify(r)?.slice(0, 100),
  )
}
const queries: Record<string, [string, any, string?]> = {
  point: ['MATCH (p:Person {id: $id}) RETURN p.name AS name', { id: 777 }],
  onehop: ['MATCH (p:Person {id: $id})-[:KNOWS]->(q) RETURN count(q.name) AS n', { id: 777 }],
  twohopdistinct: [
    'MATCH (p:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) WHERE p.id = $id RETURN count(DISTINCT q) AS n',
    { id: hubs(20)[10] },
    'MATCH (p:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) WHERE p.id = $id RETURN count(DISTINCT q.id) AS n',
  ],
  threehop: [
    'MATCH REPEATABLE ELEMENTS (p:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) WHERE p.id = $id RETURN count(*) AS n',
    { id: hubs(20)[10] },
    'MATCH (p:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) WHERE p.id = $id RETURN count(*) AS n',
  ],
  triangles: [
    'MATCH (a:Person)-[:KNOWS]->(b:Person)-[:KNOWS]->(c:Person)-[:KNOWS]->(a) RETURN count(*) AS n',
    undefined,
  ],
  twopaths: ['MATCH (a:Person)-[:KNOWS]->(b:Person)-[:KNOWS]->(c:Person) RETURN count(*) AS n', undefined],
  shortest: [
    'MATCH (a:Person {id: $a}), (b:Person {id: $b}) MATCH p = shortestPath((a)-[:KNOWS*]->(b)) RETURN length(p) AS n',
    { a: 11, b: 999 },
    'MATCH p = (a:Person {id: $a})-[:KNOWS* SHORTEST 1..30]->(b:Person {id: $b}) RETURN length(p) AS n',
  ],
  group: [
    'MATCH (a:Person)-[:KNOWS]->(b:Person) RETURN b.city AS city, count(*) AS n ORDER BY city LIMIT 3',
    undefined,
  ],
  groupage: [
    'MATCH (a:Person)-[k:KNOWS]->(b:Person) RETURN b.city AS city, avg(a.age) AS age, sum(k.since) AS s ORDER BY city LIMIT 3',
    undefined,
  ],
}
const store = await openStore(dir + '/s', { models: [graph()] })
const g = store.graph('social')
let s = performance.now()
await g.addNodes('Person', persons)
console.log('nodes', performance.now() - s)
s = performance.now()
await g.addEdges('KNOWS', knows, { source: ['Person', 'from'], target: ['Person', 'to'] })
console.log('edges', performance.now() - s)
for (const [name, [q, p]] of Object.entries(queries)) {
  try {
    await t(name, () => g.query(q, p).rows(), name.startsWith('tri') ? 3 : 7)
  } catch (e) {
    console.log(name, String(e))
  }
  if (process.argv.includes('--explain') && (only === undefined || name.includes(only)))
    console.log(await g.query(q, p).explain())
}
await store.close()
if (KUZU) {
  const { openKuzu } = await import('./engines/kuzu.ts')
  const { kuzuSocial } = await import('./workloads/graph/social-engines.ts')
  s = performance.now()
  const k = await kuzuSocial(dir)
  console.log('kuzu load', performance.now() - s)
  for (const [name, [q, p, kq]] of Object.entries(queries)) {
    try {
      await t('kuzu ' + name, () => k.run(kq ?? q, p), 5)
    } catch (e) {
      console.log('kuzu', name, String(e))
    }
  }
  await k.close()
}
