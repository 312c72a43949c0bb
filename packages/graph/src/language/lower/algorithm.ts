import { extension, makeField, type PlanField, planField, types } from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { Procedure } from '../../functions/procedure.ts'
import { ALGORITHM, type AlgorithmSettings, type ViewPart } from '../../layout/algorithm.ts'
import type { ViewSchema } from '../../layout/schema.ts'
import type * as syntax from '../syntax.ts'
import { emptyExtend } from './adjacency.ts'
import { unsupported } from './entities.ts'
import { addColumn } from './facets.ts'
import { type Binding, type Frame, idField, type LowerContext, outputColumn } from './frame.ts'
import { of } from './match-state.ts'
import { viewTables } from './view.ts'

const ID_LIST = new List(makeField('item', types.int64))

/** Lowers CALL of an algorithm: an operator that runs it for each row. */
export function lowerAlgorithm(
  context: LowerContext,
  frame: Frame,
  clause: syntax.CallClause,
  procedure: Procedure,
): void {
  const { schema } = context
  const view = schema?.view === undefined ? undefined : viewPart(context, clause, schema.view, procedure)
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
      ...(view === undefined ? {} : { view }),
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
    if (output !== undefined) frame.bindings.set(variable.name, bindingOf(frame, output, view))
  }
  if (clause.where !== null) context.rules.filter(context, frame, clause.where)
}

/** Chooses the tables of a view that an algorithm runs over: nodes of the one label that is named or that there is. */
function viewPart(
  context: LowerContext,
  clause: syntax.CallClause,
  view: ViewSchema,
  procedure: Procedure,
): ViewPart {
  const named = namedTexts(clause.arguments?.at(-1), 'labels')
  const wanted = namedTexts(clause.arguments?.at(-1), 'types')
  const ofTypes = [...view.edges].filter(([type]) => wanted === null || wanted.includes(type))
  const ends = new Set(ofTypes.flatMap(([, { source, target }]) => [source.label, target.label]))
  const labels = named ?? (ends.size > 0 && wanted !== null ? [...ends] : [...view.nodes.keys()])
  const [label] = labels
  if (labels.length !== 1 || label === undefined || !view.nodes.has(label))
    throw unsupported(
      context,
      clause,
      "In a graph view an algorithm runs over nodes of one label. Write it as text, such as {labels: 'Person'}.",
    )
  const types = ofTypes.filter(([, { source, target }]) => source.label === label && target.label === label)
  const shown = procedure.outputs.some(({ type }) => type === 'RELATIONSHIP' || type === 'PATH')
  if (shown && types.length > 1)
    throw unsupported(
      context,
      clause,
      "In a graph view this algorithm follows edges of one type. Write it as text, such as {types: 'KNOWS'}.",
    )
  const { nodes } = viewTables(view, { label, type: null })
  return {
    nodes: nodes as NonNullable<typeof nodes>,
    edges: types.flatMap(([type]) => viewTables(view, { label: null, type }).edges ?? []),
  }
}

/** Reads a setting of a map that is written out as text or as a list of texts; `null` where it is not there. */
function namedTexts(settings: syntax.Expression | undefined, name: string): readonly string[] | null {
  if (settings?.kind !== 'map') return null
  const value = settings.entries.find(({ key }) => key.name === name)?.value
  if (value?.kind === 'literal' && typeof value.value === 'string') return [value.value]
  if (value?.kind !== 'list') return null
  return value.items.flatMap((item) =>
    item.kind === 'literal' && typeof item.value === 'string' ? [item.value] : [],
  )
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
  view: ViewPart | undefined,
): Binding {
  const [first, second] = fields.map(({ id }) => outputColumn(frame.plan, id))
  const id = first as ReturnType<typeof outputColumn>
  if (type === 'NODE') return { kind: 'node', id, ...of(view?.nodes.name) }
  if (type === 'RELATIONSHIP') return { kind: 'relationship', id, ...of(view?.edges[0]?.name) }
  if (type === 'PATH')
    return {
      kind: 'path',
      nodes: id,
      edges: second as ReturnType<typeof outputColumn>,
      ...(view === undefined
        ? {}
        : { within: { label: view.nodes.name, type: view.edges[0]?.name ?? null } }),
    }
  return { kind: 'value', value: id }
}
