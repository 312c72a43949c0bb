import { call, column, literal } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { types } from '../types/data-type.ts'
import { assert, SheafError } from '../types/errors.ts'
import { planField } from './build.ts'
import type { GroupingSets } from './logical-plan.ts'

const MAX_SETS = 65_536

/** Makes grouping sets of lists of places among the groups, with a column for the index of a row's set. */
export function groupingSets(indexes: readonly (readonly number[])[]): GroupingSets {
  if (indexes.length > MAX_SETS)
    throw new SheafError(
      'LIMIT',
      `There are too many grouping sets. Use at most ${MAX_SETS}: ${indexes.length}`,
    )
  return Object.freeze({
    indexes: Object.freeze(indexes.map((set) => Object.freeze([...new Set(set)]))),
    set: planField('grouping set', types.int64, false),
  })
}

/** Makes the grouping sets of ROLLUP: all parts, all but the last, and so on to none. A part is one or more groups. */
export function rollup(parts: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return Array.from({ length: parts.length + 1 }, (_, dropped) =>
    parts.slice(0, parts.length - dropped).flat(),
  )
}

/** Makes the grouping sets of CUBE: every choice of the parts. @throws `LIMIT` for more than 16 parts */
export function cube(parts: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (parts.length > 16)
    throw new SheafError('LIMIT', `A cube has at most 16 parts. Use grouping sets: ${parts.length}`)
  const count = 2 ** parts.length
  return Array.from({ length: count }, (_, choice) =>
    parts.filter((_part, at) => ((choice >> (parts.length - 1 - at)) & 1) === 0).flat(),
  )
}

/** Joins grouping sets that stand side by side in GROUP BY: every set of the first with every set of the second. */
export function crossSets(
  left: readonly (readonly number[])[],
  right: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return left.flatMap((a) => right.map((b) => [...a, ...b]))
}

/**
 * Gives the expression of GROUPING over an aggregation with sets: a bit for each of the groups named, the last one
 * lowest, set where the group is not of the row's set.
 */
export function groupingOf(sets: GroupingSets, places: readonly number[]): Expression {
  const { set } = sets
  assert(set !== null, 'grouping needs the column of the set')
  const bits = sets.indexes.map((indexes) =>
    places.reduce((mask, place) => mask * 2 + (indexes.includes(place) ? 0 : 1), 0),
  )
  const branches = bits.flatMap((mask, at) => [call('eq', column(set), literal(at)), literal(mask)])
  return call('case', ...branches, literal(0))
}
