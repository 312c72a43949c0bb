import {
  apply,
  type ColumnId,
  call,
  columnFromValues,
  columnsOf,
  conjunction,
  conjuncts,
  type Expression,
  extend,
  filter,
  freeOuters,
  type JoinKey,
  type JoinKind,
  join,
  type LogicalPlan,
  literal,
  mapExpression,
  named,
  outer as outerColumn,
  type PlanField,
  planField,
  project,
  singleRow,
  types,
  union,
  values,
  withFreshIds,
} from '@sheafdb/core'
import type { ExpressionNode, JoinNode, TableNode } from '../syntax.ts'
import { condition } from './condition.ts'
import { lowerExpression } from './expression.ts'
import { notNative } from './native.ts'
import { deeper, type Environment, findColumn, referTo, type Scope, type ScopeColumn } from './scope.ts'
import { lowerTableFunction } from './table-function.ts'
import { comparable, unify } from './types.ts'

/** Is a plan and the columns that it shows. */
export type Source = { readonly plan: LogicalPlan; readonly columns: readonly ScopeColumn[] }

/** Lowers what stands in FROM. `outer` is the scope around the query, for the subqueries in it. */
export function lowerFrom(node: TableNode, environment: Environment, outer: Scope | null): Source {
  switch (node.type) {
    case 'EMPTY':
    case 'EMPTY_FROM':
      return { plan: singleRow(), columns: [] }
    case 'BASE_TABLE': {
      if (node.sample || node.at_clause || node.catalog_name) return notNative('a sample or another catalog')
      const plan = node.schema_name
        ? environment.relation(`${node.schema_name}.${node.table_name}`)
        : namedRelation(node.table_name, environment)
      if (plan === undefined) return notNative(`the relation ${node.table_name}`)
      return shown(plan, node.alias || node.table_name, node.column_name_alias)
    }
    case 'SUBQUERY':
      if (node.sample) return notNative('a sample')
      return shown(
        environment.lowerQuery(node.subquery.node, deeper(environment), null),
        node.alias ?? '',
        node.column_name_alias,
      )
    case 'TABLE_FUNCTION': {
      if (node.sample) return notNative('a sample')
      const name = node.function.class === 'FUNCTION' ? node.function.function_name : ''
      const plan = environment.tableFunction(node.query_location ?? -1)
      const made = plan === undefined ? lowerTableFunction(node.function, environment) : withFreshIds(plan)
      return shown(made, node.alias || name, node.column_name_alias)
    }
    case 'EXPRESSION_LIST':
      return shown(lowerValues(node.values, environment), node.alias ?? '', node.column_name_alias)
    case 'JOIN':
      return lowerJoin(node, environment, outer)
    default:
      return notNative(`${node.type} in FROM`)
  }
}

function namedRelation(name: string, environment: Environment): LogicalPlan | undefined {
  const known = environment.ctes.find(
    (item) => ('cte' in item ? item.cte.key : item.rounds).toLowerCase() === name.toLowerCase(),
  )
  if (known === undefined) {
    const plan = environment.relation(name)
    return plan === undefined ? undefined : withFreshIds(plan)
  }
  if ('rounds' in known) return known.plan()
  const { cte, environment: around } = known
  const plan = around.lowerQuery(cte.value.query.node, deeper(around), null)
  return renamed(plan, cte.value.aliases)
}

function renamed(plan: LogicalPlan, names: readonly string[] | undefined): LogicalPlan {
  if (names === undefined || names.length === 0) return plan
  return Object.freeze({
    ...plan,
    output: plan.output.map((field, index) => Object.freeze({ ...field, name: names[index] ?? field.name })),
  }) as LogicalPlan
}

function shown(plan: LogicalPlan, relation: string, names: readonly string[] | undefined): Source {
  return {
    plan,
    columns: plan.output.map((field, index) => ({
      relation: relation.toLowerCase(),
      name: names?.[index] ?? field.name,
      field,
      hidden: false,
    })),
  }
}

/** Makes rows of values; those that are computed become a row each. */
function lowerValues(rows: readonly (readonly ExpressionNode[])[], environment: Environment): LogicalPlan {
  const width = rows[0]?.length ?? 0
  const scope: Scope = { columns: [], outer: null }
  const lowered = rows.map((row) => row.map((item) => lowerExpression(item, { environment, scope })))
  const columns = Array.from({ length: width }, (_, index) =>
    unify(lowered.map((row) => row[index] ?? notNative('rows of unlike length'))),
  )
  const fields = columns.map((items, index) => {
    const type = items.reduce((found, item) => wider(found, item.type), types.null as Expression['type'])
    return planField(`col${index}`, type.typeId === types.null.typeId ? types.int32 : type)
  })
  if (columns.flat().every((item) => item.kind === 'literal'))
    return values(
      fields,
      columns.map((items, index) =>
        columnFromValues(
          (fields[index] as PlanField).type,
          items.map((item) => (item.kind === 'literal' ? item.value : null)),
        ),
      ),
      rows.length,
    )
  if (rows.length > MAX_COMPUTED_ROWS) return notNative('many rows of values that are computed')
  const row = (at: number) =>
    project(
      singleRow(),
      fields.map((field, index) =>
        named(field.name, typedAs(columns[index]?.[at] as Expression, field.type)),
      ),
    )
  const made = rows.map((_, at) => row(at))
  return made.length === 1 ? (made[0] as LogicalPlan) : union(made)
}

