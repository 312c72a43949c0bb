import {
  type Column,
  column,
  columnReader,
  defineMember,
  dictionaryOf,
  makeField,
  type NamedExpression,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { runtimeTypeError } from '../functions/errors.ts'
import { entityOf } from '../language/lower/entities.ts'
import { type Frame, idField, type LowerContext, NO_LOCALS } from '../language/lower/frame.ts'
import { namesIn } from '../language/lower/names.ts'
import type * as syntax from '../language/syntax.ts'
import type { GraphSchema } from '../layout/schema.ts'
import { NodeValue, RelationshipValue } from '../values.ts'
import { dynamicLabels } from './create.ts'
import { propertyRows, readProperties, storedProperties, storedValue } from './properties.ts'
import {
  addColumns,
  extra,
  observe,
  type ReadFrame,
  readFrame,
  sessionContext,
  sessionSchema,
  type UpdateSession,
} from './session.ts'
import { labelColumn } from './write.ts'

/** Is one change of an entity, its operands columns over the rows. */
type Change = {
  readonly subject: NamedExpression
  /** What the subject's ids are of; `null` where the subject is a whole value. */
  readonly kind: 'node' | 'relationship' | null
  readonly operation:
    | {
        readonly kind: 'property'
        readonly key: NamedExpression | string
        readonly value: NamedExpression | null
      }
    | { readonly kind: 'all'; readonly value: NamedExpression; readonly keep: boolean }
    | {
        readonly kind: 'labels'
        readonly labels: readonly (string | NamedExpression)[]
        readonly remove: boolean
      }
}

/** Runs SET. Items that read what an item before them sets are computed after it. */
export async function runSet(
  session: UpdateSession,
  frame: Frame,
  items: readonly syntax.SetItem[],
): Promise<Frame> {
  let current = frame
  for (const group of independentGroups(items)) {
    current = await runChanges(session, current, (context, over, add) =>
      group.map((item) => planSet(context, over, item, add)),
    )
  }
  return current
}

/** Runs REMOVE. */
export async function runRemove(
  session: UpdateSession,
  frame: Frame,
  items: readonly syntax.RemoveItem[],
): Promise<Frame> {
  return runChanges(session, frame, (context, over, add) =>
    items.map((item) => planRemove(context, over, item, add)),
  )
}

/** Parts items into runs of which none reads a variable that an earlier one of the run changes. */
function independentGroups(items: readonly syntax.SetItem[]): readonly (readonly syntax.SetItem[])[] {
  const groups: syntax.SetItem[][] = []
  let changed = new Set<string>()
  for (const item of items) {
    const reads = item.kind === 'setLabels' ? new Set<string>() : namesIn(item.value)
    if (groups.length === 0 || [...reads].some((name) => changed.has(name))) {
      groups.push([])
      changed = new Set()
    }
    groups.at(-1)?.push(item)
    for (const name of item.kind === 'setProperty' ? namesIn(item.target) : [item.variable.name])
      changed.add(name)
  }
  return groups
}

type Add = (name: string, expression: Parameters<typeof extra>[1]) => NamedExpression

async function runChanges(
  session: UpdateSession,
  frame: Frame,
  plan: (context: LowerContext, frame: Frame, add: Add) => readonly Change[],
): Promise<Frame> {
  const context = sessionContext(session)
  const extras: NamedExpression[] = []
  const changes = plan(context, frame, (name, expression) => {
    const item = extra(name, expression)
    extras.push(item)
    return item
  })
  const read = await readFrame(session, frame, extras)
  adoptEntities(read)
  applyChanges(session, read, changes)
  return read.frame
}

/** Holds variables with whole nodes or relationships by id from here on, so that they show what is changed. */
function adoptEntities(read: ReadFrame): void {
  for (const [name, binding] of read.frame.bindings) {
    if (binding.kind !== 'value') continue
    const items = read.column(binding.value)
    const kind = entityKind(items)
    if (kind === null) continue
    const field = idField(name, true)
    const ids = items.map((item) => (item === null ? null : (item as NodeValue | RelationshipValue).id))
    addColumns(read.frame, [{ field, values: ids }])
    read.frame.bindings.set(name, { kind, id: column(field) })
  }
}

function entityKind(items: readonly Value[]): EntityKind | null {
  const given = items.filter((item) => item !== null)
  if (given.length === 0) return null
  if (given.every((item) => item instanceof NodeValue)) return 'node'
  return given.every((item) => item instanceof RelationshipValue) ? 'relationship' : null
}

function planSubject(
  context: LowerContext,
  frame: Frame,
  subject: syntax.Expression,
  add: Add,
): Pick<Change, 'subject' | 'kind'> {
  const entity = entityOf(context, frame, subject, NO_LOCALS)
  if (entity?.kind === 'node' || entity?.kind === 'relationship')
    return { subject: add('id', entity.id), kind: entity.kind }
  return { subject: add('entity', context.rules.expression(context, frame, subject)), kind: null }
}

function variableOf(name: syntax.Name): syntax.Expression {
  return { kind: 'variable', ...name }
}

function planSet(context: LowerContext, frame: Frame, item: syntax.SetItem, add: Add): Change {
  const lower = (expression: syntax.Expression): NamedExpression =>
    add('value', context.rules.expression(context, frame, expression))
  switch (item.kind) {
    case 'setProperty':
      return {
        ...planTarget(context, frame, item.target, add),
        operation: { kind: 'property', key: keyOf(item.target, lower), value: lower(item.value) },
      }
    case 'setAll':
      return {
        ...planSubject(context, frame, variableOf(item.variable), add),
        operation: { kind: 'all', value: lower(item.value), keep: item.keep },
      }
    case 'setLabels':
      return {
        ...planSubject(context, frame, variableOf(item.variable), add),
        operation: { kind: 'labels', labels: labelsOf(item.labels, lower), remove: false },
      }
  }
}

function planRemove(context: LowerContext, frame: Frame, item: syntax.RemoveItem, add: Add): Change {
  const lower = (expression: syntax.Expression): NamedExpression =>
    add('value', context.rules.expression(context, frame, expression))
  if (item.kind === 'removeProperty') {
    return {
      ...planTarget(context, frame, item.target, add),
      operation: { kind: 'property', key: keyOf(item.target, lower), value: null },
    }
  }
  return {
    ...planSubject(context, frame, variableOf(item.variable), add),
    operation: { kind: 'labels', labels: labelsOf(item.labels, lower), remove: true },
  }
}

function planTarget(
  context: LowerContext,
  frame: Frame,
  target: syntax.PropertyExpression | syntax.IndexExpression,
  add: Add,
): Pick<Change, 'subject' | 'kind'> {
  return planSubject(context, frame, target.object, add)
}

function keyOf(
  target: syntax.PropertyExpression | syntax.IndexExpression,
  lower: (expression: syntax.Expression) => NamedExpression,
): string | NamedExpression {
  return target.kind === 'property' ? target.key.name : lower(target.index)
}

function labelsOf(
  labels: readonly syntax.LabelName[],
  lower: (expression: syntax.Expression) => NamedExpression,
): readonly (string | NamedExpression)[] {
  return labels.map((label) => (label.kind === 'label' ? label.name : lower(label.expression)))
}

type EntityKind = 'node' | 'relationship'

/** Holds the state of the entities that changes touch, read once and written once. */
class Touched {
  readonly #session: UpdateSession
  readonly #schema: GraphSchema
  readonly properties: Record<EntityKind, Map<number, Record<string, Value>>> = {
    node: new Map(),
    relationship: new Map(),
  }
  readonly labels: Map<number, string[]> = new Map()
  readonly changed: Record<EntityKind, Set<number>> = { node: new Set(), relationship: new Set() }
  readonly relabelled: Set<number> = new Set()

  constructor(session: UpdateSession) {
    this.#session = session
    this.#schema = sessionSchema(session)
  }

  table(kind: EntityKind): string {
    return kind === 'node' ? this.#schema.nodes : this.#schema.edges
  }

  loadProperties(kind: EntityKind, ids: ReadonlySet<number>): void {
    const source = this.#session.transaction.snapshot.source(this.table(kind))
    for (const [id, own] of readProperties(source, Float64Array.from(ids))) this.properties[kind].set(id, own)
  }

  loadLabels(ids: ReadonlySet<number>): void {
    if (ids.size === 0) return
    const list = Float64Array.from(ids)
    const request = {
      field: 'labels',
      type: new List(makeField('item', dictionaryOf(), { nullable: false })),
    }
    const { columns, found } = this.#session.transaction.snapshot
      .source(this.#schema.nodes)
      .gather(list, [request])
    const read = columnReader(columns[0] as Column)
    for (let at = 0; at < list.length; at += 1) {
      if (found[at] !== 0) this.labels.set(list[at] as number, [...(read(at) as readonly string[])])
    }
  }

  write(): void {
    const { transaction } = this.#session
    for (const kind of ['node', 'relationship'] as const) {
      const ids = Float64Array.from(this.changed[kind])
      if (ids.length === 0) continue
      const rows = Array.from(ids, (id) => this.properties[kind].get(id) ?? {})
      observe(transaction, this.#session.graph, kind, rows)
      transaction.update(this.table(kind), ids, propertyRows(rows))
    }
    const ids = Float64Array.from(this.relabelled)
    if (ids.length === 0) return
    const labels = Array.from(ids, (id) => this.labels.get(id) ?? [])
    transaction.update(this.#schema.nodes, ids, {
      fields: ['labels'],
      columns: [labelColumn(labels)],
      length: ids.length,
    })
  }
}

function applyChanges(session: UpdateSession, read: ReadFrame, changes: readonly Change[]): void {
  const touched = new Touched(session)
  const subjects = changes.map((change) =>
    read.column(change.subject).map((value) => subjectOf(value, change.kind)),
  )
  for (const kind of ['node', 'relationship'] as const) {
    const ids = new Set<number>()
    changes.forEach(({ operation }, at) => {
      if (operation.kind === 'labels') return
      for (const subject of subjects[at] ?? []) if (subject?.kind === kind) ids.add(subject.id)
    })
    touched.loadProperties(kind, ids)
  }
  touched.loadLabels(
    new Set(
      changes.flatMap(({ operation }, at) =>
        operation.kind === 'labels'
          ? (subjects[at] ?? []).flatMap((subject) => (subject === null ? [] : [subject.id]))
          : [],
      ),
    ),
  )
  for (let row = 0; row < read.rowCount; row += 1) {
    changes.forEach((change, at) => {
      const subject = subjects[at]?.[row]
      if (subject !== null && subject !== undefined) applyChange(session, touched, read, change, subject, row)
    })
  }
  touched.write()
}

type Subject = { readonly kind: EntityKind; readonly id: number }

function subjectOf(value: Value, kind: EntityKind | null): Subject | null {
  if (value === null || value === undefined) return null
  if (kind !== null) return { kind, id: Number(value) }
  if (value instanceof NodeValue) return { kind: 'node', id: value.id }
  if (value instanceof RelationshipValue) return { kind: 'relationship', id: value.id }
  throw runtimeTypeError('Only nodes and relationships are changed.', value, 'InvalidArgumentType')
}

function applyChange(
  session: UpdateSession,
  touched: Touched,
  read: ReadFrame,
  { operation }: Change,
  subject: Subject,
  row: number,
): void {
  const at = (column: NamedExpression): Value => read.column(column)[row] ?? null
  if (operation.kind === 'labels') {
    const names = operation.labels.flatMap((label) =>
      typeof label === 'string' ? [label] : dynamicLabels(at(label)),
    )
    changeLabels(session, touched, subject.id, names, operation.remove)
    return
  }
  const own = touched.properties[subject.kind].get(subject.id)
  if (own === undefined) return
  if (operation.kind === 'property') {
    const key = typeof operation.key === 'string' ? operation.key : String(at(operation.key))
    setProperty(session, own, key, operation.value === null ? null : at(operation.value))
  } else {
    const given = at(operation.value)
    if (!operation.keep) {
      const wanted = storedProperties(given)
      for (const key of Object.keys(own))
        if (!Object.hasOwn(wanted, key)) setProperty(session, own, key, null)
    }
    for (const [key, value] of givenEntries(given)) setProperty(session, own, key, value)
  }
  touched.changed[subject.kind].add(subject.id)
}

/** Lists a map's entries, those without value too: `+=` takes their keys away. */
function givenEntries(given: Value): readonly (readonly [string, Value])[] {
  if (given instanceof NodeValue || given instanceof RelationshipValue)
    return Object.entries(given.properties)
  if (given === null || typeof given !== 'object') return Object.entries(storedProperties(given))
  return Object.entries(given)
}

function setProperty(session: UpdateSession, own: Record<string, Value>, key: string, value: Value): void {
  if (value === null || value === undefined) {
    if (!Object.hasOwn(own, key)) return
    delete own[key]
  } else defineMember(own, key, storedValue(value))
  session.counters.propertiesSet += 1
}

function changeLabels(
  session: UpdateSession,
  touched: Touched,
  id: number,
  names: readonly string[],
  remove: boolean,
): void {
  const own = touched.labels.get(id)
  if (own === undefined) return
  for (const name of names) {
    const at = own.indexOf(name)
    if (remove === (at === -1)) continue
    if (remove) own.splice(at, 1)
    else own.push(name)
    if (remove) session.counters.labelsRemoved += 1
    else session.counters.labelsAdded += 1
    touched.relabelled.add(id)
  }
}
