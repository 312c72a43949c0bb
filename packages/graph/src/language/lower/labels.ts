import { call, type Expression, literal } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'

type Lower = (expression: syntax.Expression) => Expression

/** Tests for one label, for any label, and for labels whose names are computed. */
type Tests = {
  readonly label: (label: Expression) => Expression
  readonly any: () => Expression
  readonly dynamic: (names: Expression, any: Expression) => Expression
}

/** Lowers a condition on labels by tests of single ones. */
function lowerCondition(labels: syntax.LabelExpression, tests: Tests, lower: Lower): Expression {
  const inner = (part: syntax.LabelExpression): Expression => lowerCondition(part, tests, lower)
  switch (labels.kind) {
    case 'label':
      return tests.label(literal(labels.name))
    case 'dynamicLabel':
      return tests.dynamic(lower(labels.expression), literal(labels.any))
    case 'labelAny':
      return tests.any()
    case 'labelNot':
      return call('not', inner(labels.operand))
    case 'labelAnd':
      return labels.operands.map(inner).reduce((left, right) => call('and', left, right))
    case 'labelOr':
      return labels.operands.map(inner).reduce((left, right) => call('or', left, right))
  }
}

/** Lowers a condition on the labels in a column of lists. */
export function lowerLabels(column: Expression, labels: syntax.LabelExpression, lower: Lower): Expression {
  const tests: Tests = {
    label: (label) => call('cypher.has_label', column, label),
    any: () => call('not', call('cypher.is_empty', column)),
    dynamic: (names, any) => call('cypher.has_names', column, names, any),
  }
  return lowerCondition(labels, tests, lower)
}

/** Lowers a condition on the type in a column of text. */
export function lowerTypes(column: Expression, labels: syntax.LabelExpression, lower: Lower): Expression {
  const tests: Tests = {
    label: (label) => call('eq', column, label),
    any: () => call('is_not_null', column),
    dynamic: (names, any) => call('cypher.has_names', column, names, any),
  }
  return lowerCondition(labels, tests, lower)
}

/** Lowers a condition on the labels or type of a whole value. */
export function lowerValueLabels(
  value: Expression,
  labels: syntax.LabelExpression,
  lower: Lower,
): Expression {
  const tests: Tests = {
    label: (label) => call('cypher.has_labels', value, label),
    any: () => call('is_not_null', value),
    dynamic: (names, any) => call('cypher.has_names', value, names, any),
  }
  return lowerCondition(labels, tests, lower)
}

/** Tells whether a type meets a condition that names fixed types; null where that is known at run time only. */
export function typeMatches(labels: syntax.LabelExpression, type: string): boolean | null {
  switch (labels.kind) {
    case 'label':
      return labels.name === type
    case 'labelAny':
      return true
    case 'dynamicLabel':
      return null
    case 'labelNot': {
      const inner = typeMatches(labels.operand, type)
      return inner === null ? null : !inner
    }
    case 'labelAnd':
    case 'labelOr': {
      const parts = labels.operands.map((part) => typeMatches(part, type))
      if (parts.includes(null)) return null
      return labels.kind === 'labelAnd' ? parts.every((part) => part === true) : parts.includes(true)
    }
  }
}

/** Tells whether a node that has some labels surely meets a condition. */
export function isEntailed(labels: syntax.LabelExpression, known: readonly string[]): boolean {
  switch (labels.kind) {
    case 'label':
      return known.includes(labels.name)
    case 'labelAny':
      return known.length > 0
    case 'labelAnd':
      return labels.operands.every((part) => isEntailed(part, known))
    case 'labelOr':
      return labels.operands.some((part) => isEntailed(part, known))
    default:
      return false
  }
}
