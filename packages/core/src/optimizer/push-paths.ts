import { column, mapExpression, newColumnId } from '../expression/build.ts'
import type { CallExpression, ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import { functionNamed } from '../expression/registry.ts'
import { keepColumns } from '../plan/build.ts'
import type { LogicalPlan, ProjectPlan, ScanColumn, ScanPlan } from '../plan/logical-plan.ts'
import { mapNodeExpressions } from '../plan/map-expressions.ts'
import { planExpressions, planInputs, withInputs } from '../plan/traverse.ts'
import type { Rule } from './rule.ts'

/**
 * Moves reads of a path inside a nested column into the scan: the path becomes a column of its own, which storage
 * answers from the typed child where there is one.
 */
export const pushPaths: Rule = {
  name: 'push-paths',
  apply: (plan) => {
    const wanted: Wanted = new Map()
    collect(plan, wanted)
    return wanted.size === 0 ? plan : rewrite(plan, wanted).plan
  },
}

/** The path columns wanted of each scan column, by function and path. */
type Wanted = Map<ColumnId, Map<string, ScanColumn>>

/** Walks up from the scans; gives the scan columns that a node still passes on, by id. */
function collect(plan: LogicalPlan, wanted: Wanted): Map<ColumnId, ScanColumn> {
  const visible = new Map<ColumnId, ScanColumn>()
  for (const input of planInputs(plan)) for (const [id, item] of collect(input, wanted)) visible.set(id, item)
  if (plan.kind === 'scan') {
    for (const item of plan.columns) if (item.access === undefined) visible.set(item.id, item)
  }
  for (const expression of planExpressions(plan)) collectPaths(expression, visible, wanted)
  return passedOn(plan, visible)
}

function passedOn(plan: LogicalPlan, visible: Map<ColumnId, ScanColumn>): Map<ColumnId, ScanColumn> {
  if (STOPS.has(plan.kind)) return new Map()
  if (plan.kind === 'join' && (plan.how === 'semi' || plan.how === 'anti')) {
    const left = new Set(plan.left.output.map((field) => field.id))
    return new Map([...visible].filter(([id]) => left.has(id)))
  }
  if (plan.kind !== 'project') return visible
  return new Map([...visible].filter(([id]) => passes(plan, id)))
}

function passes(plan: ProjectPlan, id: ColumnId): boolean {
  return plan.expressions.some(
    (item) => item.id === id && item.expression.kind === 'column' && item.expression.id === id,
  )
}

/** Over these nodes a column is not the scan's any more, or adding one would change the meaning. */
const STOPS: ReadonlySet<string> = new Set([
  'aggregate',
  'distinct',
  'union',
  'intersect',
  'except',
  'apply',
  'recursive',
  'foreign',
  'extension',
  'values',
  'recursive-input',
])

function collectPaths(
  expression: Expression,
  visible: ReadonlyMap<ColumnId, ScanColumn>,
  wanted: Wanted,
): void {
  const read = pathOf(expression)
  const scanned = read === null ? undefined : visible.get(read.column.id)
  if (read !== null && scanned !== undefined) {
    const paths = wanted.get(scanned.id) ?? new Map<string, ScanColumn>()
    wanted.set(scanned.id, paths)
    if (!paths.has(read.key)) paths.set(read.key, pathColumn(scanned, read))
    return
  }
  if (expression.kind === 'call') for (const arg of expression.args) collectPaths(arg, visible, wanted)
  if (expression.kind === 'lambda') collectPaths(expression.body, visible, wanted)
}

type PathRead = {
  readonly column: ColumnExpression
  readonly key: string
  readonly path: readonly (string | number)[]
  readonly call: CallExpression
}

/** Reads an expression as a path of constant keys in a column. */
function pathOf(expression: Expression): PathRead | null {
  if (expression.kind !== 'call' || functionNamed(expression.function).pathAccess !== true) return null
  const [root, ...keys] = expression.args
  if (root?.kind !== 'column' || keys.length === 0) return null
  const path: (string | number)[] = []
  for (const key of keys) {
    if (key.kind !== 'literal' || (typeof key.value !== 'string' && typeof key.value !== 'number'))
      return null
    path.push(key.value)
  }
  return { column: root, key: JSON.stringify([expression.function, ...path]), path, call: expression }
}

function pathColumn(scanned: ScanColumn, { path, call }: PathRead): ScanColumn {
  return Object.freeze({
    id: newColumnId(),
    name: path.join('.'),
    type: call.type,
    nullable: true,
    field: scanned.field,
    access: Object.freeze({ function: call.function, path: Object.freeze(path) }),
  })
}

type Rewritten = { readonly plan: LogicalPlan; readonly visible: ReadonlyMap<ColumnId, unknown> }

function rewrite(plan: LogicalPlan, wanted: Wanted): Rewritten {
  if (plan.kind === 'scan') return rewriteScan(plan, wanted)
  const inputs = planInputs(plan).map((input) =>
    plan.kind === 'recursive' ? inPlace(input, rewrite(input, wanted)) : rewrite(input, wanted),
  )
  const visible = new Map(inputs.flatMap((input) => [...input.visible]))
  const replace = (expression: Expression): Expression => replacePaths(expression, visible, wanted)
  let changed = mapNodeExpressions(
    withInputs(
      plan,
      inputs.map((input) => input.plan),
    ),
    replace,
  )
  const left = passedOn(plan, visible as Map<ColumnId, ScanColumn>)
  if (changed.kind === 'project') changed = passPaths(changed, left, wanted)
  return { plan: changed, visible: left }
}

/** A recursion knows the columns of its inputs by their places: those that were added are left out again. */
function inPlace(input: LogicalPlan, { plan, visible }: Rewritten): Rewritten {
  if (plan.output.length === input.output.length) return { plan, visible }
  const ids = input.output.map(({ id }) => id)
  return { plan: keepColumns(plan, ids), visible }
}

function rewriteScan(plan: ScanPlan, wanted: Wanted): Rewritten {
  const own = plan.columns.filter((item) => item.access === undefined)
  const added = own.flatMap((item) => [...(wanted.get(item.id)?.values() ?? [])])
  const visible = new Map(own.map((item) => [item.id, item]))
  const filters = plan.filters.map((filter) => replacePaths(filter, visible, wanted))
  const output = [
    ...plan.output,
    ...added.map(({ id, name, type, nullable }) => Object.freeze({ id, name, type, nullable })),
  ]
  return { plan: Object.freeze({ ...plan, columns: [...plan.columns, ...added], filters, output }), visible }
}

function replacePaths(
  expression: Expression,
  visible: ReadonlyMap<ColumnId, unknown>,
  wanted: Wanted,
): Expression {
  return mapExpression(expression, (node) => {
    const read = pathOf(node)
    if (read === null || !visible.has(read.column.id)) return node
    const found = wanted.get(read.column.id)?.get(read.key)
    return found === undefined ? node : column(found)
  })
}

/** Lets a projection that passes a column on pass its paths on too. */
function passPaths(plan: ProjectPlan, passed: ReadonlyMap<ColumnId, unknown>, wanted: Wanted): ProjectPlan {
  const added = [...passed.keys()].flatMap((id) => [...(wanted.get(id)?.values() ?? [])])
  if (added.length === 0) return plan
  const expressions = [
    ...plan.expressions,
    ...added.map((field) => Object.freeze({ id: field.id, name: field.name, expression: column(field) })),
  ]
  const output = [
    ...plan.output,
    ...added.map(({ id, name, type, nullable }) => Object.freeze({ id, name, type, nullable })),
  ]
  return Object.freeze({ ...plan, expressions, output })
}
