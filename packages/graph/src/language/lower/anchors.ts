import { call, type Expression, join } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { compare } from './comparison.ts'
import { unsupported } from './entities.ts'
import { addColumn, facetsOf, type PropertyOwner, propertyOf, scanNodes } from './facets.ts'
import { type Binding, type Frame, filterFrame, isUnit, type LowerContext } from './frame.ts'
import { isEntailed, lowerLabels } from './labels.ts'
import { type MatchState, of, viewLabel } from './match-state.ts'

/** Finds the node that a pattern names, where it is held by its id. */
export function boundNode(frame: Frame, pattern: syntax.NodePattern): (Binding & { kind: 'node' }) | null {
  const binding = pattern.variable === null ? undefined : frame.bindings.get(pattern.variable.name)
  if (binding === undefined) return null
  return binding.kind === 'node' ? { ...binding, kind: 'node' } : null
}

/** Turns a variable that holds a whole node as a value into one held by its id. */
export function adoptNode(frame: Frame, pattern: syntax.NodePattern): void {
  const name = pattern.variable?.name
  const binding = name === undefined ? undefined : frame.bindings.get(name)
  if (name === undefined || binding?.kind !== 'value') return
  const id = addColumn(frame, name, call('cypher.node_id', binding.value))
  filterFrame(frame, call('is_not_null', id))
  frame.bindings.set(name, { kind: 'node', id })
}

/** Binds the node that a path is found from: one bound before, or a scan. */
export function lowerAnchor(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  state: MatchState,
): Binding & { kind: 'node' } {
  adoptNode(frame, pattern)
  const known = boundNode(frame, pattern)
  const binding = known ?? scanAnchor(context, frame, pattern, state)
  constrainNode(context, frame, pattern, binding)
  state.bound()
  return binding
}

function scanAnchor(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  state: MatchState,
): Binding & { kind: 'node' } {
  const label = viewLabel(context, pattern, state)
  const nodes = scanNodes(context, label)
  if (isUnit(frame)) frame.plan = nodes.plan
  else {
    const keys = joinKeys(context, frame, pattern, state).map(({ key, value }) => ({
      left: value,
      right: propertyOf(context, { kind: 'node', properties: nodes.facets.properties }, key),
    }))
    frame.plan = join(frame.plan, nodes.plan, keys.length === 0 ? { how: 'cross' } : { how: 'inner', keys })
  }
  frame.facets.set(nodes.id.id, nodes.facets)
  const binding = { kind: 'node', id: nodes.id, ...of(label) } as const
  if (pattern.variable !== null) frame.bindings.set(pattern.variable.name, binding)
  return binding
}

/** Finds properties of a node that must equal values of the rows so far, so that a join finds the node. */
function joinKeys(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  state: MatchState,
): readonly { readonly key: string; readonly value: Expression }[] {
  const entries =
    pattern.properties?.kind === 'map'
      ? pattern.properties.entries.map(({ key, value }) => ({ key: key.name, value }))
      : []
  const equal = pattern.variable === null ? [] : state.equalities(pattern.variable.name)
  return [...entries, ...equal]
    .map(({ key, value }) => ({ key, value: context.rules.expression(context, frame, value) }))
    .filter(({ value }) => value.kind !== 'literal' && value.kind !== 'parameter')
}

/** Applies the labels, properties and condition that stand in a node's pattern; labels that it surely has are not asked. */
export function constrainNode(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  binding: Binding & { kind: 'node' },
  known: readonly string[] = [],
): void {
  const lower = (part: syntax.Expression): Expression => context.rules.expression(context, frame, part)
  if (pattern.labels !== null && !isEntailed(pattern.labels, known)) {
    filterFrame(
      frame,
      lowerLabels(facetsOf(context, frame, binding).labels as Expression, pattern.labels, lower),
    )
  }
  if (pattern.properties !== null)
    constrainProperties(context, frame, pattern.properties, {
      kind: binding.kind,
      properties: facetsOf(context, frame, binding).properties,
    })
  if (pattern.where !== null) context.rules.filter(context, frame, pattern.where)
}

/** Asks that properties equal those in a pattern. */
export function constrainProperties(
  context: LowerContext,
  frame: Frame,
  properties: syntax.Expression,
  owner: PropertyOwner,
): void {
  if (properties.kind !== 'map')
    throw unsupported(context, properties, 'Only a map can stand for the properties of a pattern.')
  for (const { key, value } of properties.entries) {
    const wanted = context.rules.expression(context, frame, value)
    filterFrame(frame, compare('=', propertyOf(context, owner, key.name), wanted))
  }
}
