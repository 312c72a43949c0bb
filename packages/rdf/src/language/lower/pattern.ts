import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  columnFromValues,
  distinct,
  type Expression,
  expand,
  extend,
  extension,
  filter,
  keepColumns,
  type LogicalPlan,
  literal,
  type PlanField,
  planField,
  scan,
  types,
  values,
} from '@sheafdb/core'
import { QUAD_FIELDS, type QuadField } from '../../layout/tables.ts'
import type { PatternSyntax } from '../syntax.ts'
import { type ActiveGraph, type DatasetFacts, mayRepeatTriples, needsNoGraph } from './dataset.ts'
import { type Environment, variableName } from './environment.ts'
import { type Binding, hasWholeId, idOf, type Relation } from './relation.ts'

/** Is a place of a triple pattern: a constant's id, or a variable. */
export type Slot = { readonly id: number } | { readonly variable: string }

/** Is a triple pattern with its constants as ids. */
export type TriplePattern = {
  readonly subject: Slot
  readonly predicate: Slot
  readonly object: Slot
  readonly graph: ActiveGraph
}

/** Turns a pattern's constants into ids. */
export function triplePattern(syntax: PatternSyntax, environment: Environment): TriplePattern {
  return {
    subject: slotOf(syntax.subject, environment.facts),
    predicate: slotOf(syntax.predicate, environment.facts),
    object: slotOf(syntax.object, environment.facts),
    graph: graphOf(syntax.graph, environment),
  }
}

/** Gives the place of a term in a pattern. */
export function slotOf(term: RDF.Term, facts: DatasetFacts): Slot {
  const variable = variableName(term)
  return variable === undefined ? { id: facts.id(term) } : { variable }
}

/** Gives the graph that a pattern names itself (as patterns of updates do), else the active one. */
export function graphOf(graph: RDF.Term, environment: Environment): ActiveGraph {
  if (graph.termType === 'NamedNode') return namedGraph(environment.facts.id(graph), environment)
  if (graph.termType === 'Variable')
    return { kind: 'each', variable: graph.value, graphs: environment.dataset.named }
  return environment.graph
}

/** Gives a named graph to match in; one that the dataset of the query does not have matches nothing. */
export function namedGraph(id: number, { dataset }: Environment): ActiveGraph {
  return { kind: 'named', graph: dataset.named === null || dataset.named.includes(id) ? id : -1 }
}

/** Gives the variables of a pattern, its graph's included. */
export function patternVariables(pattern: TriplePattern): string[] {
  const found = [pattern.subject, pattern.predicate, pattern.object].flatMap((slot) =>
    'variable' in slot ? [slot.variable] : [],
  )
  if (pattern.graph.kind === 'each') found.push(pattern.graph.variable)
  return found
}

const isBound = (slot: Slot, relation: Relation | undefined): boolean =>
  'id' in slot || boundId(relation, slot.variable) !== undefined

function boundId(relation: Relation | undefined, variable: string): ColumnExpression | undefined {
  const binding = relation?.bindings.get(variable)
  return binding?.certain === true ? binding.id : undefined
}

/** Guesses how many rows each row so far becomes by matching a pattern; without rows so far, how many there are. */
export function fanOut(pattern: TriplePattern, relation: Relation | undefined, facts: DatasetFacts): number {
  const { subject, predicate, object } = pattern
  if ([subject, predicate, object].some((slot) => 'id' in slot && slot.id === -1)) return 0
  const edge = 'id' in predicate ? predicate.id : null
  const forward = endDegree(subject, relation, { edge, direction: 'out', facts })
  const backward = endDegree(object, relation, { edge, direction: 'in', facts })
  const total = facts.quadCount(edge)
  if (forward === null && backward === null) return total
  if (forward === null) return backward as number
  if (backward === null) return forward
  return Math.min(1, (forward * backward) / Math.max(1, total))
}

function endDegree(
  slot: Slot,
  relation: Relation | undefined,
  at: { readonly edge: number | null; readonly direction: 'out' | 'in'; readonly facts: DatasetFacts },
): number | null {
  if ('id' in slot) return at.facts.degree(at.edge, slot.id, at.direction)
  return isBound(slot, relation) ? at.facts.meanDegree(at.edge, at.direction) : null
}

/** Joins a relation with the quads of a pattern. */
export function joinPattern(
  relation: Relation | undefined,
  pattern: TriplePattern,
  environment: Environment,
): Relation {
  const { facts } = environment
  const growth = fanOut(pattern, relation, facts)
  const rowCount = (relation?.rowCount ?? 1) * growth
  const step = new PatternStep(relation, pattern, environment)
  const found = step.run()
  return { plan: found.plan, bindings: found.bindings, rowCount }
}

/** Adds one pattern to a plan: by the edges of a node that is known, or by a scan. */
class PatternStep {
  readonly #pattern: TriplePattern
  readonly #environment: Environment
  readonly #bindings: Map<string, Binding>
  readonly #hadRelation: boolean
  #plan: LogicalPlan

