import type {
  AggregateExpression,
  DataType,
  Expression,
  FrameBound,
  JoinPlan,
  LogicalPlan,
  PlanField,
  PlanKind,
  SortKey,
  WindowExpression,
  WindowFrame,
} from '@sheafdb/core'
import {
  columnReader,
  isFloat,
  isInteger,
  isNumeric,
  isText,
  isVariant,
  typeName,
  typesEqual,
} from '@sheafdb/core'

/** Is thrown for what SQL does not say, or DuckDB means otherwise. */
export class NotInSql extends Error {}

const SQL_TYPES: Readonly<Record<string, string>> = {
  bool: 'BOOLEAN',
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  uint32: 'UINTEGER',
  float64: 'DOUBLE',
  utf8: 'VARCHAR',
  'date32<day>': 'DATE',
}

/** Names a type in DuckDB. */
export function sqlType(type: DataType): string {
  const name = SQL_TYPES[typeName(type)]
  if (name === undefined) throw new NotInSql(`type ${typeName(type)}`)
  return name
}

/** Renders a value as a constant of a type. */
export function sqlConstant(value: unknown, type: DataType): string {
  const target = isVariant(type) || typeName(type) === 'null' ? null : sqlType(type)
  const text = constantText(value, target)
  return target === null ? text : `CAST(${text} AS ${target})`
}

function constantText(value: unknown, target: string | null): string {
  if (value === null || value === undefined) return 'NULL'
  if (target === 'DATE') return `(DATE '1970-01-01' + CAST(${value} AS INTEGER))`
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'boolean') return String(value)
  // NaN is greater than all numbers in DuckDB, less here; results are compared as doubles.
  if (typeof value !== 'number' || Number.isNaN(value)) throw new NotInSql(`constant ${typeof value}`)
  return Number.isFinite(value) ? String(value) : `'${value}'`
}

const nameOf = (id: number): string => `c${id}`

/** Renders a plan as a query whose columns are named by their ids; `_` is there so that no list is empty. */
export function renderPlan(plan: LogicalPlan): string {
  const render = RENDER[plan.kind] as ((plan: LogicalPlan) => string) | undefined
  if (render === undefined) throw new NotInSql(plan.kind)
  return render(plan)
}

type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>

function select(columns: readonly string[], rest: string): string {
  return `SELECT ${['1 AS _', ...columns].join(', ')} ${rest}`
}

const from = (plan: LogicalPlan, alias = 'input'): string => `FROM (${renderPlan(plan)}) ${alias}`
const columnsOf = (fields: readonly PlanField[], alias?: string): string[] =>
  fields.map(({ id }) => (alias === undefined ? nameOf(id) : `${alias}.${nameOf(id)}`))

