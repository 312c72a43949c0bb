import { type AggregateDefinition, types, type Value } from '@sheafdb/core'
import { type LiteralTerm, stringLiteral, type Term } from '../layout/term.ts'
import { compareForOrder, literalOrder } from './comparison.ts'
import { numericLiteral } from './literal-value.ts'
import { mean } from './numeric.ts'
import { addToSum, type Sum, startSum, sumOf } from './sum.ts'

function define<State>(
  name: string,
  parts: {
    readonly start: () => State
    readonly step: (state: State, ...args: Value[]) => State
    readonly finish: (state: State) => Value
    readonly keepsNulls?: boolean
  },
): AggregateDefinition {
  return {
    name: `sparql.${name}`,
    type: () => types.variant,
    nullable: true,
    keepsNulls: parts.keepsNulls ?? false,
    start: parts.start,
    step: parts.step as AggregateDefinition['step'],
    finish: parts.finish as AggregateDefinition['finish'],
  }
}

/** Keeps the least (or greatest) term: literals by value, everything by the order of ORDER BY. */
function extreme(name: string, sign: 1 | -1): AggregateDefinition {
  return define<Term | null>(name, {
    start: () => null,
    step: (state, value) => {
      const term = value as Term
      return state === null || compareForExtreme(term, state) * sign < 0 ? term : state
    },
    finish: (state) => state,
  })
}

function compareForExtreme(left: Term, right: Term): number {
  if (left.termType === 'Literal' && right.termType === 'Literal') {
    const order = literalOrder(left, right)
    if (order !== undefined && order !== null) return order
  }
  return compareForOrder(left, right)
}

type Texts = { readonly parts: string[]; separator: string; failed: boolean }

/** Holds the aggregates of SPARQL over terms; COUNT is the core's. */
export const sparqlAggregates: readonly AggregateDefinition[] = [
  define<Sum>('sum', {
    start: startSum,
    step: addToSum,
    finish: (state) => {
      const total = sumOf(state)
      return total === null ? null : numericLiteral(total)
    },
    keepsNulls: true,
  }),
  define<Sum>('avg', {
    start: startSum,
    step: addToSum,
    finish: (state) => {
      const total = sumOf(state)
      const value = total === null ? null : mean(total, state.count)
      return value === null ? null : numericLiteral(value)
    },
    keepsNulls: true,
  }),
  extreme('min', 1),
  extreme('max', -1),
  define<Term | null>('sample', {
    start: () => null,
    step: (state, value) => state ?? (value as Term),
    finish: (state) => state,
  }),
  define<Texts>('group_concat', {
    start: () => ({ parts: [], separator: ' ', failed: false }),
    step: (state, value, separator) => {
      const term = value as Term
      state.separator = separator as string
      if (term.termType === 'Literal' || term.termType === 'NamedNode') state.parts.push(term.value)
      else state.failed = true
      return state
    },
    finish: (state): LiteralTerm | null =>
      state.failed ? null : stringLiteral(state.parts.join(state.separator)),
  }),
]
