import type { ColumnExpression, PathSemantics } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { lowerAnchor } from './anchors.ts'
import { unsupported } from './entities.ts'
import type { Binding, Frame, LowerContext, MatchParts, Within } from './frame.ts'
import { alternating, lowerGroup } from './groups.ts'
import type { LoweredStep, MatchState } from './match-state.ts'
import { namesIn } from './names.ts'
import { lowerPathVariable, lowerStep } from './relationships.ts'
import { resolveViewPath } from './view.ts'

/** Is a condition of WHERE that waits for its variables. */
type Pending = { readonly predicate: syntax.Expression; readonly names: ReadonlySet<string> }

/**
 * Lowers a MATCH onto a frame: each path is found from its most selective node, edges differ from each other, and
 * each condition stands as early as its variables are known.
 */
export function lowerMatch(context: LowerContext, frame: Frame, match: MatchParts): void {
  const endsOnly = context.asksEndsOnly(match)
  const own = patternNames(match.patterns)
  const pending = conjunctsOf(match.where).map(
    (predicate): Pending => ({ predicate, names: relevantNames(predicate, own, frame) }),
  )
  const state = matchState(context, frame, pending, { repeatable: match.repeatable, endsOnly })
  state.bound()
  const waiting = [...match.patterns]
  while (waiting.length > 0) {
    const scores = waiting.map((pattern) => bestAnchor(pattern, frame, pending).score)
    const [pattern] = waiting.splice(scores.indexOf(Math.max(...scores)), 1)
    lowerPath(context, frame, pattern as syntax.PathPattern, state, pending)
  }
  for (const { predicate } of pending.splice(0)) context.rules.filter(context, frame, predicate)
}

/** Names the variables that patterns bind. */
export function patternNames(patterns: readonly syntax.PathPattern[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const pattern of patterns) {
    if (pattern.variable !== null) names.add(pattern.variable.name)
    for (const element of pattern.elements) {
      if (element.kind === 'group') for (const name of patternNames([element.pattern])) names.add(name)
      else if (element.variable !== null) names.add(element.variable.name)
    }
  }
  return names
}

function relevantNames(
  predicate: syntax.Expression,
  own: ReadonlySet<string>,
  frame: Frame,
): ReadonlySet<string> {
  return new Set([...namesIn(predicate)].filter((name) => own.has(name) || frame.bindings.has(name)))
}

function conjunctsOf(where: syntax.Expression | null): readonly syntax.Expression[] {
  if (where === null) return []
  return where.kind === 'and' ? where.operands.flatMap(conjunctsOf) : [where]
}

function matchState(
  context: LowerContext,
  frame: Frame,
  pending: Pending[],
  kind: Pick<MatchState, 'repeatable' | 'endsOnly'>,
): MatchState {
  return {
    ...kind,
    edges: [],
    view: new Map(),
    equalities: (variable) => pending.flatMap(({ predicate }) => equalityOf(predicate, variable, frame)),
    bound: () => {
      for (let at = 0; at < pending.length; at += 1) {
        const { predicate, names } = pending[at] as Pending
        if (![...names].every((name) => frame.bindings.has(name))) continue
        pending.splice(at, 1)
        at -= 1
        context.rules.filter(context, frame, predicate)
      }
    },
  }
}

/** Finds `variable.key = value` where the value can be computed before the variable is bound. */
function equalityOf(
  predicate: syntax.Expression,
  variable: string,
  frame: Frame,
): readonly { readonly key: string; readonly value: syntax.Expression }[] {
  if (predicate.kind !== 'comparison' || predicate.operators.length !== 1 || predicate.operators[0] !== '=')
    return []
  const [left, right] = predicate.operands as [syntax.Expression, syntax.Expression]
  for (const [side, value] of [
    [left, right],
    [right, left],
  ] as const) {
    if (side.kind !== 'property' || side.object.kind !== 'variable' || side.object.name !== variable) continue
    if ([...namesIn(value)].every((name) => frame.bindings.has(name))) return [{ key: side.key.name, value }]
  }
  return []
}

