import type { Expression } from '../../expression/expression.ts'
import { evaluateConstant } from '../../expression/interpret.ts'
import type {
  FilterPlan,
  LimitPlan,
  ProjectPlan,
  SortKey,
  SortPlan,
  UnnestPlan,
} from '../../plan/logical-plan.ts'
import { SheafError } from '../../types/errors.ts'
import { compareValues, type Value, ValueRank, valueRank } from '../../types/value.ts'
import { type Interpretation, type Row, rowFunction } from './interpretation.ts'

/** Keeps the rows for which the predicate is true. */
export async function filterRows(plan: FilterPlan, interpretation: Interpretation): Promise<Row[]> {
  const predicate = rowFunction(plan.predicate, plan.input.output, interpretation.context)
  const rows = await interpretation.run(plan.input)
  return rows.filter((row) => predicate(row) === true)
}

/** Computes columns. */
export async function projectRows(plan: ProjectPlan, interpretation: Interpretation): Promise<Row[]> {
  const functions = plan.expressions.map((item) =>
    rowFunction(item.expression, plan.input.output, interpretation.context),
  )
  const rows = await interpretation.run(plan.input)
  return rows.map((row) => functions.map((compute) => compute(row)))
}

/** Sorts rows; equal ones keep their order. */
export async function sortRows(plan: SortPlan, interpretation: Interpretation): Promise<Row[]> {
  const keys = plan.keys.map((key) => rowFunction(key.expression, plan.input.output, interpretation.context))
  const rows = await interpretation.run(plan.input)
  return rows
    .map((row) => ({ row, keys: keys.map((key) => key(row)) }))
    .sort((left, right) => compareKeys(plan.keys, left.keys, right.keys))
    .map((item) => item.row)
}

/** Compares rows by their sort keys' values; nulls stand first or last as the key says, whatever the direction. */
export function compareKeys(keys: readonly SortKey[], left: Row, right: Row): number {
  for (const [at, key] of keys.entries()) {
    const a = left[at] ?? null
    const b = right[at] ?? null
    if (a === null && b === null) continue
    if (a === null) return key.nullsFirst ? -1 : 1
    if (b === null) return key.nullsFirst ? 1 : -1
    const order = (key.nansLast ? compareNans(a, b) : 0) || compareValues(a, b)
    if (order !== 0) return key.descending ? -order : order
  }
  return 0
}

/** Compares two values where either is NaN: that one is the greater. */
function compareNans(left: Value, right: Value): number {
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
}

/** Gives a part of the rows. */
export async function limitRows(plan: LimitPlan, interpretation: Interpretation): Promise<Row[]> {
  const { context } = interpretation
  const offset = plan.offset === null ? 0 : rowCount(plan.offset, context.parameters)
  const count = plan.count === null ? Number.POSITIVE_INFINITY : rowCount(plan.count, context.parameters)
  const rows = await interpretation.run(plan.input)
  return rows.slice(offset, offset + count)
}

/** Computes a count of rows. @throws `ARGUMENT` */
export function rowCount(expression: Expression, parameters: ReadonlyMap<string, Value>): number {
  const count = Number(evaluateConstant(expression, parameters) ?? Number.NaN)
  if (Number.isInteger(count) && count >= 0) return count
  throw new SheafError('ARGUMENT', `A limit or offset must be an integer of at least 0: ${count}`)
}

/** Gives a row for each element of a list. */
export async function unnestRows(plan: UnnestPlan, interpretation: Interpretation): Promise<Row[]> {
  const list = rowFunction(plan.list, plan.input.output, interpretation.context)
  const rows = await interpretation.run(plan.input)
  const extended = (row: Row, element: Value, ordinal: number | null): Row =>
    plan.ordinality === null ? [...row, element] : [...row, element, ordinal]
  return rows.flatMap((row) => {
    const elements = elementsOf(list(row))
    if (elements.length === 0 && plan.outer) return [extended(row, null, null)]
    return elements.map((element, ordinal) => extended(row, element ?? null, ordinal))
  })
}

function elementsOf(value: Value): Value[] {
  if (value === null) return []
  if (valueRank(value) === ValueRank.array) return Array.from(value as ArrayLike<Value>)
  throw new SheafError(
    'TYPE',
    `Only a list can be unnested. Wrap the value in a list first; it is a ${typeof value}.`,
  )
}
