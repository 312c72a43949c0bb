import { sourceError } from '@sheafdb/core'
import { isTypeName } from '../functions/value-type.ts'
import { checkQuery } from './check/clauses.ts'
import type { CheckContext, ProcedureSignature } from './check/scope.ts'
import type { SchemaCommand, Statement } from './syntax.ts'

export type { ProcedureSignature } from './check/scope.ts'

/**
 * Checks what can be known of a statement before it runs: scopes, kinds of variables, types of constants and the
 * rules of aggregation.
 *
 * @throws `SYNTAX` with phase `compile time` and openCypher's name of the error in `detail`
 */
export function check(
  statement: Statement,
  procedure: (name: string) => ProcedureSignature | undefined = () => undefined,
): void {
  if (statement.command !== null) {
    checkCommand(statement.text, statement.command)
    return
  }
  const context: CheckContext = { text: statement.text, procedure }
  checkQuery(context, statement.query, new Map(), 'top')
}

function checkCommand(text: string, command: SchemaCommand): void {
  if (command.kind !== 'createRule') return
  const { kind, properties, types } = command.rule
  const wrong = types.find((type) => !isTypeName(type))
  const message =
    wrong !== undefined
      ? `There is no type of this name. Write a type such as STRING, INTEGER or LIST<STRING>: ${wrong}`
      : (kind === 'type' || kind === 'exists') && properties.length > 1
        ? 'A constraint of this kind is on one property. Make one for each.'
        : null
  if (message === null) return
  throw sourceError('SYNTAX', message, {
    text,
    offset: command.start,
    phase: 'compile time',
    detail: 'InvalidConstraint',
  })
}
