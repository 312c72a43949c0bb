import { extension, type LogicalPlan, planField, types } from '@sheafdb/core'

/** Says which integers a series gives: `count` of them. */
export type SeriesSettings = { readonly start: number; readonly step: number; readonly count: number }

/** Names the operator that gives a series. */
export const SERIES = 'sql.series'

/** Makes the plan of a series of integers from `start`, which are safe. */
export function seriesPlan(name: string, settings: SeriesSettings): LogicalPlan {
  return extension({
    operator: SERIES,
    inputs: [],
    expressions: [],
    settings,
    output: [planField(name, types.int64, false)],
  })
}
