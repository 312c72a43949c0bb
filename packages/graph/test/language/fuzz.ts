/**
 * Tries mutated queries, a million or as many as the first argument says, from the seed of the second: each must be
 * lowered or refused with an error of its own within 100 ms for each 64 KB.
 *
 * node scripts/run.mjs run packages/graph/test/language/fuzz.ts [count] [seed]
 */
import fc from 'fast-check'
import { mutatedQuery, tryQuery } from './mutations.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31)
const ROUND = 10_000
const LIMIT_MS = 100
const LIMIT_BYTES = 65_536

let refused = 0
let slowest = 0
for (let done = 0; done < count; done += ROUND) {
  for (const text of fc.sample(mutatedQuery, { numRuns: Math.min(ROUND, count - done), seed: seed + done })) {
    const allowed = LIMIT_MS * Math.max(1, text.length / LIMIT_BYTES)
    let [time, message] = timed(text)
    // A pause of the machine is no fault of the query: what is slow is tried again.
    for (let retry = 0; retry < 3 && time > allowed; retry += 1) [time, message] = timed(text)
    if (time > allowed) {
      console.error(`Too slow, ${time.toFixed(0)} ms: ${text}`)
      process.exitCode = 1
    }
    if (message !== null) refused += 1
    slowest = Math.max(slowest, time)
  }
  console.log(`${done + ROUND} queries, ${refused} refused, slowest ${slowest.toFixed(1)} ms (seed ${seed})`)
}

function timed(text: string): [number, string | null] {
  const start = performance.now()
  try {
    const message = tryQuery(text)
    return [performance.now() - start, message]
  } catch (error) {
    console.error(`Seed ${seed}: ${text}`)
    throw error
  }
}
