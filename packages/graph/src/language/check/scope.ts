import { sourceError } from '@sheafdb/core'
import type { Expression, Span } from '../syntax.ts'
import type { StaticType } from './static-type.ts'

/** Is the variables that can be seen at a place, with what is known of their values. */
export type Scope = ReadonlyMap<string, StaticType>

/** Describes a procedure to the checks. */
export type ProcedureSignature = {
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly optional?: boolean }[]
  readonly outputs: readonly { readonly name: string; readonly type: string }[]
}

/** Holds what the checks know beside the statement. */
export type CheckContext = {
  readonly text: string
  readonly procedure: (name: string) => ProcedureSignature | undefined
}

/** Builds the error that a check raises: a code, openCypher's name, and the place. */
export function checkError(
  context: CheckContext,
  place: Span,
  detail: string,
  message: string,
  code: 'SYNTAX' | 'TYPE' | 'NOT_FOUND' | 'ARGUMENT' = 'SYNTAX',
): Error {
  return sourceError(code, message, {
    text: context.text,
    offset: place.start,
    phase: 'compile time',
    detail,
  })
}

/** Compares expressions by shape, whatever their places and the case of function names. */
export function sameExpression(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, at) => sameExpression(item, right[at]))
    )
  }
  const a = left as Record<string, unknown>
  const b = right as Record<string, unknown>
  return Object.keys(a).every((key) => {
    if (key === 'start' || key === 'end') return true
    if (key === 'name' && a['kind'] === 'function')
      return String(a[key]).toLowerCase() === String(b[key]).toLowerCase()
    return sameExpression(a[key], b[key])
  })
}

/** Gives the expressions directly under one, those of subqueries and patterns left out. */
export function childrenOf(expression: Expression): readonly Expression[] {
  const children: Expression[] = []
  const add = (...items: readonly (Expression | null)[]): void => {
    for (const item of items) if (item !== null) children.push(item)
  }
  switch (expression.kind) {
    case 'property':
      add(expression.object)
      break
    case 'index':
      add(expression.object, expression.index)
      break
    case 'slice':
      add(expression.object, expression.from, expression.to)
      break
    case 'list':
      add(...expression.items)
      break
    case 'map':
      add(...expression.entries.map((entry) => entry.value))
      break
    case 'mapProjection':
      for (const entry of expression.entries) if (entry.kind === 'entry') add(entry.value)
      break
    case 'listComprehension':
      add(expression.list, expression.where, expression.projection)
      break
    case 'quantifier':
      add(expression.list, expression.where)
      break
    case 'reduce':
      add(expression.initial, expression.list, expression.step)
      break
    case 'function':
      add(...expression.arguments)
      break
    case 'case':
      add(
        expression.subject,
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        expression.otherwise,
      )
      break
    case 'not':
    case 'negate':
    case 'plus':
    case 'isNull':
    case 'hasLabels':
      add(expression.operand)
      break
    case 'and':
    case 'or':
    case 'comparison':
      add(...expression.operands)
      break
    case 'binary':
      add(expression.left, expression.right)
      break
    case 'patternComprehension':
      add(expression.where, expression.projection)
      break
    default:
      break
  }
  return children
}
