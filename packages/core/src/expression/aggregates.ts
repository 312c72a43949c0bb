import { type DataType, List } from 'apache-arrow'
import { isDecimal, isFloat, isInteger, makeField, typeName, types } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import { compareValues, type Value } from '../types/value.ts'
import { checkInt64 } from './arithmetic.ts'
import { NamedRegistry } from './named-registry.ts'

/**
 * Defines an aggregate by a running state. Null arguments are left out before `step`, unless `keepsNulls` says else.
 * The engine has faster forms of count, sum, avg, min and max over typed columns, with the same meaning.
 */
export type AggregateDefinition = {
  readonly name: string
  /** Infers the result type. @throws `TYPE` */
  readonly type: (argumentTypes: readonly DataType[]) => DataType
  /** Whether a group may give null. */
  readonly nullable: boolean
  readonly keepsNulls?: boolean
  /** Whether a row that comes again changes nothing, as in a minimum. */
  readonly ignoresRepeats?: boolean
  /** Makes the state of a group. */
  readonly start: (argumentTypes: readonly DataType[]) => unknown
  /** Adds a row's arguments to a state and gives the state to go on with. */
  readonly step: (state: never, ...args: Value[]) => unknown
  /** Gives a group's result. */
  readonly finish: (state: never) => Value
}

const registry = new NamedRegistry<AggregateDefinition>('aggregate')

/** Adds aggregates to the registry. */
export function registerAggregates(definitions: Iterable<AggregateDefinition>): void {
  registry.add(definitions)
}

/** Finds an aggregate. @throws `NOT_FOUND` */
export function aggregateNamed(name: string): AggregateDefinition {
  return registry.get(name)
}

/** Tells whether the registry has an aggregate. */
export function hasAggregate(name: string): boolean {
  return registry.has(name)
}

function argumentType(name: string, [type]: readonly DataType[]): DataType {
  if (type === undefined) throw new SheafError('TYPE', `This aggregate needs an argument: ${name}`)
  return type
}

function numericResult(name: string, argumentTypes: readonly DataType[]): DataType {
  const type = argumentType(name, argumentTypes)
  if (isInteger(type)) return types.int64
  if (isFloat(type)) return types.float64
  if (isDecimal(type)) return type
  if (typeName(type) === 'variant' || typeName(type) === 'null') return types.variant
  throw new SheafError(
    'TYPE',
    `${name} needs numbers. Convert the column first; its type is ${typeName(type)}.`,
  )
}

/** `unit` is what a value is counted in: decimals are unscaled integers inside. */
type Mean = { sum: number; count: number; readonly unit: number }

function unitOf(type: DataType | undefined): number {
  return type !== undefined && isDecimal(type) ? 10 ** -(type as unknown as { scale: number }).scale : 1
}

function numberOf(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  throw new SheafError(
    'TYPE',
    `avg needs numbers. Convert or filter the values first; one is a ${typeof value}.`,
  )
}

/** Adds integers exactly, so that only a total out of range overflows; floats apart. */
type Sum = {
  readonly kind: 'decimal' | 'float' | 'mixed'
  /** `null` where there was no integer. */
  integers: bigint | null
  /** Integers that are safe together with their total, not yet in `integers`. */
  safe: number
  floats: number | null
}

function startSum(type: DataType | undefined): Sum {
  const kind = type === undefined ? 'mixed' : isDecimal(type) ? 'decimal' : isFloat(type) ? 'float' : 'mixed'
  return { kind, integers: null, safe: 0, floats: null }
}

function addToSum(state: Sum, value: Value): Sum {
  if (typeof value === 'bigint') state.integers = (state.integers ?? 0n) + value
  else if (typeof value !== 'number') {
    throw new SheafError(
      'TYPE',
      `Only numbers can be added. Convert or filter the values first; one is a ${typeof value}.`,
    )
  } else if (state.kind === 'float' || !Number.isSafeInteger(value))
    state.floats = (state.floats ?? 0) + value
  else {
    state.integers ??= 0n
    const total = state.safe + value
    if (Number.isSafeInteger(total)) state.safe = total
    else {
      state.integers += BigInt(state.safe) + BigInt(value)
      state.safe = 0
    }
  }
  return state
}

function sumOf({ kind, integers, safe, floats }: Sum): Value {
  if (integers === null) return floats
  const total = integers + BigInt(safe)
  if (kind === 'decimal') return total
  return floats === null ? checkInt64(total) : Number(total) + floats
}

