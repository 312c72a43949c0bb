import { extension, makeField, type PlanField, planField, types } from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { Procedure } from '../../functions/procedure.ts'
import { ALGORITHM, type AlgorithmSettings } from '../../layout/algorithm.ts'
import type * as syntax from '../syntax.ts'
import { emptyExtend } from './adjacency.ts'
import { unsupported } from './entities.ts'
import { addColumn } from './facets.ts'
import { type Binding, type Frame, idField, type LowerContext, outputColumn } from './frame.ts'

const ID_LIST = new List(makeField('item', types.int64))

/** Lowers CALL of an algorithm: an operator that runs it for each row. */
export function lowerAlgorithm(
  context: LowerContext,
  frame: Frame,
  clause: syntax.CallClause,
  procedure: Procedure,
): void {
  const { schema } = context
  if (schema?.view !== undefined)
    throw unsupported(context, clause, 'Algorithms do not run on graph views. Load the tables into a graph.')
  const args = (clause.arguments ?? []).map((arg, at) =>
    addColumn(frame, procedure.inputs[at]?.name ?? 'argument', context.rules.expression(context, frame, arg)),
  )
  const outputs = procedure.outputs.map((output) => ({ ...output, fields: fieldsOf(output) }))
  const fields = outputs.flatMap((output) => output.fields)
  if (schema === undefined) emptyExtend(frame, fields)
  else {
    const settings: AlgorithmSettings = {
      passThrough: true,
      name: procedure.algorithm as string,
      nodes: schema.nodes,
      edges: schema.edges,
      types: schema.types,
    }
    frame.plan = extension({
      operator: ALGORITHM,
      inputs: [frame.plan],
      expressions: args,
      settings,
      output: [...frame.plan.output, ...fields],
    })
  }
  const yields =
    clause.yields ?? procedure.outputs.map(({ name }) => ({ field: { name }, variable: { name } }))
  for (const { field, variable } of yields) {
    const output = outputs.find(({ name }) => name === field.name)
    if (output !== undefined) frame.bindings.set(variable.name, bindingOf(frame, output))
  }
  if (clause.where !== null) context.rules.filter(context, frame, clause.where)
}

type Output = { readonly name: string; readonly type: string }

function fieldsOf({ name, type }: Output): readonly PlanField[] {
  switch (type) {
    case 'NODE':
    case 'RELATIONSHIP':
      return [idField(name)]
    case 'PATH':
      return [planField(`${name}.nodes`, ID_LIST, false), planField(`${name}.edges`, ID_LIST, false)]
    case 'FLOAT':
      return [planField(name, types.float64, false)]
    default:
      return [planField(name, types.int64, false)]
  }
}

function bindingOf(
  frame: Frame,
  { type, fields }: Output & { readonly fields: readonly PlanField[] },
): Binding {
  const [first, second] = fields.map(({ id }) => outputColumn(frame.plan, id))
  const id = first as ReturnType<typeof outputColumn>
  if (type === 'NODE') return { kind: 'node', id }
  if (type === 'RELATIONSHIP') return { kind: 'relationship', id }
  if (type === 'PATH') return { kind: 'path', nodes: id, edges: second as ReturnType<typeof outputColumn> }
  return { kind: 'value', value: id }
}
