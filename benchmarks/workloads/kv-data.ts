import { seededRandom } from './flights-data.ts'

/** Counts the entries of the workloads over small values. */
export const ENTRIES = 500_000

/** Counts the records of the YCSB workloads. */
export const RECORDS = 100_000

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'

/** Gives the key of an entry: keys sort as their numbers do. */
export function keyOf(index: number): string {
  return `user:${String(index).padStart(9, '0')}`
}

/** Makes text of random letters: the same for the same random numbers, and flat, as text that was read is. */
export function randomText(length: number, random: () => number): string {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += 5) {
    let bits = Math.floor(random() * 2 ** 30)
    for (let next = at; next < Math.min(at + 5, length); next += 1, bits >>>= 6)
      bytes[next] = LETTERS.charCodeAt(bits & 63)
  }
  return bytes.toString('latin1')
}

/** Makes entries of 100 bytes of text each. */
export function* smallEntries(count: number = ENTRIES): Generator<[key: string, value: string]> {
  const random = seededRandom(7)
  for (let index = 0; index < count; index += 1) yield [keyOf(index), randomText(100, random)]
}

/** Makes records of 1 KB. */
export function* records(): Generator<[key: string, value: string]> {
  const random = seededRandom(8)
  for (let index = 0; index < RECORDS; index += 1) yield [keyOf(index), randomText(1000, random)]
}

/** Shuffles the indexes from 0 up to a count, the same each time. */
export function shuffled(count: number): Uint32Array {
  const random = seededRandom(9)
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1))
    const kept = order[at] as number
    order[at] = order[other] as number
    order[other] = kept
  }
  return order
}

const THETA = 0.99

/** Makes a generator of Zipf-distributed ranks below a count, as YCSB's: rank 0 is the most frequent. */
export function zipfian(count: number, random: () => number): () => number {
  let zeta = 0
  for (let rank = 1; rank <= count; rank += 1) zeta += 1 / rank ** THETA
  const alpha = 1 / (1 - THETA)
  const eta = (1 - (2 / count) ** (1 - THETA)) / (1 - (1 + 0.5 ** THETA) / zeta)
  return () => {
    const draw = random()
    if (draw * zeta < 1) return 0
    if (draw * zeta < 1 + 0.5 ** THETA) return 1
    return Math.min(count - 1, Math.floor(count * (eta * draw - eta + 1) ** alpha))
  }
}
