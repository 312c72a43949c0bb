/**
 * Loads real data into all six models of one store and asks questions across them. The first run loads; a later one
 * opens what is there. Usage: `npm start [folder]`.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { findEverywhere, killWriter, writeEverywhere } from './crash.ts'
import { loadAll } from './load.ts'
import { type AirStore, openAirStore } from './models.ts'
import { printHeading, printIndented, printRows } from './print.ts'
import { questions } from './questions.ts'

const path = resolve(process.argv[2] ?? '.data/air-traffic.sheaf')
const LOADED = ['loaded'] as const

/** Opens the store, and loads it where that was not done to the end before. */
async function openLoaded(): Promise<AirStore> {
  if (existsSync(path)) {
    const start = performance.now()
    const store = await openAirStore(path)
    if (store.kv.list().includes('example') && (await store.kv('example').has([...LOADED]))) {
      const flights = await store.relational('flights').count()
      console.log(`Opened the store of an earlier run: ${path}`)
      console.log(
        `  ${flights.toLocaleString('en')} flights are there, first answer after ${(performance.now() - start).toFixed(0)} ms`,
      )
      return store
    }
    await store.close()
    await rm(path, { recursive: true })
  }
  console.log(`Loading real data into a new store: ${path}`)
  const store = await openAirStore(path)
  await loadAll(store)
  await store.kv('example').put([...LOADED], true)
  return store
}

async function askAll(store: AirStore): Promise<void> {
  for (const [index, question] of questions.entries()) {
    printHeading(`${index + 1}. ${question.title}`)
    const query = await question.ask(store)
    const start = performance.now()
    const rows = await query.rows()
    const time = performance.now() - start
    printRows(rows)
    console.log(`  ${rows.length} rows in ${time.toFixed(1)} ms, over ${question.models}; what ran where:`)
    const plan = (await query.explain()).split('optimized plan\n')[1] ?? ''
    printIndented(plan.trimEnd())
  }
}

async function writeAndCrash(opened: AirStore): Promise<AirStore> {
  const mark = `K${Date.now().toString(36)}`
  const [kept, lost] = [`${mark}a`, `${mark}b`]
  printHeading('One transaction over all six models')
  const start = performance.now()
  await writeEverywhere(opened, kept)
  console.log(`  committed durably in ${(performance.now() - start).toFixed(1)} ms; each model has it:`)
  printRows([await findEverywhere(opened, kept)])

  printHeading('The same in another process, killed in the middle')
  await opened.close()
  await killWriter(path, lost)
  const store = await openAirStore(path)
  console.log('  opened again after kill -9; of the killed transaction each model has:')
  printRows([await findEverywhere(store, lost)])
  console.log('  and of the one before, which was committed:')
  printRows([await findEverywhere(store, kept)])
  return store
}

let store = await openLoaded()
try {
  await askAll(store)
  store = await writeAndCrash(store)
  const { tables } = store.stats()
  printHeading('On disk')
  const total = tables.reduce((bytes, table) => bytes + table.segmentBytes, 0)
  console.log(
    `  ${tables.length} tables, ${(total / 1e6).toFixed(1)} MB in segments; the store stays at ${path}`,
  )
  console.log('  Run this again and it opens the same store. Every segment in it is a plain Arrow IPC file.')
} finally {
  await store.close()
}
