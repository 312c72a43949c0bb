import type { NamedExpression } from '@sheafdb/core'
import { entityOf } from '../language/lower/entities.ts'
import { type Frame, type LowerContext, NO_LOCALS } from '../language/lower/frame.ts'
import type * as syntax from '../language/syntax.ts'
import type { extra } from './session.ts'

/** Is one change of an entity, its operands columns over the rows. */
export type Change = {
  readonly subject: NamedExpression
  /** What the subject's ids are of; `null` where the subject is a whole value. */
  readonly kind: 'node' | 'relationship' | null
  readonly operation:
    | {
        readonly kind: 'property'
        readonly key: NamedExpression | string
        readonly value: NamedExpression | null
      }
    | { readonly kind: 'all'; readonly value: NamedExpression; readonly keep: boolean }
    | {
        readonly kind: 'labels'
        readonly labels: readonly (string | NamedExpression)[]
        readonly remove: boolean
      }
}

/** Adds an expression to what is computed over the rows. */
export type Add = (name: string, expression: Parameters<typeof extra>[1]) => NamedExpression

function planSubject(
  context: LowerContext,
  frame: Frame,
  subject: syntax.Expression,
  add: Add,
): Pick<Change, 'subject' | 'kind'> {
  const entity = entityOf(context, frame, subject, NO_LOCALS)
  if (entity?.kind === 'node' || entity?.kind === 'relationship')
    return { subject: add('id', entity.id), kind: entity.kind }
  return { subject: add('entity', context.rules.expression(context, frame, subject)), kind: null }
}

function variableOf(name: syntax.Name): syntax.Expression {
  return { kind: 'variable', ...name }
}

/** Lowers an item of SET. */
export function planSet(context: LowerContext, frame: Frame, item: syntax.SetItem, add: Add): Change {
  const lower = (expression: syntax.Expression): NamedExpression =>
    add('value', context.rules.expression(context, frame, expression))
  switch (item.kind) {
    case 'setProperty':
      return {
        ...planTarget(context, frame, item.target, add),
        operation: { kind: 'property', key: keyOf(item.target, lower), value: lower(item.value) },
      }
    case 'setAll':
      return {
        ...planSubject(context, frame, variableOf(item.variable), add),
        operation: { kind: 'all', value: lower(item.value), keep: item.keep },
      }
    case 'setLabels':
      return {
        ...planSubject(context, frame, variableOf(item.variable), add),
        operation: { kind: 'labels', labels: labelsOf(item.labels, lower), remove: false },
      }
  }
}

/** Lowers an item of REMOVE. */
export function planRemove(context: LowerContext, frame: Frame, item: syntax.RemoveItem, add: Add): Change {
  const lower = (expression: syntax.Expression): NamedExpression =>
    add('value', context.rules.expression(context, frame, expression))
  if (item.kind === 'removeProperty') {
    return {
      ...planTarget(context, frame, item.target, add),
      operation: { kind: 'property', key: keyOf(item.target, lower), value: null },
    }
  }
  return {
    ...planSubject(context, frame, variableOf(item.variable), add),
    operation: { kind: 'labels', labels: labelsOf(item.labels, lower), remove: true },
  }
}

function planTarget(
  context: LowerContext,
  frame: Frame,
  target: syntax.PropertyExpression | syntax.IndexExpression,
  add: Add,
): Pick<Change, 'subject' | 'kind'> {
  return planSubject(context, frame, target.object, add)
}

function keyOf(
  target: syntax.PropertyExpression | syntax.IndexExpression,
  lower: (expression: syntax.Expression) => NamedExpression,
): string | NamedExpression {
  return target.kind === 'property' ? target.key.name : lower(target.index)
}

function labelsOf(
  labels: readonly syntax.LabelName[],
  lower: (expression: syntax.Expression) => NamedExpression,
): readonly (string | NamedExpression)[] {
  return labels.map((label) => (label.kind === 'label' ? label.name : lower(label.expression)))
}
