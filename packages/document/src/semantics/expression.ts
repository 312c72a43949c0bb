import { functionNamed, hasFunction, types, type Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import type { ExpressionSyntax } from '../language/syntax.ts'
import { hasOperatorNamed, operatorNamed } from './operators/registry.ts'
import { readPath } from './path.ts'
import type { Binding, CompileContext, Evaluator, Scope } from './scope.ts'
import { type Document, setKey } from './value.ts'

export type { Binding, CompileContext, Evaluator, Scope } from './scope.ts'

/** Marks what `$redact` decides. */
export const REDACTION: ReadonlyMap<string, symbol> = new Map([
  ['DESCEND', Symbol('DESCEND')],
  ['PRUNE', Symbol('PRUNE')],
  ['KEEP', Symbol('KEEP')],
])

/** Makes a context in which only system variables and those given are known. */
export function compileContext(variables: Iterable<string> = []): CompileContext {
  return { variables: new Set(variables), now: new Date() }
}

/** Makes the scope of a document. */
export function scopeOf(root: Value, variables: Binding | null = null): Scope {
  return { root, current: root, variables, effort: { steps: 0 } }
}

/** Makes a scope in which a variable is bound. */
export function bind(scope: Scope, name: string, value: Value): Scope {
  if (name === 'CURRENT') return { ...scope, current: value }
  return { ...scope, variables: { name, value, outer: scope.variables } }
}

/** Makes a context in which more variables are known. */
export function withVariables(context: CompileContext, ...names: string[]): CompileContext {
  return { ...context, variables: new Set([...context.variables, ...names]) }
}

/** Compiles an expression. @throws MongoDB's error of an unknown operator or of arguments that it does not take */
export function compileExpression(syntax: ExpressionSyntax, context: CompileContext): Evaluator {
  switch (syntax.kind) {
    case 'literal': {
      const { value } = syntax
      return () => value
    }
    case 'field': {
      const { path } = syntax
      return (scope) => readPath(scope.current, path)
    }
    case 'variable':
      return compileVariable(syntax.name, syntax.path, context)
    case 'array':
      return compileArray(syntax.items, context)
    case 'object':
      return compileObject(syntax.entries, context)
    case 'operator':
      return compileOperator(syntax.name, syntax.argument, context)
  }
}

function compileOperator(name: string, argument: ExpressionSyntax, context: CompileContext): Evaluator {
  const shared = `shared.${name.slice(1)}`
  if (hasOperatorNamed(name) || !hasFunction(shared)) return operatorNamed(name)(argument, context)
  // Functions that models offer to all languages.
  const args = argument.kind === 'array' ? argument.items : [argument]
  const evaluators = args.map((each) => compileExpression(each, context))
  const evaluate = functionNamed(shared).evaluator(
    args.map(() => types.variant),
    types.variant,
  )
  return (scope) => {
    const values = evaluators.map((each) => each(scope))
    return values.some((value) => value === null || value === undefined) ? null : evaluate(...values)
  }
}

function compileVariable(name: string, path: readonly string[], context: CompileContext): Evaluator {
  const read = variableReader(name, context)
  return path.length === 0 ? read : (scope) => readPath(read(scope), path)
}

function variableReader(name: string, context: CompileContext): Evaluator {
  if (context.variables.has(name)) {
    return ({ variables }) => {
      for (let binding = variables; binding !== null; binding = binding.outer)
        if (binding.name === name) return binding.value
      return undefined
    }
  }
  switch (name) {
    case 'ROOT':
      return (scope) => scope.root
    case 'CURRENT':
      return (scope) => scope.current
    case 'REMOVE':
      return () => undefined
    case 'NOW':
      return () => context.now
    default: {
      const redaction = REDACTION.get(name)
      if (redaction !== undefined) return () => redaction
      throw mongoError(17276, `There is no variable of this name. Define it with $let or \`let\`: ${name}`)
    }
  }
}

function compileArray(items: readonly ExpressionSyntax[], context: CompileContext): Evaluator {
  const evaluators = items.map((item) => compileExpression(item, context))
  return (scope) => evaluators.map((evaluate) => evaluate(scope) ?? null)
}

function compileObject(
  entries: readonly (readonly [string, ExpressionSyntax])[],
  context: CompileContext,
): Evaluator {
  const evaluators = entries.map(([key, item]) => [key, compileExpression(item, context)] as const)
  return (scope) => {
    const object: Document = {}
    for (const [key, evaluate] of evaluators) {
      const value = evaluate(scope)
      if (value !== undefined) setKey(object, key, value)
    }
    return object
  }
}