const MAX_COMPUTED_ROWS = 200

function typedAs(item: Expression, type: Expression['type']): Expression {
  return item.kind === 'literal' && item.value === null ? literal(null, type) : item
}

function wider(left: Expression['type'], right: Expression['type']): Expression['type'] {
  if (left.typeId === types.null.typeId) return right
  if (right.typeId === types.null.typeId) return left
  const wide = (type: Expression['type']) => (type as unknown as { bitWidth?: number }).bitWidth ?? 0
  return wide(right) > wide(left) ? right : left
}

const JOIN_KINDS: Readonly<Record<string, JoinKind>> = {
  INNER: 'inner',
  LEFT: 'left',
  RIGHT: 'right',
  OUTER: 'full',
  FULL: 'full',
  SEMI: 'semi',
  ANTI: 'anti',
}

function lowerJoin(node: JoinNode, environment: Environment, outer: Scope | null): Source {
  const left = lowerFrom(node.left, environment, outer)
  const lateral = lateralSide(node, left, environment, outer)
  if (lateral !== undefined) return lateral
  const right = lowerFrom(node.right, environment, outer)
  const how = JOIN_KINDS[node.join_type] ?? notNative(`a join of type ${node.join_type}`)
  if (node.ref_type === 'CROSS')
    return {
      plan: join(left.plan, right.plan, { how: 'cross' }),
      columns: [...left.columns, ...right.columns],
    }
  if (node.ref_type === 'NATURAL') return joinUsing(left, right, how, commonNames(left, right))
  if (node.ref_type !== 'REGULAR') return notNative(`a join of type ${node.ref_type}`)
  if ((node.using_columns ?? []).length > 0)
    return joinUsing(left, right, how, node.using_columns as string[])
  const columns = [...left.columns, ...right.columns]
  const predicate =
    node.condition === undefined || node.condition === null
      ? notNative('a join without a condition')
      : condition(lowerExpression(node.condition, { environment, scope: { columns, outer: null } }))
  const { keys, residual } = splitCondition(predicate, left.plan, right.plan)
  const plan = join(left.plan, right.plan, {
    how: keys.length === 0 && residual === null ? plainKind(how) : how,
    keys,
    residual,
  })
  return { plan, columns: afterJoin(plan, how, left, right) }
}

/** Joins a subquery that names columns of what stands before it; `undefined` where it names none. */
function lateralSide(
  node: JoinNode,
  left: Source,
  environment: Environment,
  outer: Scope | null,
): Source | undefined {
  if (node.right.type !== 'SUBQUERY' || node.right.sample) return undefined
  const { subquery, alias, column_name_alias: names } = node.right
  const around: Scope = { columns: left.columns, outer }
  const inner = environment.lowerQuery(subquery.node, deeper(environment), around)
  if (freeOuters(inner).size === 0) return undefined
  const right = shown(inner, alias ?? '', names)
  const how = node.join_type === 'LEFT' ? 'left' : node.join_type === 'INNER' ? 'inner' : undefined
  if (
    how === undefined ||
    (node.using_columns ?? []).length > 0 ||
    !['CROSS', 'REGULAR'].includes(node.ref_type)
  )
    return notNative('a lateral join of this kind')
  const columns = [...left.columns, ...right.columns]
  if (!node.condition) return applied(how, left, right)
  const test = condition(lowerExpression(node.condition, { environment, scope: { columns, outer } }))
  if (how === 'inner') {
    const joined = applied(how, left, right)
    return { ...joined, plan: filter(joined.plan, test) }
  }
  const leftIds = new Set(left.plan.output.map((field) => field.id))
  const within = mapExpression(test, (item) =>
    item.kind === 'column' && leftIds.has(item.id) ? outerColumn(item) : item,
  )
  return applied(how, left, { ...right, plan: filter(right.plan, within) })
}

function applied(how: 'inner' | 'left', left: Source, right: Source): Source {
  const plan = apply(how, left.plan, right.plan)
  const byId = new Map(plan.output.map((field) => [field.id, field]))
  return {
    plan,
    columns: [...left.columns, ...right.columns].map((column) => ({
      ...column,
      field: byId.get(column.field.id) ?? column.field,
    })),
  }
}

