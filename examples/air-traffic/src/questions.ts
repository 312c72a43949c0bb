import { col, count, type Query, sum } from '@sheafdb/core'
import { PROFILE_LENGTH } from './load.ts'
import type { AirStore } from './models.ts'

/** Is a question over two models or more, in whichever languages say it best. */
export type Question = {
  readonly title: string
  readonly models: string
  ask(store: AirStore): Promise<Query<never> | Query>
}

/** Lists the questions that the example asks. */
export const questions: readonly Question[] = [
  {
    title: 'Which airports are one flight from Boston, fly late like Boston, and how late are they really?',
    models: 'SQL over a graph query (Cypher) and a nearest-neighbour query (tensors)',
    async ask(store) {
      const profiles = store.tensor('delay_profiles', {
        dtype: 'float32',
        shape: [PROFILE_LENGTH],
        metric: 'cosine',
      })
      const boston = await profiles.get('BOS')
      if (boston === undefined) throw new Error('There is no delay profile of Boston.')
      const direct = store
        .graph('world')
        .query(`MATCH (:Airport {iata: 'BOS'})-[:ROUTE]->(b:Airport) RETURN b.iata AS iata, b.city AS city`)
      const alike = profiles.nearest(boston.values, { k: 60 })
      return store.relational.sql`
        SELECT d.iata, d.city, n.distance AS unlikeness, count(*) AS flights, avg(f.delay) AS mean_delay
        FROM ${direct} d
        JOIN ${alike} n ON n.id = d.iata
        JOIN flights f ON f.origin = d.iata
        WHERE f.distance > ${100}
        GROUP BY d.iata, d.city, n.distance
        ORDER BY n.distance LIMIT 8`
    },
  },
  {
    title: 'Which hubs reach the most airports within two flights, and from which cities?',
    models: 'graph and tables',
    async ask(store) {
      const reach = store.graph('world').query(`
        MATCH (a:Airport)-[:ROUTE]->(:Airport)-[:ROUTE]->(c:Airport)
        RETURN a.iata AS iata, count(DISTINCT c) AS reached ORDER BY reached DESC LIMIT 20`)
      return store.relational.sql`
        SELECT r.iata, a.city, a.state, r.reached FROM ${reach} r JOIN airports a ON a.iata = r.iata
        ORDER BY r.reached DESC, r.iata LIMIT 8`
    },
  },
  {
    title: 'How many flights leave from the capitals of states?',
    models: 'RDF (SPARQL) and tables',
    async ask(store) {
      const capitals = store.rdf('places').query(`
        PREFIX : <http://example.org/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?state ?city WHERE { ?s a :State ; rdfs:label ?state ; :capital ?city }`)
      return store.relational.sql`
        SELECT c.state, c.city, count(*) AS flights, avg(f.delay) AS mean_delay
        FROM ${capitals} c JOIN airports a ON a.city = c.city JOIN flights f ON f.origin = a.iata
        GROUP BY c.state, c.city ORDER BY flights DESC LIMIT 8`
    },
  },
  {
    title: 'Which languages are spoken in the countries that border France, and how large are these?',
    models: 'graph, documents and RDF, through the dataframe',
    async ask(store) {
      const neighbours = store
        .graph('world')
        .query(
          `MATCH (:Country {name: 'France'})-[:BORDERS]->(n:Country) RETURN n.code AS code, n.name AS country`,
        )
      const areas = store.from('countries').select({ code: col('cca3'), area: col('area') })
      const languages = store.rdf('places').query(`
        PREFIX : <http://example.org/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?country ?language WHERE { ?c a :Country ; rdfs:label ?country ; :language ?language }`)
      return neighbours
        .join(languages, { on: 'country' })
        .join(areas, { on: 'code' })
        .groupBy('language')
        .agg({ countries: count(), area: sum('area') })
        .sort({ countries: 'desc', language: 'asc' })
        .limit(8)
    },
  },
  {
    title: 'Which airports have the strangest week: late at most, and least like Atlanta?',
    models: 'tensors, graph and tables, through the dataframe',
    async ask(store) {
      const profiles = store.tensor('delay_profiles', {
        dtype: 'float32',
        shape: [PROFILE_LENGTH],
        metric: 'cosine',
      })
      const atlanta = await profiles.get('ATL')
      if (atlanta === undefined) throw new Error('There is no delay profile of Atlanta.')
      const unlike = profiles.nearest(atlanta.values, { k: 300, where: { flights: { $gt: 5000 } } })
      const degree = store
        .graph('world')
        .query('MATCH (a:Airport)-[:ROUTE]->(b:Airport) RETURN a.iata AS id, count(b) AS destinations')
      return unlike
        .join(degree, { on: 'id' })
        .filter(col('destinations').ge(5))
        .join(store.from('airports').select({ id: col('iata'), city: col('city') }), { on: 'id' })
        .select(['id', 'city', 'distance', 'destinations'])
        .sort({ distance: 'desc' })
        .limit(8)
    },
  },
  {
    title: 'Which airports fly late like the home airport of the user of session 1?',
    models: 'key-value, tensors and tables',
    async ask(store) {
      const session = (await store.kv('sessions').get(['user', 1])) as { home: string } | undefined
      if (session === undefined) throw new Error('The session is not there.')
      const profiles = store.tensor('delay_profiles', {
        dtype: 'float32',
        shape: [PROFILE_LENGTH],
        metric: 'cosine',
      })
      const home = await profiles.get(session.home)
      if (home === undefined) throw new Error('There is no delay profile of the home airport.')
      const alike = profiles.nearest(home.values, { k: 9 })
      return store.relational.sql`
        SELECT a.iata, a.name, a.city, n.distance AS unlikeness
        FROM ${alike} n JOIN airports a ON a.iata = n.id
        WHERE a.iata <> ${session.home} ORDER BY n.distance LIMIT 8`
    },
  },
]
