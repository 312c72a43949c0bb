import {
  type Expression,
  makeField,
  type NamedExpression,
  planField,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { entityOf } from '../language/lower/entities.ts'
import { type Frame, idField, type LowerContext, NO_LOCALS } from '../language/lower/frame.ts'
import { patternNames } from '../language/lower/match.ts'
import { namesIn } from '../language/lower/names.ts'
import type * as syntax from '../language/syntax.ts'
import type { GraphSchema } from '../layout/schema.ts'
import { NodeValue, type Properties } from '../values.ts'
import { storedProperties } from './properties.ts'
import {
  addColumns,
  extra,
  observe,
  type ReadFrame,
  readFrame,
  sessionContext,
  sessionSchema,
  sharedLabels,
  typeId,
  type UpdateSession,
} from './session.ts'
import { insertEdges, insertNodes } from './write.ts'

const ID_LIST = new List(makeField('item', types.uint64))

/** Runs CREATE: makes what the patterns say once for each row. */
export async function runCreate(
  session: UpdateSession,
  frame: Frame,
  patterns: readonly syntax.PathPattern[],
): Promise<Frame> {
  if (!readsOwnNames(frame, patterns)) return createPatterns(session, frame, patterns)
  let current = frame
  for (const pattern of patterns) current = await createPatterns(session, current, [pattern])
  return current
}

/** Tells whether a pattern's properties read what another pattern of the same clause creates. */
function readsOwnNames(frame: Frame, patterns: readonly syntax.PathPattern[]): boolean {
  const own = patternNames(patterns)
  return patterns.some((pattern) =>
    pattern.elements.some(
      (element) =>
        element.kind !== 'group' &&
        element.properties !== null &&
        [...namesIn(element.properties)].some((name) => own.has(name) && !frame.bindings.has(name)),
    ),
  )
}

/** Is what an element of a pattern needs before it is made: expressions over the rows. */
type ElementPlan = {
  readonly properties: NamedExpression | null
  readonly labels: readonly (string | NamedExpression)[]
}

async function createPatterns(
  session: UpdateSession,
  frame: Frame,
  patterns: readonly syntax.PathPattern[],
): Promise<Frame> {
  const context = sessionContext(session)
  const plans = planElements(context, frame, patterns)
  const read = await readFrame(session, frame, [...plans.extras])
  const makers = new PatternMaker(session, read, plans.elements)
  makers.makeNodes(patterns)
  makers.makeEdges(patterns)
  makers.bind(patterns)
  return read.frame
}

type ElementPlans = {
  readonly elements: ReadonlyMap<syntax.PathElement, ElementPlan>
  readonly extras: readonly NamedExpression[]
}

/** Lowers the expressions of what is to be made. */
export function planElements(
  context: LowerContext,
  frame: Frame,
  patterns: readonly syntax.PathPattern[],
): ElementPlans {
  const elements = new Map<syntax.PathElement, ElementPlan>()
  const extras: NamedExpression[] = []
  const add = (name: string, expression: Expression): NamedExpression => {
    const item = extra(name, expression)
    extras.push(item)
    return item
  }
  adoptNodes(context, frame, patterns)
  for (const element of patterns.flatMap((pattern) => pattern.elements)) {
    if (element.kind === 'group') continue
    const properties =
      element.properties === null
        ? null
        : add('properties', context.rules.expression(context, frame, element.properties))
    const condition = element.kind === 'node' ? element.labels : element.types
    const labels = labelNames(condition).map((label) =>
      label.kind === 'label'
        ? label.name
        : add('label', context.rules.expression(context, frame, label.expression)),
    )
    elements.set(element, { properties, labels })
  }
  return { elements, extras }
}

/** Turns variables that hold whole nodes into ids, since edges join ids. */
function adoptNodes(context: LowerContext, frame: Frame, patterns: readonly syntax.PathPattern[]): void {
  for (const name of patternNames(patterns)) {
    const binding = frame.bindings.get(name)
    if (binding?.kind !== 'value') continue
    const entity = entityOf(context, frame, { kind: 'variable', name, start: 0, end: 0 }, NO_LOCALS)
    if (entity?.kind === 'node') frame.bindings.set(name, entity)
  }
}

function labelNames(labels: syntax.LabelExpression | null): readonly syntax.LabelName[] {
  if (labels === null) return []
  if (labels.kind === 'label' || labels.kind === 'dynamicLabel') return [labels]
  return labels.kind === 'labelAnd' ? labels.operands.flatMap(labelNames) : []
}

/** Makes the nodes and edges of patterns for rows that were read, all of a kind in one batch. */
export class PatternMaker {
  readonly #session: UpdateSession
  readonly #read: ReadFrame
  readonly #plans: ReadonlyMap<syntax.PathElement, ElementPlan>
  readonly #schema: GraphSchema
  readonly #ids = new Map<syntax.PathElement, Float64Array>()
  readonly #named = new Map<string, Float64Array>()

  constructor(session: UpdateSession, read: ReadFrame, plans: ReadonlyMap<syntax.PathElement, ElementPlan>) {
    this.#session = session
    this.#read = read
    this.#plans = plans
    this.#schema = sessionSchema(session)
  }

  /** Gives the ids made for an element, a row each. */
  ids(element: syntax.PathElement): Float64Array {
    return this.#ids.get(element) ?? new Float64Array(0)
  }

  /** Makes the nodes that are not bound before. */
  makeNodes(patterns: readonly syntax.PathPattern[]): void {
    const { rowCount } = this.#read
    const made: syntax.NodePattern[] = []
    const labels: (readonly string[])[] = []
    const properties: Properties[] = []
    for (const element of patterns.flatMap((pattern) => pattern.elements)) {
      if (element.kind !== 'node' || this.#findBound(element, made)) continue
      made.push(element)
      for (let row = 0; row < rowCount; row += 1) {
        labels.push(this.#labels(element, row))
        properties.push(this.#properties(element, row))
      }
    }
    observe(this.#session.transaction, this.#session.graph, 'node', properties)
    const ids = insertNodes(this.#session.transaction, this.#schema, labels, properties)
    for (const [at, element] of made.entries()) {
      this.#keep(element, ids.subarray(at * rowCount, (at + 1) * rowCount))
    }
    this.#countNodes(labels, properties)
    this.#resolveNamed(patterns)
  }

  #countNodes(labels: readonly (readonly string[])[], properties: readonly Properties[]): void {
    const { counters } = this.#session
    counters.nodesCreated += labels.length
    for (const own of labels) counters.labelsAdded += own.length
    for (const own of properties) counters.propertiesSet += Object.keys(own).length
  }

  #keep(element: syntax.NodePattern | syntax.RelationshipPattern, ids: Float64Array): void {
    this.#ids.set(element, ids)
    if (element.variable !== null) this.#named.set(element.variable.name, ids)
  }

  /** Finds a node that the rows hold already, or that stands earlier in the patterns under the same name. */
  #findBound(element: syntax.NodePattern, made: readonly syntax.NodePattern[]): boolean {
    const name = element.variable?.name
    if (name === undefined) return false
    const binding = this.#read.frame.bindings.get(name)
    if (binding === undefined) return made.some((other) => other.variable?.name === name)
    const column = binding.kind === 'value' ? binding.value : binding.kind === 'node' ? binding.id : null
    const values = column === null ? [] : this.#read.column(column)
    this.#ids.set(
      element,
      Float64Array.from(values, (value) => boundId(value, name)),
    )
    return true
  }

  /** Gives nodes that stand twice under one name the ids of the first. */
  #resolveNamed(patterns: readonly syntax.PathPattern[]): void {
    for (const element of patterns.flatMap((pattern) => pattern.elements)) {
      if (element.kind !== 'node' || this.#ids.has(element) || element.variable === null) continue
      const ids = this.#named.get(element.variable.name)
      if (ids !== undefined) this.#ids.set(element, ids)
    }
  }

  /** Makes the edges between the nodes of the patterns. */
  makeEdges(patterns: readonly syntax.PathPattern[]): void {
    for (const { elements } of patterns) {
      elements.forEach((element, at) => {
        if (element.kind !== 'relationship') return
        const [left, right] = [
          this.ids(elements[at - 1] as syntax.PathElement),
          this.ids(elements[at + 1] as syntax.PathElement),
        ]
        this.#makeEdge(
          element,
          element.direction === 'left' ? right : left,
          element.direction === 'left' ? left : right,
        )
      })
    }
  }

  #makeEdge(element: syntax.RelationshipPattern, sources: Float64Array, targets: Float64Array): void {
    const { rowCount } = this.#read
    const byType = new Map<string, number[]>()
    for (let row = 0; row < rowCount; row += 1) {
      const type = this.#labels(element, row)[0] as string
      const rows = byType.get(type) ?? []
      rows.push(row)
      byType.set(type, rows)
    }
    const ids = new Float64Array(rowCount)
    for (const [type, rows] of byType) {
      const properties = rows.map((row) => this.#properties(element, row))
      observe(this.#session.transaction, this.#session.graph, 'relationship', properties)
      const { transaction, graph } = this.#session
      const [from, to] = [
        rows.map((row) => sources[row] as number),
        rows.map((row) => targets[row] as number),
      ]
      const id = typeId(transaction, graph, type, {
        source: () => sharedLabels(transaction, this.#schema.nodes, from),
        target: () => sharedLabels(transaction, this.#schema.nodes, to),
      })
      const made = insertEdges(transaction, this.#schema, {
        type,
        typeId: id,
        sources: from,
        targets: to,
        properties,
      })
      rows.forEach((row, at) => {
        ids[row] = made[at] as number
      })
      this.#session.counters.relationshipsCreated += rows.length
      for (const own of properties) this.#session.counters.propertiesSet += Object.keys(own).length
    }
    this.#keep(element, ids)
  }

  #labels(element: syntax.PathElement, row: number): readonly string[] {
    const names = new Set<string>()
    for (const label of this.#plans.get(element)?.labels ?? []) {
      if (typeof label === 'string') names.add(label)
      else for (const name of dynamicLabels(this.#read.column(label)[row])) names.add(name)
    }
    return [...names]
  }

  #properties(element: syntax.PathElement, row: number): Properties {
    const column = this.#plans.get(element)?.properties ?? null
    return column === null ? {} : storedProperties(this.#read.column(column)[row])
  }

  /** Binds the names of what was made to columns of its ids. */
  bind(patterns: readonly syntax.PathPattern[]): void {
    const { frame } = this.#read
    for (const { elements } of patterns) {
      for (const element of elements) {
        const name = element.kind === 'group' ? undefined : element.variable?.name
        if (name === undefined || frame.bindings.has(name)) continue
        const field = idField(name)
        addColumns(frame, [{ field, values: Array.from(this.ids(element)) }])
        frame.bindings.set(name, {
          kind: element.kind === 'node' ? 'node' : 'relationship',
          id: { kind: 'column', ...field },
        })
      }
    }
    for (const pattern of patterns)
      if (pattern.variable !== null) this.#bindPath(pattern, pattern.variable.name)
  }

  #bindPath(pattern: syntax.PathPattern, name: string): void {
    const { frame, rowCount } = this.#read
    const lists = (kind: 'node' | 'relationship'): Value[] => {
      const columns = pattern.elements
        .filter((element) => element.kind === kind)
        .map((element) => this.ids(element))
      return Array.from({ length: rowCount }, (_, row) => columns.map((ids) => ids[row]))
    }
    const nodes = planField(`${name}.nodes`, ID_LIST)
    const edges = planField(`${name}.edges`, ID_LIST)
    addColumns(frame, [
      { field: nodes, values: lists('node') },
      { field: edges, values: lists('relationship') },
    ])
    frame.bindings.set(name, {
      kind: 'path',
      nodes: { kind: 'column', ...nodes },
      edges: { kind: 'column', ...edges },
    })
  }
}

function boundId(value: Value, name: string): number {
  if (value instanceof NodeValue) return value.id
  if (typeof value === 'number') return value
  throw new SheafError(
    'ARGUMENT',
    `A relationship needs a node at each end, and this variable is null: ${name}`,
    {
      phase: 'runtime',
      detail: 'InvalidArgumentValue',
    },
  )
}

/** Reads labels that were computed: one text or a list of texts. */
export function dynamicLabels(value: Value): readonly string[] {
  const labels = Array.isArray(value) ? (value as readonly Value[]) : [value]
  return labels.map((label) => {
    if (typeof label === 'string') return label
    throw new SheafError('TYPE', 'A label is text. Give $(…) text or a list of texts.', {
      phase: 'runtime',
      detail: 'InvalidArgumentType',
    })
  })
}
