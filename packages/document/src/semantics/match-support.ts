import { compileExpression, scopeOf } from './expression.ts'
import type { MatchSupport } from './match.ts'
import { compileSchema } from './schema.ts'
import type { Binding, CompileContext } from './scope.ts'
import { isTruthy } from './value.ts'

/** Makes the functions that filters need. */
export function matchSupport(context: CompileContext, variables: Binding | null = null): MatchSupport {
  return {
    expression: (syntax) => {
      const evaluate = compileExpression(syntax, context)
      return (document) => isTruthy(evaluate(scopeOf(document, variables)))
    },
    schema: compileSchema,
  }
}
