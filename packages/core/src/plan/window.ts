import { aggregateNamed, hasAggregate } from '../expression/aggregates.ts'
import { call, literal, newColumnId } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { hasWindowFunction, windowFunctionNamed } from '../expression/window-functions.ts'
import { types } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import { checkColumns, freeze, requireBoolean } from './checks.ts'
import type { FrameBound, LogicalPlan, SortKey, WindowExpression, WindowFrame } from './logical-plan.ts'

/** Is the frame of a window that is given none: from the partition's start to the row and its peers. */
export const DEFAULT_FRAME: WindowFrame = Object.freeze({
  unit: 'range',
  start: Object.freeze({ kind: 'unbounded-preceding' }),
  end: Object.freeze({ kind: 'current-row' }),
  exclude: 'none',
})

/** Is the frame that holds the whole partition. */
export const WHOLE_PARTITION: WindowFrame = Object.freeze({
  unit: 'rows',
  start: Object.freeze({ kind: 'unbounded-preceding' }),
  end: Object.freeze({ kind: 'unbounded-following' }),
  exclude: 'none',
})

const BOUND_ORDER: Readonly<Record<FrameBound['kind'], number>> = {
  'unbounded-preceding': 0,
  preceding: 1,
  'current-row': 2,
  following: 3,
  'unbounded-following': 4,
}

/** Makes a frame. @throws `ARGUMENT` where it ends before it starts */
export function windowFrame(
  unit: WindowFrame['unit'],
  start: FrameBound,
  end: FrameBound,
  exclude: WindowFrame['exclude'] = 'none',
): WindowFrame {
  const turned =
    start.kind === 'unbounded-following' ||
    end.kind === 'unbounded-preceding' ||
    BOUND_ORDER[start.kind] > BOUND_ORDER[end.kind]
  if (turned)
    throw new SheafError(
      'ARGUMENT',
      `A frame cannot start after it ends. Swap its bounds: ${start.kind} and ${end.kind}`,
    )
  return Object.freeze({ unit, start: Object.freeze(start), end: Object.freeze(end), exclude })
}

/**
 * Makes the bound of a range at an offset from the sort key: the key less or plus the offset, by the functions
 * `subtract` and `add` or others of the same meaning (for dates and intervals).
 *
 * @throws `ARGUMENT` for a constant offset below zero
 */
export function rangeBound(
  kind: 'preceding' | 'following',
  key: SortKey,
  offset: Expression,
  functions: { readonly add: string; readonly subtract: string } = { add: 'add', subtract: 'subtract' },
): FrameBound {
  if (offset.kind === 'literal' && (typeof offset.value === 'number' || typeof offset.value === 'bigint')) {
    if (offset.value < 0)
      throw new SheafError(
        'ARGUMENT',
        `The offset of a frame must not be negative. Correct it: ${String(offset.value)}`,
      )
  }
  const goesUp = (kind === 'following') !== key.descending
  return { kind, value: call(goesUp ? functions.add : functions.subtract, key.expression, offset) }
}

/** Makes a window function, or an aggregate over a frame. @throws `NOT_FOUND`, `TYPE`, `ARGUMENT` */
export function windowExpression(
  name: string,
  fn: string,
  args: readonly Expression[],
  options: {
    readonly frame?: WindowFrame
    readonly distinct?: boolean
    readonly filter?: Expression | null
    readonly order?: readonly SortKey[]
    readonly ignoreNulls?: boolean
  } = {},
): WindowExpression {
  const { distinct = false, filter = null, order = [], ignoreNulls = false } = options
  const isWindowFunction = hasWindowFunction(fn)
  if (!isWindowFunction && !hasAggregate(fn))
    throw new SheafError(
      'NOT_FOUND',
      `There is no window function or aggregate of this name. Check its spelling, or pass the model that brings it: ${fn}`,
    )
  if (isWindowFunction && (distinct || filter !== null))
    throw new SheafError(
      'UNSUPPORTED',
      `Only aggregates take DISTINCT and FILTER over a window. Leave them out: ${fn}`,
    )
  const definition = isWindowFunction ? windowFunctionNamed(fn) : aggregateNamed(fn)
  return Object.freeze({
    id: newColumnId(),
    name,
    function: fn,
    type: definition.type(args.map((arg) => arg.type)),
    nullable: definition.nullable,
    args: Object.freeze(isWindowFunction ? completed(fn, args) : [...args]),
    distinct,
    filter,
    order: Object.freeze([...order]),
    ignoreNulls,
    frame: options.frame ?? DEFAULT_FRAME,
  })
}

/** Fills in what lag and lead take where they are not told: one row, and null for rows that are not there. */
function completed(fn: string, args: readonly Expression[]): readonly Expression[] {
  if (fn !== 'lag' && fn !== 'lead') return [...args]
  const [value, distance = literal(1), otherwise = literal(null)] = args as [
    Expression,
    Expression?,
    Expression?,
  ]
  return [value, distance, otherwise]
}

/** Computes functions over the rows around each row; with no functions, the input. @throws `ARGUMENT`, `TYPE` */
export function window(
  input: LogicalPlan,
  options: {
    readonly partition?: readonly Expression[]
    readonly order?: readonly SortKey[]
    readonly functions: readonly WindowExpression[]
  },
): LogicalPlan {
  const { partition = [], order = [], functions } = options
  for (const expression of partition) checkColumns(expression, input)
  for (const key of order) checkColumns(key.expression, input)
  for (const item of functions) checkFunction(item, order, input)
  if (functions.length === 0) return input
  return freeze({
    kind: 'window',
    input,
    partition: Object.freeze([...partition]),
    order: Object.freeze([...order]),
    functions: Object.freeze([...functions]),
    output: [
      ...input.output,
      ...functions.map(({ id, name, type, nullable }) => Object.freeze({ id, name, type, nullable })),
    ],
  })
}

function checkFunction(item: WindowExpression, order: readonly SortKey[], input: LogicalPlan): void {
  for (const arg of item.args) checkColumns(arg, input)
  for (const key of item.order) checkColumns(key.expression, input)
  if (item.filter !== null) {
    checkColumns(item.filter, input)
    requireBoolean(item.filter)
  }
  const { unit, start, end } = item.frame
  for (const bound of [start, end]) {
    if (!('value' in bound)) continue
    checkColumns(bound.value, input)
    if (unit === 'range' && order.length !== 1)
      throw new SheafError(
        'ARGUMENT',
        `A range at an offset needs one sort key. Give one, or use rows or groups; there are ${order.length}.`,
      )
  }
  if (unit === 'groups' && order.length === 0)
    throw new SheafError('ARGUMENT', 'A frame of groups needs a sort key. Give one, or use rows.')
}

/** Makes a count of rows or groups, as frames take it. */
export function frameRows(kind: 'preceding' | 'following', count: Expression | number): FrameBound {
  return { kind, value: typeof count === 'number' ? literal(count, types.int64) : count }
}
