import { type DataType, Type } from 'apache-arrow'
import { describeValue } from '../../types/column-builder.ts'
import { isDecimal, isFloat, isInteger, isText, isVariant, typeName, types } from '../../types/data-type.ts'
import { decimalText } from '../../types/decimal.ts'
import { SheafError } from '../../types/errors.ts'
import { canonicalInteger, type Value } from '../../types/value.ts'
import { checkInt64 } from '../arithmetic.ts'
import type { Evaluate, FunctionDefinition } from '../registry.ts'
import { requireCount } from './signature.ts'

/** Names a type that values can be converted to. */
export type CastTarget =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float32'
  | 'float64'
  | 'utf8'
  | 'variant'

/** Holds the types that `cast.<name>` converts to. */
const TARGETS: Record<CastTarget, DataType> = {
  bool: types.bool,
  int8: types.int8,
  int16: types.int16,
  int32: types.int32,
  int64: types.int64,
  uint8: types.uint8,
  uint16: types.uint16,
  uint32: types.uint32,
  uint64: types.uint64,
  float32: types.float32,
  float64: types.float64,
  utf8: types.utf8,
  variant: types.variant,
}

/** Finds the conversion to a type, or `undefined` where there is none. */
export function castTarget(type: DataType): CastTarget | undefined {
  const name = typeName(type)
  return name in TARGETS ? (name as CastTarget) : undefined
}

function castError(value: Value, type: DataType): SheafError {
  return new SheafError(
    'VALUE',
    `A value cannot be converted to ${typeName(type)}. Correct it, or use try_cast for null instead: ${describeValue(value)}`,
  )
}

function toBool(value: Value): Value {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (text === 'true' || text === 't' || text === '1' || text === 'yes') return true
  if (text === 'false' || text === 'f' || text === '0' || text === 'no') return false
  throw castError(value, types.bool)
}

const INTEGER_TEXT = /^[+-]?\d+$/
const NUMBER_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function toInteger(value: Value, type: DataType): Value {
  const wide = wideInteger(value, type)
  const { bitWidth, isSigned } = type as unknown as { bitWidth: number; isSigned: boolean }
  const low = isSigned ? -(2n ** BigInt(bitWidth - 1)) : 0n
  const high = 2n ** BigInt(isSigned ? bitWidth - 1 : bitWidth) - 1n
  if (wide < low || wide > high) throw castError(value, type)
  return bitWidth === 64 && isSigned ? checkInt64(wide) : wide > 9007199254740991n ? wide : Number(wide)
}

function wideInteger(value: Value, type: DataType): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(roundHalfEven(value))
  if (typeof value === 'string') {
    const text = value.trim()
    if (INTEGER_TEXT.test(text)) return BigInt(text.replace('+', ''))
    if (NUMBER_TEXT.test(text) && Number.isFinite(Number(text))) return BigInt(roundHalfEven(Number(text)))
  }
  throw castError(value, type)
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

const SPECIAL_FLOATS = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
])

function toFloat(value: Value, type: DataType): Value {
  const narrow = typeName(type) === 'float32' ? Math.fround : (number: number) => number
  if (typeof value === 'number') return narrow(value)
  if (typeof value === 'bigint') return narrow(Number(value))
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    const text = value.trim().toLowerCase()
    if (NUMBER_TEXT.test(text)) return narrow(Number(text))
    const special = SPECIAL_FLOATS.get(text)
    if (special !== undefined) return special
  }
  throw castError(value, type)
}

/** Renders a value as SQL does when it becomes text. */
function toText(value: Value, from: DataType): Value {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && isFloat(from)) return floatText(value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item))
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const text = Object.is(value, -0) ? '-0' : String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}

/** Decimals are unscaled integers inside; as text they are what they mean. */
function convert(target: DataType, from: DataType): Evaluate {
  if (!isDecimal(from)) return convertValue(target, from)
  const { scale } = from as unknown as { scale: number }
  if (isText(target)) return (value) => decimalText(value as bigint, scale)
  if (isVariant(target))
    return (value) =>
      scale === 0 ? canonicalInteger(BigInt(value as bigint)) : Number(decimalText(value as bigint, scale))
  if (target.typeId === Type.Bool) return (value) => value !== 0n
  const fromText = convertValue(target, types.utf8)
  return (value) => fromText(decimalText(value as bigint, scale))
}

function convertValue(target: DataType, from: DataType): Evaluate {
  if (isVariant(target)) return variantOf(from)
  if (isInteger(target)) return (value) => toInteger(value, target)
  if (isFloat(target)) return (value) => toFloat(value, target)
  if (isText(target)) return (value) => toText(value, from)
  return toBool
}

const MS_PER_DAY = 86_400_000

/** Makes values self-describing: dates and timestamps become `Date`, the others stay. */
function variantOf(from: DataType): Evaluate {
  if (from.typeId === Type.Date)
    return from.ArrayType === Int32Array
      ? (days) => new Date((days as number) * MS_PER_DAY)
      : (ms) => new Date(Number(ms))
  if (from.typeId === Type.Timestamp) {
    const perMs = [0.001, 1, 1000, 1_000_000][(from as unknown as { unit: number }).unit] as number
    return (units) => new Date(Math.floor(Number(units) / perMs))
  }
  return (value) => value
}

function castFunction(name: CastTarget, prefix: 'cast' | 'try_cast'): FunctionDefinition {
  const target: DataType = TARGETS[name]
  return {
    name: `${prefix}.${name}`,
    nulls: 'strict',
    ...(prefix === 'try_cast' ? { nullable: () => true } : {}),
    type: (argumentTypes) => {
      requireCount(`${prefix}.${name}`, argumentTypes, 1)
      return target
    },
    evaluator: ([from = types.variant]) => {
      const cast = convert(target, from)
      return prefix === 'cast' ? cast : orNull(cast)
    },
    compile: ([value], [from]) => {
      if (from === undefined) return undefined
      if (name === 'float64' && isInteger(from)) return `Number(${value})`
      return typeName(from) === name ? value : undefined
    },
  }
}

function orNull(cast: Evaluate): Evaluate {
  return (value) => {
    try {
      return cast(value)
    } catch (error) {
      if (error instanceof SheafError && (error.code === 'VALUE' || error.code === 'OVERFLOW')) return null
      throw error
    }
  }
}

/** Holds conversions: `cast.<type>` fails on what does not fit, `try_cast.<type>` gives null. */
export const castFunctions: readonly FunctionDefinition[] = (Object.keys(TARGETS) as CastTarget[]).flatMap(
  (name) => [castFunction(name, 'cast'), castFunction(name, 'try_cast')],
)
