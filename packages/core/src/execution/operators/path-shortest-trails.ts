import { reachable } from './path-reachable.ts'
import {
  EDGES_PER_PAUSE,
  eachEdge,
  type Found,
  type MarkPool,
  NodeMarks,
  type Search,
} from './path-search.ts'

/**
 * Gives the first trails from a node to each end, by their length: to the end that is asked for, or to each that can be
 * reached. What cannot lead on to the end in time is not followed: a search from the end tells how far each node is.
 */
export function* shortestTrails(search: Search, start: number, marks: MarkPool): Iterable<Found | null> {
  if (search.to !== null) {
    yield* trailsTo(search, start, search.to)
    return
  }
  const ends: number[] = []
  for (const found of reachable({ ...search, minimum: Math.min(1, search.minimum) }, start, marks)) {
    if (found === null) yield null
    else if (found.kind === 'ends') ends.push(...found.ends)
  }
  for (const end of ends) yield* trailsTo(search, start, end)
}

/** Is a trail by its last step. */
type Step = {
  readonly node: number
  readonly edge: number
  readonly before: Step | null
  readonly length: number
}

function* trailsTo(search: Search, start: number, end: number): Iterable<Found | null> {
  const left = distancesTo(search, end)
  const { limit } = search
  // Trails by how long they would be at least, once they have come to the end.
  const waiting: Step[][] = []
  const add = (step: Step): void => {
    const mark = left.get(step.node)
    const least = step.length + mark - 1
    if (mark === 0 || least > search.maximum) return
    const list = waiting[least]
    if (list === undefined) waiting[least] = [step]
    else list.push(step)
  }
  add({ node: start, edge: -1, before: null, length: 0 })
  const lengths = new Set<number>()
  let count = 0
  let steps = 0
  for (let least = 0; least < waiting.length; least += 1) {
    for (let step = waiting[least]?.pop(); step !== undefined; step = waiting[least]?.pop()) {
      if (step.node === end && step.length >= search.minimum) {
        if (limit.groups && lengths.size === limit.count && !lengths.has(step.length)) return
        yield pathOf(step)
        lengths.add(step.length)
        count += 1
        if (!limit.groups && count === limit.count) return
      }
      const last: Step = step
      eachEdge(search, last.node, (node, edge) => {
        if (!follows(last, edge)) add({ node, edge, before: last, length: last.length + 1 })
      })
      steps += 1
      if (steps % (EDGES_PER_PAUSE / 64) === 0) yield null
    }
  }
}

/** Tells whether a trail has followed an edge already. */
function follows(last: Step, edge: number): boolean {
  for (let step: Step | null = last; step !== null; step = step.before) if (step.edge === edge) return true
  return false
}

/** Finds how many hops each node is from the end, plus one; 0 for those that do not lead there. */
function distancesTo(search: Search, end: number): NodeMarks {
  const sides = search.reverse()
  const marks = new NodeMarks(sides)
  marks.set(end, 1)
  let frontier = [end]
  for (let depth = 1; depth <= search.maximum && frontier.length > 0; depth += 1) {
    const next: number[] = []
    for (const node of frontier) {
      eachEdge({ sides, both: search.both, excluded: search.excluded }, node, (other) => {
        if (marks.get(other) !== 0) return
        marks.set(other, depth + 1)
        next.push(other)
      })
    }
    frontier = next
  }
  return marks
}

function pathOf(last: Step): Found {
  const nodes: number[] = []
  const edges: number[] = []
  for (let step: Step | null = last; step !== null; step = step.before) {
    nodes.push(step.node)
    if (step.before !== null) edges.push(step.edge)
  }
  return { kind: 'path', end: last.node, nodes: nodes.reverse(), edges: edges.reverse() }
}
