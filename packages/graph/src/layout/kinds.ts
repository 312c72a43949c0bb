import { type DataType, types, type Value } from '@sheafdb/core'
import type { Properties } from '../values.ts'

/** Holds a bit for each kind of value that a property may have. */
const Kind = { integer: 1, float: 2, text: 4, boolean: 8, other: 16, long: 32 } as const

/**
 * Is what is known of properties: which kinds of values each key has ever had. It only grows, and is kept with the
 * collection as pairs of key and bits; a key that is not there is not known.
 */
export type PropertyKinds = ReadonlyMap<string, number>

const MOST_KEYS = 1000

function kindOf(value: Value): number {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? Kind.integer : Kind.float
    case 'bigint':
      return value >= -(2n ** 63n) && value < 2n ** 63n ? Kind.long : Kind.other
    case 'string':
      return value.isWellFormed() ? Kind.text : Kind.other
    case 'boolean':
      return Kind.boolean
    default:
      return Kind.other
  }
}

/** Adds properties to what is known; gives what is known then, the same object where nothing is new. */
export function observeProperties(known: PropertyKinds, rows: readonly Properties[]): PropertyKinds {
  let result: Map<string, number> | null = null
  for (const row of rows) {
    for (const key in row) {
      const before = (result ?? known).get(key)
      const kind = kindOf(row[key])
      if (before !== undefined && (before & kind) !== 0) continue
      if (before === undefined && (result ?? known).size >= MOST_KEYS) continue
      result ??= new Map(known)
      result.set(key, (before ?? 0) | kind)
    }
  }
  return result ?? known
}

/**
 * Gives the type of all values of a property, where they have one; `undefined` where they differ or are not known.
 * Where some numbers are floats all are: JavaScript has one kind of number, and 3.0 is stored as 3.
 */
export function propertyType(known: PropertyKinds, key: string): DataType | undefined {
  switch (known.get(key)) {
    case Kind.integer:
    case Kind.long:
    case Kind.integer | Kind.long:
      return types.int64
    case Kind.float:
    case Kind.float | Kind.integer:
      return types.float64
    case Kind.text:
      return types.utf8
    case Kind.boolean:
      return types.bool
    default:
      return undefined
  }
}

/** Reads what is known from a collection's options. */
export function kindsFromOptions(option: unknown): PropertyKinds {
  return new Map(Array.isArray(option) ? (option as [string, number][]) : [])
}

/** Makes what is known plain JSON. */
export function kindsToOptions(known: PropertyKinds): readonly (readonly [string, number])[] {
  return [...known]
}
