import { registerVariantExtension, type Value } from '@sheafdb/core'
import {
  makeDate,
  makeDateTime,
  makeDurationValue,
  makeLocalDateTime,
  makeLocalTime,
  makeTime,
} from './construct.ts'

const KINDS: ReadonlyMap<string, (text: Value) => Value> = new Map([
  ['date', makeDate],
  ['localtime', makeLocalTime],
  ['time', makeTime],
  ['localdatetime', makeLocalDateTime],
  ['datetime', makeDateTime],
  ['duration', makeDurationValue],
])

/**
 * Makes dates, times and durations storable as properties: each is kept as its ISO 8601 text, in UTF-8.
 *
 * | kind | text |
 * |---|---|
 * | date | `1984-10-11` |
 * | localtime, time | `12:31:14.645876123`, `12:31+01:00` |
 * | localdatetime, datetime | `1984-10-11T12:31:14`, `1984-10-11T12:31:14+01:00[Europe/Oslo]` |
 * | duration | `P1Y2M14DT16H12M70S` |
 */
export function registerTemporalStorage(): void {
  for (const [kind, make] of KINDS) registerKind(kind, make)
}

const registered = new Set<string>()

function registerKind(kind: string, make: (text: Value) => Value): void {
  if (registered.has(kind)) return
  registered.add(kind)
  registerVariantExtension({
    kind,
    encode: (value: object) => Buffer.from(String(value)),
    decode: (bytes) => make(Buffer.from(bytes).toString()),
  })
}
