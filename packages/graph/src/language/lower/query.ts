import {
  call,
  column,
  distinct,
  type Expression,
  elementType,
  isList,
  type LogicalPlan,
  literal,
  named,
  project,
  sourceError,
  types,
  union,
  unnest,
} from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { lowerAlgorithm } from './algorithm.ts'
import { unsupported } from './entities.ts'
import { addColumn, materialize, wholeValue } from './facets.ts'
import { type Binding, copyFrame, type Frame, type LowerContext, makeFrame, outputColumn } from './frame.ts'
import { lowerProjection } from './projections.ts'

/** Lowers a clause that reads; gives the frame to go on with. @throws `READ_ONLY` for one that writes */
export function lowerReadClause(context: LowerContext, frame: Frame, clause: syntax.Clause): Frame {
  switch (clause.kind) {
    case 'match':
      if (clause.optional) context.rules.optionalMatch(context, frame, clause)
      else context.rules.match(context, frame, clause)
      return frame
    case 'filter':
      context.rules.filter(context, frame, clause.where)
      return frame
    case 'with':
    case 'return':
      return lowerProjection(context, frame, clause)
    case 'unwind':
      lowerUnwind(context, frame, clause)
      return frame
    case 'loadCsv':
      lowerLoadCsv(context, frame, clause)
      return frame
    case 'call':
      lowerCall(context, frame, clause)
      return frame
    case 'subquery':
      if (clause.inTransactions !== null)
        throw sourceError(
          'ARGUMENT',
          'CALL { } IN TRANSACTIONS stands at the top of a statement given to run.',
          {
            text: context.text,
            offset: clause.start,
            phase: 'runtime',
          },
        )
      context.rules.callSubquery(context, frame, clause)
      return frame
    case 'finish':
      return makeFrame(frame.plan, [], frame.domain)
    default:
      throw sourceError('READ_ONLY', 'A query that writes needs run. Call run(…) in place of query(…).', {
        text: context.text,
        offset: clause.start,
      })
  }
}

function lowerUnwind(context: LowerContext, frame: Frame, clause: syntax.UnwindClause): void {
  const list = context.rules.expression(context, frame, clause.list)
  const items = isList(list.type) ? list : call('cypher.as_list', list)
  const type = isList(list.type) ? elementType(list.type) : types.variant
  frame.plan = unnest(frame.plan, items, { name: clause.variable.name, type })
  const element = frame.plan.output.at(-1) as LogicalPlan['output'][number]
  frame.bindings.set(clause.variable.name, { kind: 'value', value: column(element) })
}

function lowerLoadCsv(context: LowerContext, frame: Frame, clause: syntax.LoadCsvClause): void {
  const lower = (part: syntax.Expression): Expression => context.rules.expression(context, frame, part)
  const rows = call(
    'cypher.load_csv',
    lower(clause.url),
    literal(clause.headers),
    clause.terminator === null ? literal(',') : lower(clause.terminator),
  )
  frame.plan = unnest(frame.plan, rows, { name: clause.variable.name, type: types.variant })
  const element = frame.plan.output.at(-1) as LogicalPlan['output'][number]
  frame.bindings.set(clause.variable.name, { kind: 'value', value: column(element) })
}

function lowerCall(context: LowerContext, frame: Frame, clause: syntax.CallClause): void {
  const procedure = context.procedure(clause.procedure.name)
  if (procedure === undefined)
    throw unsupported(context, clause, `There is no procedure of this name: ${clause.procedure.name}`)
  if (procedure.algorithm !== undefined) {
    lowerAlgorithm(context, frame, clause, procedure)
    return
  }
  if (procedure.outputs.length === 0) return
  const args: readonly Expression[] =
    clause.arguments?.map((arg) => context.rules.expression(context, frame, arg)) ??
    procedure.inputs.map(({ name }) =>
      context.rules.expression(context, frame, {
        kind: 'parameter',
        name,
        start: clause.start,
        end: clause.end,
      }),
    )
  const rows = call('cypher.call_procedure', literal(procedure, types.variant), call('list', ...args))
  frame.plan = unnest(frame.plan, rows, {
    name: clause.procedure.name,
    type: types.variant,
    outer: clause.optional,
  })
  const row = column(frame.plan.output.at(-1) as LogicalPlan['output'][number])
  const yields =
    clause.yields ?? procedure.outputs.map(({ name }) => ({ field: { name }, variable: { name } }))
  for (const { field, variable } of yields) {
    const { type } = procedure.outputs.find(({ name }) => name === field.name) ?? { type: 'ANY' }
    const value = addColumn(
      frame,
      variable.name,
      typed(call('cypher.property', row, literal(field.name)), type),
    )
    frame.bindings.set(variable.name, { kind: 'value', value })
  }
  if (clause.where !== null) context.rules.filter(context, frame, clause.where)
}

/** Gives a procedure's output the type that it declares, where integers and floats must be told apart. */
function typed(value: Expression, type: string): Expression {
  return type.replace('?', '').toUpperCase() === 'FLOAT' ? call('cypher.to_float', value) : value
}

/** Lowers a query that only reads, inside another; the frame that it gives binds its columns. */
export function lowerReadQuery(context: LowerContext, frame: Frame, query: syntax.Query): Frame {
  const parts = query.parts.map((part) => {
    let current = copyFrame(frame)
    for (const clause of part.clauses) current = lowerReadClause(context, current, clause)
    return current
  })
  if (parts.length === 1) return parts[0] as Frame
  return uniteFrames(context, parts, query.all[0] !== true)
}

/** Joins the parts of a UNION: the columns that tie them to rows outside, then their own by name. */
function uniteFrames(context: LowerContext, parts: readonly Frame[], isDistinct: boolean): Frame {
  const [first] = parts as [Frame, ...Frame[]]
  const names = [...first.bindings.keys()]
  const carried = first.domain?.columns ?? []
  const plans = parts.map((part) => {
    const values = names.map((name) => wholeValue(context, part, part.bindings.get(name) as Binding))
    return project(part.plan, [
      ...(part.domain?.columns ?? []).map((item) => named(item.name, outputColumn(part.plan, item.id))),
      ...names.map((name, at) => named(name, values[at] as Expression)),
    ])
  })
  const united = union(plans)
  const plan = isDistinct ? distinct(united) : united
  const columns = plan.output.map(column)
  const domain =
    first.domain === null ? null : { plan: first.domain.plan, columns: columns.slice(0, carried.length) }
  const bindings = names.map((name, at): [string, Binding] => [
    name,
    { kind: 'value', value: columns[carried.length + at] as (typeof columns)[number] },
  ])
  return makeFrame(plan, bindings, domain)
}

/** Gives the plan of a query's result: a column for each binding of its last frame, entities whole. */
export function finishPlan(
  context: LowerContext,
  frame: Frame,
  names: readonly string[] = [...frame.bindings.keys()],
): LogicalPlan {
  const items = names.map((name) => ({ name, binding: frame.bindings.get(name) as Binding }))
  const entities = items.filter(({ binding }) => binding.kind !== 'value')
  const made = entities.length === 0 ? [] : materialize(context, frame, entities)
  const values = new Map(entities.map(({ name }, at) => [name, made[at] as Expression]))
  return project(
    frame.plan,
    items.map(({ name, binding }) =>
      named(
        name,
        values.get(name) ??
          (binding.kind === 'value' ? outputColumn(frame.plan, binding.value.id) : literal(null)),
      ),
    ),
  )
}
