import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../flights-data.ts'

/** Persons of the social graph. */
export const PERSONS = 100_000
/** Edges of the social graph. */
export const FRIENDSHIPS = 1_000_000
const CITIES = 200

/** Is a social graph as columns: persons by number, and who knows whom with two properties. */
export type SocialGraph = {
  readonly city: readonly string[]
  readonly age: Int32Array
  readonly from: Int32Array
  readonly to: Int32Array
  readonly since: Int32Array
  readonly weight: Float64Array
}

let made: SocialGraph | null = null

/**
 * Makes 100 K persons and a million edges between them, the same each time. Both ends are skewed: the k-th most known
 * person has about 1 / (2 sqrt(k)) of what an even spread would give the first. No edge leads back to where it starts,
 * since engines differ on whether such an edge may be used twice.
 */
export function socialGraph(): SocialGraph {
  if (made !== null) return made
  const random = seededRandom(42)
  const city = Array.from({ length: PERSONS }, () => `city ${Math.floor(random() * CITIES)}`)
  const age = Int32Array.from({ length: PERSONS }, () => 18 + Math.floor(random() * 70))
  const shuffled = shuffle(PERSONS, random)
  const from = new Int32Array(FRIENDSHIPS)
  const to = new Int32Array(FRIENDSHIPS)
  const since = new Int32Array(FRIENDSHIPS)
  const weight = new Float64Array(FRIENDSHIPS)
  const skewed = (): number => shuffled[Math.floor(PERSONS * random() ** 2)] as number
  for (let at = 0; at < FRIENDSHIPS; at += 1) {
    const source = skewed()
    let target = skewed()
    while (target === source) target = skewed()
    from[at] = source
    to[at] = target
    since[at] = 1990 + Math.floor(random() * 35)
    weight[at] = Math.round(random() * 1000) / 1000 + 0.0005
  }
  made = { city, age, from, to, since, weight }
  return made
}

function shuffle(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, at) => at)
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1))
    const kept = order[at] as number
    order[at] = order[other] as number
    order[other] = kept
  }
  return order
}

/** Gives the persons with the most edges going out, the most first. */
export function hubs(count: number): number[] {
  const degrees = new Int32Array(PERSONS)
  for (const person of socialGraph().from) degrees[person] = (degrees[person] as number) + 1
  return Array.from(degrees, (_, person) => person)
    .sort((left, right) => (degrees[right] as number) - (degrees[left] as number) || left - right)
    .slice(0, count)
}

/** Gives the rows of persons as objects. */
export function personRows(): { id: number; name: string; age: number; city: string }[] {
  const { city, age } = socialGraph()
  return city.map((name, id) => ({ id, name: `person ${id}`, age: age[id] as number, city: name }))
}

/** Gives the rows of edges as objects. */
export function knowsRows(): { from: number; to: number; since: number; weight: number }[] {
  const { from, to, since, weight } = socialGraph()
  return Array.from(from, (source, at) => ({
    from: source,
    to: to[at] as number,
    since: since[at] as number,
    weight: weight[at] as number,
  }))
}

/** Writes the graph as two CSV files without a header, once a folder. */
export async function socialCsv(
  folder: string,
): Promise<{ readonly persons: string; readonly knows: string }> {
  await mkdir(folder, { recursive: true })
  const persons = join(folder, 'persons.csv')
  const knows = join(folder, 'knows.csv')
  await writeFile(
    persons,
    personRows()
      .map(({ id, name, age, city }) => `${id},${name},${age},${city}`)
      .join('\n'),
  )
  await writeFile(
    knows,
    knowsRows()
      .map((row) => `${row.from},${row.to},${row.since},${row.weight}`)
      .join('\n'),
  )
  return { persons, knows }
}
