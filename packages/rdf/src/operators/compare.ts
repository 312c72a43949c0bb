import {
  type Batch,
  type Column,
  type ExtensionOperator,
  type ExtensionPlan,
  types,
  type Value,
} from '@sheafdb/core'
import type { ComparisonOperator } from '../functions/comparison.ts'
import { numericOf } from '../functions/literal-value.ts'
import { sparqlFunctions } from '../functions/registry.ts'
import { Dictionary } from '../layout/dictionary.ts'
import type { LiteralTerm, Term } from '../layout/term.ts'
import { compareInlineIds, inlineId } from '../layout/term-id.ts'
import { NO_LITERAL, TermNumbers } from '../layout/term-numbers.ts'
import { addColumns } from './batches.ts'
import { selectedIds } from './ids.ts'

/** Names the function of terms that each comparison is. */
const FUNCTIONS: Readonly<Record<ComparisonOperator, string>> = {
  '=': 'sparql.equal',
  '<': 'sparql.less',
  '<=': 'sparql.less_or_equal',
  '>': 'sparql.greater',
  '>=': 'sparql.greater_or_equal',
}

const HOLDS: Readonly<Record<ComparisonOperator, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

/**
 * Adds a column that tells whether the term of an id compares with a constant, or with that of another id, as asked:
 * true, false, or null for an error. Ids that carry values and numbers are compared without their terms; terms are
 * decoded where these do not decide. Settings: `terms`, `operator`, and `constant`, a literal or null.
 */
export const compareOperator: ExtensionOperator = {
  name: 'rdf.compare',
  execute(plan, inputs, context) {
    const { terms } = plan.settings as { readonly terms: string }
    const source = context.snapshot.catalog.table(terms) === undefined ? null : context.snapshot.source(terms)
    const comparison =
      source === null ? null : new Comparison(plan, new Dictionary(source), new TermNumbers(source))
    const [input] = inputs
    return addColumns(plan, input as never, (batch, places) => [
      comparison === null ? allNull(batch.length) : comparison.column(batch, places),
    ])
  },
}

class Comparison {
  readonly #dictionary: Dictionary
  readonly #numbers: TermNumbers
  readonly #constant: LiteralTerm | null
  readonly #constantId: number
  readonly #constantNumber: number
  readonly #isEquality: boolean
  readonly #holds: (order: number) => boolean
  readonly #compareTerms: (left: Value, right: Value) => Value

  constructor(plan: ExtensionPlan, dictionary: Dictionary, numbers: TermNumbers) {
    const { operator, constant } = plan.settings as {
      readonly operator: ComparisonOperator
      readonly constant: LiteralTerm | null
    }
    this.#dictionary = dictionary
    this.#numbers = numbers
    this.#constant = constant
    this.#constantId = (constant === null ? undefined : inlineId(constant)) ?? 0
    const number = numericOf(constant)
    const isDouble = number?.kind === 'double' || number?.kind === 'integer' || number?.kind === 'decimal'
    this.#constantNumber = isDouble ? Number(constant?.value) : Number.NaN
    this.#isEquality = operator === '='
    this.#holds = HOLDS[operator]
    const found = sparqlFunctions.find(({ name }) => name === FUNCTIONS[operator])
    this.#compareTerms = found?.evaluator([], types.bool) as (left: Value, right: Value) => Value
  }

  column(batch: Batch, places: readonly number[]): Column {
    const left = selectedIds(batch, batch.columns[places[0] as number] as Column)
    const right =
      this.#constant === null ? selectedIds(batch, batch.columns[places[1] as number] as Column) : null
    const leftNumbers = this.#numbers.of(left)
    const rightNumbers = right === null ? null : this.#numbers.of(right)
    const bits = new BooleanBits(batch.length)
    const whenLess = this.#holds(-1)
    const whenMore = this.#holds(1)
    const { selection } = batch
    for (let at = 0; at < left.length; at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      const a = leftNumbers[at] as number
      const b = rightNumbers === null ? this.#constantNumber : (rightNumbers[at] as number)
      // Most are numbers that differ; IRIs and blank nodes stand below all numbers.
      if (a < b && a !== NO_LITERAL) bits.set(row, whenLess)
      else if (a > b && b !== NO_LITERAL) bits.set(row, whenMore)
      else {
        const other = right === null ? this.#constantId : (right[at] as number)
        bits.set(row, this.#compared(left[at] as number, other, a === NO_LITERAL || b === NO_LITERAL))
      }
    }
    return bits.column()
  }

  #compared(left: number, right: number, hasNode: boolean): Value {
    const inline = compareInlineIds(left, right)
    if (!Number.isNaN(inline)) return this.#holds(inline)
    if (left <= 0 || (this.#constant === null && right <= 0)) return null
    // An IRI or a blank node is equal to itself alone, and comes before or after nothing.
    if (hasNode) return this.#isEquality ? left === right : null
    // Numbers that are the same as doubles may differ as decimals.
    return this.#byTerms(left, right)
  }

  #byTerms(left: number, right: number): Value {
    const a = this.#dictionary.term(left)
    const b: Term | null = this.#constant ?? this.#dictionary.term(right)
    return a === null || b === null ? null : this.#compareTerms(a, b)
  }
}

/** Is booleans with nulls, a bit each. */
class BooleanBits {
  readonly #length: number
  readonly #values: Uint8Array
  readonly #validity: Uint8Array

  constructor(length: number) {
    this.#length = length
    this.#values = new Uint8Array((length + 7) >> 3)
    this.#validity = new Uint8Array((length + 7) >> 3)
  }

  set(row: number, value: Value): void {
    if (value === null) return
    this.#validity[row >> 3] = (this.#validity[row >> 3] as number) | (1 << (row & 7))
    if (value === true) this.#values[row >> 3] = (this.#values[row >> 3] as number) | (1 << (row & 7))
  }

  column(): Column {
    return {
      layout: 'bit',
      type: types.bool,
      length: this.#length,
      validity: this.#validity,
      values: this.#values,
    }
  }
}

function allNull(length: number): Column {
  return new BooleanBits(length).column()
}
