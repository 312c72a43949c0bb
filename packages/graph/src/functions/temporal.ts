import { type FunctionDefinition, types, type Value } from '@sheafdb/core'
import { between, inDays, inMonths, inSeconds } from '../temporal/between.ts'
import {
  dateTimeAt,
  makeDate,
  makeDateTime,
  makeDurationValue,
  makeLocalDateTime,
  makeLocalTime,
  makeTime,
} from '../temporal/construct.ts'
import { truncations } from '../temporal/truncate.ts'
import { parseZone } from '../temporal/zone.ts'
import { isNumeric } from '../values.ts'
import { strict } from './define.ts'
import { runtimeTypeError } from './errors.ts'

const MAKERS: ReadonlyMap<string, (value: Value) => Value> = new Map([
  ['date', makeDate],
  ['localtime', makeLocalTime],
  ['time', makeTime],
  ['localdatetime', makeLocalDateTime],
  ['datetime', makeDateTime],
])

function number(value: Value): number {
  if (isNumeric(value)) return Number(value)
  throw runtimeTypeError('An instant is given in numbers.', value)
}

/** Gives what a clock shows: `now(kind, milliseconds since the epoch, zone)`. */
function now(make: (value: Value) => Value): (epochMs: Value, zone: Value) => Value {
  return (epochMs, zone) => make(dateTimeAt(number(epochMs), parseZone(String(zone))))
}

/** Holds the functions of dates, times and durations. */
export const temporalFunctions: readonly FunctionDefinition[] = [
  ...[...MAKERS].flatMap(([kind, make]) => [
    strict(kind, types.variant, make),
    strict(`${kind}.now`, types.variant, now(make)),
    strict(`${kind}.truncate`, types.variant, truncations.get(kind) as (...args: Value[]) => Value),
  ]),
  strict('datetime.fromepoch', types.variant, (seconds, nanos) =>
    dateTimeAt(number(seconds) * 1000, parseZone('Z'), number(nanos)),
  ),
  strict('datetime.fromepochmillis', types.variant, (ms) => dateTimeAt(number(ms), parseZone('Z'))),
  strict('duration', types.variant, makeDurationValue),
  strict('duration.between', types.variant, between),
  strict('duration.inmonths', types.variant, inMonths),
  strict('duration.indays', types.variant, inDays),
  strict('duration.inseconds', types.variant, inSeconds),
]
