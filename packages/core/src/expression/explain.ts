import { describeValue } from '../types/column-builder.ts'
import { types } from '../types/data-type.ts'
import { isExtensionValue, VALUE_KEY } from '../types/value.ts'
import type { ColumnExpression, Expression, LiteralExpression, OuterExpression } from './expression.ts'

const INFIX = new Map([
  ['eq', '='],
  ['ne', '<>'],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['and', 'AND'],
  ['or', 'OR'],
  ['add', '+'],
  ['subtract', '-'],
  ['multiply', '*'],
  ['divide', '/'],
])

/** Renders an expression for `explain`; `nameOf` names columns by id. */
export function explainExpression(
  expression: Expression,
  nameOf: (column: ColumnExpression | OuterExpression) => string = (column) => column.name,
): string {
  switch (expression.kind) {
    case 'column':
      return nameOf(expression)
    case 'outer':
      return `outer ${nameOf(expression)}`
    case 'literal':
      return explainLiteral(expression)
    case 'parameter':
      return `$${expression.name}`
    case 'variable':
      return expression.name
    case 'lambda':
      return `(${expression.variables.map(({ name }) => name).join(', ')}) -> ${explainExpression(expression.body, nameOf)}`
    case 'call': {
      const args = expression.args.map((arg) => explainExpression(arg, nameOf))
      const infix = INFIX.get(expression.function)
      if (infix !== undefined && args.length === 2) return `(${args[0]} ${infix} ${args[1]})`
      return `${expression.function}(${args.join(', ')})`
    }
  }
}

function explainLiteral({ value, type }: LiteralExpression): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `'${describeValue(value).slice(1, -1)}'`
  if (isExtensionValue(value)) {
    const [kind, ...key] = value[VALUE_KEY]
    return `${kind} ${key.map(describeValue).join(' ')}`
  }
  if (isPlainObject(value)) return explainObject(value)
  return Array.isArray(value)
    ? `[${value.length} values]`
    : `${describeValue(value)}${type === types.variant && typeof value !== 'object' ? ':variant' : ''}`
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

const LONGEST_OBJECT = 160

/** Shows an object as JSON, cut where it is long. */
function explainObject(value: object): string {
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint' || item instanceof RegExp) return String(item)
    return item instanceof Set ? [...item] : item
  })
  return text.length > LONGEST_OBJECT ? `${text.slice(0, LONGEST_OBJECT)}…` : text
}
