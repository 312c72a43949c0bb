import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  type Expression,
  extend,
  hasFunction,
  literal,
  named,
  type PlanField,
  parameter,
  SheafError,
  types,
} from '@sheafdb/core'
import { hasCast } from '../../functions/cast.ts'
import type { ResultKind } from '../../functions/definition.ts'
import { numericOf } from '../../functions/literal-value.ts'
import { resultKind } from '../../functions/registry.ts'
import { SHARED_FUNCTIONS } from '../../functions/shared.ts'
import { fromRdfTerm, type Term } from '../../layout/term.ts'
import type { ExpressionSyntax } from '../syntax.ts'
import { type Environment, variableName } from './environment.ts'
import {
  type Binding,
  decodeVariables,
  hasWholeId,
  type NativeKind,
  type Relation,
  termOfNative,
  withBindings,
  withPlan,
} from './relation.ts'
import { compareIds, type OperatorSyntax, valueComparison } from './value-comparison.ts'

/** Is an expression of the plan and what it gives: a term, or a plain value that stands for a literal. Null is an error. */
export type Lowered = { readonly kind: ResultKind; readonly expression: Expression }

/** Is a relation and an expression over it; lowering an expression may add columns (terms of ids, marks of EXISTS). */
export type WithExpression = { readonly relation: Relation; readonly lowered: Lowered }

/** Names the hidden variable that numbers the solutions, for BNODE(text). */
const ROW = '\u0000row'
/** Names the parameter that holds the time of the query. */
export const NOW_PARAMETER = 'sparql.now'

/** Lowers an expression over a relation. @throws `UNSUPPORTED`, `NOT_FOUND` for a function that is not known */
export function lowerExpression(
  syntax: ExpressionSyntax,
  relation: Relation,
  environment: Environment,
): WithExpression {
  const prepared = prepare(syntax, relation, environment)
  return { relation: prepared.relation, lowered: new ExpressionLowering(prepared, environment).lower(syntax) }
}

/** Lowers a condition: true, false, or null for an error. */
export function lowerCondition(
  syntax: ExpressionSyntax,
  relation: Relation,
  environment: Environment,
): { readonly relation: Relation; readonly predicate: Expression } {
  const { relation: prepared, lowered } = lowerExpression(syntax, relation, environment)
  return { relation: prepared, predicate: asBoolean(lowered) }
}

/** Is a relation that has every column that an expression reads. */
type Prepared = {
  readonly relation: Relation
  /** The columns that tell whether an EXISTS of the expression holds. */
  readonly marks: ReadonlyMap<ExpressionSyntax, ColumnExpression>
}

function prepare(syntax: ExpressionSyntax, relation: Relation, environment: Environment): Prepared {
  const needs: Needs = { terms: new Set<string>(), exists: [], comparisons: [], row: false }
  collectNeeds(syntax, relation, needs)
  let ready = relation
  const marks = new Map<ExpressionSyntax, ColumnExpression>()
  for (const existence of needs.exists) {
    const marked = environment.markExistence(existence.input, ready, environment)
    ready = marked.relation
    marks.set(existence, marked.mark)
  }
  for (const comparison of needs.comparisons) {
    const compared = compareIds(comparison, ready, environment)
    ready = compared.relation
    marks.set(comparison, compared.mark)
  }
  if (needs.row && !ready.bindings.has(ROW)) ready = numberSolutions(ready)
  return { relation: decodeVariables(ready, needs.terms, environment.facts.termsTable), marks }
}

type Existence = Extract<ExpressionSyntax, { subType: 'existence' }>

type Needs = {
  readonly terms: Set<string>
  readonly exists: Existence[]
  readonly comparisons: OperatorSyntax[]
  row: boolean
}

/** Finds which variables are needed as terms; those that are only asked to be bound or the same are not. */
function collectNeeds(syntax: ExpressionSyntax, relation: Relation, needs: Needs): void {
  switch (syntax.subType) {
    case 'term':
      for (const name of variablesOfTerm(syntax.term)) {
        if (needsTerm(relation.bindings.get(name))) needs.terms.add(name)
      }
      return
    case 'existence':
      needs.exists.push(syntax)
      return
    case 'operator':
      if (syntax.operator === 'bound') return
      if (syntax.operator === 'bnode' && syntax.args.length > 0) needs.row = true
      if (idComparison(syntax, relation) !== null) return
      if (valueComparison(syntax, relation) !== null) {
        needs.comparisons.push(syntax)
        return
      }
      for (const arg of syntax.args) collectNeeds(arg, relation, needs)
      return
    case 'named':
      for (const arg of syntax.args) collectNeeds(arg, relation, needs)
      return
    default:
      return
  }
}

