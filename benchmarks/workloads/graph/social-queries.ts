import type { Graph } from '@sheafdb/graph'
import type { KuzuEngine } from '../../engines/kuzu.ts'
import type { Contender, Workload } from '../../src/workload.ts'
import { hubs, PERSONS, socialGraph } from './social-data.ts'
import { kuzuSocial, ladybugSocial, sheafSocial } from './social-engines.ts'

type Row = Record<string, unknown>

type Question = {
  readonly name: string
  readonly title: string
  readonly asked: string
  /** How many times as fast as which peers is asked. */
  readonly factor: number
  readonly against: readonly string[]
  readonly runs: number
  /** Runs before the measured ones: questions of microseconds need some hundred to be compiled. */
  readonly warmups?: number
  readonly sheaf: (social: Graph) => Promise<unknown>
  readonly kuzu: (engine: KuzuEngine) => Promise<unknown>
  /** Whether Ladybug takes part, and what plain loops over typed arrays do. */
  readonly ladybug?: boolean
  readonly loops?: () => unknown
}

/** Makes a workload over the social graph: Sheaf against Kuzu, Ladybug and plain loops. */
function question({ name, title, asked, factor, against, runs, warmups = 2, ...ask }: Question): Workload {
  return {
    name,
    title,
    asked: {
      text: asked,
      reached: (medians) => {
        const best = Math.min(...against.map((engine) => medians.get(engine) ?? Number.POSITIVE_INFINITY))
        return best / (medians.get('Sheaf') as number) >= factor
      },
    },
    runs,
    warmups,
    async prepare(folder) {
      const { store, social } = await sheafSocial(folder)
      const kuzu = await kuzuSocial(folder)
      const contenders: Contender[] = [
        { engine: 'Sheaf', run: () => ask.sheaf(social), close: () => store.close() },
        { engine: 'Kuzu', run: () => ask.kuzu(kuzu), close: () => kuzu.close() },
      ]
      if (ask.ladybug === true) {
        const ladybug = await ladybugSocial(folder)
        contenders.push({ engine: 'Ladybug', run: () => ask.kuzu(ladybug), close: () => ladybug.close() })
      }
      if (ask.loops !== undefined) contenders.push({ engine: 'loops over CSR', run: ask.loops })
      return contenders
    },
  }
}

/** Asks for the one value of a query that gives one row. */
const one = async (rows: Promise<Row[]>): Promise<unknown> => Object.values((await rows)[0] ?? {})[0]

let csr: { readonly offsets: Uint32Array; readonly targets: Uint32Array } | null = null

function outgoing(): { readonly offsets: Uint32Array; readonly targets: Uint32Array } {
  if (csr !== null) return csr
  const { from, to } = socialGraph()
  const offsets = new Uint32Array(PERSONS + 1)
  for (const source of from) (offsets[source + 1] as number) += 1
  for (let person = 0; person < PERSONS; person += 1)
    (offsets[person + 1] as number) += offsets[person] as number
  const cursor = offsets.slice()
  const targets = new Uint32Array(from.length)
  from.forEach((source, at) => {
    targets[cursor[source] as number] = to[at] as number
    ;(cursor[source] as number) += 1
  })
  csr = { offsets, targets }
  return csr
}

const READ = 'MATCH (p:Person {id: $id}) RETURN p.name AS name'
const HOP = 'MATCH (p:Person {id: $id})-[:KNOWS]->(q:Person) RETURN q.id AS id'
const IDS = Array.from({ length: 1000 }, (_, at) => (at * 199) % PERSONS)

/** A thousand point reads and a thousand hops, prepared. */
export const graphPoint: Workload = question({
  name: 'graph-point',
  title: '1000 point reads and 1000 single hops by id, prepared',
  asked: '30 times Kuzu',
  factor: 30,
  against: ['Kuzu'],
  runs: 5,
  warmups: 8,
  sheaf: async (social) => {
    let count = 0
    for (const id of IDS) {
      count += (await social.query(READ, { id }).rows()).length
      count += (await social.query(HOP, { id }).rows()).length
    }
    return count
  },
  kuzu: async (engine) => {
    let count = 0
    for (const id of IDS) {
      count += (await engine.run(READ, { id })).length
      count += (await engine.run(HOP, { id })).length
    }
    return count
  },
})

const STARTS = hubs(100).map((id) => ({ id }))

/**
 * Asks one question for each of the hundred persons with the most edges going out. Single calls take a fraction of a
 * millisecond, and the full collection before each run makes the first of them slow: it lets go of what the code was
 * compiled for.
 */
async function forEachHub(ask: (start: { readonly id: number }) => Promise<unknown>): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const start of STARTS) answers.push(await ask(start))
  return answers
}

const TWO = '(p:Person {id: $id})-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) RETURN count(DISTINCT'

/** Persons two hops from a hub, each once. */
export const graphTwoHop: Workload = question({
  name: 'graph-two-hop',
  title: 'distinct persons two hops from a hub, a hundred hubs one after the other',
  asked: '50 times Kuzu',
  factor: 50,
  against: ['Kuzu'],
  runs: 5,
  warmups: 4,
  sheaf: (social) => forEachHub((start) => one(social.query(`MATCH ${TWO} q) AS n`, start).rows())),
  kuzu: (engine) => forEachHub((start) => one(engine.run(`MATCH ${TWO} q.id) AS n`, start))),
  loops: () => STARTS.map(({ id }) => twoHopsBy(outgoing(), id)),
})

