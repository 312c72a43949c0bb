import type {
  CallClause,
  Clause,
  DeleteClause,
  Expression,
  MergeClause,
  PathPattern,
  Query,
  RemoveItem,
  SetItem,
  SingleQuery,
  SubqueryClause,
  UnwindClause,
} from '../syntax.ts'
import { refuseAggregates } from './aggregation.ts'
import { type ExpressionChecker, expressionChecker, type NestedRules } from './expressions.ts'
import { checkCreatePatterns, checkMatchPatterns, checkPatternExpression } from './patterns.ts'
import { checkProjection } from './projections.ts'
import { type CheckContext, checkError, type Scope } from './scope.ts'
import { ANY, elementOf, mayBe, type StaticType } from './static-type.ts'

/** Says where a query stands: alone, in CALL { }, or in an expression. */
export type QueryPlace = 'top' | 'call' | 'exists' | 'count' | 'collect'

/** Checks a query; gives what its RETURN binds. */
export function checkQuery(context: CheckContext, query: Query, outer: Scope, place: QueryPlace): Scope {
  if (new Set(query.all).size > 1) {
    throw checkError(
      context,
      query,
      'InvalidClauseComposition',
      'UNION and UNION ALL cannot be mixed in one query. Use one of them.',
    )
  }
  const results = query.parts.map((part) => checkSingleQuery(context, part, outer, place))
  const [first, ...rest] = results as [Scope, ...Scope[]]
  const names = [...first.keys()]
  for (const [at, other] of rest.entries()) {
    if (other.size !== first.size || names.some((name) => !other.has(name))) {
      throw checkError(
        context,
        query.parts[at + 1] as SingleQuery,
        'DifferentColumnsInUnion',
        'The parts of a UNION have different columns. Return the same names from each.',
      )
    }
  }
  return first
}

const ENDS: ReadonlySet<Clause['kind']> = new Set([
  'return',
  'create',
  'merge',
  'set',
  'remove',
  'delete',
  'foreach',
  'call',
  'subquery',
  'finish',
])

function checkSingleQuery(context: CheckContext, query: SingleQuery, outer: Scope, place: QueryPlace): Scope {
  const { clauses } = query
  const last = clauses.at(-1) as Clause
  if (!ENDS.has(last.kind) && place !== 'exists' && place !== 'count') {
    throw checkError(
      context,
      last,
      'InvalidClauseComposition',
      'A query cannot end here. End it with RETURN or with an update.',
    )
  }
  const checker = clauseChecker(context)
  let scope = outer
  for (const [at, clause] of clauses.entries()) {
    if (clause.kind === 'return' && at < clauses.length - 1) {
      throw checkError(
        context,
        clauses[at + 1] as Clause,
        'InvalidClauseComposition',
        'Nothing can follow RETURN. Use WITH to go on.',
      )
    }
    if (place === 'exists' || place === 'count' || place === 'collect') refuseUpdate(context, clause)
    scope = checkClause(context, checker, clause, scope, {
      outer,
      standalone: clauses.length === 1,
      inCall: place === 'call',
    })
  }
  return last.kind === 'return' || last.kind === 'call' ? scope : new Map()
}

function refuseUpdate(context: CheckContext, clause: Clause): void {
  if (
    clause.kind === 'create' ||
    clause.kind === 'merge' ||
    clause.kind === 'set' ||
    clause.kind === 'delete' ||
    clause.kind === 'remove' ||
    clause.kind === 'foreach'
  ) {
    throw checkError(
      context,
      clause,
      'InvalidClauseComposition',
      'A subquery in an expression cannot write. Use CALL { … }.',
    )
  }
}

function clauseChecker(context: CheckContext): ExpressionChecker {
  const rules: NestedRules = {
    patternExpression: (_, pattern, scope) => checkPatternExpression(context, checker, pattern, scope),
    patternScope: (_, pattern: PathPattern, scope) => checkMatchPatterns(context, checker, [pattern], scope),
    subquery: (_, query, scope, kind) => {
      checkQuery(context, query, scope, kind)
    },
  }
  const checker = expressionChecker(context, rules)
  return checker
}

type Place = { readonly outer: Scope; readonly standalone: boolean; readonly inCall: boolean }

