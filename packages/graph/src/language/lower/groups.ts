import {
  type ColumnExpression,
  call,
  column,
  type Expression,
  extend,
  type LogicalPlan,
  literal,
  named,
  newColumnId,
  type PlanField,
  project,
  recursive,
  recursiveInput,
} from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { boundNode, constrainNode } from './anchors.ts'
import { unsupported } from './entities.ts'
import { addColumn, facetsOf, wholeValue } from './facets.ts'
import {
  type Binding,
  type Frame,
  filterFrame,
  freshColumn,
  type LowerContext,
  makeFrame,
  mapBinding,
  outputColumn,
  type Within,
} from './frame.ts'
import { type LoweredStep, type MatchState, of } from './match-state.ts'

/** Lowers a path onto a frame: what {@link lowerGroup} needs of the rules for paths. */
export type LowerPath = (
  context: LowerContext,
  frame: Frame,
  pattern: syntax.PathPattern,
  state: MatchState,
) => void

/**
 * Puts a node between groups and at the ends, where none is written, so that nodes and what joins them alternate. A
 * group that only repeats a relationship becomes that relationship with a range.
 */
export function alternating(elements: readonly syntax.PathElement[]): readonly syntax.PathElement[] {
  const result: syntax.PathElement[] = []
  for (const element of elements) {
    const before = result.at(-1)
    if (element.kind === 'group' && before?.kind !== 'node') result.push(anyNode(element))
    if (element.kind === 'node' && before?.kind === 'node')
      throw new TypeError('two nodes of a path have something between them')
    result.push(element.kind === 'group' ? (asRange(element) ?? element) : element)
  }
  const last = result.at(-1)
  if (last !== undefined && last.kind !== 'node') result.push(anyNode(last))
  return result
}

function anyNode({ start, end }: syntax.Span): syntax.NodePattern {
  return { kind: 'node', variable: null, labels: null, properties: null, where: null, start, end }
}

function asRange({ pattern, quantifier, where }: syntax.GroupPattern): syntax.RelationshipPattern | null {
  const [first, relationship, last] = pattern.elements
  if (pattern.elements.length !== 3 || relationship?.kind !== 'relationship' || where !== null) return null
  if (pattern.variable !== null || relationship.range !== null || relationship.where !== null) return null
  return isBare(first) && isBare(last) ? { ...relationship, range: quantifier } : null
}

function isBare(node: syntax.PathElement | undefined): boolean {
  return (
    node?.kind === 'node' &&
    node.variable === null &&
    node.labels === null &&
    node.properties === null &&
    node.where === null
  )
}

/** Is a group to be followed from a node, and the node pattern after it. */
export type GroupStep = {
  readonly group: syntax.GroupPattern
  readonly from: Binding & { kind: 'node' }
  readonly next: syntax.NodePattern
}

/** Is the columns that a round of a group carries on: where it is, how far, and what it has followed. */
type Carried = {
  readonly current: ColumnExpression
  readonly depth: ColumnExpression
  readonly edges: ColumnExpression
  readonly nodes: ColumnExpression
  readonly lists: ReadonlyMap<string, ColumnExpression>
}

/**
 * Follows a quantified path pattern: a recursion whose rounds each follow the pattern once, from where the round before
 * has come to. A variable in it becomes a list.
 */
