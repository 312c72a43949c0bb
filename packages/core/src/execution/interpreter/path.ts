import type { PathPlan, PathSemantics } from '../../plan/logical-plan.ts'
import { excludedEdges, type Step, type StepsFrom, stepsAlong } from './edges.ts'
import { cellReader, type Interpretation, type Row } from './interpretation.ts'

type Path = { readonly nodes: readonly number[]; readonly edges: readonly number[] }

type Search = {
  readonly stepsFrom: StepsFrom
  readonly minimum: number
  readonly maximum: number
  /** The node that paths must end at, `null` for any. */
  readonly to: number | null
}

/** Gives a row for each path of each row's node, or for each node reached. */
export async function pathRows(plan: PathPlan, interpretation: Interpretation): Promise<Row[]> {
  const stepsFrom = stepsAlong(plan.adjacency, plan.direction, interpretation)
  const from = cellReader(plan.from.id, plan.input.output)
  const to = plan.to === null ? null : cellReader(plan.to.id, plan.input.output)
  const excluded = excludedEdges(plan.exclude, plan.input.output)
  const rows = await interpretation.run(plan.input)
  return rows.flatMap((row) => {
    const start = from(row)
    const end = to === null ? null : to(row)
    if (start === null || (to !== null && end === null)) return []
    const out = excluded(row)
    const search: Search = {
      stepsFrom: (node) => stepsFrom(node).filter((step) => !out.has(step.edge)),
      minimum: plan.minimum,
      maximum: plan.maximum ?? Number.POSITIVE_INFINITY,
      to: end === null ? null : Number(end),
    }
    const found = PATHS[plan.semantics](search, Number(start))
    return (plan.limit === undefined ? found : firstByLength(found, plan.limit)).map((path) =>
      rowOf(plan, row, path),
    )
  })
}

function rowOf(plan: PathPlan, row: Row, path: Path): Row {
  return [
    ...row,
    path.nodes[path.nodes.length - 1],
    ...(plan.edges === null ? [] : [path.edges]),
    ...(plan.nodes === null ? [] : [path.nodes]),
  ]
}

const PATHS: Readonly<Record<PathSemantics, (search: Search, start: number) => Path[]>> = {
  walk: (search, start) => enumerated(search, start, false),
  trail: (search, start) => enumerated(search, start, true),
  reachability: reached,
  'trail-ends': (search, start) => firstToEachEnd(enumerated(search, start, true)),
  'shortest-trails': (search, start) => enumerated(search, start, true),
  shortest: (search, start) => firstToEachEnd(shortest(search, start)),
  'all-shortest': shortest,
}

function extended(path: Path, step: Step): Path {
  return { nodes: [...path.nodes, step.node], edges: [...path.edges, step.edge] }
}

function addEnding(found: Path[], paths: readonly Path[], to: number | null): void {
  for (const path of paths) if (to === null || endOf(path) === to) found.push(path)
}

function endOf(path: Path): number {
  return path.nodes[path.nodes.length - 1] as number
}

/** Enumerates all paths level by level; trails repeat no edge. */
function enumerated(search: Search, start: number, trail: boolean): Path[] {
  const found: Path[] = []
  let level: Path[] = [{ nodes: [start], edges: [] }]
  for (let length = 0; level.length > 0 && length <= search.maximum; length += 1) {
    if (length >= search.minimum) addEnding(found, level, search.to)
    if (length === search.maximum) break
    level = level.flatMap((path) =>
      search
        .stepsFrom(endOf(path))
        .filter((step) => !trail || !path.edges.includes(step.edge))
        .map((step) => extended(path, step)),
    )
  }
  return found
}

/** Gives each node at the end of some walk of a length within the bounds, once. */
function reached(search: Search, start: number): Path[] {
  const ends = new Set<number>()
  const known = new Set<string>()
  let level = new Set([start])
  for (let length = 0; level.size > 0 && length <= search.maximum; length += 1) {
    if (length >= search.minimum) {
      for (const node of level) ends.add(node)
      // Levels repeat in the end, since there are finitely many sets of nodes.
      const key = [...level].sort((left, right) => left - right).join()
      if (known.has(key)) break
      known.add(key)
    }
    level = new Set([...level].flatMap((node) => search.stepsFrom(node).map((step) => step.node)))
  }
  return [...ends]
    .filter((node) => search.to === null || node === search.to)
    .map((node) => ({ nodes: [node], edges: [] }))
}

/**
 * Gives all shortest paths to each end. A node is its own end by the path of no hops where the bounds allow that, else
 * by a shortest cycle.
 */
function shortest(search: Search, start: number): Path[] {
  const found: Path[] = []
  const distances = new Map<number, number>(search.minimum === 0 ? [[start, 0]] : [])
  let level: Path[] = [{ nodes: [start], edges: [] }]
  for (let length = 0; level.length > 0 && length <= search.maximum; length += 1) {
    if (length >= search.minimum) addEnding(found, level, search.to)
    const next = level.flatMap((path) =>
      // A cycle back to the start ends there.
      length > 0 && endOf(path) === start
        ? []
        : search.stepsFrom(endOf(path)).map((step) => extended(path, step)),
    )
    level = next.filter((path) => {
      const known = distances.get(endOf(path))
      if (known === undefined) distances.set(endOf(path), length + 1)
      return known === undefined || known === length + 1
    })
  }
  return found
}

function firstToEachEnd(paths: readonly Path[]): Path[] {
  const ends = new Set<number>()
  return paths.filter((path) => {
    const fresh = !ends.has(endOf(path))
    ends.add(endOf(path))
    return fresh
  })
}

/** Keeps the first paths to each end, which come by their length. */
function firstByLength(paths: readonly Path[], limit: NonNullable<PathPlan['limit']>): Path[] {
  const known = new Map<number, number[]>()
  return paths.filter((path) => {
    const lengths = known.get(endOf(path)) ?? []
    known.set(endOf(path), lengths)
    const length = path.edges.length
    const isNew = !limit.groups || !lengths.includes(length)
    if (isNew && lengths.length >= limit.count) return false
    if (isNew) lengths.push(length)
    return true
  })
}
