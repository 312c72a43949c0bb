import {
  type ColumnExpression,
  call,
  column,
  distinct,
  type Expression,
  extend,
  type JoinKey,
  join,
  type LogicalPlan,
  literal,
  named,
  type PlanField,
  project,
  types,
  union,
  withFreshIds,
} from '@sheafdb/core'
import { copyOf, movedBinding, partByVariable } from './copy.ts'
import {
  type Binding,
  decodeVariables,
  encodeVariables,
  hasWholeId,
  type Relation,
  withBindings,
  withPlan,
} from './relation.ts'
import { unionRelations } from './union.ts'

/** Is a variable of two relations, in columns of one form. */
type Shared = {
  readonly variable: string
  readonly left: ColumnExpression
  readonly right: ColumnExpression
  /** True where both sides bind it in each row. */
  readonly certain: boolean
}

type Comparable = { readonly left: Relation; readonly right: Relation; readonly shared: readonly Shared[] }

/** Gives the variables that two relations share. */
export function sharedVariables(left: Relation, right: Relation): string[] {
  return [...left.bindings.keys()].filter((variable) => right.bindings.has(variable))
}

/** Brings the variables that two relations share into one form: ids where data binds them, else terms. */
export function makeComparable(left: Relation, right: Relation, termsTable: string): Comparable {
  const forms = new Map<string, Form>()
  for (const variable of sharedVariables(left, right)) {
    const a = left.bindings.get(variable) as Binding
    const b = right.bindings.get(variable) as Binding
    forms.set(variable, commonForm(a, b))
  }
  const of = (wanted: Form) => [...forms].filter(([, form]) => form === wanted).map(([variable]) => variable)
  const prepare = (relation: Relation) =>
    encodeVariables(decodeVariables(relation, of('term'), termsTable), of('id'), termsTable)
  const [preparedLeft, preparedRight] = [prepare(left), prepare(right)]
  const shared = [...forms].map(([variable, form]) => {
    const a = preparedLeft.bindings.get(variable) as Binding
    const b = preparedRight.bindings.get(variable) as Binding
    return {
      variable,
      left: columnOf(a, form),
      right: columnOf(b, form),
      certain: a.certain && b.certain,
    }
  })
  return { left: preparedLeft, right: preparedRight, shared }
}

type Form = 'id' | 'native' | 'term'

function commonForm(a: Binding, b: Binding): Form {
  if (hasWholeId(a) && hasWholeId(b)) return 'id'
  if ((hasWholeId(a) || hasWholeId(b)) && a.certain && b.certain) return 'id'
  if (a.native !== undefined && a.native.kind === b.native?.kind) return 'native'
  return 'term'
}

function columnOf(binding: Binding, form: Form): ColumnExpression {
  const found = form === 'native' ? binding.native?.column : binding[form]
  if (found === undefined) throw new TypeError(`a variable has no ${form}`)
  return found
}

/** Says that two columns agree as SPARQL's compatible solutions do: equal, or one of them not bound. */
function compatible({ left, right }: Shared): Expression {
  const agree = call('eq', left, right)
  const unbound = [left, right].filter((side) => side.nullable).map((side) => call('is_null', side))
  return unbound.reduce<Expression>((other, test) => call('or', test, other), agree)
}

/** Makes join keys of what both sides bind for certain; variables of `same` are the same on both sides, unbound too. */
function conditions(
  shared: readonly Shared[],
  same: ReadonlySet<string> = new Set(),
): {
  readonly keys: JoinKey[]
  readonly residual: Expression | null
} {
  const isKey = ({ certain, variable }: Shared) => certain || same.has(variable)
  const keys = shared
    .filter(isKey)
    .map(({ left, right, certain }) => ({ left, right, ...(certain ? {} : { nullsEqual: true }) }))
  const tests = shared.filter((each) => !isKey(each)).map(compatible)
  return { keys, residual: tests.length === 0 ? null : tests.reduce((all, test) => call('and', all, test)) }
}

/** Takes the columns of bindings as the plan gives them now: an outer join makes columns nullable. */
function refreshed(bindings: Iterable<readonly [string, Binding]>, plan: LogicalPlan): Map<string, Binding> {
  const fields = new Map<number, PlanField>(plan.output.map((field) => [field.id, field]))
  const fresh = (known: ColumnExpression | undefined) => {
    const field = known === undefined ? undefined : fields.get(known.id)
    return field === undefined ? undefined : column(field)
  }
  const renewed = new Map<string, Binding>()
  for (const [variable, binding] of bindings) {
    const [id, term, native] = [fresh(binding.id), fresh(binding.term), fresh(binding.native?.column)]
    renewed.set(variable, {
      certain: binding.certain,
      ...(binding.isResource === true ? { isResource: true } : {}),
      ...(id === undefined ? {} : { id, idIsPartial: binding.idIsPartial === true }),
      ...(term === undefined ? {} : { term }),
      ...(native === undefined || binding.native === undefined
        ? {}
        : { native: { column: native, kind: binding.native.kind } }),
    })
  }
  return renewed
}

