import {
  childExpressions,
  column,
  columnsOf,
  conjunction,
  conjuncts,
  isDeterministic,
  substituteColumns,
} from '../expression/build.ts'
import type { ColumnId, Expression } from '../expression/expression.ts'
import { filter, join } from '../plan/build.ts'
import type {
  AggregatePlan,
  ApplyPlan,
  JoinKey,
  JoinPlan,
  LogicalPlan,
  PlanField,
  SetOperationPlan,
  UnionPlan,
  WindowPlan,
} from '../plan/logical-plan.ts'
import { planInputs, withInputs } from '../plan/traverse.ts'
import { isFloat, isVariant, typesEqual } from '../types/data-type.ts'
import type { Rule } from './rule.ts'

/**
 * Moves each filter as near to its source as it can go: through projections, joins, unions and steps over
 * adjacencies, into scans; equalities across a join become its keys.
 */
export const pushFilters: Rule = { name: 'push-filters', apply: (plan) => push(plan, []) }

/** Rebuilds a plan with predicates over its output applied as deep as they can be. */
function push(plan: LogicalPlan, predicates: readonly Expression[]): LogicalPlan {
  switch (plan.kind) {
    case 'filter':
      return push(plan.input, [...predicates, ...conjuncts(plan.predicate)])
    case 'scan':
      if (predicates.length === 0) return plan
      return Object.freeze({ ...plan, filters: Object.freeze([...plan.filters, ...predicates]) })
    case 'project':
      return pushThroughProject(plan, predicates)
    case 'join':
      return pushThroughJoin(plan, predicates)
    case 'union':
      return pushThroughUnion(plan, predicates)
    case 'intersect':
    case 'except':
      return pushIntoFirst(plan, predicates)
    case 'apply':
      return pushThroughApply(plan, predicates)
    case 'window':
      return pushThroughWindow(plan, predicates)
    case 'sort':
    case 'distinct':
      return withInputs(plan, [push(plan.input, predicates)])
    case 'expand':
    case 'degree':
    case 'multiway-join':
    case 'path':
    case 'unnest':
      return pushBelow(plan, predicates)
    case 'aggregate':
      return pushThroughAggregate(plan, predicates)
    default:
      return over(
        withInputs(
          plan,
          planInputs(plan).map((input) => push(input, [])),
        ),
        predicates,
      )
  }
}

/** What reads only groups that are in every grouping set keeps or drops whole groups: it goes below. */
function pushThroughAggregate(plan: AggregatePlan, predicates: readonly Expression[]): LogicalPlan {
  const whole = plan.groups.filter(
    (_, at) => plan.sets === null || plan.sets.indexes.every((set) => set.includes(at)),
  )
  const groups = new Map<ColumnId, Expression>(whole.map((group) => [group.id, group.expression]))
  const hasEmptySet = plan.groups.length === 0 || plan.sets?.indexes.some((set) => set.length === 0)
  const [below, above] = split(
    predicates,
    (predicate) => !hasEmptySet && isDeterministic(predicate) && reads(predicate, (id) => groups.has(id)),
  )
  const input = push(
    plan.input,
    below.map((predicate) => substituteColumns(predicate, groups)),
  )
  return over(withInputs(plan, [input]), above)
}

/** What reads only columns that the window is partitioned by keeps or drops whole partitions: it goes below. */
function pushThroughWindow(plan: WindowPlan, predicates: readonly Expression[]): LogicalPlan {
  const keys = new Set(plan.partition.flatMap((key) => (key.kind === 'column' ? [key.id] : [])))
  const [below, above] = split(
    predicates,
    (predicate) =>
      isDeterministic(predicate) &&
      columnsOf(predicate).size > 0 &&
      reads(predicate, (id) => keys.has(id)) &&
      !readsFloats(predicate),
  )
  return over(withInputs(plan, [push(plan.input, below)]), above)
}

/** A row of an intersection or difference is one of the first input's; the second is left as it is. */
function pushIntoFirst(plan: SetOperationPlan, predicates: readonly Expression[]): LogicalPlan {
  const [first, second] = plan.inputs
  const ids = plan.columns[0]
  const replacements = new Map<ColumnId, Expression>()
  plan.output.forEach((field, index) => {
    const own = first.output.find((candidate) => candidate.id === ids[index]) as PlanField
    if (typesEqual(own.type, field.type)) replacements.set(field.id, column(own))
  })
  const [below, above] = split(
    predicates,
    (predicate) =>
      isDeterministic(predicate) && reads(predicate, (id) => replacements.has(id)) && !readsFloats(predicate),
  )
  const moved = below.map((predicate) => substituteColumns(predicate, replacements))
  return over(withInputs(plan, [push(first, moved), push(second, [])]), above)
}

