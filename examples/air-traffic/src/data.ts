import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const vega = join(dirname(dirname(require.resolve('vega-datasets'))), 'data')

/** A country as the `world-countries` package describes it: a nested document. */
export type Country = {
  readonly cca2: string
  readonly cca3: string
  readonly name: { readonly common: string }
  readonly region: string
  readonly subregion: string
  readonly languages: Readonly<Record<string, string>>
  readonly borders: readonly string[]
  readonly area: number
}

/** Where the flights are: 3 million rows of date, delay, distance, origin, destination. */
export const flightsParquet: string = join(vega, 'flights-3m.parquet')
/** Where the airports are: iata, name, city, state, country, latitude, longitude. */
export const airportsCsv: string = join(vega, 'airports.csv')
/** Where the routes are: origin, destination and how many flights went between them. */
export const routesCsv: string = join(vega, 'flights-airport.csv')

/** Reads the 250 countries. */
export function countries(): readonly Country[] {
  return require('world-countries/countries.json') as Country[]
}

/** Reads the capitals of the states of the USA. */
export function stateCapitals(): readonly {
  readonly state: string
  readonly city: string
  readonly lon: number
  readonly lat: number
}[] {
  return JSON.parse(readFileSync(join(vega, 'us-state-capitals.json'), 'utf8'))
}
