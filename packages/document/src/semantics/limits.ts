/** Keeps what expressions and stages make within bounds, so that a hostile pipeline ends with an error. */
import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import type { Scope } from './scope.ts'
import { isDocument } from './value.ts'

/** Elements that the expressions of one document may go through, all lists together. */
const MOST_STEPS = 1 << 23
/** Characters of a text that an expression makes: as many as a document of MongoDB has bytes. */
const MOST_TEXT = 1 << 24
/** Values inside one document that a stage makes. */
const MOST_VALUES = 1 << 24
const MAX_DEPTH = 500

/** Counts elements that an expression goes through or makes. @throws ExceededMemoryLimit */
export function spend({ effort }: Scope, steps: number): void {
  effort.steps += steps
  requireStepCount(effort.steps)
}

/** Requires a count of elements that is about to be made to be one that a document can need. @throws ExceededMemoryLimit */
export function requireStepCount(steps: number): void {
  if (steps > MOST_STEPS)
    throw mongoError(
      146,
      `An expression goes through too many elements for one document. Make its lists shorter: ${MOST_STEPS}`,
    )
}

/** Requires a text that is about to be made to be of a length that a document can hold. @throws BSONObjectTooLarge */
export function requireTextLength(length: number): void {
  if (length > MOST_TEXT)
    throw mongoError(10334, `An expression makes too long a text. Make it shorter: ${MOST_TEXT} characters`)
}

/**
 * Requires a value to be no larger and no deeper than a document can be. Values that stand in several places count in
 * each, so that a few doublings cannot make more than anybody can read.
 *
 * @throws BSONObjectTooLarge, Overflow
 */
export function requireSize<Made extends Value>(value: Made): Made {
  if (typeof value === 'object' && value !== null) count(value, { left: MOST_VALUES }, 0)
  return value
}

function count(value: object, budget: { left: number }, depth: number): void {
  if (depth > MAX_DEPTH)
    throw mongoError(15, `A document is nested too deep. Make it with fewer levels than ${MAX_DEPTH}.`)
  const items = Array.isArray(value) ? value : isDocument(value) ? Object.values(value) : []
  budget.left -= items.length
  if (budget.left < 0)
    throw mongoError(10334, `A document is too large. Make it of fewer values than ${MOST_VALUES}.`)
  for (const item of items) if (typeof item === 'object' && item !== null) count(item, budget, depth + 1)
}
