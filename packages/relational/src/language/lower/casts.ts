import { call, type Expression, isBytes, literal, types } from '@sheafdb/core'
import type { Decimal } from 'apache-arrow'
import { parseDateText, parseTimestampText } from '../../functions/calendar.ts'
import { hasConversion } from '../../functions/casts.ts'
import type { TypeNode } from '../syntax.ts'
import { notNative } from './native.ts'
import { convert, decimalAsFloat, type Family, familyOf } from './types.ts'

const INTEGER_TYPES: Readonly<Record<string, keyof typeof types>> = {
  TINYINT: 'int8',
  SMALLINT: 'int16',
  INTEGER: 'int32',
  BIGINT: 'int64',
  UTINYINT: 'uint8',
  USMALLINT: 'uint16',
  UINTEGER: 'uint32',
}

/** Gives core's name of a type that casts reach. */
function targetOf({ id, type_info: info }: TypeNode): keyof typeof types | undefined {
  if (id in INTEGER_TYPES) return INTEGER_TYPES[id]
  switch (id) {
    case 'DOUBLE':
      return 'float64'
    case 'FLOAT':
      return 'float32'
    case 'BOOLEAN':
      return 'bool'
    case 'DATE':
      return 'date'
    case 'TIMESTAMP':
      return 'timestamp'
    case 'VARCHAR':
      return info === undefined || info === null ? 'utf8' : undefined
    default:
      return undefined
  }
}

/** Converts as DuckDB does: by core's conversion where it is the same, by SQL's own where that differs. */
export function lowerCast(value: Expression, target: TypeNode, tries: boolean): Expression {
  const to = target.alias === undefined && !isBytes(value.type) ? targetOf(target) : undefined
  if (to === undefined) return notNative(`a cast to ${target.id}`)
  const family = familyOf(value)
  const type = types[to]
  if (family === 'null') return literal(null, type)
  if (isSame(family, to)) return convert(value, type)
  const moment =
    value.kind === 'literal' && family === 'text' ? momentOf(value.value as string, to) : undefined
  if (moment !== undefined) return literal(moment, type)
  if (hasConversion(family, to)) return call(`${tries ? 'sql.try_cast' : 'sql.cast'}.${family}.${to}`, value)
  if (family === 'decimal' && (to === 'float64' || to === 'float32'))
    return decimalAsFloat(value, to === 'float32')
  if (family === 'decimal' && value.kind === 'literal' && isIntegerTarget(to))
    return convert(literal(roundedDecimal(value), types.int64), type)
  if (!isCoreCast(family, to)) return notNative(`a cast of ${family} to ${target.id}`)
  return call(`${tries ? 'try_cast' : 'cast'}.${to}`, value)
}

/** Reads a constant date or timestamp, so that filters compare columns with it as it is. */
function momentOf(text: string, to: string): number | bigint | undefined {
  if (to === 'date') return parseDateText(text)
  return to === 'timestamp' ? parseTimestampText(text) : undefined
}

function isIntegerTarget(to: string): boolean {
  return /^u?int/.test(to)
}

/** Rounds a decimal constant half away from zero. */
function roundedDecimal({ value, type }: Extract<Expression, { kind: 'literal' }>): number {
  const unit = 10n ** BigInt((type as Decimal).scale)
  const unscaled = BigInt(value as bigint)
  const half = unscaled < 0n ? -unit / 2n : unit / 2n
  return Number((unit === 1n ? unscaled : unscaled + half) / unit)
}

function isSame(family: Family, to: string): boolean {
  return family === to || (family === 'text' && to === 'utf8')
}

const NUMBERS: ReadonlySet<Family> = new Set<Family>(['integer', 'float32', 'float64', 'bool', 'variant'])

/** Tells whether core's conversion has DuckDB's meaning. */
function isCoreCast(family: Family, to: keyof typeof types): boolean {
  if (to.startsWith('int') || to.startsWith('uint')) return NUMBERS.has(family)
  switch (to) {
    case 'float64':
    case 'float32':
      return NUMBERS.has(family)
    case 'bool':
      return family === 'integer' || family === 'float32' || family === 'float64'
    case 'utf8':
      return family === 'integer' || family === 'bool' || family === 'decimal'
    default:
      return false
  }
}

/** Converts a value to text as DuckDB shows it. */
export function castToText(value: Expression): Expression {
  return lowerCast(value, { id: 'VARCHAR' }, false)
}