type Moments = { count: number; mean: number; squares: number; readonly unit: number }

function addMoment(state: Moments, value: Value): Moments {
  const number = numberOf(value) * state.unit
  state.count += 1
  const delta = number - state.mean
  state.mean += delta / state.count
  state.squares += delta * (number - state.mean)
  return state
}

function moments(name: string, result: (state: Moments) => Value): AggregateDefinition {
  return {
    name,
    type: () => types.float64,
    nullable: true,
    start: ([type]) => ({ count: 0, mean: 0, squares: 0, unit: unitOf(type) }) satisfies Moments,
    step: addMoment as AggregateDefinition['step'],
    finish: result as AggregateDefinition['finish'],
  }
}

function extreme(name: string, sign: 1 | -1): AggregateDefinition {
  return {
    name,
    type: (argumentTypes) => argumentType(name, argumentTypes),
    nullable: true,
    start: () => null,
    step: ((state: Value, value: Value) =>
      state === null || compareValues(value, state) * sign < 0
        ? value
        : state) as AggregateDefinition['step'],
    finish: (state) => state,
  }
}

function boolean(name: string, combine: (left: boolean, right: boolean) => boolean): AggregateDefinition {
  return {
    name,
    type: () => types.bool,
    nullable: true,
    start: () => null,
    step: ((state: boolean | null, value: Value) =>
      state === null ? value === true : combine(state, value === true)) as AggregateDefinition['step'],
    finish: (state) => state,
  }
}

function listOf(name: string, keepsNulls: boolean): AggregateDefinition {
  return {
    name,
    type: (argumentTypes) => new List(makeField('item', argumentType(name, argumentTypes))),
    nullable: false,
    keepsNulls,
    start: () => [],
    step: ((state: Value[], value: Value) => {
      state.push(value)
      return state
    }) as AggregateDefinition['step'],
    finish: (state) => state,
  }
}

registerAggregates([
  {
    name: 'count',
    type: () => types.int64,
    nullable: false,
    start: () => 0,
    step: ((state: number) => state + 1) as AggregateDefinition['step'],
    finish: (state) => state,
  },
  {
    name: 'sum',
    type: (argumentTypes) => numericResult('sum', argumentTypes),
    nullable: true,
    start: ([type]) => startSum(type),
    step: addToSum as AggregateDefinition['step'],
    finish: sumOf as AggregateDefinition['finish'],
  },
  {
    name: 'avg',
    type: (argumentTypes) => {
      numericResult('avg', argumentTypes)
      return types.float64
    },
    nullable: true,
    start: ([type]) => ({ sum: 0, count: 0, unit: unitOf(type) }) satisfies Mean,
    step: ((state: Mean, value: Value) => {
      state.sum += numberOf(value)
      state.count += 1
      return state
    }) as AggregateDefinition['step'],
    finish: ((state: Mean) =>
      state.count === 0 ? null : (state.sum * state.unit) / state.count) as AggregateDefinition['finish'],
  },
  extreme('min', 1),
  extreme('max', -1),
  boolean('bool_and', (left, right) => left && right),
  boolean('bool_or', (left, right) => left || right),
  moments('var_samp', ({ count, squares }) => (count < 2 ? null : squares / (count - 1))),
  moments('var_pop', ({ count, squares }) => (count < 1 ? null : squares / count)),
  moments('stddev_samp', ({ count, squares }) => (count < 2 ? null : Math.sqrt(squares / (count - 1)))),
  moments('stddev_pop', ({ count, squares }) => (count < 1 ? null : Math.sqrt(squares / count))),
  listOf('list', true),
  listOf('collect', false),
  {
    name: 'first',
    type: (argumentTypes) => argumentType('first', argumentTypes),
    nullable: true,
    keepsNulls: true,
    start: () => undefined,
    step: ((state: Value, value: Value) =>
      state === undefined ? value : state) as AggregateDefinition['step'],
    finish: (state: Value) => state ?? null,
  },
  {
    name: 'last',
    type: (argumentTypes) => argumentType('last', argumentTypes),
    nullable: true,
    keepsNulls: true,
    start: () => null,
    step: ((_: Value, value: Value) => value) as AggregateDefinition['step'],
    finish: (state) => state,
  },
])
