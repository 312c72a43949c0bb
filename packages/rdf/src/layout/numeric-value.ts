import { XSD_DECIMAL, XSD_DOUBLE, XSD_INTEGER } from './vocabulary.ts'

/** Types whose values are told apart by a double: what differs as doubles differs, and in the same way, as numbers. */
const NUMERIC = new Set([XSD_INTEGER, XSD_DECIMAL, XSD_DOUBLE])
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Gives the number that a literal stands for, as a double; `null` where it is none, or of a rarer type. */
export function numericValue(value: string, datatype: string): number | null {
  if (!NUMERIC.has(datatype) || !NUMBER.test(value)) return null
  return datatype === XSD_DOUBLE || !/[eE]/.test(value) ? Number(value) : null
}
