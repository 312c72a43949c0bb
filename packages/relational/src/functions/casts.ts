import {
  type DataType,
  type FunctionDefinition,
  isSheafError,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import {
  dateOfTimestamp,
  dateText,
  parseDateText,
  parseTimestampText,
  timestampOfDate,
  timestampText,
} from './calendar.ts'

/** Is a conversion as DuckDB makes it; `undefined` says that the value does not fit. */
type Conversion = {
  readonly name: string
  readonly gives: DataType
  readonly convert: (value: never) => Value | undefined
}

const INTEGERS = [
  ['int8', -(2n ** 7n), 2n ** 7n - 1n],
  ['int16', -(2n ** 15n), 2n ** 15n - 1n],
  ['int32', -(2n ** 31n), 2n ** 31n - 1n],
  ['int64', -(2n ** 63n), 2n ** 63n - 1n],
  ['uint8', 0n, 2n ** 8n - 1n],
  ['uint16', 0n, 2n ** 16n - 1n],
  ['uint32', 0n, 2n ** 32n - 1n],
] as const

const PLAIN_INTEGER = /^[+-]?\d+$/
const RADIX_INTEGER = /^([+-]?)0([xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|[bB][01]+(?:_[01]+)*)$/
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** Reads an integer from a text: fractions are rounded half away from zero. */
export function integerOfText(given: string): bigint | undefined {
  const text = given.trim().replaceAll(/(?<=\d)_(?=\d)/g, '')
  if (PLAIN_INTEGER.test(text)) return text.length > 60 ? undefined : BigInt(text.replace('+', ''))
  const radix = RADIX_INTEGER.exec(text)
  if (radix !== null) {
    if (radix[1] === '-' && /^b/i.test(radix[2] as string)) return undefined
    const value = BigInt(`0${(radix[2] as string).replaceAll('_', '').toLowerCase()}`)
    return radix[1] === '-' ? -value : value
  }
  const parts = NUMBER.exec(text)
  if (parts === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  if (whole + fraction === '' || Math.abs(Number(exponent)) > 60) return undefined
  const digits = whole + fraction
  const place = whole.length + Number(exponent)
  const kept = place <= 0 ? '0' : digits.padEnd(place, '0').slice(0, place)
  const next = place < 0 ? '0' : (digits[place] ?? '0')
  const value = BigInt(kept === '' ? '0' : kept) + (next >= '5' ? 1n : 0n)
  return sign === '-' ? -value : value
}

function narrow(value: bigint): Value {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const SPECIAL_FLOAT = /^([+-]?)(inf|infinity|nan)$/i

function floatOfText(given: string): number | undefined {
  const text = given.trim().replaceAll(/(?<=\d)_(?=\d)/g, '')
  const special = SPECIAL_FLOAT.exec(text)
  if (special !== null) {
    if ((special[2] as string).toLowerCase() === 'nan') return Number.NaN
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (!FLOAT.test(text)) return undefined
  // What is too large is an infinity.
  return Number(text)
}

function boolOfText(text: string): boolean | undefined {
  if (/^(true|t|yes|y|1)$/i.test(text)) return true
  return /^(false|f|no|n|0)$/i.test(text) ? false : undefined
}

/** Writes a float as DuckDB does: the shortest digits, with an exponent from 1e16 on and below 1e-4. */
function floatText(value: number, digits: string): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa = '', exponentText = '0'] = Number(digits).toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= 16 || exponent < -4) {
    const shown = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${shown}`
  }
  const plain = Number(digits)
  const text =
    exponent < 0
      ? plain.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - exponent))
      : String(plain)
  return text.includes('.') ? text : `${text}.0`
}

/** Finds the fewest digits that give the same 32-bit float. */
function shortestFloat32(value: number): string {
  for (let digits = 1; digits <= 9; digits += 1) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return text
  }
  return String(value)
}

const CONVERSIONS: readonly Conversion[] = [
  ...INTEGERS.map(
    ([name, low, high]): Conversion => ({
      name: `text.${name}`,
      gives: types[name],
      convert: (text: string) => {
        const value = integerOfText(text)
        return value === undefined || value < low || value > high ? undefined : narrow(value)
      },
    }),
  ),
  { name: 'text.float64', gives: types.float64, convert: floatOfText },
  {
    name: 'text.float32',
    gives: types.float32,
    convert: (text: string) => {
      const value = floatOfText(text)
      return value === undefined ? undefined : Math.fround(value)
    },
  },
  { name: 'text.bool', gives: types.bool, convert: boolOfText },
  { name: 'text.date', gives: types.date, convert: parseDateText },
  { name: 'text.timestamp', gives: types.timestamp, convert: parseTimestampText },
  { name: 'float64.utf8', gives: types.utf8, convert: (value: number) => floatText(value, String(value)) },
  {
    name: 'float32.utf8',
    gives: types.utf8,
    convert: (value: number) => floatText(value, shortestFloat32(value)),
  },
  { name: 'date.utf8', gives: types.utf8, convert: dateText },
  { name: 'timestamp.utf8', gives: types.utf8, convert: timestampText },
  { name: 'date.timestamp', gives: types.timestamp, convert: timestampOfDate },
  { name: 'timestamp.date', gives: types.date, convert: dateOfTimestamp },
  {
    name: 'float64.float32',
    gives: types.float32,
    convert: (value: number) => {
      const narrowed = Math.fround(value)
      return Number.isFinite(value) && !Number.isFinite(narrowed) ? undefined : narrowed
    },
  },
]

/** Tells whether SQL has a conversion of its own between two kinds of values. */
export function hasConversion(from: string, to: string): boolean {
  return CONVERSIONS.some(({ name }) => name === `${from}.${to}`)
}

function definitionOf({ name, gives, convert }: Conversion, tries: boolean): FunctionDefinition {
  const run = convert as (value: Value) => Value | undefined
  return {
    name: `${tries ? 'sql.try_cast' : 'sql.cast'}.${name}`,
    nulls: 'strict',
    ...(tries ? { nullable: () => true } : {}),
    type: () => gives,
    evaluator: () =>
      tries
        ? (value) => orNull(() => run(value))
        : (value) => {
            const converted = run(value)
            if (converted !== undefined) return converted
            throw new SheafError(
              'VALUE',
              `Could not convert a value by ${name.replace('.', ' to ')}. Correct it, or use TRY_CAST for NULL instead: ${String(value)}`,
            )
          },
  }
}

function orNull(work: () => Value | undefined): Value {
  try {
    return work() ?? null
  } catch (error) {
    if (isSheafError(error, 'VALUE', 'OVERFLOW')) return null
    throw error
  }
}

/** Holds the conversions of SQL that differ from core's: `sql.cast.<from>.<to>`, and `sql.try_cast` for null instead of an error. */
export const castFunctions: readonly FunctionDefinition[] = CONVERSIONS.flatMap((conversion) => [
  definitionOf(conversion, false),
  definitionOf(conversion, true),
])
