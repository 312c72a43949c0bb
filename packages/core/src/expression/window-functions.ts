import type { DataType } from 'apache-arrow'
import { commonType, types } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import { requireCount } from './functions/signature.ts'
import { NamedRegistry } from './named-registry.ts'

/** Is the rows of a partition in their order, as a window function sees them. Places count from 0. */
export type WindowRows = {
  /** Counts the rows of the partition. */
  readonly count: number
  /** True where rows whose first argument is null are to be passed over. */
  readonly ignoreNulls: boolean
  /** Gives an argument, computed on the row at a place. */
  value(argument: number, place: number): Value
  /** Gives the places, from the first to before the second, of the rows whose order is that of the row at a place. */
  peers(place: number): readonly [start: number, end: number]
  /** Gives the places of the row's frame, in order; those of nulls left out where they are ignored. */
  frame(place: number): readonly number[]
}

/** Defines a window function by its value on one row. The engine has faster forms of those of core, with the same meaning. */
export type WindowFunctionDefinition = {
  readonly name: string
  /** Infers the result type. @throws `TYPE`, `ARGUMENT` */
  readonly type: (argumentTypes: readonly DataType[]) => DataType
  readonly nullable: boolean
  readonly evaluate: (rows: WindowRows, place: number) => Value
}

const registry = new NamedRegistry<WindowFunctionDefinition>('window function')

/** Adds window functions to the registry. */
export function registerWindowFunctions(definitions: Iterable<WindowFunctionDefinition>): void {
  registry.add(definitions)
}

/** Finds a window function. @throws `NOT_FOUND` */
export function windowFunctionNamed(name: string): WindowFunctionDefinition {
  return registry.get(name)
}

/** Tells whether the registry has a window function; aggregates are apart. */
export function hasWindowFunction(name: string): boolean {
  return registry.has(name)
}

function ranking(
  name: string,
  type: DataType,
  evaluate: WindowFunctionDefinition['evaluate'],
): WindowFunctionDefinition {
  return {
    name,
    nullable: false,
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, 0)
      return type
    },
    evaluate,
  }
}

function groupsBefore(rows: WindowRows, place: number): number {
  let count = 0
  for (let at = 0; at < rows.peers(place)[0]; at = rows.peers(at)[1]) count += 1
  return count
}

/** Reads a count that a window function takes. @throws `ARGUMENT` where it is no integer of at least `minimum` */
export function windowCount(name: string, value: Value, minimum: number): number {
  const count = typeof value === 'bigint' ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= minimum) return count
  throw new SheafError(
    'ARGUMENT',
    `${name} needs an integer of at least ${minimum}. Correct its argument: ${String(value)}`,
  )
}

/** Reads how far lag and lead look, which may be back as well as ahead; `null` for null. @throws `ARGUMENT` */
export function windowDistance(name: string, value: Value): number | null {
  if (value === null || value === undefined) return null
  return windowCount(name, value, Number.NEGATIVE_INFINITY)
}

/** Gives the tile, counted from 1, of a row among equal tiles of a partition: the first ones take the rest. */
export function tileOf(place: number, count: number, tiles: number): number {
  const size = Math.floor(count / tiles)
  const larger = count % tiles
  const inLarger = larger * (size + 1)
  if (place < inLarger) return Math.floor(place / (size + 1)) + 1
  return larger + Math.floor((place - inLarger) / size) + 1
}

function offset(name: string, direction: 1 | -1): WindowFunctionDefinition {
  return {
    name,
    nullable: true,
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, 1, 3)
      const [value, , otherwise] = argumentTypes as [DataType, DataType?, DataType?]
      return otherwise === undefined ? value : commonType(value, otherwise)
    },
    evaluate: (rows, place) => {
      // Arguments that were not given are null: the plan's builder fills the distance in.
      const distance = windowDistance(name, rows.value(1, place))
      if (distance === null) return null
      const found = placeAt(rows, place, distance * direction)
      return found === null ? rows.value(2, place) : rows.value(0, found)
    },
  }
}

function placeAt(rows: WindowRows, place: number, distance: number): number | null {
  if (!rows.ignoreNulls) {
    const at = place + distance
    return at >= 0 && at < rows.count ? at : null
  }
  const step = distance < 0 ? -1 : 1
  let left = Math.abs(distance)
  if (left === 0) return place
  for (let at = place + step; at >= 0 && at < rows.count; at += step) {
    if (rows.value(0, at) === null) continue
    left -= 1
    if (left === 0) return at
  }
  return null
}

function ofFrame(
  name: string,
  argumentCount: number,
  pick: (frame: readonly number[], rows: WindowRows, place: number) => number | undefined,
): WindowFunctionDefinition {
  return {
    name,
    nullable: true,
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, argumentCount)
      return argumentTypes[0] as DataType
    },
    evaluate: (rows, place) => {
      const found = pick(rows.frame(place), rows, place)
      return found === undefined ? null : rows.value(0, found)
    },
  }
}

registerWindowFunctions([
  ranking('row_number', types.int64, (_, place) => place + 1),
  ranking('rank', types.int64, (rows, place) => rows.peers(place)[0] + 1),
  ranking('dense_rank', types.int64, (rows, place) => groupsBefore(rows, place) + 1),
  ranking('percent_rank', types.float64, (rows, place) =>
    rows.count < 2 ? 0 : rows.peers(place)[0] / (rows.count - 1),
  ),
  ranking('cume_dist', types.float64, (rows, place) => rows.peers(place)[1] / rows.count),
  {
    name: 'ntile',
    nullable: true,
    type: (argumentTypes) => {
      requireCount('ntile', argumentTypes, 1)
      return types.int64
    },
    evaluate: (rows, place) => {
      const tiles = rows.value(0, place)
      return tiles === null ? null : tileOf(place, rows.count, windowCount('ntile', tiles, 1))
    },
  },
  offset('lag', -1),
  offset('lead', 1),
  ofFrame('first_value', 1, (frame) => frame[0]),
  ofFrame('last_value', 1, (frame) => frame.at(-1)),
  ofFrame('nth_value', 2, (frame, rows, place) => {
    const wanted = rows.value(1, place)
    return wanted === null ? undefined : frame[windowCount('nth_value', wanted, 1) - 1]
  }),
])
