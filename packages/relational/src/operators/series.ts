import {
  type Column,
  type ExecutionContext,
  type ExtensionOperator,
  type ExtensionPlan,
  makeBatch,
  type Steps,
  types,
} from '@sheafdb/core'
import { SERIES, type SeriesSettings } from '../language/lower/series.ts'

const BATCH_ROWS = 65_536

/** Gives the rows of `range` and `generate_series`, a batch at a time. */
export const seriesOperator: ExtensionOperator = {
  name: SERIES,
  *execute(plan: ExtensionPlan, _inputs: readonly Steps[], context: ExecutionContext): Steps {
    const { start, step, count } = plan.settings as SeriesSettings
    for (let at = 0; at < count; at += BATCH_ROWS) {
      context.check()
      const length = Math.min(BATCH_ROWS, count - at)
      const values = new Float64Array(length)
      for (let row = 0; row < length; row += 1) values[row] = start + (at + row) * step
      const column: Column = { layout: 'flat', type: types.int64, length, validity: null, values }
      yield makeBatch([column], length)
    }
  },
}
