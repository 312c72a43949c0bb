import {
  type AggregateDefinition,
  compareValues,
  type DataType,
  groupKey,
  isInteger,
  makeField,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'

type Step = AggregateDefinition['step']
type Finish = AggregateDefinition['finish']

const ownType = ([type]: readonly DataType[]): DataType => type ?? types.null

/** Takes the first value that is not null. */
const anyValue: AggregateDefinition = {
  name: 'sql.any_value',
  type: ownType,
  nullable: true,
  start: () => null,
  step: ((state: Value, value: Value) => (state === null ? value : state)) as Step,
  finish: (state) => state,
}

/** Collects all values, nulls too; null for no rows. */
const list: AggregateDefinition = {
  name: 'sql.list',
  type: ([type]) => new List(makeField('item', type ?? types.null)),
  nullable: true,
  keepsNulls: true,
  start: () => null,
  step: ((state: Value[] | null, value: Value) => {
    if (state === null) return [value]
    state.push(value)
    return state
  }) as Step,
  finish: (state) => state,
}

/** Joins texts, the second argument between them. */
const stringAgg: AggregateDefinition = {
  name: 'sql.string_agg',
  type: () => types.utf8,
  nullable: true,
  start: () => null,
  step: ((state: { text: string } | null, value: string, separator = ',') => {
    if (state === null) return { text: value }
    state.text += separator + value
    return state
  }) as Step,
  finish: ((state: { text: string } | null) => state?.text ?? null) as Finish,
}

type Best = { readonly value: Value; readonly by: Value }

/** Takes the first argument of the row whose second is least or greatest. */
function argument(name: string, sign: 1 | -1): AggregateDefinition {
  return {
    name,
    type: ownType,
    nullable: true,
    start: () => null,
    step: ((state: Best | null, value: Value, by: Value) =>
      state === null || compareValues(by, state.by) * sign < 0 ? { value, by } : state) as Step,
    finish: ((state: Best | null) => state?.value ?? null) as Finish,
  }
}

/** Sorts as DuckDB does: NaN is after every other number. */
function sorted(values: Value[]): Value[] {
  return values.sort((left, right) =>
    Number.isNaN(left) || Number.isNaN(right)
      ? Number(Number.isNaN(left)) - Number(Number.isNaN(right))
      : compareValues(left, right),
  )
}

function collecting(
  name: string,
  type: AggregateDefinition['type'],
  finish: (values: Value[], first: readonly Value[]) => Value,
): AggregateDefinition {
  return {
    name,
    type,
    nullable: true,
    start: () => ({ values: [] as Value[], others: [] as Value[] }),
    step: ((state: { values: Value[]; others: Value[] }, value: Value, ...others: Value[]) => {
      state.values.push(value)
      state.others = others
      return state
    }) as Step,
    finish: ((state: { values: Value[]; others: Value[] }) =>
      state.values.length === 0 ? null : finish(state.values, state.others)) as Finish,
  }
}

function checkShare(share: number): number {
  if (!(share >= -1 && share <= 1))
    throw new SheafError('ARGUMENT', `A quantile is a share between 0 and 1. Correct it: ${share}`)
  return share
}

function continuous(values: Value[], share: number): number {
  const ordered = sorted(values).map(Number)
  if (share < 0) ordered.reverse()
  const place = (ordered.length - 1) * Math.abs(checkShare(share))
  const low = Math.floor(place)
  const high = Math.ceil(place)
  const [a, b] = [ordered[low] as number, ordered[high] as number]
  return low === high ? a : a + (place - low) * (b - a)
}

function discrete(values: Value[], share: number): Value {
  const ordered = sorted(values)
  if (share < 0) ordered.reverse()
  const place = Math.max(1, Math.ceil(ordered.length * Math.abs(checkShare(share)))) - 1
  return ordered[place] ?? null
}

/** Takes the value that is there most often, the first of them where several are. */
function mode(values: Value[]): Value {
  const counts = new Map<unknown, { readonly value: Value; count: number }>()
  let best: { readonly value: Value; count: number } | undefined
  for (const value of values) {
    const key = groupKey(value)
    const entry = counts.get(key) ?? { value, count: 0 }
    entry.count += 1
    counts.set(key, entry)
  }
  for (const entry of counts.values()) if (best === undefined || entry.count > best.count) best = entry
  return best?.value ?? null
}

function bits(name: string, combine: (left: bigint, right: bigint) => bigint): AggregateDefinition {
  return {
    name,
    type: ([type]) => {
      if (type !== undefined && isInteger(type)) return type
      throw new SheafError('TYPE', `${name} needs integers. Convert the column first.`)
    },
    nullable: true,
    start: () => null,
    step: ((state: bigint | null, value: number | bigint) =>
      state === null ? BigInt(value) : combine(state, BigInt(value))) as Step,
    finish: ((state: bigint | null) => {
      if (state === null) return null
      const number = Number(state)
      return Number.isSafeInteger(number) ? number : state
    }) as Finish,
  }
}

const product: AggregateDefinition = {
  name: 'sql.product',
  type: () => types.float64,
  nullable: true,
  start: () => null,
  step: ((state: number | null, value: number | bigint) => (state ?? 1) * Number(value)) as Step,
  finish: (state) => state,
}

/** Is the running moments of pairs (Welford). */
type Pairs = { count: number; meanX: number; meanY: number; xx: number; yy: number; xy: number }

function pairs(name: string, finish: (state: Pairs) => Value): AggregateDefinition {
  return {
    name,
    type: () => types.float64,
    nullable: true,
    start: () => ({ count: 0, meanX: 0, meanY: 0, xx: 0, yy: 0, xy: 0 }) satisfies Pairs,
    step: ((state: Pairs, second: number | bigint, first: number | bigint) => {
      const [x, y] = [Number(first), Number(second)]
      state.count += 1
      const dx = x - state.meanX
      state.meanX += dx / state.count
      const dy = y - state.meanY
      state.meanY += dy / state.count
      state.xx += dx * (x - state.meanX)
      state.yy += dy * (y - state.meanY)
      state.xy += dx * (y - state.meanY)
      return state
    }) as Step,
    finish: finish as Finish,
  }
}

/** Holds the aggregates that SQL adds to the registry. */
export const sqlAggregates: readonly AggregateDefinition[] = [
  anyValue,
  list,
  stringAgg,
  argument('sql.arg_min', 1),
  argument('sql.arg_max', -1),
  collecting(
    'sql.median',
    () => types.float64,
    (values) => continuous(values, 0.5),
  ),
  collecting(
    'sql.quantile_cont',
    () => types.float64,
    (values, [share]) => continuous(values, Number(share)),
  ),
  collecting('sql.quantile_disc', ownType, (values, [share]) => discrete(values, Number(share))),
  collecting('sql.mode', ownType, mode),
  bits('sql.bit_and', (left, right) => left & right),
  bits('sql.bit_or', (left, right) => left | right),
  bits('sql.bit_xor', (left, right) => left ^ right),
  product,
  pairs('sql.covar_pop', ({ count, xy }) => (count === 0 ? null : xy / count)),
  pairs('sql.covar_samp', ({ count, xy }) => (count < 2 ? null : xy / (count - 1))),
  pairs('sql.corr', ({ count, xx, yy, xy }) => (count === 0 ? null : xy / Math.sqrt(xx * yy))),
]
