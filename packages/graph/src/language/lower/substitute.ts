import { isAggregate } from '../check/aggregation.ts'
import { sameExpression } from '../check/scope.ts'
import type * as syntax from '../syntax.ts'

/** Replaces parts of an expression; `replace` gives null for parts that stay. */
export function substitute(
  expression: syntax.Expression,
  replace: (part: syntax.Expression) => syntax.Expression | null,
): syntax.Expression {
  return rebuild(expression, replace) as syntax.Expression
}

const EXPRESSION_KINDS: ReadonlySet<string> = new Set(
  'literal parameter variable property index slice list map mapProjection listComprehension patternComprehension pattern quantifier reduce function countStar case not negate plus and or binary comparison isNull hasLabels exists count collect'.split(
    ' ',
  ),
)

function rebuild(part: unknown, replace: (part: syntax.Expression) => syntax.Expression | null): unknown {
  if (typeof part !== 'object' || part === null) return part
  if (Array.isArray(part)) return part.map((item) => rebuild(item, replace))
  const { kind } = part as { readonly kind?: string }
  if (kind !== undefined && EXPRESSION_KINDS.has(kind)) {
    const other = replace(part as syntax.Expression)
    if (other !== null) return other
  }
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, rebuild(value, replace)]))
}

/** Makes a variable that stands for a part of the query. */
export function standIn(name: string, place: syntax.Span): syntax.VariableExpression {
  return { kind: 'variable', name, start: place.start, end: place.end }
}

/** Replaces what is projected, as it is, by the column it is projected as. */
export function projectedAs(
  expression: syntax.Expression,
  items: readonly { readonly name: string; readonly expression: syntax.Expression }[],
): syntax.Expression {
  return substitute(expression, (part) => {
    const item = items.find((candidate) => sameExpression(candidate.expression, part))
    return item === undefined ? null : standIn(item.name, part)
  })
}

/** Takes the aggregates out of an expression, leaving variables in their places. */
export function takeAggregates(
  expression: syntax.Expression,
  taken: { readonly name: string; readonly expression: syntax.Expression }[],
): syntax.Expression {
  return substitute(expression, (part) => {
    if (!isAggregate(part)) return null
    const known = taken.find((candidate) => sameExpression(candidate.expression, part))
    if (known !== undefined) return standIn(known.name, part)
    const name = `@aggregate ${taken.length}`
    taken.push({ name, expression: part })
    return standIn(name, part)
  })
}
