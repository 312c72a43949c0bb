import { type Expression, sourceError } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { facetsOf } from './facets.ts'
import type { Binding, Frame, Locals, LowerContext } from './frame.ts'

/** Builds the error that a part of the language is not carried out. */
export function unsupported(context: LowerContext, place: syntax.Span, what: string): Error {
  return sourceError('UNSUPPORTED', what, { text: context.text, offset: place.start })
}

/** Builds an error about a place in the query. */
export function lowerError(
  context: LowerContext,
  place: syntax.Span,
  message: string,
  detail: string,
): Error {
  return sourceError('SYNTAX', message, { text: context.text, offset: place.start, detail })
}

/** Finds the binding of a variable. @throws `SYNTAX` where there is none */
export function bound(context: LowerContext, frame: Frame, name: string): Binding {
  const binding = frame.bindings.get(name)
  if (binding !== undefined) return binding
  throw sourceError('SYNTAX', `A variable is not defined here: ${name}`, {
    text: context.text,
    offset: 0,
    detail: 'UndefinedVariable',
  })
}

/** Finds the node, relationship or path that an expression names, where it is held by its id. */
export function entityOf(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression,
  locals: Locals,
): Exclude<Binding, { kind: 'value' }> | null {
  if (expression.kind === 'variable') {
    if (locals.has(expression.name)) return null
    const binding = bound(context, frame, expression.name)
    return binding.kind === 'value' ? null : binding
  }
  if (expression.kind !== 'function') return null
  const name = expression.name.toLowerCase()
  if (name !== 'startnode' && name !== 'endnode') return null
  const entity = entityOf(context, frame, expression.arguments[0] as syntax.Expression, locals)
  if (entity?.kind !== 'relationship') return null
  const facets = facetsOf(context, frame, entity)
  const end = name === 'startnode' ? facets.source : facets.target
  return end?.kind === 'column' ? { kind: 'node', id: end } : null
}

/** Gives the column by which an entity is told from others, null where it is null. */
export function entityKey(entity: Exclude<Binding, { kind: 'value' }>): Expression {
  return entity.kind === 'path' || entity.kind === 'relationships' ? entity.edges : entity.id
}
