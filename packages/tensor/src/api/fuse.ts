import { columnFromValues, type LogicalPlan, planField, SheafError, types, values } from '@sheafdb/core'

/** Is a ranking to be fused with others: rows of `id`, the best first. */
export type Ranking = { rows(): Promise<readonly object[]> } | readonly unknown[]

/** Says how rankings become one. */
export type FusionOptions = {
  /** How many; 10 where nothing is said. */
  readonly k?: number
  /** Softens the first ranks: a row at rank r counts 1 / (constant + r). 60 where nothing is said. */
  readonly constant?: number
  /** How much each ranking counts, that of the vector first; 1 where nothing is said. */
  readonly weights?: readonly number[]
  /** How many rows of the search by vector take part; 100 where nothing is said. */
  readonly depth?: number
}

/** Is a row of fused rankings. */
export type FusedRow = { readonly id: unknown; readonly score: number }

/** Checks options. @throws `ARGUMENT` */
export function checkFusion({ k = 10, constant = 60, weights = [], depth = 100 }: FusionOptions): void {
  const areCounts = [k, depth].every((count) => Number.isSafeInteger(count) && count >= 1)
  if (areCounts && constant >= 0 && [constant, ...weights].every(Number.isFinite)) return
  throw new SheafError(
    'ARGUMENT',
    'k and depth must be integers of at least 1, constant a number of at least 0, and weights finite numbers.',
  )
}

/**
 * Fuses rankings by the ranks of their rows alone, whatever their scores mean: a row's score is the sum of
 * weight / (constant + rank) over the rankings that have it.
 *
 * @see Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet, SIGIR 2009
 */
export async function fuse(rankings: readonly Ranking[], options: FusionOptions): Promise<FusedRow[]> {
  const { k = 10, constant = 60, weights = [] } = options
  const scores = new Map<unknown, number>()
  for (const [number, ranking] of rankings.entries()) {
    const ids = await idsOf(ranking)
    const seen = new Set<unknown>()
    for (const id of ids) {
      if (seen.has(id)) continue
      seen.add(id)
      scores.set(id, (scores.get(id) ?? 0) + (weights[number] ?? 1) / (constant + seen.size))
    }
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((left, right) => right.score - left.score)
    .slice(0, k)
}

async function idsOf(ranking: Ranking): Promise<readonly unknown[]> {
  if (Array.isArray(ranking)) return ranking
  const rows = await (ranking as Exclude<Ranking, readonly unknown[]>).rows()
  const [first] = rows
  if (first !== undefined && !Object.hasOwn(first, 'id'))
    throw new SheafError(
      'ARGUMENT',
      'A ranking to be fused must have a column id. Rename the one that holds ids.',
    )
  return rows.map((row) => (row as { readonly id: unknown }).id)
}

/** Makes a plan of fused rows. */
export function fusedPlan(rows: readonly FusedRow[]): LogicalPlan {
  const fields = [planField('id', types.variant), planField('score', types.float64, false)]
  return values(
    fields,
    [
      columnFromValues(
        types.variant,
        rows.map((row) => row.id),
      ),
      columnFromValues(
        types.float64,
        rows.map((row) => row.score),
      ),
    ],
    rows.length,
  )
}
