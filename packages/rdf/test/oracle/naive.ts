import type * as RDF from '@rdfjs/types'
import { equalTerms, orderTerms } from '../../src/functions/comparison.ts'
import { effectiveBoolean } from '../../src/functions/terms.ts'
import type { ExpressionSyntax, OperationSyntax, PathSyntax } from '../../src/language/syntax.ts'
import { fromRdfTerm, type Term, termKey, typedLiteral } from '../../src/layout/term.ts'

/** Is a solution: the terms of bound variables. */
export type NaiveSolution = ReadonlyMap<string, Term>

/** Is a dataset as plain lists, by graph; the empty name is the default graph. */
export type NaiveDataset = ReadonlyMap<string, readonly RDF.Quad[]>

type Scope = { readonly dataset: NaiveDataset; readonly graph: string }

const variableOf = (term: RDF.Term): string | undefined =>
  term.termType === 'Variable' ? term.value : term.termType === 'BlankNode' ? `_:${term.value}` : undefined

const same = (left: Term, right: Term): boolean => termKey(left) === termKey(right)

function compatible(left: NaiveSolution, right: NaiveSolution): boolean {
  return [...left].every(([name, term]) => {
    const other = right.get(name)
    return other === undefined || same(term, other)
  })
}

const merge = (left: NaiveSolution, right: NaiveSolution): NaiveSolution => new Map([...left, ...right])

function bind(solution: NaiveSolution, pattern: RDF.Term, found: Term): NaiveSolution | null {
  const name = variableOf(pattern)
  if (name === undefined) return same(fromRdfTerm(pattern), found) ? solution : null
  const known = solution.get(name)
  if (known !== undefined) return same(known, found) ? solution : null
  return new Map([...solution, [name, found]])
}

/** Evaluates a pattern of the algebra by the standard's definitions, with nested loops. */
export function evaluate(operation: OperationSyntax, scope: Scope): NaiveSolution[] {
  switch (operation.type) {
    case 'bgp':
      return operation.patterns.reduce<NaiveSolution[]>(
        (solutions, pattern) =>
          solutions.flatMap((solution) =>
            quadsOf(scope).flatMap((quad) => {
              const places = ['subject', 'predicate', 'object'] as const
              const bound = places.reduce<NaiveSolution | null>(
                (so, place) => so && bind(so, pattern[place], quad[place] as Term),
                solution,
              )
              return bound === null ? [] : [bound]
            }),
          ),
        [new Map()],
      )
    case 'path':
      return pathPairs(operation.predicate, scope, [operation.subject, operation.object]).flatMap(
        ([from, to]) => {
          const start = bind(new Map(), operation.subject, from)
          const end = start && bind(start, operation.object, to)
          return end === null ? [] : [end]
        },
      )
    case 'join':
      return operation.input
        .map((input) => evaluate(input, scope))
        .reduce((left, right) =>
          left.flatMap((a) => right.filter((b) => compatible(a, b)).map((b) => merge(a, b))),
        )
    case 'union':
      return operation.input.flatMap((input) => evaluate(input, scope))
    case 'leftjoin': {
      const [left, right] = operation.input.map((input) => evaluate(input, scope)) as [
        NaiveSolution[],
        NaiveSolution[],
      ]
      return left.flatMap((a) => {
        const joined = right
          .filter((b) => compatible(a, b))
          .map((b) => merge(a, b))
          .filter((both) => operation.expression === undefined || isTrue(operation.expression, both, scope))
        return joined.length === 0 ? [a] : joined
      })
    }
    case 'minus': {
      const [left, right] = operation.input.map((input) => evaluate(input, scope)) as [
        NaiveSolution[],
        NaiveSolution[],
      ]
      return left.filter(
        (a) => !right.some((b) => compatible(a, b) && [...a.keys()].some((name) => b.has(name))),
      )
    }
    case 'filter':
      return evaluate(operation.input, scope).filter((so) => isTrue(operation.expression, so, scope))
    case 'extend':
      return evaluate(operation.input, scope).map((so) => {
        const value = expressionValue(operation.expression, so, scope)
        return value === null ? so : new Map([...so, [operation.variable.value, value]])
      })
    case 'values':
      return operation.bindings.map(
        (row) => new Map(Object.entries(row).map(([name, term]) => [name, fromRdfTerm(term)])),
      )
    case 'graph': {
      const { name } = operation
      if (name.termType === 'NamedNode') return evaluate(operation.input, { ...scope, graph: name.value })
      return [...scope.dataset.keys()]
        .filter((graph) => graph !== '' && quadsOf({ ...scope, graph }).length > 0)
        .flatMap((graph) =>
          evaluate(operation.input, { ...scope, graph }).flatMap((so) => {
            const bound = bind(
              so,
              name,
              fromRdfTerm({ termType: 'NamedNode', value: graph } as RDF.NamedNode),
            )
            return bound === null ? [] : [bound]
          }),
        )
    }
    case 'project':
      return evaluate(operation.input, scope).map(
        (so) =>
          new Map(
            [...so].filter(([name]) => operation.variables.some((variable) => variable.value === name)),
          ),
      )
    case 'distinct': {
      const seen = new Map(evaluate(operation.input, scope).map((so) => [solutionKey(so), so]))
      return [...seen.values()]
    }
    default:
      throw new Error(`the naive evaluator does not know ${operation.type}`)
  }
}

function quadsOf({ dataset, graph }: Scope): readonly RDF.Quad[] {
  return dataset.get(graph) ?? []
}

/** Gives a text that is the same for the same solutions. */
export function solutionKey(solution: NaiveSolution): string {
  return [...solution]
    .map(([name, term]) => `${name}=${termKey(term)}`)
    .sort()
    .join(' ')
}