const needsTerm = (binding: Binding | undefined): boolean =>
  binding !== undefined && binding.native === undefined

function variablesOfTerm(term: RDF.Term): string[] {
  if (term.termType === 'Quad')
    return [term.subject, term.predicate, term.object].flatMap((part) => variablesOfTerm(part))
  const name = variableName(term)
  return name === undefined ? [] : [name]
}

function numberSolutions(relation: Relation): Relation {
  const plan = extend(relation.plan, [named('row', call('sparql.row'))])
  const row = column(plan.output.at(-1) as PlanField)
  return withBindings(withPlan(relation, plan), [
    [ROW, { native: { column: row, kind: 'integer' }, certain: true }],
  ])
}

type IdComparison = { readonly left: Expression; readonly right: Expression }

/**
 * Finds comparisons that ids decide: `=` of a variable with an IRI, or with one that holds IRIs and blank nodes, where
 * equal means the same term, and `sameTerm` of two variables. Gives the two sides, or null.
 */
function idComparison(
  syntax: Extract<ExpressionSyntax, { subType: 'operator' }>,
  relation: Relation,
  idOf?: (term: RDF.Term) => number,
): IdComparison | null {
  const { operator, args } = syntax
  if (operator !== '=' && operator !== '!=' && operator !== 'sameterm') return null
  const sides = args.map((arg) => idSide(arg, relation, idOf))
  const [left, right] = sides
  if (left === null || right === null || left === undefined || right === undefined) return null
  const constants = args.map((arg) => (arg.subType === 'term' ? arg.term.termType : ''))
  const hasResource = args.some((arg) => isResource(arg, relation))
  if (operator !== 'sameterm' && !hasResource && !constants.includes('NamedNode')) return null
  return constants.every((kind) => kind !== 'Variable') ? null : { left, right }
}

function isResource(arg: ExpressionSyntax, relation: Relation): boolean {
  if (arg.subType !== 'term' || arg.term.termType !== 'Variable') return false
  return relation.bindings.get(arg.term.value)?.isResource === true
}

function idSide(
  arg: ExpressionSyntax,
  relation: Relation,
  idOf: ((term: RDF.Term) => number) | undefined,
): Expression | null {
  if (arg.subType !== 'term') return null
  if (arg.term.termType === 'NamedNode') return literal(idOf?.(arg.term) ?? 0, types.int64)
  if (arg.term.termType !== 'Variable') return null
  const binding = relation.bindings.get(arg.term.value)
  return binding !== undefined && hasWholeId(binding) ? binding.id : null
}

/** Gives a lowered expression as a term. */
export function asTerm({ kind, expression }: Lowered): Expression {
  return kind === 'term' ? expression : call(`sparql.from_${kind}`, expression)
}

/** Gives the effective boolean value of a lowered expression. */
export function asBoolean({ kind, expression }: Lowered): Expression {
  switch (kind) {
    case 'boolean':
      return expression
    case 'term':
      return call('sparql.ebv', expression)
    case 'string':
      return call('ne', expression, literal('', types.utf8))
    case 'integer':
      return call('ne', expression, literal(0, types.int64))
    case 'double':
      return call('sparql.ebv', asTerm({ kind, expression }))
  }
}

const COMPARISONS: Readonly<Record<string, { readonly core: string; readonly terms: string }>> = {
  '=': { core: 'eq', terms: 'equal' },
  '<': { core: 'lt', terms: 'less' },
  '<=': { core: 'le', terms: 'less_or_equal' },
  '>': { core: 'gt', terms: 'greater' },
  '>=': { core: 'ge', terms: 'greater_or_equal' },
}

/** Names the functions that are called with terms as they stand. */
const PLAIN_FUNCTIONS = new Map<string, string>([
  ['+', 'add'],
  ['-', 'subtract'],
  ['*', 'multiply'],
  ['/', 'divide'],
  ['uminus', 'negate'],
  ['uplus', 'plus'],
  ['isiri', 'is_iri'],
  ['isuri', 'is_iri'],
  ['isblank', 'is_blank'],
  ['isliteral', 'is_literal'],
  ['isnumeric', 'is_numeric'],
  ['istriple', 'is_triple'],
  ['sameterm', 'same_term'],
  ['haslang', 'has_lang'],
  ['haslangdir', 'has_langdir'],
  ...[
    'str lang langdir datatype strdt strlang strlangdir triple subject predicate object abs ceil floor round',
    'concat strlen ucase lcase encode_for_uri contains strstarts strends strbefore strafter substr langmatches',
    'regex replace year month day hours minutes seconds timezone tz md5 sha1 sha256 sha384 sha512',
    'uuid struuid rand',
  ]
    .join(' ')
    .split(' ')
    .map((name): [string, string] => [name, name]),
])

