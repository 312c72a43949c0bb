import { join } from 'node:path'
import { RecordId, type Surreal } from 'surrealdb'
import { openSurreal } from '../../engines/document-stores.ts'
import type { Workload } from '../../src/workload.ts'
import { hubs, knowsRows, PERSONS, personRows } from './social-data.ts'
import { fillSheaf } from './social-engines.ts'

/** SurrealDB takes a minute to load the million edges: it gets the first hundred thousand, and so does Sheaf. */
const EDGES = 100_000
const BATCH = 10_000
const STARTS = hubs(20)
const person = (id: number): RecordId => new RecordId('person', id)

async function fillSurreal(folder: string): Promise<Surreal> {
  const database = await openSurreal(folder)
  const persons = personRows()
  for (let at = 0; at < PERSONS; at += BATCH)
    await database.query('INSERT INTO person $batch RETURN NONE', { batch: persons.slice(at, at + BATCH) })
  const edges = knowsRows().slice(0, EDGES)
  for (let at = 0; at < EDGES; at += BATCH) {
    const batch = edges
      .slice(at, at + BATCH)
      .map(({ from, to, since, weight }) => ({ in: person(from), out: person(to), since, weight }))
    await database.query('INSERT RELATION INTO knows $batch RETURN NONE', { batch })
  }
  return database
}

const ONE = 'MATCH (p:Person {id: $id})-[:KNOWS]->(q:Person) RETURN count(q) AS n'
const TWO =
  'MATCH (p:Person {id: $id})-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) RETURN count(DISTINCT q) AS n'

/** One and two hops from twenty persons, against SurrealDB embedded on files. */
export const graphSurreal: Workload = {
  name: 'graph-surreal',
  title: 'one hop and distinct two hops from twenty persons, 100 K persons and 100 K edges',
  asked: {
    text: 'faster than SurrealDB',
    reached: (medians) => (medians.get('SurrealDB') as number) > (medians.get('Sheaf') as number),
  },
  runs: 5,
  warmups: 3,
  async prepare(folder) {
    const { store, social } = await fillSheaf(join(folder, 'surreal.sheaf'), PERSONS)
    await social.addEdges('KNOWS', knowsRows().slice(0, EDGES), {
      source: ['Person', 'from'],
      target: ['Person', 'to'],
    })
    const surreal = await fillSurreal(folder)
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          const counts: unknown[] = []
          for (const id of STARTS)
            for (const text of [ONE, TWO]) counts.push((await social.query(text, { id }).rows())[0]?.['n'])
          return counts
        },
        close: () => store.close(),
      },
      {
        engine: 'SurrealDB',
        run: async () => {
          const counts: unknown[] = []
          for (const id of STARTS) {
            const start = { p: person(id) }
            counts.push(...(await surreal.query('RETURN array::len($p->knows->person)', start)))
            counts.push(
              ...(await surreal.query(
                'RETURN array::len(array::distinct($p->knows->person->knows->person))',
                start,
              )),
            )
          }
          return counts
        },
        close: async () => {
          await surreal.close()
        },
      },
    ]
  },
}