const SCORE_BOUND = 1000
const SCORE_EQUAL = 100
const SCORE_CONDITION = 10
const SCORE_LABEL = 5

function bestAnchor(
  pattern: syntax.PathPattern,
  frame: Frame,
  pending: readonly Pending[],
): { readonly at: number; readonly score: number } {
  let best = { at: 0, score: -1 }
  pattern.elements.forEach((element, at) => {
    if (element.kind !== 'node') return
    const score = anchorScore(element, frame, pending)
    if (score > best.score) best = { at, score }
  })
  return best
}

function anchorScore(node: syntax.NodePattern, frame: Frame, pending: readonly Pending[]): number {
  const name = node.variable?.name
  if (name !== undefined && frame.bindings.has(name)) return SCORE_BOUND
  let score = node.labels === null ? 0 : SCORE_LABEL
  if (node.properties !== null) score += SCORE_EQUAL
  if (node.where !== null) score += SCORE_CONDITION
  if (name === undefined) return score
  for (const { predicate, names } of pending) {
    if (names.has(name) && names.size === 1) score += isSelective(predicate) ? SCORE_EQUAL : SCORE_CONDITION
  }
  return score
}

function isSelective(predicate: syntax.Expression): boolean {
  if (predicate.kind === 'comparison') return predicate.operators.includes('=')
  return predicate.kind === 'binary' && predicate.operator === 'in'
}

function lowerPath(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.PathPattern,
  state: MatchState,
  pending: readonly Pending[],
): void {
  const parts = alternating(pattern.elements)
  const hasGroups = parts.some(({ kind }) => kind === 'group')
  resolveView(context, frame, parts, state)
  const { selector } = pattern
  const isSearch = selector !== null
  if (isSearch && hasGroups)
    throw unsupported(context, pattern, 'A shortest path repeats one relationship. Write (a)-[:TYPE]->+(b).')
  const semantics = isSearch
    ? searchSemantics(context, pattern, selector)
    : state.endsOnly
      ? endsSemantics(parts, state)
      : 'trail'
  const anchor = isSearch || hasGroups ? 0 : bestAnchor({ ...pattern, elements: parts }, frame, pending).at
  const last = parts.at(-1) as syntax.NodePattern
  const isEndTold = isSearch && anchorScore(last, frame, pending) >= SCORE_EQUAL
  const nodes = new Array<ColumnExpression>(parts.length)
  const steps = new Array<LoweredStep>(parts.length)
  const start = lowerAnchor(context, frame, parts[anchor] as syntax.NodePattern, state)
  nodes[anchor] = start.id
  const met: Within[] = [{ label: start.of ?? null, type: null }]
  if (isEndTold) lowerAnchor(context, frame, nameEnd(last), state)
  const walk = (from: Binding & { kind: 'node' }, at: number, by: 1 | -1): void => {
    let current = from
    for (let place = at; place + 2 * by >= 0 && place + 2 * by < parts.length; place += 2 * by) {
      const relationship = parts[place + by] as syntax.RelationshipPattern | syntax.GroupPattern
      const next = parts[place + 2 * by] as syntax.NodePattern
      if (relationship.kind === 'group') {
        const reached = lowerGroup(
          context,
          frame,
          { group: relationship, from: current, next },
          state,
          followPath,
        )
        nodes[place + 2 * by] = reached.node.id
        steps[place + by] = reached.step
        current = reached.node
        met.push(reached.within)
        continue
      }
      const { node, step } = lowerStep(
        context,
        frame,
        {
          pattern:
            !isSearch || relationship.range !== null
              ? relationship
              : { ...relationship, range: { min: 1, max: 1 } },
          from: current,
          next: isEndTold ? nameEnd(next) : next,
          reversed: by === -1,
          needsNodes: pattern.variable !== null,
          semantics,
          selector,
        },
        state,
      )
      nodes[place + 2 * by] = node.id
      steps[place + by] = step
      current = node
      const view = state.view.get(relationship)
      met.push({ label: node.of ?? null, type: typeof view === 'object' ? view.type : null })
    }
  }
  walk(start, anchor, 1)
  walk(start, anchor, -1)
  for (const name of frame.bindings.keys()) if (name.startsWith(UNNAMED_END)) frame.bindings.delete(name)
  if (pattern.variable === null) return
  const joined = parts.flatMap((_, at) =>
    at % 2 === 1 ? [{ node: nodes[at + 1] as ColumnExpression, step: steps[at] as LoweredStep }] : [],
  )
  const within = context.schema?.view === undefined ? undefined : commonWithin(met)
  lowerPathVariable(frame, pattern.variable.name, nodes[0] as ColumnExpression, joined, within)
  state.bound()
}

