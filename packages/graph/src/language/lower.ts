import {
  type DataType,
  distinct,
  type LogicalPlan,
  sourceError,
  union,
  type Value,
  values,
} from '@sheafdb/core'
import type { Procedure } from '../functions/procedure.ts'
import type { GraphSchema } from '../layout/schema.ts'
import { endsOnlyMatches } from './lower/ends-only.ts'
import { lowerExpression } from './lower/expressions.ts'
import { emptyFrame, type LowerContext, type Rules } from './lower/frame.ts'
import { lowerMatch } from './lower/match.ts'
import { finishPlan, lowerReadClause } from './lower/query.ts'
import { lowerCallSubquery, lowerFilter, lowerOptionalMatch, lowerSubquery } from './lower/subqueries.ts'
import type { Statement } from './syntax.ts'

const RULES: Rules = {
  expression: lowerExpression,
  match: lowerMatch,
  subquery: lowerSubquery,
  filter: lowerFilter,
  optionalMatch: lowerOptionalMatch,
  callSubquery: lowerCallSubquery,
}

/** Is what a statement is lowered for: a graph, and the parameters that it will run with. */
export type LowerTarget = {
  readonly schema: GraphSchema | undefined
  readonly parameterType: (name: string) => DataType
  readonly parameterValue: (name: string) => Value
  readonly procedure: (name: string) => Procedure | undefined
  /** Gives the clock's milliseconds since the epoch, the same all through a statement. */
  readonly now: () => number
}

/** Makes the context of lowering one statement. */
export function lowerContext(statement: Statement, target: LowerTarget): LowerContext {
  const endsOnly = endsOnlyMatches(statement)
  return { text: statement.text, rules: RULES, asksEndsOnly: (match) => endsOnly.has(match), ...target }
}

/**
 * Lowers a checked statement that only reads to a logical plan, a column for each name that it returns.
 *
 * @throws `READ_ONLY` for a statement that writes, `UNSUPPORTED` for what is not carried out yet
 */
export function lower(statement: Statement, target: LowerTarget): LogicalPlan {
  if (statement.command !== null) {
    throw sourceError(
      'READ_ONLY',
      'A command about constraints and indexes needs run. Call run(…) in place of query(…).',
      {
        text: statement.text,
        offset: statement.command.start,
      },
    )
  }
  const context = lowerContext(statement, target)
  const [first, ...rest] = statement.query.parts.map((part) => {
    let frame = emptyFrame()
    for (const clause of part.clauses) frame = lowerReadClause(context, frame, clause)
    return frame
  })
  if (first === undefined) return finishPlan(context, emptyFrame())
  const names = [...first.bindings.keys()]
  if (names.length === 0) return values([], [], 0)
  if (rest.length === 0) return finishPlan(context, first, names)
  const united = union([first, ...rest].map((frame) => finishPlan(context, frame, names)))
  return statement.query.all[0] === true ? united : distinct(united)
}
