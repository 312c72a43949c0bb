import { randomUUID } from 'node:crypto'
import { type FunctionDefinition, isInteger, types, type Value } from '@sheafdb/core'
import { isIntegerValue, isNumeric } from '../values.ts'
import { custom, strict } from './define.ts'
import { runtimeTypeError } from './errors.ts'

function numberArgument(name: string, value: Value): number {
  if (isNumeric(value)) return Number(value)
  throw runtimeTypeError(`The function ${name} takes a number.`, value)
}

function floatFunction(name: string, compute: (value: number) => number): FunctionDefinition {
  return strict(name, types.float64, (value) => compute(numberArgument(name, value)))
}

const RADIANS_PER_DEGREE = Math.PI / 180

function absolute(value: Value): Value {
  if (typeof value === 'bigint') return value < 0n ? -value : value
  return Math.abs(numberArgument('abs', value))
}

function round(value: Value, digits: Value = 0, mode: Value = 'HALF_UP'): Value {
  const number = numberArgument('round', value)
  const places = numberArgument('round', digits)
  const scaled = Number(`${number}e${places}`)
  if (!Number.isFinite(scaled)) return number
  const rounded = Number(`${roundScaled(scaled, String(mode))}e${-places}`)
  return Number.isFinite(rounded) ? rounded : number
}

function roundScaled(value: number, mode: string): number {
  switch (mode.toUpperCase()) {
    case 'UP':
      return Math.sign(value) * Math.ceil(Math.abs(value))
    case 'DOWN':
      return Math.trunc(value)
    case 'CEILING':
      return Math.ceil(value)
    case 'FLOOR':
      return Math.floor(value)
    case 'HALF_DOWN':
      return Math.sign(value) * Math.ceil(Math.abs(value) - 0.5)
    case 'HALF_EVEN':
      return Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value)
    default:
      return Math.sign(value) * Math.floor(Math.abs(value) + 0.5)
  }
}

/** Holds the functions of numbers. */
export const numberFunctions: readonly FunctionDefinition[] = [
  strict(
    'abs',
    (args) => (args[0] !== undefined && isInteger(args[0]) ? types.int64 : (args[0] ?? types.variant)),
    absolute,
  ),
  strict('sign', types.int64, (value) => Math.sign(numberArgument('sign', value)) + 0),
  floatFunction('ceil', Math.ceil),
  floatFunction('floor', Math.floor),
  strict('round', types.float64, round),
  floatFunction('sqrt', Math.sqrt),
  floatFunction('exp', Math.exp),
  floatFunction('log', Math.log),
  floatFunction('log10', Math.log10),
  floatFunction('sin', Math.sin),
  floatFunction('cos', Math.cos),
  floatFunction('tan', Math.tan),
  floatFunction('cot', (value) => 1 / Math.tan(value)),
  floatFunction('asin', Math.asin),
  floatFunction('acos', Math.acos),
  floatFunction('atan', Math.atan),
  floatFunction('sinh', Math.sinh),
  floatFunction('cosh', Math.cosh),
  floatFunction('tanh', Math.tanh),
  floatFunction('coth', (value) => 1 / Math.tanh(value)),
  floatFunction('haversin', (value) => (1 - Math.cos(value)) / 2),
  floatFunction('degrees', (value) => value / RADIANS_PER_DEGREE),
  floatFunction('radians', (value) => value * RADIANS_PER_DEGREE),
  strict('atan2', types.float64, (y, x) =>
    Math.atan2(numberArgument('atan2', y), numberArgument('atan2', x)),
  ),
  strict(
    'is_nan',
    types.bool,
    (value) => !isIntegerValue(value) && Number.isNaN(numberArgument('isNaN', value)),
  ),
  { ...custom('rand', types.float64, () => Math.random()), volatile: true },
  { ...custom('random_uuid', types.utf8, () => randomUUID()), volatile: true },
  { ...custom('timestamp', types.int64, () => Date.now()), volatile: true },
]
