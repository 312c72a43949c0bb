import type * as RDF from '@rdfjs/types'
import { filter } from '@sheafdb/core'
import type { ExpressionSyntax, PathPatternSyntax, PatternSyntax } from '../syntax.ts'
import { type Environment, variableName } from './environment.ts'
import { lowerCondition } from './expression.ts'
import { joinPath, joinTriple } from './path.ts'
import { type PathPattern, pathPattern } from './path-pattern.ts'
import { fanOut, patternVariables, type TriplePattern, triplePattern } from './pattern.ts'
import { type Relation, withPlan } from './relation.ts'
import { hideTriple, type NestedTriple, unpackTriple } from './triple-term.ts'

/** Is a triple pattern or a path pattern of a group. */
export type GroupPattern = PatternSyntax | PathPatternSyntax

type Candidate =
  | (Place & { readonly kind: 'triple'; readonly pattern: TriplePattern })
  | (Place & { readonly kind: 'path'; readonly pattern: PathPattern })

type Place = {
  readonly variables: readonly string[]
  /** Patterns of triple terms that stand in it, each behind a hidden variable. */
  readonly nested: readonly NestedTriple[]
}

/** Splits a condition into the parts that all must hold. */
export function conditionParts(expression: ExpressionSyntax): ExpressionSyntax[] {
  if (expression.subType === 'operator' && expression.operator === '&&')
    return expression.args.flatMap(conditionParts)
  return [expression]
}

/**
 * Joins triple and path patterns, the most selective first, each by the edges of nodes that are known where there are
 * any. Conditions are tested as soon as their variables are bound; those that never are come back in `left`.
 */
export function joinPatterns(
  seed: Relation | undefined,
  patterns: readonly GroupPattern[],
  options: { readonly conditions: readonly ExpressionSyntax[]; readonly environment: Environment },
): { readonly relation: Relation | undefined; readonly left: readonly ExpressionSyntax[] } {
  const { environment } = options
  const remaining = patterns.map((pattern) => candidateOf(pattern, environment))
  if (remaining.length === 0) return { relation: seed, left: options.conditions }
  let relation = seed
  let left = options.conditions
  while (remaining.length > 0) {
    const next = cheapest(remaining, relation, environment)
    const [candidate] = remaining.splice(next, 1) as [Candidate]
    relation =
      candidate.kind === 'triple'
        ? joinTriple(relation, candidate.pattern, environment)
        : joinPath(relation, candidate.pattern, environment)
    for (const nested of candidate.nested) relation = unpackTriple(relation, nested, environment)
    const tested = testConditions(relation, left, { environment, remaining })
    relation = tested.relation
    left = tested.left
  }
  return { relation, left }
}

function candidateOf(syntax: GroupPattern, environment: Environment): Candidate {
  const nested: NestedTriple[] = []
  const hide = (term: RDF.Term) => hideTriple(term, nested, environment)
  if (syntax.type === 'pattern') {
    const plain = { ...syntax, subject: hide(syntax.subject), object: hide(syntax.object) }
    const pattern = triplePattern(plain, environment)
    return { kind: 'triple', pattern, variables: patternVariables(pattern), nested }
  }
  const plain = { ...syntax, subject: hide(syntax.subject), object: hide(syntax.object) }
  const pattern = pathPattern(plain, environment)
  const variables = [plain.subject, plain.object]
    .map(variableName)
    .filter((name): name is string => name !== undefined)
  return { kind: 'path', pattern, variables, nested }
}

const PATH_FAN_OUT = 20
const UNCONNECTED = 1e12

/** Picks the pattern that adds the fewest rows; those that share no variable with what is there come last. */
function cheapest(
  candidates: readonly Candidate[],
  relation: Relation | undefined,
  environment: Environment,
): number {
  let best = 0
  let bestCost = Number.POSITIVE_INFINITY
  for (const [index, candidate] of candidates.entries()) {
    const connected =
      relation === undefined ||
      relation.bindings.size === 0 ||
      candidate.variables.some((name) => relation.bindings.has(name))
    const cost = costOf(candidate, relation, environment) * (connected ? 1 : UNCONNECTED)
    if (cost < bestCost) {
      best = index
      bestCost = cost
    }
  }
  return best
}

function costOf(candidate: Candidate, relation: Relation | undefined, { facts }: Environment): number {
  if (candidate.kind === 'triple') return fanOut(candidate.pattern, relation, facts)
  const { subject, object } = candidate.pattern
  const known = [subject, object].filter((term) => {
    const name = variableName(term)
    return name === undefined || relation?.bindings.has(name) === true
  })
  return known.length === 0 ? facts.quadCount(null) * 10 : PATH_FAN_OUT / known.length
}

/** Tests the conditions whose variables are all bound for good. */
function testConditions(
  relation: Relation,
  conditions: readonly ExpressionSyntax[],
  options: { readonly environment: Environment; readonly remaining: readonly Candidate[] },
): { readonly relation: Relation; readonly left: readonly ExpressionSyntax[] } {
  let found = relation
  const left: ExpressionSyntax[] = []
  for (const condition of conditions) {
    const names = conditionVariables(condition)
    const isReady =
      names !== null && names.length > 0 && names.every((name) => found.bindings.get(name)?.certain === true)
    if (!isReady || options.remaining.length === 0) left.push(condition)
    else {
      const { relation: ready, predicate } = lowerCondition(condition, found, options.environment)
      found = withPlan(ready, filter(ready.plan, predicate), ready.rowCount / 3)
    }
  }
  return { relation: found, left }
}

/** Names the variables of a condition; null where it looks at more than its row (EXISTS). */
export function conditionVariables(expression: ExpressionSyntax): string[] | null {
  switch (expression.subType) {
    case 'term': {
      const { term } = expression
      if (term.termType === 'Quad') return null
      const name = variableName(term)
      return name === undefined ? [] : [name]
    }
    case 'operator':
    case 'named': {
      const names: string[] = []
      for (const arg of expression.args) {
        const found = conditionVariables(arg)
        if (found === null) return null
        names.push(...found)
      }
      return names
    }
    default:
      return null
  }
}
