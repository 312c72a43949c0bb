import { XSD } from './vocabulary.ts'

const NUMERIC = new Set(
  [
    'integer decimal float double byte short int long unsignedByte unsignedShort unsignedInt unsignedLong',
    'positiveInteger nonNegativeInteger negativeInteger nonPositiveInteger',
  ]
    .join(' ')
    .split(' ')
    .map((name) => XSD + name),
)
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Gives the number that a literal stands for; `null` where it is none. */
export function numericValue(value: string, datatype: string): number | null {
  return NUMERIC.has(datatype) && NUMBER.test(value) ? Number(value) : null
}