function checkClause(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: Clause,
  scope: Scope,
  place: Place,
): Scope {
  switch (clause.kind) {
    case 'match': {
      const inner = checkMatchPatterns(context, checker, clause.patterns, scope)
      if (clause.where !== null) checkPredicate(context, checker, clause.where, inner)
      return inner
    }
    case 'unwind':
      return checkUnwind(context, checker, clause, scope)
    case 'with':
    case 'return':
      return checkProjection(context, checker, clause, scope)
    case 'filter':
      checkPredicate(context, checker, clause.where, scope)
      return scope
    case 'create':
      return checkCreatePatterns(context, checker, clause.patterns, scope, 'CREATE')
    case 'merge':
      return checkMerge(context, checker, clause, scope)
    case 'set':
      for (const item of clause.items) checkSetItem(context, checker, item, scope)
      return scope
    case 'remove':
      for (const item of clause.items) checkRemoveItem(context, checker, item, scope)
      return scope
    case 'delete':
      checkDelete(context, checker, clause, scope)
      return scope
    case 'foreach': {
      const list = plain(context, checker, clause.list, scope)
      let inner: Scope = new Map(scope).set(clause.variable.name, elementOf(list))
      for (const update of clause.updates) inner = checkClause(context, checker, update, inner, place)
      return scope
    }
    case 'call':
      return checkCall(context, checker, clause, scope, place.standalone)
    case 'subquery':
      return checkSubquery(context, clause, scope)
    case 'finish':
      return new Map()
  }
}

function checkPredicate(
  context: CheckContext,
  checker: ExpressionChecker,
  where: Expression,
  scope: Scope,
): void {
  refuseAggregates(context, where)
  checker.predicate(where, scope)
}

function plain(
  context: CheckContext,
  checker: ExpressionChecker,
  expression: Expression,
  scope: Scope,
): StaticType {
  refuseAggregates(context, expression)
  return checker.infer(expression, scope)
}

function bindNew(
  context: CheckContext,
  scope: Scope,
  variable: { name: string; start: number; end: number },
  type: StaticType,
): Scope {
  if (scope.has(variable.name)) {
    throw checkError(
      context,
      variable,
      'VariableAlreadyBound',
      `A variable is bound already. Use another name: ${variable.name}`,
    )
  }
  return new Map(scope).set(variable.name, type)
}

function checkUnwind(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: UnwindClause,
  scope: Scope,
): Scope {
  const list = plain(context, checker, clause.list, scope)
  return bindNew(context, scope, clause.variable, elementOf(list))
}

function checkMerge(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: MergeClause,
  scope: Scope,
): Scope {
  const inner = checkCreatePatterns(context, checker, [clause.pattern], scope, 'MERGE')
  for (const item of [...clause.onCreate, ...clause.onMatch]) checkSetItem(context, checker, item, inner)
  return inner
}

function checkSetItem(context: CheckContext, checker: ExpressionChecker, item: SetItem, scope: Scope): void {
  if (item.kind === 'setProperty') {
    plain(context, checker, item.target, scope)
    plain(context, checker, item.value, scope)
    return
  }
  expectEntity(context, checker, item.variable, scope, item.kind === 'setLabels')
  if (item.kind === 'setAll') plain(context, checker, item.value, scope)
}

function checkRemoveItem(
  context: CheckContext,
  checker: ExpressionChecker,
  item: RemoveItem,
  scope: Scope,
): void {
  if (item.kind === 'removeProperty') plain(context, checker, item.target, scope)
  else expectEntity(context, checker, item.variable, scope, true)
}

function expectEntity(
  context: CheckContext,
  checker: ExpressionChecker,
  variable: { name: string; start: number; end: number },
  scope: Scope,
  nodesOnly: boolean,
): void {
  const type = checker.infer({ kind: 'variable', ...variable }, scope)
  if (mayBe(type, 'node') || (!nodesOnly && mayBe(type, 'relationship'))) return
  throw checkError(
    context,
    variable,
    'InvalidArgumentType',
    `Only ${nodesOnly ? 'nodes have labels' : 'nodes and relationships have properties'} to change: ${variable.name}`,
  )
}

