import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PROFILE_LENGTH } from './load.ts'
import { type AirStore, openAirStore } from './models.ts'

/** Writes to all six models in one transaction; `mark` names what is written, so that it can be found again. */
export async function writeEverywhere(
  store: AirStore,
  mark: string,
  beforeCommit: () => Promise<void> = async () => {},
): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.relational.run('INSERT INTO airports (iata, name, city) VALUES ($1, $2, $3)', [
      mark,
      `${mark} Airfield`,
      'Nowhere',
    ])
    await tx
      .document('countries')
      .insertOne({ _id: mark, cca3: mark, name: { common: `Land of ${mark}` }, borders: ['FRA'], area: 1 })
    await tx
      .graph('world')
      .run("MATCH (b:Airport {iata: 'BOS'}) CREATE (:Airport {iata: $mark})-[:ROUTE {flights: 1}]->(b)", {
        mark,
      })
    await tx
      .rdf('places')
      .update(`INSERT DATA { <http://example.org/${mark}> <http://example.org/language> "Esperanto" }`)
    await tx
      .tensor('delay_profiles', { dtype: 'float32', shape: [PROFILE_LENGTH], metric: 'cosine' })
      .put(mark, new Float32Array(PROFILE_LENGTH).fill(1), { flights: 1 })
    await tx.kv('sessions').put(['mark', mark], { written: true })
    await beforeCommit()
  })
}

/** Counts what each model holds of a mark. */
export async function findEverywhere(store: AirStore, mark: string): Promise<Record<string, number>> {
  const tensors = store.tensor('delay_profiles', {
    dtype: 'float32',
    shape: [PROFILE_LENGTH],
    metric: 'cosine',
  })
  return {
    tables: await store.relational.query('SELECT * FROM airports WHERE iata = $1', [mark]).count(),
    documents: await store.document('countries').countDocuments({ _id: mark }),
    graph: await store
      .graph('world')
      .query('MATCH (a:Airport {iata: $mark})-[:ROUTE]->(b) RETURN b.iata AS iata', { mark })
      .count(),
    rdf: await store.rdf('places').query(`SELECT * WHERE { <http://example.org/${mark}> ?p ?o }`).count(),
    tensors: (await tensors.get(mark)) === undefined ? 0 : 1,
    keys: (await store.kv('sessions').has(['mark', mark])) ? 1 : 0,
  }
}

/** Runs another process that writes everywhere, and kills it after its writes, in the middle of the transaction. */
export async function killWriter(path: string, mark: string): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [path, mark], { execArgv: process.execArgv })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The writer ended by itself, with code ${code}.`)))
  })
  child.kill('SIGKILL')
  await ended
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , path, mark] = process.argv as [string, string, string, string]
  const store = await openAirStore(path)
  await writeEverywhere(store, mark, async () => {
    process.send?.('all six models are written, nothing is committed')
    await new Promise((resolve) => setTimeout(resolve, 60_000))
  })
}
