import { type ColumnExpression, column, extension, planField, types } from '@sheafdb/core'
import type { ComparisonOperator } from '../../functions/comparison.ts'
import { fromRdfTerm, type LiteralTerm } from '../../layout/term.ts'
import type { ExpressionSyntax } from '../syntax.ts'
import type { Environment } from './environment.ts'
import { hasWholeId, type Relation, withPlan } from './relation.ts'

/** Is an operator or built-in function with its arguments. */
export type OperatorSyntax = Extract<ExpressionSyntax, { subType: 'operator' }>

type ValueComparison = {
  readonly ids: readonly ColumnExpression[]
  readonly constant: LiteralTerm | null
  readonly isSwapped: boolean
}

const SWAPPED: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '!=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/** Finds comparisons of a variable that is known by its id with a literal, or with another such variable. */
export function valueComparison(syntax: OperatorSyntax, relation: Relation): ValueComparison | null {
  const [left, right] = syntax.args
  if (SWAPPED[syntax.operator] === undefined || left === undefined || right === undefined) return null
  const ids = [left, right].map((arg) => undecodedId(arg, relation))
  const constants = [left, right].map((arg) =>
    arg.subType === 'term' && arg.term.termType === 'Literal' ? (fromRdfTerm(arg.term) as LiteralTerm) : null,
  )
  const found = ids.filter((id) => id !== null)
  if (found.length === 2) return { ids: found, constant: null, isSwapped: false }
  const constant = constants.find((each) => each !== null)
  return found.length === 1 && constant !== undefined
    ? { ids: found, constant, isSwapped: ids[0] === null }
    : null
}

function undecodedId(arg: ExpressionSyntax, relation: Relation): ColumnExpression | null {
  if (arg.subType !== 'term' || arg.term.termType !== 'Variable') return null
  const binding = relation.bindings.get(arg.term.value)
  if (binding === undefined || binding.term !== undefined || binding.native !== undefined) return null
  return hasWholeId(binding) ? binding.id : null
}

/** Adds a column that tells whether a comparison of values holds. */
export function compareIds(
  syntax: OperatorSyntax,
  relation: Relation,
  { facts }: Environment,
): { readonly relation: Relation; readonly mark: ColumnExpression } {
  const { ids, constant, isSwapped } = valueComparison(syntax, relation) as ValueComparison
  const mark = planField('holds', types.bool, true)
  const plain = syntax.operator === '!=' ? '=' : (syntax.operator as ComparisonOperator)
  const operator = isSwapped ? SWAPPED[syntax.operator] : plain
  const plan = extension({
    operator: 'rdf.compare',
    inputs: [relation.plan],
    expressions: ids,
    settings: { terms: facts.termsTable, operator, constant, fields: ['holds'] },
    output: [...relation.plan.output, mark],
  })
  return { relation: withPlan(relation, plan), mark: column(mark) }
}
