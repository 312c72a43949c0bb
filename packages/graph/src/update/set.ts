import { column, defineMember, type NamedExpression, type Value } from '@sheafdb/core'
import { runtimeTypeError } from '../functions/errors.ts'
import { type Frame, idField, type LowerContext } from '../language/lower/frame.ts'
import { namesIn } from '../language/lower/names.ts'
import type * as syntax from '../language/syntax.ts'
import { NodeValue, RelationshipValue } from '../values.ts'
import { type Add, type Change, planRemove, planSet } from './changes.ts'
import { dynamicLabels } from './create.ts'
import { storedProperties, storedValue } from './properties.ts'
import { independentRuns } from './repeats.ts'
import {
  addColumns,
  extra,
  keepRows,
  type ReadFrame,
  readFrame,
  sessionContext,
  type UpdateSession,
} from './session.ts'
import { type EntityKind, Touched } from './touched.ts'

/** Runs SET. Items that read what an item before them sets are computed after it. */
export async function runSet(
  session: UpdateSession,
  frame: Frame,
  items: readonly syntax.SetItem[],
): Promise<Frame> {
  let current = frame
  for (const group of independentGroups(items)) {
    const reads = new Set(
      group.flatMap((item) => (item.kind === 'setLabels' ? [] : [...namesIn(item.value)])),
    )
    const writes = new Set(
      group.flatMap((item) =>
        item.kind === 'setProperty' ? [...namesIn(item.target)] : [item.variable.name],
      ),
    )
    const plan: PlanChanges = (context, over, add) => group.map((item) => planSet(context, over, item, add))
    current = await runInRuns(session, current, { reads, writes, plan })
  }
  return current
}

type PlanChanges = (context: LowerContext, frame: Frame, add: Add) => readonly Change[]

type Runs = {
  readonly reads: ReadonlySet<string>
  readonly writes: ReadonlySet<string>
  readonly plan: PlanChanges
}

/** Changes rows in runs, so that a row sees what the rows before it have changed. */
async function runInRuns(
  session: UpdateSession,
  frame: Frame,
  { reads, writes, plan }: Runs,
): Promise<Frame> {
  if (![...reads].some((name) => frame.bindings.has(name))) return runChanges(session, frame, plan)
  const read = await readFrame(session, frame)
  adoptEntities(read)
  const runs = independentRuns(read, reads, writes)
  if (runs.length < 2) return runChanges(session, read.frame, plan)
  for (const rows of runs) await runChanges(session, keepRows(read.frame, rows), plan)
  return read.frame
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

async function runChanges(session: UpdateSession, frame: Frame, plan: PlanChanges): Promise<Frame> {
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

/** Sets a property of an element, or takes it away where the value is null, and counts the change. */
export function setProperty(
  session: UpdateSession,
  own: Record<string, Value>,
  key: string,
  value: Value,
): void {
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
    if (remove) {
      own.splice(at, 1)
      touched.lost.add(name)
    } else own.push(name)
    if (remove) session.counters.labelsRemoved += 1
    else session.counters.labelsAdded += 1
    touched.relabelled.add(id)
  }
}