  constructor(relation: Relation | undefined, pattern: TriplePattern, environment: Environment) {
    this.#pattern = pattern
    this.#environment = environment
    this.#bindings = new Map(relation?.bindings ?? [])
    this.#hadRelation = relation !== undefined
    this.#plan = relation?.plan ?? values([], [], 1)
  }

  run(): { readonly plan: LogicalPlan; readonly bindings: ReadonlyMap<string, Binding> } {
    const { subject, predicate, object } = this.#pattern
    const unknown = [subject, predicate, object].some((slot) => 'id' in slot && slot.id === -1)
    if (unknown || !this.#environment.facts.exists) this.#nothing()
    else if (this.#knows(subject) || this.#knows(object)) this.#follow()
    else this.#scan()
    for (const slot of [subject, predicate]) this.#noteResource(slot)
    if (this.#pattern.graph.kind === 'each') this.#noteResource({ variable: this.#pattern.graph.variable })
    return { plan: this.#plan, bindings: this.#bindings }
  }

  #knows(slot: Slot): boolean {
    return 'id' in slot || this.#idOf(slot.variable) !== undefined
  }

  #idOf(variable: string): ColumnExpression | undefined {
    const binding = this.#bindings.get(variable)
    return binding?.certain === true ? binding.id : undefined
  }

  /** Binds a variable to a column of ids, or keeps the rows where the column equals what it has. */
  #bind(slot: Slot, found: PlanField, isNode: boolean): void {
    const id = column(found)
    if ('id' in slot) this.#where(call('eq', id, literal(slot.id, types.int64)))
    else this.#bindVariable(slot.variable, id, isNode)
  }

  #bindVariable(variable: string, id: ColumnExpression, isNode: boolean): void {
    const known = this.#idOf(variable)
    if (known !== undefined) this.#where(call('eq', id, known))
    const binding = this.#bindings.get(variable)
    if (binding === undefined || !hasWholeId(binding))
      this.#bindings.set(variable, { id, certain: true, isNode })
    else if (isNode) this.#noteNode({ variable })
  }

