import { type Evaluate, functionNamed, isSheafError, types, type Value } from '@sheafdb/core'
import { stringLiteral, type Term, typedLiteral } from '../layout/term.ts'
import { XSD_BOOLEAN } from '../layout/vocabulary.ts'
import { defineFunction, type SparqlFunction } from './definition.ts'
import { literalValue, numericLiteral, numericOf, toNumber } from './literal-value.ts'

/** Begins the IRIs of functions that models offer to all languages: `<urn:sheaf:function:cosine_distance>(?a, ?b)`. */
export const SHARED_FUNCTIONS = 'urn:sheaf:function:'

const evaluators = new Map<string, Evaluate>()

function evaluatorOf(name: string, count: number): Evaluate {
  const key = `${name}/${count}`
  let found = evaluators.get(key)
  if (found === undefined) {
    const variants = new Array<typeof types.variant>(count).fill(types.variant)
    found = functionNamed(`shared.${name}`).evaluator(variants, types.variant)
    evaluators.set(key, found)
  }
  return found
}

function plainValueOf(term: Term): Value {
  const number = numericOf(term)
  if (number !== null) return toNumber(number)
  if (term.termType !== 'Literal') return term.value
  const value = literalValue(term)
  return value.kind === 'boolean' ? value.value : term.value
}

function termOf(value: Value): Term | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return numericLiteral({ kind: 'double', value })
  if (typeof value === 'boolean') return typedLiteral(String(value), XSD_BOOLEAN)
  return stringLiteral(typeof value === 'string' ? value : JSON.stringify(Array.from(value as number[])))
}

/** Calls a function by its name: numbers, booleans and text become terms again, lists text in JSON. An error is none bound. */
export const sharedFunction: SparqlFunction = defineFunction('shared', 'term', {
  evaluate: (name, ...terms) => {
    try {
      return termOf(
        evaluatorOf(name as string, terms.length)(...terms.map((term) => plainValueOf(term as Term))),
      )
    } catch (error) {
      if (isSheafError(error, 'TYPE', 'ARGUMENT', 'SYNTAX', 'NOT_FOUND', 'VALUE')) return null
      throw error
    }
  },
})
