/**
 * Is what is known of the ends of edges: for each edge type, by its id, the labels that all sources and all targets
 * of its edges have. It only shrinks: edges with other ends and labels that are removed take away from it. `null` for
 * types of which nothing is known.
 */
export type EdgeEnds = readonly (readonly [source: readonly string[], target: readonly string[]] | null)[]

const NONE = [[], []] as const

/** Reads what is known from a collection's options. */
export function endsFromOptions(option: unknown): EdgeEnds {
  return Array.isArray(option) ? (option as EdgeEnds) : []
}

/** Keeps the labels that are in both lists; the first list itself where all are. */
export function commonLabels(labels: readonly string[], others: readonly string[]): readonly string[] {
  const common = labels.filter((label) => others.includes(label))
  return common.length === labels.length ? labels : common
}

/** Finds the labels that a node surely has when it is reached over edges of some types. */
export function endLabels(
  ends: EdgeEnds,
  typeIds: readonly number[],
  direction: 'out' | 'in' | 'both',
): readonly string[] {
  const lists = typeIds.flatMap((id) => {
    const [source, target] = ends[id] ?? NONE
    return direction === 'out' ? [target] : direction === 'in' ? [source] : [source, target]
  })
  const [first = [], ...rest] = lists
  return rest.reduce(commonLabels, first)
}

/** Takes labels away from what is known, since a node lost them. */
export function withoutLabels(ends: EdgeEnds, labels: ReadonlySet<string>): EdgeEnds {
  const keep = (list: readonly string[]): readonly string[] => list.filter((label) => !labels.has(label))
  return ends.map((pair) => (pair === null ? null : [keep(pair[0]), keep(pair[1])]))
}
