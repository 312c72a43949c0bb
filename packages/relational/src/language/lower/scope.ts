import { column, type Expression, type LogicalPlan, type PlanField } from '@sheafdb/core'
import { sqlTypeOf } from '../../duckdb/types.ts'
import type { CteNode, QueryNode } from '../syntax.ts'
import { notNative } from './native.ts'

/** Is a column that a FROM clause shows. */
export type ScopeColumn = {
  /** The name of the relation it is from, in lower case; empty for a column of no relation. */
  readonly relation: string
  readonly name: string
  readonly field: PlanField
  /** Merged away by USING: seen by `relation.name` alone. */
  readonly hidden: boolean
}

/** Is the columns that expressions may name, inside those of the queries around. */
export type Scope = { readonly columns: readonly ScopeColumn[]; readonly outer: Scope | null }

/** Is what lowering a query needs to know: the relations by name, the parameters, and what is known by name around it. */
export type Environment = {
  /** Finds a relation outside of the text. */
  readonly relation: (name: string) => LogicalPlan | undefined
  /** Finds a table function's plan by its place in the text. */
  readonly tableFunction: (location: number) => LogicalPlan | undefined
  /** Gives a parameter, typed by its value. */
  readonly parameter: (name: string) => Expression
  /** The common table expressions in sight, innermost first. */
  readonly ctes: readonly KnownCte[]
  /** Lowers a query inside this one; `outer` is what it may name from around it. */
  readonly lowerQuery: (node: QueryNode, environment: Environment, outer: Scope | null) => LogicalPlan
  readonly depth: number
}

/** Is a common table expression in sight: a query, or the rows so far of the recursive one around. */
export type KnownCte =
  | { readonly cte: CteNode; readonly environment: Environment }
  | { readonly rounds: string; readonly plan: () => LogicalPlan }

const MAX_DEPTH = 200

/** Goes one query deeper. */
export function deeper(environment: Environment): Environment {
  if (environment.depth >= MAX_DEPTH) notNative('queries are nested too deep')
  return { ...environment, depth: environment.depth + 1 }
}

/** Is a column found, and how many queries further out it is. */
export type Found = { readonly field: PlanField; readonly level: number }

/** Finds a column by its name parts: `name` or `relation.name`. */
export function findColumn(scope: Scope | null, parts: readonly string[]): Found | undefined {
  for (let level = 0, current = scope; current !== null; level += 1, current = current.outer) {
    const field = findHere(current.columns, parts)
    if (field !== undefined) return { field, level }
  }
  return undefined
}

function findHere(columns: readonly ScopeColumn[], parts: readonly string[]): PlanField | undefined {
  const [first = '', second] = parts.map((part) => part.toLowerCase())
  if (parts.length > 2) return undefined
  const found = columns.filter((candidate) =>
    second === undefined
      ? !candidate.hidden && candidate.name.toLowerCase() === first
      : candidate.relation === first && candidate.name.toLowerCase() === second,
  )
  if (found.length > 1) notNative('an ambiguous name')
  return found[0]?.field
}

/** Refers to a field; types that are held as text have a meaning that the plan does not know. */
export function referTo(field: PlanField): Expression {
  if (sqlTypeOf(field.type) !== undefined) notNative('a column of a type that only DuckDB knows')
  return column(field)
}
