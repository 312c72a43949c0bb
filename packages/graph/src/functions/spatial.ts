import { type FunctionDefinition, types } from '@sheafdb/core'
import { distance, makePoint, withinBox } from '../spatial/point.ts'
import { strict } from './define.ts'

/** Holds the functions of points. */
export const spatialFunctions: readonly FunctionDefinition[] = [
  strict('point', types.variant, makePoint),
  strict('point_distance', types.float64, distance),
  strict('point_within', types.bool, withinBox),
]