class ExpressionLowering {
  readonly #relation: Relation
  readonly #marks: ReadonlyMap<ExpressionSyntax, ColumnExpression>
  readonly #environment: Environment

  constructor({ relation, marks }: Prepared, environment: Environment) {
    this.#relation = relation
    this.#marks = marks
    this.#environment = environment
  }

  lower(syntax: ExpressionSyntax): Lowered {
    switch (syntax.subType) {
      case 'term':
        return this.#term(syntax.term)
      case 'operator':
        return this.#operator(syntax)
      case 'named':
        return this.#named(syntax.name.value, syntax.args)
      case 'existence': {
        const mark = this.#marks.get(syntax) as ColumnExpression
        return boolean(call(syntax.not ? 'is_null' : 'is_not_null', mark))
      }
      default:
        throw new SheafError('UNSUPPORTED', `An expression of this kind cannot stand here: ${syntax.subType}`)
    }
  }

  #term(term: RDF.Term): Lowered {
    const name = variableName(term)
    if (name !== undefined) return this.#variable(name)
    if (term.termType === 'Quad' && variablesOfTerm(term).length > 0) {
      const parts = [term.subject, term.predicate, term.object].map((part) => asTerm(this.#term(part)))
      return { kind: 'term', expression: call('sparql.triple', ...parts) }
    }
    return constant(fromRdfTerm(term))
  }

  #variable(name: string): Lowered {
    const binding = this.#relation.bindings.get(name)
    if (binding?.native !== undefined) {
      const { kind } = binding.native
      if (!isLiteralKind(kind)) return { kind: 'term', expression: termOfNative(binding.native) }
      return { kind, expression: binding.native.column }
    }
    const expression = binding?.term ?? literal(null, types.variant)
    return { kind: 'term', expression }
  }

  #operator(syntax: Extract<ExpressionSyntax, { subType: 'operator' }>): Lowered {
    const { operator, args } = syntax
    const special = this.#special(operator, args)
    if (special !== undefined) return special
    const ids = idComparison(syntax, this.#relation, (term) => this.#environment.facts.id(term))
    if (ids !== null) return boolean(call(operator === '!=' ? 'ne' : 'eq', ids.left, ids.right))
    const mark = this.#marks.get(syntax)
    if (mark !== undefined) return boolean(operator === '!=' ? call('not', mark) : mark)
    if (operator === '!=') {
      const equal = this.#compare('=', args)
      return boolean(call('not', equal.expression))
    }
    if (COMPARISONS[operator] !== undefined) return this.#compare(operator, args)
    const name = PLAIN_FUNCTIONS.get(operator)
    if (name === undefined) throw new SheafError('UNSUPPORTED', `This function is not known: ${operator}`)
    return apply(
      name,
      args.map((arg) => asTerm(this.lower(arg))),
    )
  }