export function lowerGroup(
  context: LowerContext,
  frame: Frame,
  { group, from, next }: GroupStep,
  state: MatchState,
  lowerPath: LowerPath,
): { readonly node: Binding & { kind: 'node' }; readonly step: LoweredStep; readonly within: Within } {
  const elements = namedElements(context, group)
  if (state.repeatable && group.quantifier.max === null) {
    throw unsupported(context, group, 'With REPEATABLE ELEMENTS a repetition has a most. Write {1,5}.')
  }
  const variables = variablesOf(group.pattern)
  const start = startColumns(frame, from.id, variables)
  const base = frame.plan
  const rounds = `group ${newColumnId()}`
  const input = recursiveInput(rounds, base)
  const moved = mover(base, input)
  const inner = makeFrame(
    input,
    [...frame.bindings].map(([name, binding]) => [name, mapBinding(binding, moved)]),
  )
  const here = mapCarried(start, moved)
  if (group.quantifier.max !== null) filterFrame(inner, call('lt', here.depth, literal(group.quantifier.max)))
  inner.bindings.set(nameOf(elements[0]), { ...from, id: here.current })
  lowerPath(context, inner, { ...group.pattern, elements }, innerState(state, moved, here))
  if (group.where !== null) context.rules.filter(context, inner, group.where)
  const step = nextRound(base, inner, { elements, here, start, moved })
  const found = recursive(rounds, base, step, { distinct: false })
  // Columns keep the ids that what has been lowered knows them by.
  frame.plan = project(
    found,
    base.output.map(({ id, name }, at) => ({ id, name, expression: column(found.output[at] as PlanField) })),
  )
  if (group.quantifier.min > 0) filterFrame(frame, call('ge', start.depth, literal(group.quantifier.min)))
  const within = withinOf(context, group, elements, inner)
  bindLists(context, frame, group.pattern, start, within)
  if (!state.repeatable) state.edges.push({ column: start.edges, isList: true, types: null })
  const node = reach(context, frame, next, start.current, within.label)
  state.bound()
  return { node, within, step: { kind: 'stretch', edges: start.edges, nodes: start.nodes } }
}

/** Finds in a view the label of all nodes of a group and the type of its relationships. */
function withinOf(
  context: LowerContext,
  group: syntax.GroupPattern,
  elements: readonly syntax.PathElement[],
  inner: Frame,
): Within {
  if (context.schema?.view === undefined) return { label: null, type: null }
  const names = elements.map((element) => inner.bindings.get(nameOf(element)) as Binding & { of?: string })
  const labels = new Set(names.filter(({ kind }) => kind === 'node').map(({ of }) => of))
  const types = new Set(names.filter(({ kind }) => kind === 'relationship').map(({ of }) => of))
  const [label] = labels
  const [type] = types
  if (labels.size !== 1 || label === undefined)
    throw unsupported(context, group, 'In a graph view the nodes of a repetition have one label.')
  return { label, type: types.size === 1 ? (type ?? null) : null }
}

/** Gives every element of a group's pattern a name, so that it can be found again. */
function namedElements(
  context: LowerContext,
  { pattern }: syntax.GroupPattern,
): readonly syntax.PathElement[] {
  if (pattern.variable !== null || pattern.selector !== null)
    throw unsupported(context, pattern, 'A path within a repetition has no name. Name the path around it.')
  return alternating(pattern.elements).map((element, at) => {
    if (element.kind === 'group')
      throw unsupported(
        context,
        element,
        'A repetition cannot stand within another. Write the inner one as -[:TYPE*1..3]->',
      )
    if (element.kind === 'relationship' && element.range !== null)
      throw unsupported(
        context,
        element,
        'A relationship within a repetition has one hop. Repeat it with the pattern around it.',
      )
    const { start, end } = element
    return element.variable === null
      ? { ...element, variable: { name: `@group ${at}`, start, end } }
      : element
  })
}

function nameOf(element: syntax.PathElement | undefined): string {
  return element === undefined || element.kind === 'group' ? '' : (element.variable?.name ?? '')
}

function variablesOf({ elements }: syntax.PathPattern): readonly string[] {
  return [...new Set(elements.map(nameOf).filter((name) => name !== ''))]
}

/** Adds the columns that rounds carry on, as they are before the first. */
function startColumns(frame: Frame, from: ColumnExpression, variables: readonly string[]): Carried {
  const current = freshColumn('node', from)
  const depth = named('depth', literal(0))
  const edges = named('edges', call('cypher.path_edges'))
  const nodes = named('nodes', call('cypher.path_edges', from))
  const lists = variables.map((name) => [name, named(name, call('cypher.path_edges'))] as const)
  frame.plan = extend(frame.plan, [current, depth, edges, nodes, ...lists.map(([, item]) => item)])
  const added = frame.plan.output.slice(-(4 + lists.length)).map(({ id }) => outputColumn(frame.plan, id))
  const [first, second, third, fourth] = added as [
    ColumnExpression,
    ColumnExpression,
    ColumnExpression,
    ColumnExpression,
  ]
  return {
    current: first,
    depth: second,
    edges: third,
    nodes: fourth,
    lists: new Map(lists.map(([name], at) => [name, added[4 + at] as ColumnExpression])),
  }
}