const RENDER: { readonly [Kind in PlanKind]?: (plan: PlanOf<Kind>) => string } = {
  scan: (plan) => {
    const columns = plan.columns.map((column) => `"${column.field}" AS ${nameOf(column.id)}`)
    const inner = select(columns, `FROM "${plan.table}"`)
    if (plan.filters.length === 0) return inner
    return select(columnsOf(plan.output), `FROM (${inner}) WHERE ${plan.filters.map(render).join(' AND ')}`)
  },
  values: (plan) => {
    const readers = plan.columns.map(columnReader)
    const rows = Array.from({ length: plan.rowCount }, (_, row) => {
      const cells = plan.output.map((field, at) => sqlConstant(readers[at]?.(row), field.type))
      return `(${['1', ...cells].join(', ')})`
    })
    const names = ['_', ...columnsOf(plan.output)].join(', ')
    if (rows.length > 0) return `SELECT * FROM (VALUES ${rows.join(', ')}) input(${names})`
    return select(
      plan.output.map((field) => `CAST(NULL AS ${sqlType(field.type)}) AS ${nameOf(field.id)}`),
      'WHERE false',
    )
  },
  filter: (plan) => select(columnsOf(plan.output), `${from(plan.input)} WHERE ${render(plan.predicate)}`),
  project: (plan) =>
    select(
      plan.expressions.map((item) => `${render(item.expression)} AS ${nameOf(item.id)}`),
      from(plan.input),
    ),
  join: renderJoin,
  aggregate: (plan) => {
    if (plan.sets !== null) return renderGroupingSets(plan)
    const groups = plan.groups.map((group) => render(group.expression))
    const columns = [
      ...plan.groups.map((group, at) => `${groups[at]} AS ${nameOf(group.id)}`),
      ...plan.aggregates.map((item) => `${renderAggregate(item)} AS ${nameOf(item.id)}`),
    ]
    return select(
      columns,
      `${from(plan.input)}${groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')}`}`,
    )
  },
  window: renderWindow,
  intersect: renderSetOperation,
  except: renderSetOperation,
  apply: renderApply,
  sort: (plan) => select(columnsOf(plan.output), `${from(plan.input)} ${orderBy(plan)}`),
  limit: (plan) => {
    const count = plan.count === null ? '' : ` LIMIT ${render(plan.count)}`
    const offset = plan.offset === null ? '' : ` OFFSET ${render(plan.offset)}`
    const { input } = plan
    if (input.kind !== 'sort') throw new NotInSql('a limit over no order')
    return select(columnsOf(plan.output), `${from(input.input)} ${orderBy(input)}${count}${offset}`)
  },
  distinct: (plan) => `SELECT DISTINCT * ${from(plan.input)}`,
  union: (plan) => plan.inputs.map((_, at) => renderPart(plan, at)).join(' UNION ALL '),
}

function renderPart(plan: PlanOf<'union' | 'intersect' | 'except'>, at: number): string {
  const ids = plan.columns[at] as readonly number[]
  const columns = plan.output.map(
    (field, place) =>
      `CAST(${nameOf(ids[place] as number)} AS ${sqlType(field.type)}) AS ${nameOf(field.id)}`,
  )
  return select(columns, from(plan.inputs[at] as LogicalPlan))
}

function renderSetOperation(plan: PlanOf<'intersect' | 'except'>): string {
  return `${renderPart(plan, 0)} ${plan.kind.toUpperCase()}${plan.all ? ' ALL' : ''} ${renderPart(plan, 1)}`
}

/** The columns of the left are named apart by their ids, so that the right side may refer to them as they are. */
function renderApply(plan: PlanOf<'apply'>): string {
  const left = `FROM (${renderPlan(plan.left)}) l`
  const right = `(${renderPlan(plan.right)})`
  const own = columnsOf(plan.left.output, 'l')
  if (plan.how === 'semi') return select(own, `${left} WHERE EXISTS ${right}`)
  if (plan.how === 'anti') return select(own, `${left} WHERE NOT EXISTS ${right}`)
  const kind = plan.how === 'inner' ? 'INNER' : 'LEFT'
  return select(
    [...own, ...columnsOf(plan.right.output, 'r')],
    `${left} ${kind} JOIN LATERAL ${right} r ON true`,
  )
}

/** Groups by columns, computed below, so that a set may name them. */
function renderGroupingSets(plan: PlanOf<'aggregate'>): string {
  if (plan.sets === null || plan.sets.set !== null) throw new NotInSql('the index of a grouping set')
  if (!plan.groups.every((_, at) => plan.sets?.indexes.some((set) => set.includes(at))))
    throw new NotInSql('a group of no set')
  const computed = plan.groups.map((group) => `${render(group.expression)} AS g${group.id}`)
  const sets = plan.sets.indexes.map((set) => `(${set.map((at) => `g${plan.groups[at]?.id}`).join(', ')})`)
  return select(
    [
      ...plan.groups.map((group) => `g${group.id} AS ${nameOf(group.id)}`),
      ...plan.aggregates.map((item) => `${renderAggregate(item)} AS ${nameOf(item.id)}`),
    ],
    `FROM (SELECT ${['*', ...computed].join(', ')} ${from(plan.input)}) GROUP BY GROUPING SETS (${sets.join(', ')})`,
  )
}

function renderWindow(plan: PlanOf<'window'>): string {
  const by = plan.partition.length === 0 ? '' : `PARTITION BY ${plan.partition.map(render).join(', ')}`
  const order = plan.order.length === 0 ? '' : orderText(plan.order)
  return select(
    [
      ...columnsOf(plan.input.output),
      ...plan.functions.map(
        (item) => `${renderWindowFunction(item, plan, `${by} ${order}`)} AS ${nameOf(item.id)}`,
      ),
    ],
    from(plan.input),
  )
}

const WINDOW_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile'],
  ...['lag', 'lead', 'first_value', 'last_value', 'nth_value'],
])
/** DuckDB gives these no frame. */
const UNFRAMED: ReadonlySet<string> = new Set([
  ...['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile', 'lag', 'lead'],
])

function renderWindowFunction(item: WindowExpression, plan: PlanOf<'window'>, over: string): string {
  if (item.order.length > 0) throw new NotInSql('an order of its own')
  const frame = UNFRAMED.has(item.function) ? '' : frameText(item.frame, plan)
  if (!WINDOW_FUNCTIONS.has(item.function)) {
    const call = renderAggregateCall(item)
    const windowed = `${call} OVER (${over} ${frame})`
    return item.function === 'sum' ? `CAST(${windowed} AS ${sqlType(item.type)})` : windowed
  }
  const nulls = item.ignoreNulls ? ' IGNORE NULLS' : ''
  return `${item.function}(${item.args.map(render).join(', ')}${nulls}) OVER (${over} ${frame})`
}

function frameText({ unit, start, end, exclude }: WindowFrame, plan: PlanOf<'window'>): string {
  const text = (bound: FrameBound): string => {
    if (!('value' in bound)) return bound.kind.replace('-', ' ').toUpperCase()
    const offset =
      unit === 'range'
        ? `abs(${render(bound.value)} - ${render(plan.order[0]?.expression as Expression)})`
        : render(bound.value)
    return `${offset} ${bound.kind.toUpperCase()}`
  }
  const without = exclude === 'none' ? '' : ` EXCLUDE ${exclude.replace('-', ' ').toUpperCase()}`
  // Without an order all rows are peers.
  return plan.order.length === 0 && unit !== 'rows'
    ? `RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING${without}`
    : `${unit.toUpperCase()} BETWEEN ${text(start)} AND ${text(end)}${without}`
}

function orderBy(plan: PlanOf<'sort'>): string {
  return orderText(plan.keys)
}

function orderText(sortKeys: readonly SortKey[]): string {
  const keys = sortKeys.map(
    (key) =>
      `${render(key.expression)} ${key.descending ? 'DESC' : 'ASC'} NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`,
  )
  return `ORDER BY ${keys.join(', ')}`
}

const JOINS: Readonly<Record<JoinPlan['how'], string | null>> = {
  single: null,
  inner: 'INNER JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
  semi: 'SEMI JOIN',
  anti: 'ANTI JOIN',
  cross: 'INNER JOIN',
}

function renderJoin(plan: JoinPlan): string {
  if (JOINS[plan.how] === null) throw new NotInSql(`a ${plan.how} join`)
  const conditions = plan.keys.map((key) => {
    const symbol = key.nullsEqual === true ? 'IS NOT DISTINCT FROM' : '='
    return `${render(key.left)} ${symbol} ${render(key.right)}`
  })
  if (plan.residual !== null) conditions.push(render(plan.residual))
  if (conditions.length === 0) conditions.push('true')
  const columns = [
    ...columnsOf(plan.left.output, 'l'),
    ...(plan.how === 'semi' || plan.how === 'anti' ? [] : columnsOf(plan.right.output, 'r')),
  ]
  return select(
    columns,
    `FROM (${renderPlan(plan.left)}) l ${JOINS[plan.how]} (${renderPlan(plan.right)}) r ON ${conditions.join(' AND ')}`,
  )
}

const AGGREGATES = new Set(['count', 'sum', 'avg', 'min', 'max', 'bool_or', 'bool_and', 'var_pop'])

function renderAggregate(item: AggregateExpression): string {
  const call = renderAggregateCall(item)
  return item.function === 'sum' ? `CAST(${call} AS ${sqlType(item.type)})` : call
}

function renderAggregateCall(
  item: Pick<AggregateExpression, 'function' | 'args' | 'distinct' | 'filter'>,
): string {
  if (!AGGREGATES.has(item.function)) throw new NotInSql(item.function)
  const args = item.args.map(render).join(', ')
  const filter = item.filter === null ? '' : ` FILTER (WHERE ${render(item.filter)})`
  return `${item.function}(${item.distinct ? 'DISTINCT ' : ''}${args === '' ? '*' : args})${filter}`
}

const INFIX: Readonly<Record<string, string>> = {
  ...{ eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=', xor: '<>' },
  ...{ and: 'AND', or: 'OR', concat: '||', is_not_distinct_from: 'IS NOT DISTINCT FROM' },
}
const ARITHMETIC: Readonly<Record<string, string>> = { add: '+', subtract: '-', multiply: '*' }
const CALLS: Readonly<Record<string, string>> = {
  ...{ coalesce: 'coalesce', starts_with: 'starts_with', ends_with: 'suffix', contains: 'contains' },
  ...{ floor: 'floor', ceil: 'ceil', truncate: 'trunc', sign: 'sign' },
  ...{
    lower: 'lower',
    upper: 'upper',
    trim: 'trim',
    reverse: 'reverse',
    replace: 'replace',
    length: 'length',
  },
}

function render(expression: Expression): string {
  switch (expression.kind) {
    case 'column':
    case 'outer':
      return nameOf(expression.id)
    case 'literal':
      return sqlConstant(expression.value, expression.type)
    case 'call':
      return renderCall(expression)
    default:
      throw new NotInSql(expression.kind)
  }
}

function renderCall(expression: Extract<Expression, { kind: 'call' }>): string {
  const { function: name, args } = expression
  const special = SPECIAL[name]
  if (special !== undefined) return special(args)
  sqlType(expression.type)
  const rendered = args.map(render)
  const infix = INFIX[name]
  if (infix !== undefined) {
    requireAlike(args)
    return `(${rendered.join(` ${infix} `)})`
  }
  const symbol = ARITHMETIC[name]
  if (symbol !== undefined) {
    const type = isFloat(expression.type) ? 'DOUBLE' : isInteger(expression.type) ? 'BIGINT' : undefined
    if (type === undefined) throw new NotInSql(name)
    return `(${rendered.map((arg) => `CAST(${arg} AS ${type})`).join(` ${symbol} `)})`
  }
  const call = CALLS[name]
  if (call === undefined) throw new NotInSql(name)
  return `${call}(${rendered.join(', ')})`
}

/** Numbers are computed with in 64 bits here, in their own width in DuckDB. */
function widened(expression: Expression): string {
  return `CAST(${render(expression)} AS ${isFloat(expression.type) ? 'DOUBLE' : 'BIGINT'})`
}

/** DuckDB converts text to the type of the other side of a comparison; here values of unlike kinds are never equal. */
function requireAlike(args: readonly Expression[]): void {
  const [left, right] = args as [Expression, Expression]
  if (typesEqual(left.type, right.type) || (isNumeric(left.type) && isNumeric(right.type))) return
  throw new NotInSql('unlike types')
}

const SPECIAL: Readonly<Record<string, (args: readonly Expression[]) => string>> = {
  not: ([arg]) => `(NOT ${render(arg as Expression)})`,
  negate: ([arg]) => `(0 - ${widened(arg as Expression)})`,
  abs: ([arg]) => `abs(${widened(arg as Expression)})`,
  is_null: ([arg]) => `(${render(arg as Expression)} IS NULL)`,
  is_not_null: ([arg]) => `(${render(arg as Expression)} IS NOT NULL)`,
  like: ([text, pattern]) =>
    `(${render(text as Expression)} LIKE ${render(pattern as Expression)} ESCAPE '\\')`,
  ilike: ([text, pattern]) =>
    `(${render(text as Expression)} ILIKE ${render(pattern as Expression)} ESCAPE '\\')`,
  'cast.float64': ([arg]) => `CAST(${render(arg as Expression)} AS DOUBLE)`,
  'cast.utf8': ([arg]) => {
    if (isText((arg as Expression).type)) return render(arg as Expression)
    return `CAST(${render(arg as Expression)} AS VARCHAR)`
  },
  round: ([value, digits]) => {
    if (digits?.kind !== 'literal') throw new NotInSql('round')
    return `round(${render(value as Expression)}, CAST(${digits.value} AS INTEGER))`
  },
  case: (args) => {
    const branches: string[] = []
    for (let at = 0; at + 1 < args.length; at += 2)
      requireAlike([args[at + 1] as Expression, args[args.length - 1] as Expression])
    for (let at = 0; at + 1 < args.length; at += 2)
      branches.push(`WHEN ${render(args[at] as Expression)} THEN ${render(args[at + 1] as Expression)}`)
    return `CASE ${branches.join(' ')} ELSE ${render(args[args.length - 1] as Expression)} END`
  },
  in: ([value, list]) => {
    if (list?.kind !== 'literal') throw new NotInSql('in')
    const members = (list.value as unknown[]).map((member) => sqlConstant(member, (value as Expression).type))
    return members.length === 0 ? 'false' : `(${render(value as Expression)} IN (${members.join(', ')}))`
  },
  substring: ([text, start, count]) => {
    if (start?.kind !== 'literal' || (start.value as number) < 1)
      throw new NotInSql('substring from before the start')
    return `substring(${[text, start, count].map((arg) => render(arg as Expression)).join(', ')})`
  },
}