function checkDelete(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: DeleteClause,
  scope: Scope,
): void {
  for (const expression of clause.expressions) {
    if (expression.kind === 'hasLabels') {
      throw checkError(
        context,
        expression,
        'InvalidDelete',
        'Labels and types are not deleted. Use REMOVE for labels.',
      )
    }
    const type = plain(context, checker, expression, scope)
    if (!mayBe(type, 'node', 'relationship', 'path')) {
      throw checkError(
        context,
        expression,
        'InvalidArgumentType',
        `Only nodes, relationships and paths are deleted, not a ${type.kind}.`,
      )
    }
  }
}

function checkCall(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: CallClause,
  scope: Scope,
  standalone: boolean,
): Scope {
  const signature = context.procedure(clause.procedure.name)
  if (signature === undefined) {
    throw checkError(
      context,
      clause.procedure,
      'ProcedureNotFound',
      `There is no procedure of this name. Register it with store.graph.procedure: ${clause.procedure.name}`,
    )
  }
  if (clause.arguments !== null)
    checkArguments(context, checker, clause, clause.arguments, signature.inputs, scope)
  else if (!standalone) {
    throw checkError(
      context,
      clause,
      'InvalidArgumentPassingMode',
      'A procedure within a query needs its arguments in parentheses.',
    )
  }
  if (clause.yieldAll && !standalone) {
    throw checkError(
      context,
      clause,
      'UnexpectedSyntax',
      'YIELD * stands only in a query of one CALL. Name the columns.',
    )
  }
  let inner = scope
  if (clause.yields === null && !standalone && signature.outputs.length > 0) return scope
  const all = clause.yields === null
  if (all)
    for (const { name } of signature.outputs)
      inner = bindNew(context, inner, { ...clause.procedure, name }, ANY)
  for (const item of clause.yields ?? []) {
    if (!signature.outputs.some(({ name }) => name === item.field.name)) {
      throw checkError(
        context,
        item,
        'UndefinedVariable',
        `The procedure has no such column: ${item.field.name}`,
      )
    }
    inner = bindNew(context, inner, item.variable, ANY)
  }
  if (clause.where !== null) checkPredicate(context, checker, clause.where, inner)
  return inner
}

const INPUT_KINDS: ReadonlyMap<string, Parameters<typeof mayBe>[1]> = new Map([
  ['STRING', 'string'],
  ['INTEGER', 'integer'],
  ['FLOAT', 'number'],
  ['NUMBER', 'number'],
  ['BOOLEAN', 'boolean'],
])

function checkArguments(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: CallClause,
  args: readonly Expression[],
  inputs: readonly { readonly name: string; readonly type: string }[],
  scope: Scope,
): void {
  for (const arg of args) refuseAggregates(context, arg)
  if (args.length !== inputs.length) {
    throw checkError(
      context,
      clause.procedure,
      'InvalidNumberOfArguments',
      `A procedure has the wrong number of arguments. Give it ${inputs.length}.`,
    )
  }
  args.forEach((arg, at) => {
    const type = checker.infer(arg, scope)
    const wanted = INPUT_KINDS.get((inputs[at]?.type ?? '').replace('?', '').toUpperCase())
    if (wanted !== undefined && !mayBe(type, wanted)) {
      throw checkError(
        context,
        arg,
        'InvalidArgumentType',
        `An argument has the wrong type. Give a ${wanted}, not a ${type.kind}.`,
      )
    }
  })
}

function checkSubquery(context: CheckContext, clause: SubqueryClause, scope: Scope): Scope {
  const imported = importedScope(context, clause, scope)
  const results = checkQuery(context, clause.query, imported, 'call')
  let inner = scope
  for (const [name, type] of results)
    inner = bindNew(context, inner, { name, start: clause.start, end: clause.end }, type)
  return inner
}

/** Finds what a subquery sees: the variables in CALL (…), or those of a leading WITH. */
function importedScope(context: CheckContext, clause: SubqueryClause, scope: Scope): Scope {
  if (clause.imports === '*') return scope
  if (clause.imports === null) {
    const leads = clause.query.parts.some(({ clauses }) => clauses[0]?.kind === 'with')
    return leads ? scope : new Map()
  }
  return new Map(
    clause.imports.map((variable) => {
      const type = scope.get(variable.name)
      if (type === undefined) {
        throw checkError(
          context,
          variable,
          'UndefinedVariable',
          `A variable is not defined here: ${variable.name}`,
        )
      }
      return [variable.name, type]
    }),
  )
}
