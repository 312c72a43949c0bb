/** Round-trips random documents: `node --conditions=source packages/document/test/round-trip/main.ts [count] [seed]`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { roundTrip } from './round-trip.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31)
const folder = await mkdtemp(join(tmpdir(), 'sheaf-round-trip-'))
console.log(`seed ${seed}`)
try {
  await roundTrip(folder, { count, seed, onStep: (step) => console.log(step) })
} finally {
  await rm(folder, { recursive: true, force: true })
}