/** Equal numbers may differ in their sign of zero or their kind, and a predicate may tell them apart. */
function readsFloats(predicate: Expression): boolean {
  if (predicate.kind === 'column') return isFloat(predicate.type) || isVariant(predicate.type)
  return childExpressions(predicate).some(readsFloats)
}

function pushThroughApply(plan: ApplyPlan, predicates: readonly Expression[]): LogicalPlan {
  const leftIds = new Set(plan.left.output.map((field) => field.id))
  const [below, above] = split(
    predicates,
    (predicate) => isDeterministic(predicate) && reads(predicate, (id) => leftIds.has(id)),
  )
  return over(withInputs(plan, [push(plan.left, below), push(plan.right, [])]), above)
}

function over(plan: LogicalPlan, predicates: readonly Expression[]): LogicalPlan {
  return predicates.length === 0 ? plan : filter(plan, conjunction(predicates))
}

function split<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

function reads(predicate: Expression, allowed: (id: ColumnId) => boolean): boolean {
  return [...columnsOf(predicate)].every(allowed)
}

/** For nodes that add columns to their input's: what reads only those of the input goes below. */
function pushBelow(
  plan: LogicalPlan & { readonly input: LogicalPlan },
  predicates: readonly Expression[],
): LogicalPlan {
  const ids = new Set(plan.input.output.map((field) => field.id))
  const [below, above] = split(
    predicates,
    (predicate) => isDeterministic(predicate) && reads(predicate, (id) => ids.has(id)),
  )
  return over(withInputs(plan, [push(plan.input, below)]), above)
}

function pushThroughProject(
  plan: Extract<LogicalPlan, { kind: 'project' }>,
  predicates: readonly Expression[],
): LogicalPlan {
  const replacements = new Map<ColumnId, Expression>(
    plan.expressions.map((item) => [item.id, item.expression]),
  )
  const movable = (predicate: Expression): boolean =>
    isDeterministic(predicate) &&
    [...columnsOf(predicate)].every((id) => isDeterministic(replacements.get(id) as Expression))
  const [below, above] = split(predicates, movable)
  const input = push(
    plan.input,
    below.map((predicate) => substituteColumns(predicate, replacements)),
  )
  return over(withInputs(plan, [input]), above)
}

/** Says on which sides of a join a predicate over that side alone may be applied before the join. */
const PUSHABLE: Record<JoinPlan['how'], { readonly left: boolean; readonly right: boolean }> = {
  inner: { left: true, right: true },
  cross: { left: true, right: true },
  left: { left: true, right: false },
  right: { left: false, right: true },
  full: { left: false, right: false },
  single: { left: true, right: false },
  semi: { left: true, right: false },
  anti: { left: true, right: false },
}

function pushThroughJoin(plan: JoinPlan, predicates: readonly Expression[]): LogicalPlan {
  const leftIds = new Set(plan.left.output.map((field) => field.id))
  const rightIds = new Set(plan.right.output.map((field) => field.id))
  const { left: toLeft, right: toRight } = PUSHABLE[plan.how]
  const isLeft = (predicate: Expression): boolean =>
    columnsOf(predicate).size > 0 && isDeterministic(predicate) && reads(predicate, (id) => leftIds.has(id))
  const isRight = (predicate: Expression): boolean =>
    columnsOf(predicate).size > 0 && isDeterministic(predicate) && reads(predicate, (id) => rightIds.has(id))
  const [leftOnly, notLeft] = split(predicates, (predicate) => toLeft && isLeft(predicate))
  const [rightOnly, rest] = split(notLeft, (predicate) => toRight && isRight(predicate))
  const isInner = plan.how === 'inner' || plan.how === 'cross'
  // The residual of an outer or semi join decides about its right rows only, so a predicate over these moves there.
  const residual = plan.residual === null ? [] : conjuncts(plan.residual)
  const [residualLeft, residualRest] = split(residual, (predicate) => isInner && isLeft(predicate))
  const [residualRight, residualBoth] = split(
    residualRest,
    (predicate) => plan.how !== 'right' && plan.how !== 'full' && isRight(predicate),
  )
  const candidates = isInner ? [...residualBoth, ...rest] : residualBoth
  const keys: JoinKey[] = [...plan.keys]
  const others: Expression[] = []
  for (const predicate of candidates) {
    const key = joinKeyOf(predicate, leftIds, rightIds)
    if (key === null) others.push(predicate)
    else keys.push(key)
  }
  const onLeft = [...leftOnly, ...residualLeft]
  const onRight = [...rightOnly, ...residualRight]
  const toRightToo = plan.how === 'right' || plan.how === 'full' ? [] : acrossKeys(onLeft, keys, 'left')
  const toLeftToo = isInner ? acrossKeys(onRight, keys, 'right') : []
  const left = push(plan.left, [...onLeft, ...toLeftToo])
  const right = push(plan.right, [...onRight, ...toRightToo])
  const how = plan.how === 'cross' && (keys.length > 0 || others.length > 0) ? 'inner' : plan.how
  const joined = join(left, right, { how, keys, residual: others.length === 0 ? null : conjunction(others) })
  return isInner ? joined : over(joined, rest)
}

