import { type AggregateDefinition, type DataType, types, type Value } from '@sheafdb/core'
import { isNumeric } from '../values.ts'
import { orderValues } from './compare.ts'
import { runtimeArgumentError, runtimeTypeError } from './errors.ts'

const valueType = (argumentTypes: readonly DataType[]): DataType => argumentTypes[0] ?? types.variant

function extreme(name: string, sign: 1 | -1): AggregateDefinition {
  return {
    name: `cypher.${name}`,
    type: valueType,
    nullable: true,
    ignoresRepeats: true,
    start: () => null,
    step: ((state: Value, value: Value) =>
      state === null || orderValues(value, state) * sign < 0 ? value : state) as AggregateDefinition['step'],
    finish: (state) => state,
  }
}

type Percentile = { readonly values: number[]; percentile: number }

function percentile(
  name: string,
  pick: (sorted: readonly number[], percentile: number) => number,
): AggregateDefinition {
  return {
    name: `cypher.${name}`,
    type: () => types.float64,
    nullable: true,
    start: () => ({ values: [], percentile: 0 }) satisfies Percentile,
    step: ((state: Percentile, value: Value, wanted: Value) => {
      if (!isNumeric(value) || !isNumeric(wanted))
        throw runtimeTypeError('Percentiles are of numbers.', isNumeric(value) ? wanted : value)
      if (wanted < 0 || wanted > 1 || Number.isNaN(wanted)) {
        throw runtimeArgumentError(`A percentile lies between 0.0 and 1.0: ${wanted}`, 'NumberOutOfRange')
      }
      state.values.push(Number(value))
      state.percentile = Number(wanted)
      return state
    }) as AggregateDefinition['step'],
    finish: ((state: Percentile) =>
      state.values.length === 0
        ? null
        : pick(
            state.values.sort((left, right) => left - right),
            state.percentile,
          )) as AggregateDefinition['finish'],
  }
}

function continuous(sorted: readonly number[], wanted: number): number {
  const place = wanted * (sorted.length - 1)
  const low = Math.floor(place)
  const below = sorted[low] as number
  const above = sorted[Math.min(low + 1, sorted.length - 1)] as number
  return below + (above - below) * (place - low)
}

function discrete(sorted: readonly number[], wanted: number): number {
  return sorted[Math.max(0, Math.ceil(wanted * sorted.length) - 1)] as number
}

/** Holds the aggregates that differ from the core's. */
export const aggregates: readonly AggregateDefinition[] = [
  extreme('min', 1),
  extreme('max', -1),
  percentile('percentile_cont', continuous),
  percentile('percentile_disc', discrete),
]
