import { seededRandom } from '../flights-data.ts'

/** Numbers in a vector. */
export const SIZE = 384
const CLUSTERS = 1000
const RANK = 24

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Makes vectors in 1,000 clusters whose sizes are Zipf's, each spread in a few directions of its own more than in others. */
export function clusteredVectors(count: number, seed: number): Float32Array {
  const random = seededRandom(17)
  const centres = Float32Array.from({ length: CLUSTERS * SIZE }, () => normal(random))
  const directions = Float32Array.from({ length: RANK * SIZE }, () => normal(random) / Math.sqrt(RANK))
  const total = Array.from({ length: CLUSTERS }, (_, at) => 1 / (at + 1)).reduce((sum, size) => sum + size, 0)
  const draw = seededRandom(seed)
  const vectors = new Float32Array(count * SIZE)
  for (let row = 0; row < count; row += 1) {
    let rest = draw() * total
    let cluster = 0
    while (cluster < CLUSTERS - 1 && rest > 1 / (cluster + 1)) {
      rest -= 1 / (cluster + 1)
      cluster += 1
    }
    const weights = Array.from({ length: RANK }, () => normal(draw))
    for (let at = 0; at < SIZE; at += 1) {
      let value = (centres[cluster * SIZE + at] as number) + 0.3 * (draw() - 0.5)
      for (let direction = 0; direction < RANK; direction += 1)
        value += (weights[direction] as number) * (directions[direction * SIZE + at] as number)
      vectors[row * SIZE + at] = value
    }
  }
  return vectors
}

/** Gives one of the vectors. */
export function vectorAt(vectors: Float32Array, row: number): Float32Array {
  return vectors.subarray(row * SIZE, (row + 1) * SIZE)
}