function mover(base: LogicalPlan, input: LogicalPlan): (item: ColumnExpression) => ColumnExpression {
  const places = new Map(base.output.map(({ id }, at) => [id, column(input.output[at] as PlanField)]))
  return (item) => places.get(item.id) as ColumnExpression
}

function mapCarried(carried: Carried, change: (item: ColumnExpression) => ColumnExpression): Carried {
  return {
    current: change(carried.current),
    depth: change(carried.depth),
    edges: change(carried.edges),
    nodes: change(carried.nodes),
    lists: new Map([...carried.lists].map(([name, item]) => [name, change(item)])),
  }
}

function innerState(
  state: MatchState,
  moved: (item: ColumnExpression) => ColumnExpression,
  here: Carried,
): MatchState {
  const before = state.edges.map((item) => ({ ...item, column: moved(item.column) }))
  return {
    repeatable: state.repeatable,
    endsOnly: false,
    edges: state.repeatable ? before : [...before, { column: here.edges, isList: true, types: null }],
    equalities: () => [],
    view: new Map(),
    bound: () => undefined,
  }
}

type Round = {
  readonly elements: readonly syntax.PathElement[]
  readonly here: Carried
  readonly start: Carried
  readonly moved: (item: ColumnExpression) => ColumnExpression
}

/** Gives the columns of the next round, in the order of the first's. */
function nextRound(base: LogicalPlan, inner: Frame, { elements, here, start, moved }: Round): LogicalPlan {
  const idOf = (element: syntax.PathElement): ColumnExpression =>
    (inner.bindings.get(nameOf(element)) as Binding & { kind: 'node' | 'relationship' }).id
  const ids = (kind: syntax.PathElement['kind'], from: number): ColumnExpression[] =>
    elements
      .slice(from)
      .filter((element) => element.kind === kind)
      .map(idOf)
  const last = elements.at(-1) as syntax.PathElement
  const changed = new Map<number, Expression>([
    [start.current.id, idOf(last)],
    [start.depth.id, call('add', here.depth, literal(1))],
    [start.edges.id, call('cypher.path_edges', here.edges, ...ids('relationship', 0))],
    [start.nodes.id, call('cypher.path_edges', here.nodes, ...ids('node', 1))],
  ])
  for (const [name, list] of start.lists) {
    const element = elements.find((candidate) => nameOf(candidate) === name) as syntax.PathElement
    changed.set(list.id, call('cypher.path_edges', here.lists.get(name) as ColumnExpression, idOf(element)))
  }
  return project(
    inner.plan,
    base.output.map((field) => named(field.name, changed.get(field.id) ?? moved(column(field)))),
  )
}

function bindLists(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.PathPattern,
  { lists }: Carried,
  within: Within,
): void {
  for (const element of pattern.elements) {
    const list = lists.get(nameOf(element))
    if (list === undefined || element.kind === 'group') continue
    const edges = outputColumn(frame.plan, list.id)
    if (element.kind === 'relationship') {
      frame.bindings.set(nameOf(element), { kind: 'relationships', edges, within })
      continue
    }
    const none = addColumn(frame, 'edges', call('cypher.path_edges'))
    const value = call(
      'cypher.nodes',
      wholeValue(context, frame, { kind: 'path', nodes: edges, edges: none, within }),
    )
    frame.bindings.set(nameOf(element), { kind: 'value', value: addColumn(frame, nameOf(element), value) })
  }
}

function reach(
  context: LowerContext,
  frame: Frame,
  next: syntax.NodePattern,
  current: ColumnExpression,
  label: string | null,
): Binding & { kind: 'node' } {
  const known = boundNode(frame, next)
  if (known !== null) filterFrame(frame, call('eq', known.id, outputColumn(frame.plan, current.id)))
  const node = known ?? {
    kind: 'node' as const,
    id: outputColumn(frame.plan, current.id),
    ...of(label ?? undefined),
  }
  if (next.variable !== null) frame.bindings.set(next.variable.name, node)
  if (label !== null) facetsOf(context, frame, node)
  constrainNode(context, frame, next, node)
  return node
}