  /** Lowers what is no function of terms: logic, tests of being bound, choices, and functions with hidden arguments. */
  #special(operator: string, args: readonly ExpressionSyntax[]): Lowered | undefined {
    const [first, second, third] = args as [ExpressionSyntax, ExpressionSyntax, ExpressionSyntax]
    switch (operator) {
      case '&&':
        return boolean(call('and', this.#test(first), this.#test(second)))
      case '||':
        return boolean(call('or', this.#test(first), this.#test(second)))
      case '!':
        return boolean(call('not', this.#test(first)))
      case 'bound':
        return this.#bound(first)
      case 'if':
        return this.#choice(first, second, third)
      case 'coalesce': {
        const parts = args.map((arg) => asTerm(this.lower(arg)))
        return {
          kind: 'term',
          expression: parts.length === 0 ? literal(null, types.variant) : call('coalesce', ...parts),
        }
      }
      case 'in':
      case 'notin':
        return this.#membership(operator, args)
      case 'iri':
      case 'uri':
        return {
          kind: 'term',
          expression: call(
            'sparql.iri',
            asTerm(this.lower(first)),
            literal(this.#environment.baseIri, types.utf8),
          ),
        }
      case 'bnode':
        return this.#blank(first)
      case 'now':
        return { kind: 'term', expression: parameter(NOW_PARAMETER, types.variant) }
      default:
        return undefined
    }
  }

  #test(syntax: ExpressionSyntax): Expression {
    return asBoolean(this.lower(syntax))
  }

  #bound(arg: ExpressionSyntax): Lowered {
    const name = arg.subType === 'term' ? variableName(arg.term) : undefined
    const binding = name === undefined ? undefined : this.#relation.bindings.get(name)
    if (binding === undefined) return boolean(literal(false))
    if (binding.certain) return boolean(literal(true))
    const found = binding.id ?? binding.native?.column ?? binding.term
    return boolean(found === undefined ? literal(false) : call('is_not_null', found))
  }

  #choice(condition: ExpressionSyntax, yes: ExpressionSyntax, no: ExpressionSyntax): Lowered {
    const test = this.#test(condition)
    const [a, b] = [asTerm(this.lower(yes)), asTerm(this.lower(no))]
    const nothing = literal(null, types.variant)
    return { kind: 'term', expression: call('case', test, a, call('not', test), b, nothing) }
  }

  #membership(operator: 'in' | 'notin', args: readonly ExpressionSyntax[]): Lowered {
    const [value, ...members] = args as [ExpressionSyntax, ...ExpressionSyntax[]]
    const tests = members.map((member) => this.#compare('=', [value, member]).expression)
    const found = tests.length === 0 ? literal(false) : tests.reduce((all, test) => call('or', all, test))
    return boolean(operator === 'in' ? found : call('not', found))
  }

  #blank(label: ExpressionSyntax | undefined): Lowered {
    if (label === undefined) return { kind: 'term', expression: call('sparql.fresh_blank') }
    const row = this.#relation.bindings.get(ROW)?.native?.column as ColumnExpression
    return { kind: 'term', expression: call('sparql.blank', asTerm(this.lower(label)), row) }
  }

  /** Compares plain numbers, or plain texts, with the core's own functions; everything else as terms. */
  #compare(operator: string, args: readonly ExpressionSyntax[]): Lowered {
    const [left, right] = args.map((arg) => this.lower(arg)) as [Lowered, Lowered]
    const names = COMPARISONS[operator] as { readonly core: string; readonly terms: string }
    const [a, b] = [plainValue(left, right), plainValue(right, left)]
    if (a !== null && b !== null) return boolean(call(names.core, a, b))
    return boolean(call(`sparql.${names.terms}`, asTerm(left), asTerm(right)))
  }

  #named(iri: string, args: readonly ExpressionSyntax[]): Lowered {
    const [first] = args
    const shared = iri.startsWith(SHARED_FUNCTIONS) ? iri.slice(SHARED_FUNCTIONS.length) : ''
    if (hasFunction(`shared.${shared}`)) {
      const terms = args.map((arg) => asTerm(this.lower(arg)))
      return { kind: 'term', expression: call('sparql.shared', literal(shared, types.utf8), ...terms) }
    }
    // A function that is not known is an error of evaluation: the result is not bound.
    if (!hasCast(iri) || first === undefined || args.length !== 1)
      return { kind: 'term', expression: literal(null, types.variant) }
    return {
      kind: 'term',
      expression: call('sparql.cast', asTerm(this.lower(first)), literal(iri, types.utf8)),
    }
  }
}

const isLiteralKind = (kind: NativeKind): kind is Exclude<NativeKind, `iri:${string}`> =>
  !kind.startsWith('iri:')

const boolean = (expression: Expression): Lowered => ({ kind: 'boolean', expression })

function apply(name: string, args: readonly Expression[]): Lowered {
  return { kind: resultKind(`sparql.${name}`), expression: call(`sparql.${name}`, ...args) }
}

/** Makes a constant of a term. */
export function constant(term: Term): Lowered {
  return { kind: 'term', expression: literal(term, types.variant) }
}

/** Gives a side of a comparison as a plain value where both sides have one of the same sort, else null. */
function plainValue(side: Lowered, other: Lowered): Expression | null {
  const sort = plainSort(side) ?? null
  return sort !== null && sort === plainSort(other) ? plainExpression(side) : null
}

function plainSort({ kind, expression }: Lowered): 'number' | 'string' | 'boolean' | null {
  if (kind === 'integer') return 'number'
  if (kind === 'string' || kind === 'boolean') return kind
  if (kind !== 'term' || expression.kind !== 'literal') return null
  const term = expression.value as Term | null
  if (term?.termType !== 'Literal') return null
  const number = numericOf(term)
  if (number?.kind === 'integer' && typeof number.value === 'number') return 'number'
  return term.language === '' && term.datatype.value.endsWith('#string') ? 'string' : null
}

function plainExpression({ kind, expression }: Lowered): Expression {
  if (kind !== 'term' || expression.kind !== 'literal') return expression
  const term = expression.value as Term
  const number = numericOf(term)
  return number === null ? literal(term.value, types.utf8) : literal(Number(number.value), types.int64)
}