function plainKind(how: JoinKind): JoinKind {
  return how === 'inner' ? 'cross' : how
}

/** Takes the columns as the join gives them (nullable where a side may be missing). */
function afterJoin(plan: LogicalPlan, how: JoinKind, left: Source, right: Source): ScopeColumn[] {
  const byId = new Map(plan.output.map((field) => [field.id, field]))
  const all = how === 'semi' || how === 'anti' ? left.columns : [...left.columns, ...right.columns]
  return all.map((column) => ({ ...column, field: byId.get(column.field.id) ?? column.field }))
}

function commonNames(left: Source, right: Source): string[] {
  const names = new Set(
    right.columns.filter((column) => !column.hidden).map((column) => column.name.toLowerCase()),
  )
  return left.columns
    .filter((column) => !column.hidden && names.has(column.name.toLowerCase()))
    .map((column) => column.name)
}

function joinUsing(left: Source, right: Source, how: JoinKind, names: readonly string[]): Source {
  if (names.length === 0) return notNative('a natural join without common columns')
  const pairs = names.map((name) => {
    const a = findColumn({ columns: left.columns, outer: null }, [name])?.field
    const b = findColumn({ columns: right.columns, outer: null }, [name])?.field
    return a === undefined || b === undefined ? notNative(`the column ${name} of USING`) : { name, a, b }
  })
  const keys = pairs.map(({ a, b }) => keyOf(referTo(a), referTo(b)))
  const plan = join(left.plan, right.plan, { how, keys })
  const columns = afterJoin(plan, how, left, right)
  if (how === 'semi' || how === 'anti') return { plan, columns }
  if (how === 'inner' || how === 'left') {
    const merged = new Set(pairs.map(({ b }) => b.id))
    return {
      plan,
      columns: columns.map((column) => (merged.has(column.field.id) ? { ...column, hidden: true } : column)),
    }
  }
  return mergeUsing(plan, columns, pairs)
}

/** Where rows of the right side may stand alone, the column of USING is whichever side has it. */
function mergeUsing(
  plan: LogicalPlan,
  columns: readonly ScopeColumn[],
  pairs: readonly { readonly name: string; readonly a: PlanField; readonly b: PlanField }[],
): Source {
  const merged = pairs.map(({ name, a, b }) => {
    const [left, right] = unify([referTo(a), referTo(b)]) as [Expression, Expression]
    return { a, b, item: named(name, call('coalesce', left, right)) }
  })
  const extended = extend(
    plan,
    merged.map(({ item }) => item),
  )
  const fields = new Map(extended.output.map((field) => [field.id, field]))
  const byLeft = new Map(merged.map(({ a, item }) => [a.id, fields.get(item.id) as PlanField]))
  const hidden = new Set(merged.flatMap(({ a, b }) => [a.id, b.id]))
  return {
    plan: extended,
    columns: columns.flatMap((column): ScopeColumn[] => {
      const field = byLeft.get(column.field.id)
      const kept = hidden.has(column.field.id) ? { ...column, hidden: true } : column
      return field === undefined ? [kept] : [{ relation: '', name: column.name, field, hidden: false }, kept]
    }),
  }
}

function keyOf(left: Expression, right: Expression): JoinKey {
  const [a, b] = comparable(left, right)
  return { left: a, right: b }
}

/** Splits a condition into equalities between the two sides and the rest. */
export function splitCondition(
  predicate: Expression,
  left: LogicalPlan,
  right: LogicalPlan,
): { readonly keys: JoinKey[]; readonly residual: Expression | null } {
  const leftIds = new Set(left.output.map((field) => field.id))
  const rightIds = new Set(right.output.map((field) => field.id))
  const keys: JoinKey[] = []
  const rest: Expression[] = []
  for (const part of conjuncts(predicate)) {
    const key =
      part.kind === 'call' && part.function === 'eq' ? sidesOf(part.args, leftIds, rightIds) : undefined
    if (key === undefined) rest.push(part)
    else keys.push(key)
  }
  return { keys, residual: rest.length === 0 ? null : conjunction(rest) }
}

function sidesOf(
  [a, b]: readonly Expression[],
  leftIds: ReadonlySet<ColumnId>,
  rightIds: ReadonlySet<ColumnId>,
): JoinKey | undefined {
  if (a === undefined || b === undefined) return undefined
  if (readsOnly(a, leftIds) && readsOnly(b, rightIds)) return { left: a, right: b }
  return readsOnly(a, rightIds) && readsOnly(b, leftIds) ? { left: b, right: a } : undefined
}

/** Tells whether an expression reads columns, and only these. */
export function readsOnly(expression: Expression, ids: ReadonlySet<ColumnId>): boolean {
  const read = columnsOf(expression)
  return read.size > 0 && [...read].every((id) => ids.has(id))
}
