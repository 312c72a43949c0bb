import {
  call,
  column,
  columnNamed,
  type Expression,
  filter,
  type KeyRangeBounds,
  type LogicalPlan,
  limit,
  literal,
  named,
  planField,
  project,
  SheafError,
  scan,
  sort,
  sortKey,
  types,
  values,
} from '@sheafdb/core'
import type { KeyBounds, KeyPredicate } from '../layout/key-space.ts'
import { type FIELDS, fieldType } from '../layout/table.ts'

/** Bounds a range of keys. As in Level, `gte` and `lte` take precedence over `gt` and `lt`. */
export type RangeBounds = KeyBounds

/** Says which entries of a range are wanted, and what of them. */
export type RangeOptions = RangeBounds & {
  /** From the last key to the first. */
  readonly reverse?: boolean
  /** At most so many entries; -1 for all. */
  readonly limit?: number
  /** Leaves out so many entries from the start. */
  readonly offset?: number
  /** False leaves the keys out of the rows. */
  readonly keys?: boolean
  /** False leaves the values out of the rows. */
  readonly values?: boolean
}

/** Is bounds as predicates over encoded keys. */
export type KeyPredicates = readonly KeyPredicate[]

/** Reads the entries of a table that are there now and whose keys fulfil the predicates. */
export function entryPlan(
  table: string,
  predicates: KeyPredicates,
  fields: readonly ((typeof FIELDS)[number] | '_row_id')[] = ['key', 'value', 'tag'],
): LogicalPlan {
  const names = [...new Set([...fields, 'key' as const, 'expiry' as const])]
  const entries = scan(
    table,
    names.map((name) => ({
      ...planField(name, name === '_row_id' ? types.uint64 : fieldType(name), name === 'expiry'),
      field: name,
    })),
  )
  const [key, expiry] = [columnNamed(entries, 'key'), columnNamed(entries, 'expiry')]
  const conditions: Expression[] = [
    ...predicates.map(([operator, bound]) => call(operator, key, literal(bound, types.binary))),
    call('or', call('is_null', expiry), call('kv.alive', expiry)),
  ]
  return conditions.reduce<LogicalPlan>(filter, entries)
}

/** Reads the row ids of the entries of a range. */
export function entryRowIds(table: string, predicates: KeyPredicates, options: RangeOptions): LogicalPlan {
  const plan = limited(ordered(entryPlan(table, predicates, ['_row_id']), options), options)
  return project(plan, [named('_row_id', columnNamed(plan, '_row_id'))])
}

function ordered(plan: LogicalPlan, options: RangeOptions): LogicalPlan {
  return sort(plan, [sortKey(columnNamed(plan, 'key'), { descending: options.reverse ?? false })])
}

/** Makes the plan of a range: rows of `key` and `value`, in the order of the keys; `depth` elements of keys are their space's. */
export function rangePlan(
  table: string | null,
  predicates: KeyPredicates,
  options: RangeOptions,
  depth = 0,
): LogicalPlan {
  if (table === null) return emptyRange(options)
  return decodeEntries(limited(ordered(entryPlan(table, predicates), options), options), options, depth)
}

/** Checks the counts of a range. @throws `ARGUMENT` */
export function checkRange({ limit: count = -1, offset = 0 }: RangeOptions): void {
  if (!Number.isInteger(count) || count < -1 || !Number.isInteger(offset) || offset < 0) {
    throw new SheafError(
      'ARGUMENT',
      `A limit must be an integer of at least 0 (or -1 for none), an offset one of at least 0: ${count}, ${offset}`,
    )
  }
}

function limited(plan: LogicalPlan, { limit: count = -1, offset = 0 }: RangeOptions): LogicalPlan {
  return count === -1 && offset === 0 ? plan : limit(plan, count === -1 ? null : count, offset)
}

/** Turns stored entries into rows of `key` and `value`. */
export function decodeEntries(plan: LogicalPlan, options: RangeOptions = {}, depth = 0): LogicalPlan {
  const stored = columnNamed(plan, 'key')
  const key = named('key', depth === 0 ? call('kv.key', stored) : call('kv.subkey', stored, literal(depth)))
  const value = named('value', call('kv.value', columnNamed(plan, 'tag'), columnNamed(plan, 'value')))
  return project(plan, [
    ...(options.keys === false ? [] : [key]),
    ...(options.values === false ? [] : [value]),
  ])
}

function emptyRange(options: RangeOptions): LogicalPlan {
  const fields = [planField('key', types.variant), planField('value', types.variant)]
  const none = values(
    fields,
    fields.map((field) => ({ layout: 'boxed', type: field.type, length: 0, values: [] }) as const),
    0,
  )
  const wanted = fields.filter((field) => (field.name === 'key' ? options.keys : options.values) !== false)
  return project(
    none,
    wanted.map((field) => named(field.name, column(field))),
  )
}

/** Gives bounds as a reader by keys takes them. */
export function keyBounds(predicates: KeyPredicates, descending = false): KeyRangeBounds {
  const bounds: { -readonly [Name in keyof KeyRangeBounds]: KeyRangeBounds[Name] } = { descending }
  for (const [operator, bound] of predicates) {
    if (operator === 'ge' || operator === 'gt') {
      bounds.lower = bound
      bounds.lowerOpen = operator === 'gt'
    } else {
      bounds.upper = bound
      bounds.upperOpen = operator === 'lt'
    }
  }
  return bounds
}