/** Joins two relations: solutions that agree on what both bind. */
export function joinRelations(left: Relation, right: Relation, termsTable: string): Relation {
  const parting = partingVariable(left, right)
  if (parting !== undefined) {
    // Rows without a value agree with any: they are joined by themselves, so that the others have a key.
    const isLeft = left.bindings.get(parting)?.certain !== true
    const { bound, unbound } = partByVariable(isLeft ? left : right, parting)
    const parts = isLeft
      ? [joinRelations(bound, right, termsTable), joinRelations(unbound, copyOf(right), termsTable)]
      : [joinRelations(left, bound, termsTable), joinRelations(copyOf(left), unbound, termsTable)]
    return unionRelations(parts, termsTable)
  }
  const ready = makeComparable(left, right, termsTable)
  const { keys, residual } = conditions(ready.shared)
  const how = keys.length === 0 && residual === null ? 'cross' : 'inner'
  const plan = join(ready.left.plan, ready.right.plan, { how, keys, residual })
  const rowCount =
    keys.length === 0 ? left.rowCount * right.rowCount : Math.max(left.rowCount, right.rowCount)
  return mergeShared({ plan, rowCount, ready, outer: false })
}

/** Finds a variable that one side may leave unbound, where nothing else could be a key of the join. */
function partingVariable(left: Relation, right: Relation): string | undefined {
  const shared = sharedVariables(left, right)
  const isCertain = (variable: string) =>
    left.bindings.get(variable)?.certain === true && right.bindings.get(variable)?.certain === true
  return shared.some(isCertain) ? undefined : shared[0]
}

/** Joins each solution with those that agree with it and pass the condition; without any it stays alone. */
export function leftJoinRelations(
  left: Relation,
  right: Relation,
  options: {
    readonly termsTable: string
    /** Gives the condition over the two relations as they are compared; may add columns to either. */
    readonly condition?: ((left: Relation, right: Relation) => Conditioned) | undefined
  },
): Relation {
  const { termsTable, condition } = options
  const parting = partingVariable(left, right)
  if (parting !== undefined && left.bindings.get(parting)?.certain === false) {
    const { bound, unbound } = partByVariable(left, parting)
    const parts = [
      leftJoinRelations(bound, right, options),
      leftJoinRelations(unbound, copyOf(right), options),
    ]
    return unionRelations(parts, termsTable)
  }
  let ready = makeComparable(left, right, termsTable)
  const { keys, residual } = conditions(ready.shared)
  let test = residual
  if (condition !== undefined) {
    const conditioned = condition(ready.left, ready.right)
    ready = { ...ready, left: conditioned.left, right: conditioned.right }
    test = test === null ? conditioned.predicate : call('and', test, conditioned.predicate)
  }
  const plan = join(ready.left.plan, ready.right.plan, { how: 'left', keys, residual: test })
  return mergeShared({ plan, rowCount: Math.max(left.rowCount, right.rowCount), ready, outer: true })
}

/** Is a condition over two relations, and the relations with the columns that it reads. */
export type Conditioned = {
  readonly left: Relation
  readonly right: Relation
  readonly predicate: Expression
}

/** Makes one binding of the two that each shared variable has. */
function mergeShared(joined: {
  readonly plan: LogicalPlan
  readonly rowCount: number
  readonly ready: Comparable
  readonly outer: boolean
}): Relation {
  const { plan, rowCount, ready, outer } = joined
  const lefts = refreshed(ready.left.bindings, plan)
  const rights = refreshed(ready.right.bindings, plan)
  const bindings = new Map(lefts)
  for (const [variable, binding] of rights) {
    if (!lefts.has(variable)) bindings.set(variable, outer ? { ...binding, certain: false } : binding)
  }
  const relation: Relation = { plan, bindings, rowCount }
  const changed: [string, Binding][] = []
  const either: { readonly variable: string; readonly form: Form }[] = []
  for (const { variable } of ready.shared) {
    const a = lefts.get(variable) as Binding
    const b = rights.get(variable) as Binding
    if (a.certain) {
      if (!outer && !hasWholeId(a) && hasWholeId(b) && b.certain) changed.push([variable, { ...a, ...b }])
    } else if (b.certain && !outer) changed.push([variable, b])
    else either.push({ variable, form: sharedForm(a, b) })
  }
  return eitherSide(withBindings(relation, changed), { lefts, rights, either })
}

function sharedForm(a: Binding, b: Binding): Form {
  if (hasWholeId(a) && hasWholeId(b)) return 'id'
  return a.native !== undefined && a.native.kind === b.native?.kind ? 'native' : 'term'
}

/** Computes variables that either side may have left unbound: the left one's value, else the right one's. */
function eitherSide(
  relation: Relation,
  sides: {
    readonly lefts: ReadonlyMap<string, Binding>
    readonly rights: ReadonlyMap<string, Binding>
    readonly either: readonly { readonly variable: string; readonly form: Form }[]
  },
): Relation {
  if (sides.either.length === 0) return relation
  const items = sides.either.map(({ variable, form }) => {
    const a = columnOf(sides.lefts.get(variable) as Binding, form)
    const b = columnOf(sides.rights.get(variable) as Binding, form)
    return named(variable, call('coalesce', a, b))
  })
  const plan = extend(relation.plan, items)
  const changed = sides.either.map(({ variable, form }, index): [string, Binding] => {
    const found = column(plan.output[plan.output.length - items.length + index] as PlanField)
    const kind = sides.lefts.get(variable)?.native?.kind
    if (form === 'native' && kind !== undefined)
      return [variable, { native: { column: found, kind }, certain: false }]
    return [variable, form === 'id' ? { id: found, certain: false } : { term: found, certain: false }]
  })
  return withBindings(withPlan(relation, plan), changed)
}

