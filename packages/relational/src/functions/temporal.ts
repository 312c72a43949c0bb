import {
  type DataType,
  type FunctionDefinition,
  SheafError,
  types,
  typesEqual,
  type Value,
} from '@sheafdb/core'

const MS_PER_DAY = 86_400_000

/** Takes a part of a date in UTC. */
type Part = (date: Date) => number

const PARTS: Readonly<Record<string, Part>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
  dow: (date) => date.getUTCDay(),
  isodow: (date) => date.getUTCDay() || 7,
  quarter: (date) => Math.floor(date.getUTCMonth() / 3) + 1,
}

/** Parts that need no calendar: source over whole units of a timestamp in microseconds. */
const TIME_SOURCES: Readonly<Record<string, (value: string) => string>> = {
  hour: (value) => `(((Math.floor(${value} / 3600000000) % 24) + 24) % 24)`,
  minute: (value) => `(((Math.floor(${value} / 60000000) % 60) + 60) % 60)`,
  second: (value) => `(((Math.floor(${value} / 1000000) % 60) + 60) % 60)`,
  dow: (value) => `(((Math.floor(${value} / 86400000000) + 4) % 7 + 7) % 7)`,
}

function partFunction(name: string): FunctionDefinition {
  const take = PARTS[name] as Part
  return {
    name: `sql.${name}`,
    nulls: 'strict',
    type: ([type]) => {
      if (type !== undefined && (typesEqual(type, types.date) || typesEqual(type, types.timestamp)))
        return types.int64
      throw new SheafError(
        'TYPE',
        `The part ${name} is taken of dates and timestamps. Convert the value first.`,
      )
    },
    evaluator: ([type]) => {
      const toMs = msOf(type)
      return (value) => take(new Date(toMs(value)))
    },
    compile: ([value], [type]) => {
      const source = TIME_SOURCES[name]
      if (
        source === undefined ||
        value === undefined ||
        type === undefined ||
        !typesEqual(type, types.timestamp)
      )
        return undefined
      return source(`Number(${value})`)
    },
  }
}

function msOf(type: DataType | undefined): (value: Value) => number {
  return type !== undefined && typesEqual(type, types.date)
    ? (days) => (days as number) * MS_PER_DAY
    : (micros) => Math.floor(Number(micros) / 1000)
}

/** Holds the parts of dates and timestamps. */
export const temporalFunctions: readonly FunctionDefinition[] = Object.keys(PARTS).map(partFunction)
