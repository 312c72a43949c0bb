import { airportsCsv, countries, flightsParquet, routesCsv, stateCapitals } from './data.ts'
import type { AirStore } from './models.ts'
import { step } from './print.ts'

/** Hours of a week: the length of a delay profile. */
export const PROFILE_LENGTH = 168

/** Loads everything into the six models of one store. */
export async function loadAll(store: AirStore): Promise<void> {
  await step('flights and airports as tables', async () => {
    await loadTables(store)
    const flights = await store.relational('flights').count()
    const airports = await store.relational('airports').count()
    return `${flights.toLocaleString('en')} + ${airports.toLocaleString('en')} rows`
  })
  await step('countries as documents', async () => {
    const { insertedCount } = await store
      .document('countries')
      .insertMany(countries().map((country) => ({ _id: country.cca3, ...country })))
    return `${insertedCount} documents`
  })
  await step('routes and borders as a graph', () => loadGraph(store))
  await step('capitals, languages, regions as RDF', async () => {
    await store.rdf('places').load(placesTurtle(), { format: 'turtle' })
    return `${await store.rdf('places').query('SELECT * WHERE { ?s ?p ?o }').count()} triples`
  })
  await step('delay profiles of airports as tensors', () => loadProfiles(store))
  await step('a session as key-value', async () => {
    await store.kv('sessions').put(['user', 1], { name: 'Ada', home: 'BOS' })
    return '1 entry'
  })
}

async function loadTables(store: AirStore): Promise<void> {
  await store.relational.run(`
    CREATE TABLE flights (date TIMESTAMP, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR);
    CREATE TABLE airports (iata VARCHAR PRIMARY KEY, name VARCHAR, city VARCHAR, state VARCHAR, country VARCHAR,
      latitude DOUBLE, longitude DOUBLE);
    CREATE TABLE routes (origin VARCHAR, destination VARCHAR, count BIGINT)`)
  await store.relational.run(`COPY airports FROM '${airportsCsv}'`)
  await store.relational.run(`COPY routes FROM '${routesCsv}'`)
  await store.relational.run(`COPY flights FROM '${flightsParquet}'`)
}

async function loadGraph(store: AirStore): Promise<string> {
  const world = store.graph('world')
  const airports = await store.relational.query('SELECT iata, name, city, state FROM airports').rows()
  await world.addNodes('Airport', airports)
  const routes = await store.relational
    .query(`SELECT r.origin, r.destination, r.count AS flights FROM routes r
            JOIN airports a ON a.iata = r.origin JOIN airports b ON b.iata = r.destination`)
    .rows()
  await world.addEdges('ROUTE', routes, {
    source: { label: 'Airport', key: 'iata', column: 'origin' },
    target: { label: 'Airport', key: 'iata', column: 'destination' },
  })
  const nations = countries()
  await world.addNodes(
    'Country',
    nations.map((country) => ({ code: country.cca3, name: country.name.common })),
  )
  const borders = nations.flatMap((country) =>
    country.borders.map((other) => ({ from: country.cca3, to: other })),
  )
  await world.addEdges('BORDERS', borders, {
    source: { label: 'Country', key: 'code', column: 'from' },
    target: { label: 'Country', key: 'code', column: 'to' },
  })
  return `${airports.length + nations.length} nodes, ${routes.length + borders.length} edges`
}

const turtleText = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/** Writes what is known of countries and capitals as Turtle. */
function placesTurtle(): string {
  const lines = [
    '@prefix : <http://example.org/> .',
    '@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .',
  ]
  for (const country of countries()) {
    lines.push(
      `:${country.cca3} a :Country ; rdfs:label ${turtleText(country.name.common)} ; :region ${turtleText(country.region)} ; :subregion ${turtleText(country.subregion)} .`,
    )
    for (const language of Object.values(country.languages))
      lines.push(`:${country.cca3} :language ${turtleText(language)} .`)
  }
  stateCapitals().forEach(({ state, city, lat, lon }, at) => {
    lines.push(
      `:state${at} a :State ; rdfs:label ${turtleText(state)} ; :capital ${turtleText(city)} ; :latitude ${lat} ; :longitude ${lon} .`,
    )
  })
  return lines.join('\n')
}

/** Computes the mean delay of each airport for each hour of the week and keeps it as a vector. */
async function loadProfiles(store: AirStore): Promise<string> {
  const rows = await store.relational
    .query(`SELECT origin, dayofweek(date) * 24 + hour(date) AS slot, avg(delay) AS delay, count(*) AS flights
            FROM flights GROUP BY ALL`)
    .rows()
  const profiles = new Map<string, { readonly values: Float32Array; flights: number }>()
  for (const row of rows as unknown as { origin: string; slot: number; delay: number; flights: number }[]) {
    const profile = profiles.get(row.origin) ?? { values: new Float32Array(PROFILE_LENGTH), flights: 0 }
    profile.values[row.slot] = row.delay
    profile.flights += row.flights
    profiles.set(row.origin, profile)
  }
  const tensors = store.tensor('delay_profiles', {
    dtype: 'float32',
    shape: [PROFILE_LENGTH],
    metric: 'cosine',
  })
  await tensors.putMany(
    [...profiles].map(([id, { values, flights }]) => ({ id, values, attributes: { flights } })),
  )
  return `${profiles.size} x ${PROFILE_LENGTH} numbers`
}