/** Lowers a path within a repetition, from its first node, which is bound. */
function followPath(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.PathPattern,
  state: MatchState,
): void {
  lowerPath(context, frame, pattern, state, [])
}

/** Finds the one label and the one type that all parts of a path have; the first part has no relationship. */
function commonWithin([first, ...rest]: readonly Within[]): Within {
  const label = first?.label ?? null
  const type = rest[0]?.type ?? null
  return {
    label: rest.every((part) => part.label === label) ? label : null,
    type: rest.every((part) => part.type === type) ? type : null,
  }
}

/** Finds what the parts of a path stand for where the graph is a view. */
function resolveView(
  context: LowerContext,
  frame: Frame,
  parts: readonly syntax.PathElement[],
  state: MatchState,
): void {
  const view = context.schema?.view
  if (view === undefined) return
  const known = (name: string): string | undefined => {
    const binding = frame.bindings.get(name)
    return binding?.kind === 'node' ? binding.of : undefined
  }
  // A group resolves its own parts when it is lowered, from the node before it.
  for (const plain of betweenGroups(parts)) {
    const { labels, steps } = resolveViewPath(view, plain, known)
    plain.forEach((part, at) => {
      const found = part.kind === 'node' ? labels[at] : steps[at]
      if (found !== undefined) state.view.set(part, found)
    })
  }
}

type PlainPart = syntax.NodePattern | syntax.RelationshipPattern

function betweenGroups(parts: readonly syntax.PathElement[]): readonly (readonly PlainPart[])[] {
  const runs: PlainPart[][] = [[]]
  for (const part of parts) {
    if (part.kind === 'group') runs.push([])
    else runs.at(-1)?.push(part)
  }
  return runs
}

/** Against a relationship's direction a way back needs another edge; along it a walk that comes back is a trail. */
function endsSemantics(parts: readonly syntax.PathElement[], state: MatchState): PathSemantics {
  const isTwoWay = parts.some((part) => part.kind === 'relationship' && part.direction === 'both')
  return isTwoWay && !state.repeatable ? 'trail-ends' : 'reachability'
}

const UNNAMED_END = '@end '

/** Gives the far end of a shortest path a name, so that it is bound before the path is searched. */
function nameEnd(node: syntax.NodePattern): syntax.NodePattern {
  if (node.variable !== null) return node
  return { ...node, variable: { name: `${UNNAMED_END}${node.start}`, start: node.start, end: node.end } }
}

function searchSemantics(
  context: LowerContext,
  pattern: syntax.PathPattern,
  selector: syntax.PathSelector,
): PathSemantics {
  const { elements } = pattern
  if (elements.length !== 3)
    throw unsupported(context, pattern, 'A shortest path has two nodes and one relationship pattern.')
  if (selector.count < 1)
    throw unsupported(context, pattern, 'At least one shortest path is asked for. Write SHORTEST 1.')
  if (selector.kind === 'allShortest') return 'all-shortest'
  return selector.count === 1 && selector.kind !== 'shortestGroups' ? 'shortest' : 'shortest-trails'
}
