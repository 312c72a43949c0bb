import type { Value } from '@sheafdb/core'
import { PointValue } from '../spatial/point.ts'
import { Duration } from '../temporal/duration.ts'
import {
  DateTimeValue,
  DateValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
} from '../temporal/instants.ts'
import { isIntegerValue, isListValue, isMap, isNumeric } from '../values.ts'

const TESTS: ReadonlyMap<string, (value: Value) => boolean> = new Map<string, (value: Value) => boolean>([
  ['ANY', () => true],
  ['BOOLEAN', (value: Value) => typeof value === 'boolean'],
  ['BOOL', (value: Value) => typeof value === 'boolean'],
  ['STRING', (value: Value) => typeof value === 'string'],
  ['VARCHAR', (value: Value) => typeof value === 'string'],
  ['INTEGER', isIntegerValue],
  ['INT', isIntegerValue],
  // A float without a fraction is stored as the whole number that it equals.
  ['FLOAT', isNumeric],
  ['NUMBER', isNumeric],
  ['DATE', (value: Value) => value instanceof DateValue],
  ['LOCAL TIME', (value: Value) => value instanceof LocalTimeValue],
  ['ZONED TIME', (value: Value) => value instanceof TimeValue],
  ['TIME', (value: Value) => value instanceof TimeValue],
  ['LOCAL DATETIME', (value: Value) => value instanceof LocalDateTimeValue],
  ['ZONED DATETIME', (value: Value) => value instanceof DateTimeValue],
  ['DATETIME', (value: Value) => value instanceof DateTimeValue],
  ['DURATION', (value: Value) => value instanceof Duration],
  ['POINT', (value: Value) => value instanceof PointValue],
  ['LIST', (value: Value) => isListValue(value)],
  ['MAP', (value: Value) => isMap(value)],
])

/** Tells whether a value has a type, given by the name that Cypher has for it: `STRING`, `LIST<INTEGER>`. */
export function valueHasType(value: Value, type: string): boolean {
  const element = /^LIST<(.*)>$/.exec(type)?.[1]
  if (element !== undefined)
    return isListValue(value) && Array.from(value).every((item) => valueHasType(item, element))
  return TESTS.get(type)?.(value) ?? false
}

/** Tells whether a name is that of a type. */
export function isTypeName(type: string): boolean {
  const element = /^LIST<(.*)>$/.exec(type)?.[1]
  return element === undefined ? TESTS.has(type) : isTypeName(element)
}