  /** Notes that the values of a variable are nodes: this pattern has them as subject or object. */
  #noteNode(slot: Slot): void {
    const binding = 'variable' in slot ? this.#bindings.get(slot.variable) : undefined
    if ('variable' in slot && binding !== undefined)
      this.#bindings.set(slot.variable, { ...binding, isNode: true })
  }

  /** Notes that the values of a variable are IRIs or blank nodes. */
  #noteResource(slot: Slot): void {
    const binding = 'variable' in slot ? this.#bindings.get(slot.variable) : undefined
    if ('variable' in slot && binding !== undefined)
      this.#bindings.set(slot.variable, { ...binding, isResource: true })
  }

  #where(predicate: Expression): void {
    this.#plan = filter(this.#plan, predicate)
  }

  /** Gives no rows, every variable bound to null columns. */
  #nothing(): void {
    const fields: PlanField[] = []
    for (const variable of patternVariables(this.#pattern)) {
      if (this.#bindings.has(variable)) continue
      const field = planField(variable, types.int64, false)
      fields.push(field)
      this.#bindings.set(variable, { id: column(field), certain: true })
    }
    const output = [...this.#plan.output, ...fields]
    this.#plan = values(
      output,
      output.map((field) => columnFromValues(field.type, [])),
      0,
    )
  }

  #follow(): void {
    const { subject, predicate, object } = this.#pattern
    const forward = this.#startsForward()
    const [from, to] = forward ? [subject, object] : [object, subject]
    const source = this.#columnOf(from)
    const edge = this.#needsEdge() ? planField('edge', types.int64, false) : null
    const closes = 'variable' in to ? this.#idOf(to.variable) : undefined
    const target = planField('variable' in to ? to.variable : 'target', types.int64, false)
    this.#plan = expand(this.#plan, {
      from: source,
      adjacency: {
        table: this.#environment.facts.quadsTable,
        source: 'subject',
        target: 'object',
        partition: 'id' in predicate ? { field: 'predicate', values: [predicate.id] } : null,
      },
      direction: forward ? 'out' : 'in',
      target,
      edge,
      closes: closes ?? null,
    })
    this.#noteNode(from)
    if (closes === undefined) this.#bind(to, target, true)
    else if ('variable' in to && this.#bindings.get(to.variable)?.idIsPartial === true)
      this.#bindings.set(to.variable, { id: column(target), certain: true, isNode: true })
    if (edge !== null) this.#readEdge(edge)
  }

  /** Starts at the end with the fewest edges. */
  #startsForward(): boolean {
    const { subject, predicate, object } = this.#pattern
    if (!this.#knows(object)) return true
    if (!this.#knows(subject)) return false
    const { facts } = this.#environment
    const edge = 'id' in predicate ? predicate.id : null
    const cost = (slot: Slot, direction: 'out' | 'in') =>
      'id' in slot ? facts.degree(edge, slot.id, direction) : facts.meanDegree(edge, direction)
    return cost(subject, 'out') <= cost(object, 'in')
  }

  #needsEdge(): boolean {
    if ('variable' in this.#pattern.predicate) return true
    return !needsNoGraph(this.#environment.facts, this.#pattern.graph)
  }

  /** Gives the column that holds a node: a variable's, or one made for a constant. */
  #columnOf(slot: Slot): ColumnExpression {
    if ('variable' in slot) return this.#idOf(slot.variable) as ColumnExpression
    const field = planField('node', types.int64, false)
    if (!this.#hadRelation && this.#plan.output.length === 0) {
      this.#plan = values([field], [columnFromValues(types.int64, [slot.id])], 1)
      return column(field)
    }
    const item = { id: field.id, name: field.name, expression: literal(slot.id, types.int64) }
    this.#plan = extend(this.#plan, [item])
    return column(field)
  }

  /** Reads predicate and graph of the edges that were followed, as far as they matter. */
  #readEdge(edge: PlanField): void {
    const { predicate, graph } = this.#pattern
    const wanted: QuadField[] = []
    if ('variable' in predicate) wanted.push('predicate')
    if (!needsNoGraph(this.#environment.facts, graph)) wanted.push('graph')
    const fields = wanted.map((name) => planField(name, types.int64, false))
    this.#plan = extension({
      operator: 'rdf.quads',
      inputs: [this.#plan],
      expressions: [column(edge)],
      settings: { quads: this.#environment.facts.quadsTable, fields: wanted },
      output: [...this.#plan.output, ...fields],
    })
    for (const [index, name] of wanted.entries()) {
      const field = fields[index] as PlanField
      if (name === 'predicate') this.#bind(predicate, field, false)
      else this.#bindGraph(field)
    }
    this.#dropRepeated()
  }

  #bindGraph(field: PlanField): void {
    const { graph } = this.#pattern
    const id = column(field)
    const oneOf = (ids: readonly number[]): Expression => {
      if (ids.length === 1) return call('eq', id, literal(ids[0] as number, types.int64))
      return call('in', id, literal([...ids], types.variant))
    }
    if (graph.kind === 'named') this.#where(oneOf([graph.graph]))
    else if (graph.kind === 'default') {
      if (graph.graphs !== 'all') this.#where(oneOf(graph.graphs))
    } else {
      this.#where(graph.graphs === null ? call('gt', id, literal(0, types.int64)) : oneOf(graph.graphs))
      this.#bindVariable(graph.variable, id, false)
    }
  }

  /** Matches in the union of several graphs find a triple once. */
  #dropRepeated(): void {
    if (!mayRepeatTriples(this.#environment.facts, this.#pattern.graph)) return
    const { bindings } = this
    const kept = new Set<number>()
    for (const binding of bindings.values()) {
      for (const each of [binding.id, binding.term, binding.native?.column])
        if (each !== undefined) kept.add(each.id)
    }
    const ids = this.#plan.output.map((field) => field.id).filter((id) => kept.has(id))
    if (this.#hadRelation) throw new TypeError('a pattern over a union of graphs is matched by itself')
    this.#plan = distinct(keepColumns(this.#plan, ids))
  }

  get bindings(): ReadonlyMap<string, Binding> {
    return this.#bindings
  }

  #scan(): void {
    const { facts } = this.#environment
    const { subject, predicate, object, graph } = this.#pattern
    if (this.#hadRelation) throw new TypeError('a pattern that shares no node is matched by itself')
    const slots: Readonly<Record<QuadField, Slot | null>> = {
      subject,
      predicate,
      object,
      graph: needsNoGraph(facts, graph) ? null : { variable: '' },
    }
    const fields = QUAD_FIELDS.filter((name) => slots[name] !== null).map((name) => {
      const slot = slots[name] as Slot
      const shown = 'variable' in slot && slot.variable !== '' ? slot.variable : name
      return { ...planField(shown, types.int64, false), field: name }
    })
    this.#plan = scan(facts.quadsTable, fields)
    for (const field of fields) {
      if (field.field === 'graph') this.#bindGraph(field)
      else this.#bind(slots[field.field] as Slot, field, field.field !== 'predicate')
    }
    this.#dropRepeated()
  }
}

/** Tells whether a pattern can be added to a relation: they share a node, and no triple can come twice. */
export function canExtend(relation: Relation, pattern: TriplePattern, facts: DatasetFacts): boolean {
  if (!facts.exists) return true
  if (mayRepeatTriples(facts, pattern.graph)) return false
  const ids = [pattern.subject, pattern.predicate, pattern.object].every(
    (slot) => !('id' in slot) || slot.id !== -1,
  )
  return !ids || isBound(pattern.subject, relation) || isBound(pattern.object, relation)
}

/** Lists the named graphs. */
export function namedGraphs(
  graph: Extract<ActiveGraph, { kind: 'each' }>,
  environment: Environment,
): Relation {
  const slot = (purpose: string) => ({ variable: environment.hidden(purpose) })
  const all = joinPattern(
    undefined,
    { subject: slot('s'), predicate: slot('p'), object: slot('o'), graph },
    environment,
  )
  const id = idOf(all, graph.variable)
  const plan = distinct(keepColumns(all.plan, [id.id]))
  return { plan, bindings: new Map([[graph.variable, { id, certain: true }]]), rowCount: 10 }
}
