import {
  boxedColumn,
  call,
  columnNamed,
  filter,
  type LogicalPlan,
  literal,
  type Metric,
  named,
  nearest,
  planField,
  project,
  SheafError,
  tablePlan,
  types,
  values,
} from '@sheafdb/core'
import { type DType, dtypeNamed } from '../layout/dtype.ts'
import { isFixed } from '../layout/table.ts'
import { elementCount, toValues } from '../layout/values.ts'
import { checkMetric, type Definition } from './definition.ts'
import { attributeFields } from './rows.ts'
import { counted } from './vector-index.ts'
import { lowerWhere, type Where } from './where.ts'

/** Is a vector to search near to: numbers in any array, `values` of a tensor among them. */
export type QueryVector = ArrayLike<number> | ArrayLike<bigint>

/** Says how many of which tensors are wanted. */
export type NearestOptions = {
  /** How many; 10 where nothing is said. */
  readonly k?: number
  /** Only tensors of which this is true. */
  readonly where?: Where
  /** True looks at every vector, as is done where there is no index. */
  readonly exact?: boolean
  /** How widely an index is searched; without an index it changes nothing. */
  readonly ef?: number
  /** Measures otherwise than the collection says. */
  readonly metric?: Metric
  /** Only tensors that are no farther than this. With it alone, all of them. */
  readonly maxDistance?: number
}

const DEFAULT_K = 10
const MAX_ROWS = 2 ** 31 - 1

/** Checks a search before it is planned. @throws `ARGUMENT`, `VALUE` */
export function checkSearch(vector: QueryVector, options: NearestOptions): Float64Array {
  const { k = DEFAULT_K, maxDistance } = options
  if (options.metric !== undefined) checkMetric(options.metric)
  if (options.ef !== undefined) counted(options.ef, 'ef')
  if (maxDistance !== undefined && !Number.isFinite(maxDistance))
    throw new SheafError('ARGUMENT', `maxDistance must be a finite number: ${String(maxDistance)}`)
  if (!Number.isSafeInteger(k) || k < 1)
    throw new SheafError('ARGUMENT', `k must be an integer of at least 1: ${String(k)}`)
  if (typeof vector !== 'object' || vector === null || typeof vector.length !== 'number')
    throw new SheafError('TYPE', 'A query vector must be an array of numbers or a typed array.')
  const numbers = new Float64Array(vector.length)
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = Number(vector[at])
  if (numbers.every(Number.isFinite)) return numbers
  throw new SheafError('VALUE', 'A query vector must consist of finite numbers. Remove NaN and infinity.')
}

/** Makes the plan of a search: rows of `id`, `distance` and the attributes, nearest first. */
export function nearestPlan(
  definition: Definition,
  vector: Float64Array,
  options: NearestOptions & { readonly metric: Metric },
): LogicalPlan {
  const { table, options: own } = definition
  if (!isFixed(own)) {
    throw new SheafError(
      'UNSUPPORTED',
      'Only tensors of one dtype and shape can be searched. Put them into a collection made with both.',
    )
  }
  const size = elementCount(own.shape)
  if (vector.length !== size) {
    throw new SheafError(
      'ARGUMENT',
      `The query vector must have as many numbers as the vectors stored: ${vector.length}, not ${size}`,
    )
  }
  const all = tablePlan(table)
  const selected = options.where === undefined ? all : filter(all, lowerWhere(options.where, all))
  const { maxDistance } = options
  const isRange = maxDistance !== undefined && options.k === undefined
  const ranked = nearest(selected, {
    vector: columnNamed(selected, 'values'),
    query: literal(options.metric === 'hamming' ? storedAs(own.dtype, vector) : vector, types.variant),
    k: literal(isRange ? MAX_ROWS : (options.k ?? DEFAULT_K)),
    metric: options.metric,
    index:
      isRange || options.exact === true || !own.index
        ? null
        : { ...own.index, ef: options.ef ?? own.index.ef },
  })
  const found =
    maxDistance === undefined
      ? ranked
      : filter(ranked, call('le', columnNamed(ranked, 'distance'), literal(maxDistance)))
  const shown = ['id', 'distance', ...attributeFields(table, own).map((field) => field.name)]
  return project(
    found,
    shown.map((name) => named(name, columnNamed(found, name))),
  )
}

/** Rounds a query as the vectors are rounded that it is compared with. */
function storedAs(dtype: DType, vector: Float64Array): Float64Array {
  const { range, makeArray } = dtypeNamed(dtype)
  if (range !== null || makeArray === Float64Array) return vector
  return Float64Array.from(toValues(vector, dtypeNamed(dtype), [vector.length]) as Float32Array)
}

/** Gives no rows: what is near in a collection that is not there yet. */
export function nothingNear(): LogicalPlan {
  const fields = [planField('id', types.variant), planField('distance', types.float64)]
  return values(
    fields,
    fields.map((field) => boxedColumn(field.type, [])),
    0,
  )
}
