import type { CollectionDefinition, ModelContext, Value } from '@sheafdb/core'
import type { CallSettings } from '../functions/calls.ts'
import { bindingsOf, contextOf } from '../functions/functions.ts'
import { mongoError } from '../language/errors.ts'
import { checkVariableName, parseExpression } from '../language/parser-expression.ts'
import { isPlain, typeWord } from '../language/parser-values.ts'
import { storedValue } from '../layout/stored-value.ts'
import { MODEL } from '../layout/table.ts'
import { compileExpression, scopeOf } from '../semantics/expression.ts'

/** Makes the settings of a call: its variables, evaluated, and its time. */
export function callSettings(variables: Value): CallSettings {
  const now = new Date()
  if (variables === undefined || variables === null) return { variables: [], now }
  if (!isPlain(variables)) throw mongoError(14, `let is an object. It is a ${typeWord(variables)}.`)
  return Object.entries(variables).reduce<CallSettings>(
    (settings, [name, value]) => {
      checkVariableName(name)
      const evaluate = compileExpression(parseExpression(value), contextOf(settings))
      return { now, variables: [...settings.variables, [name, evaluate(scopeOf({}, bindingsOf(settings)))]] }
    },
    { variables: [], now },
  )
}

/** Copies what a user gave, so that later changes of it do not change a query that was made. */
export function ownCopy(value: Value): Value {
  return value === undefined ? undefined : storedValue(value)
}

/** Gives `lower` made once for each state of the catalog. */
export function oncePerCatalog<Made>(context: ModelContext, make: () => Made): () => Made {
  let known: { readonly version: number; readonly made: Made } | null = null
  return () => {
    const { version } = context.catalog()
    if (known?.version !== version) known = { version, made: make() }
    return known.made
  }
}

/** Finds the definition of a collection, in the catalog as a session sees it. */
export function findCollection(context: ModelContext, name: string): CollectionDefinition | undefined {
  return context.catalog().collection(MODEL, name)
}
