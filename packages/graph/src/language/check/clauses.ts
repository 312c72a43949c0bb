import type { Clause, PathPattern, Query, SingleQuery, SubqueryClause, UnwindClause } from '../syntax.ts'
import { checkCall } from './calls.ts'
import { type ExpressionChecker, expressionChecker, type NestedRules } from './expressions.ts'
import { checkCreatePatterns, checkMatchPatterns, checkPatternExpression } from './patterns.ts'
import { checkProjection } from './projections.ts'
import { type CheckContext, checkError, type Scope } from './scope.ts'
import { ANY, elementOf } from './static-type.ts'
import {
  bindNew,
  checkDelete,
  checkMerge,
  checkPredicate,
  checkRemoveItem,
  checkSetItem,
  plain,
} from './updates.ts'

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
    case 'loadCsv':
      for (const part of [clause.url, ...(clause.terminator === null ? [] : [clause.terminator])])
        plain(context, checker, part, scope)
      return bindNew(context, scope, clause.variable, ANY)
    case 'finish':
      return new Map()
  }
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

function checkSubquery(context: CheckContext, clause: SubqueryClause, scope: Scope): Scope {
  const imported = importedScope(context, clause, scope)
  const results = checkQuery(context, clause.query, imported, 'call')
  let inner = scope
  for (const [name, type] of results)
    inner = bindNew(context, inner, { name, start: clause.start, end: clause.end }, type)
  const status = clause.inTransactions?.status ?? null
  return status === null ? inner : bindNew(context, inner, status, ANY)
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