type Pair = readonly [Term, Term]

const pairKey = ([from, to]: Pair): string => `${termKey(from)} ${termKey(to)}`
const distinctPairs = (pairs: readonly Pair[]): Pair[] => [
  ...new Map(pairs.map((pair) => [pairKey(pair), pair])).values(),
]

function pathPairs(path: PathSyntax, scope: Scope, ends: readonly RDF.Term[]): Pair[] {
  const quads = quadsOf(scope)
  const pair = (quad: RDF.Quad): Pair => [quad.subject as Term, quad.object as Term]
  switch (path.type) {
    case 'link':
      return quads.filter((quad) => quad.predicate.value === path.iri.value).map(pair)
    case 'inv':
      return pathPairs(path.path, scope, ends).map(([from, to]) => [to, from])
    case 'seq':
      return path.input
        .map((part) => pathPairs(part, scope, ends))
        .reduce((left, right) =>
          left.flatMap(([from, middle]) =>
            right.filter(([next]) => same(middle, next)).map(([, to]): Pair => [from, to]),
          ),
        )
    case 'alt':
      return path.input.flatMap((part) => pathPairs(part, scope, ends))
    case 'nps':
      return quads.filter((quad) => !path.iris.some((iri) => iri.value === quad.predicate.value)).map(pair)
    case 'ZeroOrOnePath':
      return distinctPairs([...identities(scope, ends), ...pathPairs(path.path, scope, ends)])
    case 'OneOrMorePath':
      return closure(distinctPairs(pathPairs(path.path, scope, ends)))
    case 'ZeroOrMorePath':
      return distinctPairs([
        ...identities(scope, ends),
        ...closure(distinctPairs(pathPairs(path.path, scope, ends))),
      ])
  }
}

function identities(scope: Scope, ends: readonly RDF.Term[]): Pair[] {
  const nodes = quadsOf(scope).flatMap((quad) => [quad.subject as Term, quad.object as Term])
  const constants = ends.filter((term) => variableOf(term) === undefined).map((term) => fromRdfTerm(term))
  return distinctPairs([...nodes, ...constants].map((node): Pair => [node, node]))
}

function closure(pairs: readonly Pair[]): Pair[] {
  let all = [...pairs]
  for (;;) {
    const next = distinctPairs([
      ...all,
      ...all.flatMap(([from, middle]) =>
        pairs.filter(([start]) => same(start, middle)).map(([, to]): Pair => [from, to]),
      ),
    ])
    if (next.length === all.length) return all
    all = next
  }
}

function isTrue(expression: ExpressionSyntax, solution: NaiveSolution, scope: Scope): boolean {
  const value = expressionValue(expression, solution, scope)
  return value !== null && effectiveBoolean(value) === true
}

const bool = (value: boolean | null): Term | null =>
  value === null ? null : typedLiteral(String(value), 'http://www.w3.org/2001/XMLSchema#boolean')

function truth(expression: ExpressionSyntax, solution: NaiveSolution, scope: Scope): boolean | null {
  const value = expressionValue(expression, solution, scope)
  return value === null ? null : effectiveBoolean(value)
}

function expressionValue(expression: ExpressionSyntax, solution: NaiveSolution, scope: Scope): Term | null {
  switch (expression.subType) {
    case 'term': {
      const name = variableOf(expression.term)
      return name === undefined ? fromRdfTerm(expression.term) : (solution.get(name) ?? null)
    }
    case 'existence': {
      const found = evaluate(substituted(expression.input, solution), scope).some((so) =>
        compatible(solution, so),
      )
      return bool(found !== expression.not)
    }
    case 'operator':
      return operatorValue(expression.operator, expression.args, solution, scope)
    default:
      throw new Error(`the naive evaluator does not know ${expression.subType}`)
  }
}

function operatorValue(
  operator: string,
  args: readonly ExpressionSyntax[],
  solution: NaiveSolution,
  scope: Scope,
): Term | null {
  const [first, second] = args as [ExpressionSyntax, ExpressionSyntax]
  if (operator === 'bound') return bool(first.subType === 'term' && solution.has(first.term.value))
  if (operator === '!') {
    const value = truth(first, solution, scope)
    return bool(value === null ? null : !value)
  }
  if (operator === '&&' || operator === '||') {
    const decisive = operator === '||'
    const [a, b] = [truth(first, solution, scope), truth(second, solution, scope)]
    if (a === decisive || b === decisive) return bool(decisive)
    return bool(a === null || b === null ? null : !decisive)
  }
  const [a, b] = [first, second].map((arg) => expressionValue(arg, solution, scope)) as [
    Term | null,
    Term | null,
  ]
  if (a === null || b === null) return null
  if (operator === '=') return bool(equalTerms(a, b))
  if (operator === '!=') {
    const equal = equalTerms(a, b)
    return bool(equal === null ? null : !equal)
  }
  const order = orderTerms(a, b)
  if (order === null) return null
  if (operator === '<') return bool(order < 0)
  if (operator === '>') return bool(order > 0)
  throw new Error(`the naive evaluator does not know ${operator}`)
}

/** Puts the values of a solution in the place of its variables, as EXISTS asks. */
function substituted(operation: OperationSyntax, solution: NaiveSolution): OperationSyntax {
  const change = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(change)
    if (typeof value !== 'object' || value === null) return value
    // Whether a value that is no node of the graph has an empty path to itself inside EXISTS is open in the standard:
    // here it has none, as if the values were joined with.
    if ((value as OperationSyntax).type === 'path') return value
    const term = value as RDF.Term
    if (term.termType === 'Variable') return solution.get(term.value) ?? term
    if (term.termType !== undefined && term.termType !== 'Quad') return term
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]))
  }
  return change(operation) as OperationSyntax
}
