import { checkQuery } from './check/clauses.ts'
import type { CheckContext, ProcedureSignature } from './check/scope.ts'
import type { Statement } from './syntax.ts'

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
  const context: CheckContext = { text: statement.text, procedure }
  checkQuery(context, statement.query, new Map(), 'top')
}
