import type { CallClause, Expression } from '../syntax.ts'
import { refuseAggregates } from './aggregation.ts'
import type { ExpressionChecker } from './expressions.ts'
import { type CheckContext, checkError, type Scope } from './scope.ts'
import { ANY, mayBe } from './static-type.ts'
import { bindNew, checkPredicate } from './updates.ts'

/** Checks CALL; gives the scope with what it yields. */
export function checkCall(
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
  inputs: readonly { readonly name: string; readonly type: string; readonly optional?: boolean }[],
  scope: Scope,
): void {
  for (const arg of args) refuseAggregates(context, arg)
  const needed = inputs.filter(({ optional }) => optional !== true).length
  if (args.length < needed || args.length > inputs.length) {
    throw checkError(
      context,
      clause.procedure,
      'InvalidNumberOfArguments',
      `A procedure has the wrong number of arguments. Give it ${needed === inputs.length ? needed : `${needed} to ${inputs.length}`}.`,
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
