import { type DataType, Type } from 'apache-arrow'
import {
  isBytes,
  isDecimal,
  isFloat,
  isList,
  isNumeric,
  isTemporal,
  isText,
  isWideInteger,
  typeName,
  types,
  typesEqual,
} from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import { canonicalInteger, compareValues, type Value, valueRank } from '../../types/value.ts'
import type { Evaluate, FunctionDefinition } from '../registry.ts'
import { isDynamic, requireCount } from './signature.ts'

function comparable(left: DataType, right: DataType): boolean {
  if (isDynamic(left) || isDynamic(right)) return true
  if (isNumeric(left) && isNumeric(right)) return true
  if (isDecimal(left) && isDecimal(right))
    return (left as { scale?: number }).scale === (right as { scale?: number }).scale
  if (isText(left) && isText(right)) return true
  if (isBytes(left) && isBytes(right)) return true
  if (isList(left) && isList(right)) return true
  return (
    typesEqual(left, right) || (isTemporal(left) && isTemporal(right) && typeName(left) === typeName(right))
  )
}

/** Tells whether JavaScript's own operators compare values of these types as the total order does. */
function isPlainlyOrdered(left: DataType, right: DataType): boolean {
  const plain = (type: DataType) => isNumeric(type) || isTemporal(type) || type.typeId === Type.Bool
  return plain(left) && plain(right)
}

const SYMBOLS = { eq: '===', ne: '!==', lt: '<', le: '<=', gt: '>', ge: '>=' } as const
const TESTS: Record<keyof typeof SYMBOLS, (order: number) => boolean> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
}

/**
 * Defines a comparison. Values of unlike kinds (possible for variants only) are not equal, and their order is
 * unknown: null. NaN equals itself and stands before every other number, as in the total order.
 */
function comparison(name: keyof typeof SYMBOLS): FunctionDefinition {
  const test = TESTS[name]
  const equality = name === 'eq' || name === 'ne'
  const evaluate: Evaluate = (left, right) => {
    if (valueRank(left) !== valueRank(right)) return equality ? name === 'ne' : null
    return test(compareValues(left, right))
  }
  return {
    name,
    nulls: 'strict',
    nullable: (args) =>
      args.some((arg) => arg.nullable) || (!equality && args.some((arg) => isDynamic(arg.type))),
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, 2)
      const [left, right] = argumentTypes as [DataType, DataType]
      if (!comparable(left, right)) {
        throw new SheafError(
          'TYPE',
          `Values of these types cannot be compared. Convert one of them: ${typeName(left)} and ${typeName(right)}`,
        )
      }
      return types.bool
    },
    evaluator: () => evaluate,
    compile: (args, argumentTypes) => compileComparison(name, args, argumentTypes),
  }
}

function compileComparison(
  name: keyof typeof SYMBOLS,
  args: readonly string[],
  argumentTypes: readonly DataType[],
): string | undefined {
  const [left, right] = argumentTypes as [DataType, DataType]
  const [a, b] = args as [string, string]
  const equality = name === 'eq' || name === 'ne'
  if (isText(left) && isText(right))
    return equality ? `(${a} ${SYMBOLS[name]} ${b})` : `(rt.compareText(${a}, ${b}) ${SYMBOLS[name]} 0)`
  if (!isPlainlyOrdered(left, right)) return undefined
  if (isFloat(left) || isFloat(right)) return compileFloatComparison(name, a, b)
  const loose = equality && isWideInteger(left) !== isWideInteger(right)
  return `(${a} ${loose ? SYMBOLS[name].slice(0, 2) : SYMBOLS[name]} ${b})`
}

/** Compares floats with JavaScript's operators, NaN (which differs from itself there) told apart by `x !== x`. */
function compileFloatComparison(name: keyof typeof SYMBOLS, a: string, b: string): string {
  const nanA = `${a} !== ${a}`
  const nanB = `${b} !== ${b}`
  switch (name) {
    case 'eq':
      return `(${a} == ${b} || (${nanA} && ${nanB}))`
    case 'ne':
      return `!(${a} == ${b} || (${nanA} && ${nanB}))`
    case 'lt':
      return `(${a} < ${b} || (${nanA} && !(${nanB})))`
    case 'le':
      return `(${a} <= ${b} || ${nanA})`
    case 'gt':
      return `(${a} > ${b} || (${nanB} && !(${nanA})))`
    case 'ge':
      return `(${a} >= ${b} || ${nanB})`
  }
}

/** Compares for equality with null equal to null: never null. */
const isNotDistinctFrom: FunctionDefinition = {
  name: 'is_not_distinct_from',
  nulls: 'custom',
  nullable: () => false,
  type: (argumentTypes) => {
    requireCount('is_not_distinct_from', argumentTypes, 2)
    return types.bool
  },
  evaluator: () => (left, right) => compareValues(left, right) === 0,
}

const isNull: FunctionDefinition = {
  name: 'is_null',
  nulls: 'custom',
  nullable: () => false,
  type: () => types.bool,
  evaluator: () => (value) => value === null || value === undefined,
}

const isNotNull: FunctionDefinition = {
  ...isNull,
  name: 'is_not_null',
  evaluator: () => (value) => value !== null && value !== undefined,
}

/** Tests a value against a list of constants: `in(value, literal list)`. Null in the list makes a miss unknown. */
const inList: FunctionDefinition = {
  name: 'in',
  nulls: 'custom',
  nullable: () => true,
  type: (argumentTypes) => {
    requireCount('in', argumentTypes, 2)
    return types.bool
  },
  evaluator: () => {
    let known: Value
    let members: MemberSet | null = null
    return (value, list) => {
      if (list === null || list === undefined) return null
      if (list !== known || members === null) {
        known = list
        members = memberSet(list as Iterable<Value>)
      }
      return isMember(members, value)
    }
  },
}

type MemberSet = {
  readonly primitives: Set<Value>
  readonly others: Value[]
  readonly hasNull: boolean
  readonly isEmpty: boolean
}

function memberSet(list: Iterable<Value>): MemberSet {
  const primitives = new Set<Value>()
  const others: Value[] = []
  let hasNull = false
  let isEmpty = true
  for (const item of list) {
    isEmpty = false
    if (item === null || item === undefined) hasNull = true
    else if (typeof item === 'object') others.push(item)
    else primitives.add(typeof item === 'bigint' ? canonicalInteger(item) : item)
  }
  return { primitives, others, hasNull, isEmpty }
}

function isMember({ primitives, others, hasNull, isEmpty }: MemberSet, value: Value): Value {
  if (isEmpty) return false
  if (value === null || value === undefined) return null
  if (primitives.has(value) || hasOtherForm(primitives, value)) return true
  for (const other of others) if (compareValues(other, value) === 0) return true
  return hasNull ? null : false
}

/** Tells whether a set has the other form of an integer past the safe ones, which may be a float or a 64-bit integer. */
function hasOtherForm(primitives: Set<Value>, value: Value): boolean {
  if (typeof value === 'bigint') {
    const canonical = canonicalInteger(value)
    if (typeof canonical === 'number') return primitives.has(canonical)
    return primitives.has(Number(value)) && BigInt(Number(value)) === value
  }
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isFinite(value)
    ? primitives.has(BigInt(value))
    : false
}

/** Holds the comparisons: eq, ne, lt, le, gt, ge, is_not_distinct_from, is_null, is_not_null, in. */
export const comparisonFunctions: readonly FunctionDefinition[] = [
  ...(Object.keys(SYMBOLS) as (keyof typeof SYMBOLS)[]).map(comparison),
  isNotDistinctFrom,
  isNull,
  isNotNull,
  inList,
]
