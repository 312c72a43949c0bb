import { call, column, literal } from '../../src/expression/build.ts'
import type { Expression } from '../../src/expression/expression.ts'
import { sortKey } from '../../src/plan/build.ts'
import type {
  AggregateExpression,
  FrameBound,
  LogicalPlan,
  SortKey,
  WindowExpression,
  WindowFrame,
} from '../../src/plan/logical-plan.ts'
import { frameRows, rangeBound, window, windowExpression, windowFrame } from '../../src/plan/window.ts'
import { isFloat, isNumeric, isWideInteger, types } from '../../src/types/data-type.ts'
import { drawExpression } from './random-expression.ts'
import { type Draw, oneIn, pick, upTo } from './random-table.ts'

/** Draws an aggregate over an input whose result does not depend on the order of rows. */
type DrawAggregate = (input: LogicalPlan, name: string) => AggregateExpression

const RANKS = ['rank', 'dense_rank', 'percent_rank', 'cume_dist'] as const
const VALUES = ['first_value', 'last_value', 'nth_value'] as const

/**
 * Draws a window. Functions that depend on the order of rows with equal keys get an order by every column, so that
 * such rows are equal in what they show.
 */
export function drawWindow(draw: Draw, input: LogicalPlan, drawAggregate: DrawAggregate): LogicalPlan {
  const setting = { draw, fields: input.output }
  const partition = Array.from({ length: upTo(draw, 2) }, () => drawExpression(setting, 1))
  const isTotal = oneIn(draw, 2)
  const order = isTotal
    ? input.output.map((field) => drawKey(draw, column(field)))
    : Array.from({ length: upTo(draw, 2) }, () => drawKey(draw, drawExpression(setting, 1)))
  const functions = Array.from({ length: 1 + upTo(draw, 2) }, (_, at) =>
    isTotal && oneIn(draw, 2)
      ? drawOrdered(draw, input, order, `w${at}`)
      : drawUnordered(draw, order, drawAggregate(input, `w${at}`)),
  )
  return window(input, { partition, order, functions })
}

function drawKey(draw: Draw, expression: Expression): SortKey {
  return sortKey(expression, {
    descending: oneIn(draw, 2),
    nullsFirst: oneIn(draw, 2),
    nansLast: oneIn(draw, 2),
  })
}

function drawOrdered(
  draw: Draw,
  input: LogicalPlan,
  order: readonly SortKey[],
  name: string,
): WindowExpression {
  const setting = { draw, fields: input.output }
  const value = drawExpression(setting, 1)
  const ignoreNulls = oneIn(draw, 3)
  switch (upTo(draw, 4)) {
    case 0:
      return windowExpression(name, 'row_number', [])
    case 1:
      return windowExpression(name, 'ntile', [literal(1 + upTo(draw, 4))])
    case 2: {
      const args = [value, literal(upTo(draw, 4) - 2), ...(oneIn(draw, 2) ? [] : [literal(null, value.type)])]
      return windowExpression(name, pick(draw, ['lag', 'lead']), args, { ignoreNulls })
    }
    case 3: {
      const fn = pick(draw, VALUES)
      const args = fn === 'nth_value' ? [value, literal(1 + upTo(draw, 2))] : [value]
      return windowExpression(name, fn, args, { ignoreNulls, frame: drawFrame(draw, order, 'any') })
    }
    default:
      return windowExpression(name, 'list', [value], { ignoreNulls, frame: drawFrame(draw, order, 'any') })
  }
}

/** Draws a function that gives the same for rows of equal keys, whichever comes first. */
function drawUnordered(
  draw: Draw,
  order: readonly SortKey[],
  { name, function: fn, args, ...options }: AggregateExpression,
): WindowExpression {
  if (oneIn(draw, 3)) return windowExpression(name, pick(draw, RANKS), [])
  return windowExpression(name, fn, args, { ...options, frame: drawFrame(draw, order, 'peers') })
}

/** Draws a frame; one of `peers` holds all rows of equal keys or none of them. */
function drawFrame(draw: Draw, order: readonly SortKey[], kind: 'any' | 'peers'): WindowFrame {
  const [key] = order
  const isNumber = key !== undefined && isNumeric(key.expression.type)
  const byValue = order.length === 1 && isNumber && !isWideInteger(key.expression.type)
  const units: WindowFrame['unit'][] = kind === 'any' ? ['rows', 'range'] : ['range']
  if (order.length > 0) units.push('groups')
  const unit = pick(draw, units)
  const offset = (direction: 'preceding' | 'following'): FrameBound => {
    if (unit !== 'range') return frameRows(direction, upTo(draw, 2))
    const [only] = order as [SortKey]
    const distance = literal(upTo(draw, 4), isFloat(only.expression.type) ? types.float64 : types.int64)
    return rangeBound(direction, finite(only), distance)
  }
  const bounds: (() => FrameBound)[] = [
    () => ({ kind: 'unbounded-preceding' }),
    () => offset('preceding'),
    () => ({ kind: 'current-row' }),
    () => offset('following'),
    () => ({ kind: 'unbounded-following' }),
  ]
  const allowed = bounds.map((_, at) => at).filter((at) => unit !== 'range' || byValue || at % 2 === 0)
  const start = pick(
    draw,
    allowed.filter((at) => at < 4),
  )
  const end = pick(
    draw,
    allowed.filter((at) => at >= Math.max(1, start)),
  )
  const exclude = pick(draw, kind === 'any' ? EXCLUSIONS : (['none', 'none', 'group'] as const))
  return windowFrame(
    unit,
    (bounds[start] as () => FrameBound)(),
    (bounds[end] as () => FrameBound)(),
    exclude,
  )
}

const EXCLUSIONS: readonly WindowFrame['exclude'][] = ['none', 'none', 'current-row', 'group', 'ties']

function finite(key: SortKey): SortKey {
  return {
    ...key,
    expression: key.expression.type === types.float64 ? key.expression : call('cast.float64', key.expression),
  }
}