const CARRIED: ReadonlySet<string> = new Set(['eq', 'in', 'lt', 'le', 'gt', 'ge'])

/** Carries comparisons of a key with a constant to the other side, where the same must hold for rows to match. */
function acrossKeys(
  predicates: readonly Expression[],
  keys: readonly JoinKey[],
  from: 'left' | 'right',
): Expression[] {
  const carried: Expression[] = []
  for (const key of keys) {
    const [own, other] = from === 'left' ? [key.left, key.right] : [key.right, key.left]
    if (
      own.kind !== 'column' ||
      other.kind !== 'column' ||
      key.nullsEqual === true ||
      !typesEqual(own.type, other.type)
    )
      continue
    for (const predicate of predicates) {
      if (predicate.kind !== 'call' || !CARRIED.has(predicate.function)) continue
      const reads = [...columnsOf(predicate)]
      const plain = predicate.args.every(
        (arg) => arg.kind === 'column' || arg.kind === 'literal' || arg.kind === 'parameter',
      )
      if (plain && reads.length === 1 && reads[0] === own.id)
        carried.push(substituteColumns(predicate, new Map([[own.id, other]])))
    }
  }
  return carried
}

/** Reads an equality between the two sides of a join as a key of it. */
function joinKeyOf(
  predicate: Expression,
  leftIds: ReadonlySet<ColumnId>,
  rightIds: ReadonlySet<ColumnId>,
): JoinKey | null {
  if (predicate.kind !== 'call' || predicate.function !== 'eq' || !isDeterministic(predicate)) return null
  const [a, b] = predicate.args as [Expression, Expression]
  const sideOf = (expression: Expression): 'left' | 'right' | null => {
    const ids = columnsOf(expression)
    if (ids.size === 0) return null
    if ([...ids].every((id) => leftIds.has(id))) return 'left'
    return [...ids].every((id) => rightIds.has(id)) ? 'right' : null
  }
  const sides = `${sideOf(a)} ${sideOf(b)}`
  if (sides === 'left right') return { left: a, right: b }
  return sides === 'right left' ? { left: b, right: a } : null
}

/** Tells whether all inputs give a column in the type of the union: below, it means the same as above. */
function isUnconverted(plan: UnionPlan, field: PlanField, index: number): boolean {
  return plan.inputs.every((input, at) => {
    const id = plan.columns[at]?.[index]
    const own = input.output.find((candidate) => candidate.id === id)
    return own !== undefined && typesEqual(own.type, field.type)
  })
}

function pushThroughUnion(plan: UnionPlan, predicates: readonly Expression[]): LogicalPlan {
  const unconverted = new Set(
    plan.output.filter((field, index) => isUnconverted(plan, field, index)).map((field) => field.id),
  )
  const [below, above] = split(
    predicates,
    (predicate) => isDeterministic(predicate) && reads(predicate, (id) => unconverted.has(id)),
  )
  if (below.length === 0)
    return over(
      withInputs(
        plan,
        plan.inputs.map((input) => push(input, [])),
      ),
      above,
    )
  const inputs = plan.inputs.map((input, at) => {
    const ids = plan.columns[at] as readonly ColumnId[]
    const replacements = new Map<ColumnId, Expression>(
      plan.output.map((field, index) => {
        const own = input.output.find((candidate) => candidate.id === ids[index])
        return [field.id, column(own ?? field)]
      }),
    )
    return push(
      input,
      below.map((predicate) => substituteColumns(predicate, replacements)),
    )
  })
  return over(withInputs(plan, inputs), above)
}