/** Drops the solutions that agree with one of the others in at least one variable that both bind. */
export function minusRelations(left: Relation, right: Relation, termsTable: string): Relation {
  const parting = partingVariable(left, right)
  if (parting !== undefined && left.bindings.get(parting)?.certain === false) {
    const { bound, unbound } = partByVariable(left, parting)
    const parts = [
      minusRelations(bound, right, termsTable),
      minusRelations(unbound, copyOf(right), termsTable),
    ]
    return unionRelations(parts, termsTable)
  }
  const ready = makeComparable(left, right, termsTable)
  // The graph that solutions come from must agree, but is no variable that they have in common.
  const named = ready.shared.filter(({ variable }) => !variable.startsWith('\u0000'))
  if (named.length === 0) return left
  const { keys, residual } = conditions(ready.shared)
  const test = named.some(({ certain }) => certain) ? residual : needsCommon(named, residual)
  const plan = join(ready.left.plan, ready.right.plan, { how: 'anti', keys, residual: test })
  return withPlan(ready.left, plan, left.rowCount)
}

/** Asks that at least one variable be bound on both sides. */
function needsCommon(shared: readonly Shared[], residual: Expression | null): Expression {
  const common = shared
    .map(({ left, right }): Expression => call('and', call('is_not_null', left), call('is_not_null', right)))
    .reduce((all, test) => call('or', all, test))
  return residual === null ? common : call('and', residual, common)
}

/** Keeps the solutions that agree with one of the others (`semi`), or with none (`anti`). */
export function semiJoinRelations(
  left: Relation,
  right: Relation,
  options: {
    readonly how: 'semi' | 'anti'
    readonly termsTable: string
    readonly condition?: ((left: Relation, right: Relation) => Conditioned) | undefined
    /** Variables that the right side took from the left one. */
    readonly same?: ReadonlySet<string>
  },
): Relation {
  let ready = makeComparable(left, right, options.termsTable)
  const { keys, residual } = conditions(ready.shared, options.same)
  let test = residual
  if (options.condition !== undefined) {
    const conditioned = options.condition(ready.left, ready.right)
    ready = { ...ready, left: conditioned.left, right: conditioned.right }
    test = test === null ? conditioned.predicate : call('and', test, conditioned.predicate)
  }
  if (keys.length === 0 && test === null) test = literal(true)
  const plan = join(ready.left.plan, ready.right.plan, { how: options.how, keys, residual: test })
  return withPlan(ready.left, plan, left.rowCount)
}

/** Adds a column to the left side that is null where nothing of the right side agrees with the row. */
export function markRelation(
  left: Relation,
  right: Relation,
  options: { readonly termsTable: string; readonly same: ReadonlySet<string> },
): { readonly relation: Relation; readonly mark: ColumnExpression } {
  const ready = makeComparable(left, right, options.termsTable)
  const { keys, residual } = conditions(ready.shared, options.same)
  const columns = ready.shared.map(({ variable, right: found }) => named(variable, found))
  const marked = distinct(project(ready.right.plan, [...columns, named('exists', literal(true))]))
  // A left row that several right rows agree with (unbound variables) must stay one row: those are no keys.
  if (residual !== null) return markByRow(ready.left, { right: marked, keys, residual })
  const plan = join(ready.left.plan, marked, { how: 'left', keys })
  const mark = column(plan.output.at(-1) as PlanField)
  const bindings = refreshed(ready.left.bindings, plan)
  return { relation: { plan, bindings, rowCount: left.rowCount }, mark }
}

/** Marks through a semi-join with the rows themselves, numbered, so that none is doubled. */
function markByRow(
  left: Relation,
  found: { readonly right: LogicalPlan; readonly keys: readonly JoinKey[]; readonly residual: Expression },
): { readonly relation: Relation; readonly mark: ColumnExpression } {
  const { right, keys, residual } = found
  const agreeing = join(left.plan, right, { how: 'semi', keys, residual })
  const others = join(left.plan, right, { how: 'anti', keys, residual })
  const plan = union([
    extend(agreeing, [named('exists', literal(true))]),
    withFreshIds(extend(others, [named('exists', literal(null, types.bool))])),
  ])
  const places = new Map(agreeing.output.map((field, index) => [field.id, plan.output[index] as PlanField]))
  const moved = new Map(
    [...left.bindings].map(([variable, binding]) => [variable, movedBinding(binding, places)]),
  )
  return {
    relation: { plan, bindings: moved, rowCount: left.rowCount },
    mark: column(plan.output.at(-1) as PlanField),
  }
}