function twoHopsBy({ offsets, targets }: ReturnType<typeof outgoing>, start: number): number {
  const met = new Uint8Array(PERSONS)
  let count = 0
  for (let at = offsets[start] as number; at < (offsets[start + 1] as number); at += 1) {
    const friend = targets[at] as number
    for (let place = offsets[friend] as number; place < (offsets[friend + 1] as number); place += 1) {
      const other = targets[place] as number
      if (met[other] === 1) continue
      met[other] = 1
      count += 1
    }
  }
  return count
}

const THREE =
  '(p:Person {id: $id})-[:KNOWS]->(:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(q:Person) RETURN count(*) AS n'

/** Walks of three hops from a hub. */
export const graphThreeHop: Workload = question({
  name: 'graph-three-hop',
  title: 'walks of three hops from a hub, a hundred hubs one after the other',
  asked: '20 times Kuzu',
  factor: 20,
  against: ['Kuzu'],
  runs: 5,
  warmups: 4,
  sheaf: (social) =>
    forEachHub((start) => one(social.query(`MATCH REPEATABLE ELEMENTS ${THREE}`, start).rows())),
  kuzu: (engine) => forEachHub((start) => one(engine.run(`MATCH ${THREE}`, start))),
})

const TRIANGLES =
  'MATCH (a:Person)-[:KNOWS]->(b:Person)-[:KNOWS]->(c:Person)-[:KNOWS]->(a) RETURN count(*) AS n'

/** Directed triangles over the million edges. */
export const graphTriangles: Workload = question({
  name: 'graph-triangles',
  title: 'directed triangles over 1 M edges',
  asked: '8 times the best',
  factor: 8,
  against: ['Kuzu', 'Ladybug'],
  runs: 2,
  ladybug: true,
  sheaf: (social) => one(social.query(TRIANGLES).rows()),
  kuzu: (engine) => one(engine.run(TRIANGLES)),
})

const PATHS = 'MATCH (a:Person)-[:KNOWS]->(b:Person)-[:KNOWS]->(c:Person) RETURN count(*) AS n'

const PATHS_TIMES = 20

/** Asks the same several times: what one run of a few milliseconds takes is more the collector's than the engine's. */
async function repeated(times: number, ask: () => Promise<unknown>): Promise<unknown> {
  let answer: unknown
  for (let at = 0; at < times; at += 1) answer = await ask()
  return answer
}

/** The count of all paths of two hops. */
export const graphTwoPaths: Workload = question({
  name: 'graph-two-paths',
  title: 'count of all 2-paths, twenty times',
  asked: '3 times the best',
  factor: 3,
  against: ['Kuzu', 'Ladybug'],
  runs: 7,
  warmups: 6,
  ladybug: true,
  sheaf: (social) => repeated(PATHS_TIMES, () => one(social.query(PATHS).rows())),
  kuzu: (engine) => repeated(PATHS_TIMES, () => one(engine.run(PATHS))),
})

const PAIRS = Array.from({ length: 10 }, (_, at) => ({ a: 17 + at * 9001, b: 5 + at * 7919 }))

/** The lengths of shortest paths between ten pairs of persons. */
export const graphShortest: Workload = question({
  name: 'graph-shortest',
  title: 'length of a shortest path, ten pairs',
  asked: '10 times the best',
  factor: 10,
  against: ['Kuzu'],
  runs: 7,
  sheaf: async (social) => {
    const lengths: unknown[] = []
    for (const pair of PAIRS)
      lengths.push(
        await one(
          social
            .query(
              'MATCH (a:Person {id: $a}), (b:Person {id: $b}) MATCH p = shortestPath((a)-[:KNOWS*]->(b)) RETURN length(p) AS n',
              pair,
            )
            .rows(),
        ),
      )
    return lengths
  },
  kuzu: async (engine) => {
    const lengths: unknown[] = []
    for (const pair of PAIRS)
      lengths.push(
        await one(
          engine.run(
            'MATCH p = (a:Person {id: $a})-[:KNOWS* SHORTEST 1..30]->(b:Person {id: $b}) RETURN length(p) AS n',
            pair,
          ),
        ),
      )
    return lengths
  },
})

const GROUPS =
  'MATCH (a:Person)-[:KNOWS]->(b:Person) RETURN b.city AS city, count(*) AS n, avg(b.age) AS age ORDER BY city'

/** Everybody's friends by the city where they live. */
export const graphGroup: Workload = question({
  name: 'graph-group',
  title: "friends grouped by the friend's city, 1 M edges, ten times",
  asked: '8 times the best',
  factor: 8,
  against: ['Kuzu', 'Ladybug'],
  runs: 5,
  warmups: 4,
  ladybug: true,
  sheaf: (social) => repeated(10, async () => rounded(await social.query(GROUPS).rows())),
  kuzu: (engine) => repeated(10, async () => rounded(await engine.run(GROUPS))),
})

function rounded(rows: readonly Row[]): unknown[] {
  return rows.map(({ city, n, age }) => [city, n, Math.round((age as number) * 1e6) / 1e6])
}

/** Lists the questions to the social graph. */
export const socialQueries: readonly Workload[] = [
  graphPoint,
  graphTwoHop,
  graphThreeHop,
  graphTriangles,
  graphTwoPaths,
  graphShortest,
  graphGroup,
]
