import { isAggregate } from '../check/aggregation.ts'
import { childrenOf } from '../check/scope.ts'
import type * as syntax from '../syntax.ts'
import { typeMatches } from './labels.ts'

/**
 * Finds the MATCH clauses of which only the set of the nodes that they reach is asked for: one relationship of
 * variable length without a name or conditions of its own, followed by a projection that does not count how often a
 * row comes. Such a search visits each node once, where enumerating paths would take exponentially long.
 *
 * A node other than the start is reached by a trail exactly if it is reached at all, as a shortest way repeats
 * nothing; the start by a shortest circle.
 */
export function endsOnlyMatches(statement: syntax.Statement): ReadonlySet<object> {
  const found = new Set<object>()
  visit(statement.query, found)
  return found
}

function visit(part: unknown, found: Set<object>): void {
  if (typeof part !== 'object' || part === null) return
  if ((part as { readonly kind?: unknown }).kind === 'singleQuery') {
    const { clauses } = part as syntax.SingleQuery
    clauses.forEach((clause, at) => {
      const next = clauses[at + 1]
      if (clause.kind === 'match' && next !== undefined && isSetProjection(next) && isPlainSearch(clause))
        found.add(clause)
    })
  }
  for (const value of Object.values(part)) visit(value, found)
}

function isPlainSearch({ patterns, optional }: syntax.MatchClause): boolean {
  const [pattern] = patterns
  if (patterns.length !== 1 || optional || pattern === undefined) return false
  if (pattern.variable !== null || pattern.selector !== null || pattern.elements.length !== 3) return false
  const relationship = pattern.elements[1]
  if (relationship?.kind !== 'relationship' || relationship.range === null || relationship.range.min > 1)
    return false
  const { variable, properties, where, types } = relationship
  const isFixed = types === null || typeMatches(types, '') !== null
  return variable === null && properties === null && where === null && isFixed
}

function isSetProjection(clause: syntax.Clause): boolean {
  if (clause.kind !== 'with' && clause.kind !== 'return') return false
  const aggregates = clause.items.flatMap(({ expression }) => aggregatesIn(expression))
  return aggregates.length === 0 ? clause.distinct : aggregates.every(isSetAggregate)
}

function aggregatesIn(expression: syntax.Expression): readonly syntax.Expression[] {
  return isAggregate(expression) ? [expression] : childrenOf(expression).flatMap(aggregatesIn)
}

function isSetAggregate(expression: syntax.Expression): boolean {
  if (expression.kind !== 'function') return false
  return expression.distinct || ['min', 'max'].includes(expression.name.toLowerCase())
}
