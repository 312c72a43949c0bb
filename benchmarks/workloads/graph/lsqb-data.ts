import { seededRandom } from '../flights-data.ts'

const COUNTS = {
  Continent: 5,
  Country: 30,
  City: 300,
  Person: 3000,
  Forum: 3000,
  Post: 30_000,
  Comment: 60_000,
  TagClass: 40,
  Tag: 1500,
} as const

/** Names the kinds of nodes; posts and comments are messages. */
export type Kind = keyof typeof COUNTS

/** Is the edges of one type between two kinds of nodes. */
export type Edges = {
  readonly type: string
  readonly from: Kind
  readonly to: Kind
  readonly pairs: readonly (readonly [number, number])[]
}

/** Is a network like that of the Labelled Subgraph Query Benchmark. */
export type Network = { readonly counts: typeof COUNTS; readonly edges: readonly Edges[] }

/**
 * Makes a network with the schema of the benchmark, the same each time. No pair stands twice among the edges of a type.
 *
 * @see https://dl.acm.org/doi/10.1145/3461837.3464516
 */
export function lsqbNetwork(): Network {
  const random = seededRandom(7)
  const any = (kind: Kind): number => Math.floor(random() * COUNTS[kind])
  const skewed = (kind: Kind): number => Math.floor(random() ** 2 * COUNTS[kind])
  const each = (type: string, from: Kind, to: Kind, pick: (kind: Kind) => number = any): Edges => ({
    type,
    from,
    to,
    pairs: Array.from({ length: COUNTS[from] }, (_, at) => [at, pick(to)] as const),
  })
  const many = (type: string, from: Kind, to: Kind, count: number): Edges => {
    const pairs = new Map<number, readonly [number, number]>()
    while (pairs.size < count) {
      const [source, target] = [skewed(from), skewed(to)]
      // People know each other whichever way the edge points: one edge a pair, and none to oneself.
      const isKnows = from === to
      const pair = isKnows && source > target ? ([target, source] as const) : ([source, target] as const)
      if (!isKnows || source !== target) pairs.set(pair[0] * 1e6 + pair[1], pair)
    }
    return { type, from, to, pairs: [...pairs.values()] }
  }
  const replies = Array.from({ length: COUNTS.Comment }, (_, at) => ({
    at,
    toPost: at < 100 || random() < 0.6,
  }))
  return {
    counts: COUNTS,
    edges: [
      each('IS_PART_OF', 'City', 'Country'),
      each('IS_PART_OF', 'Country', 'Continent'),
      each('IS_LOCATED_IN', 'Person', 'City', skewed),
      many('KNOWS', 'Person', 'Person', 30_000),
      many('HAS_MEMBER', 'Forum', 'Person', 40_000),
      {
        type: 'CONTAINER_OF',
        from: 'Forum',
        to: 'Post',
        pairs: Array.from({ length: COUNTS.Post }, (_, at) => [skewed('Forum'), at] as const),
      },
      each('HAS_CREATOR', 'Post', 'Person', skewed),
      each('HAS_CREATOR', 'Comment', 'Person', skewed),
      {
        type: 'REPLY_OF',
        from: 'Comment',
        to: 'Post',
        pairs: replies.filter(({ toPost }) => toPost).map(({ at }) => [at, skewed('Post')] as const),
      },
      {
        type: 'REPLY_OF',
        from: 'Comment',
        to: 'Comment',
        pairs: replies
          .filter(({ toPost }) => !toPost)
          .map(({ at }) => [at, Math.floor(random() * at)] as const),
      },
      many('HAS_TAG', 'Post', 'Tag', 45_000),
      many('HAS_TAG', 'Comment', 'Tag', 70_000),
      many('LIKES', 'Person', 'Post', 60_000),
      many('LIKES', 'Person', 'Comment', 60_000),
      many('HAS_INTEREST', 'Person', 'Tag', 30_000),
      each('HAS_TYPE', 'Tag', 'TagClass'),
    ],
  }
}
