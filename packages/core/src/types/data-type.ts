import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Dictionary,
  Field,
  type FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  type List,
  Null,
  Precision,
  Struct,
  type Timestamp,
  TimestampMicrosecond,
  type TimeUnit,
  Type,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow'

/** Names the extension that marks a variant column in Arrow metadata, so that other readers know it. */
export const VARIANT_EXTENSION = 'arrow.parquet.variant'
/** Names the Arrow metadata key of an extension type. */
export const EXTENSION_NAME_KEY = 'ARROW:extension:name'
/** Names the Arrow metadata key that carries a column's stable id across renames. */
export const FIELD_ID_KEY = 'field_id'

/**
 * Is the type of values whose type is known only at run time. Its storage is the Parquet variant encoding,
 * `Struct<metadata: Binary, value: Binary>`; inside the engine such a column holds JavaScript values.
 */
export class VariantType extends Struct {
  readonly isVariant = true as const
  constructor() {
    super([new Field('metadata', new Binary(), false), new Field('value', new Binary(), false)])
  }
}

/**
 * Is the type of bfloat16 numbers, which Arrow does not have: inside the engine they are single-precision numbers, in a
 * file their upper halves.
 */
export class BrainFloatType extends Float32 {
  readonly isBrainFloat = true as const
}

/** Tells in which 16 bits a segment keeps the numbers of a type that are single-precision inside the engine. */
export function halfEncodingOf(type: DataType): 'float16' | 'bfloat16' | undefined {
  if (type instanceof BrainFloatType) return 'bfloat16'
  const isHalf = type.typeId === Type.Float && (type as Float32).precision === Precision.HALF
  return isHalf ? 'float16' : undefined
}

/** Tells what a reference points to: a row of a nodes table, of an edges table, or of a terms table. */
export type ReferenceKind = 'node' | 'edge' | 'term'

/** Is the type of an id that refers to a node, an edge or an RDF term of one collection. Stored as Int64. */
export class ReferenceType extends Int64 {
  readonly referenceKind: ReferenceKind
  readonly collection: string
  constructor(referenceKind: ReferenceKind, collection: string) {
    super()
    this.referenceKind = referenceKind
    this.collection = collection
  }
}

/** Holds the types that plans use most, one instance of each. */
export const types: {
  readonly null: Null
  readonly bool: Bool
  readonly int8: Int8
  readonly int16: Int16
  readonly int32: Int32
  readonly int64: Int64
  readonly uint8: Uint8
  readonly uint16: Uint16
  readonly uint32: Uint32
  readonly uint64: Uint64
  readonly float32: Float32
  readonly float64: Float64
  readonly utf8: Utf8
  readonly binary: Binary
  readonly date: DateDay
  readonly timestamp: TimestampMicrosecond
  readonly variant: VariantType
} = {
  null: new Null(),
  bool: new Bool(),
  int8: new Int8(),
  int16: new Int16(),
  int32: new Int32(),
  int64: new Int64(),
  uint8: new Uint8(),
  uint16: new Uint16(),
  uint32: new Uint32(),
  uint64: new Uint64(),
  float32: new Float32(),
  float64: new Float64(),
  utf8: new Utf8(),
  binary: new Binary(),
  date: new DateDay(),
  timestamp: new TimestampMicrosecond(),
  variant: new VariantType(),
}

/** Tells whether a type is the variant type, also after a round trip through Arrow IPC. */
export function isVariant(type: DataType): boolean {
  if (type instanceof VariantType) return true
  if (type.typeId !== Type.Struct) return false
  const names = type.children.map((child) => child.name)
  return (
    names[0] === 'metadata' &&
    names[1] === 'value' &&
    type.children[0]?.type.typeId === Type.Binary &&
    type.children[1]?.type.typeId === Type.Binary
  )
}

/** Gives the type of a dictionary's values, or the type itself where it is no dictionary. */
export function valueType(type: DataType): DataType {
  return type.typeId === Type.Dictionary ? (type as unknown as Dictionary).dictionary : type
}

/** Tells whether a type is a signed or unsigned integer of any width. */
export function isInteger(type: DataType): boolean {
  return type.typeId === Type.Int
}

/** Tells whether a type is an integer of 64 bits, whose values are `number` where safe and else `bigint`. */
export function isWideInteger(type: DataType): boolean {
  return type.typeId === Type.Int && (type as Int64).bitWidth === 64
}

/** Tells whether a type is a floating-point number. */
export function isFloat(type: DataType): boolean {
  return type.typeId === Type.Float
}

/** Tells whether a type is a decimal. */
export function isDecimal(type: DataType): boolean {
  return type.typeId === Type.Decimal
}

/** Tells whether a type is an integer or a float. */
export function isNumeric(type: DataType): boolean {
  return isInteger(type) || isFloat(type)
}

/** Tells whether a type holds text, dictionary-encoded or not. */
export function isText(type: DataType): boolean {
  const id = valueType(type).typeId
  return id === Type.Utf8 || id === Type.LargeUtf8 || id === Type.Utf8View
}

/** Tells whether a type holds bytes. */
export function isBytes(type: DataType): boolean {
  const id = type.typeId
  return (
    id === Type.Binary || id === Type.LargeBinary || id === Type.BinaryView || id === Type.FixedSizeBinary
  )
}

/** Tells whether a type is a point in time, a date, a time of day or a duration, held as a count of units. */
export function isTemporal(type: DataType): boolean {
  const id = type.typeId
  return id === Type.Date || id === Type.Timestamp || id === Type.Time || id === Type.Duration
}

/** Tells whether a type is a list of any layout. */
export function isList(type: DataType): boolean {
  const id = type.typeId
  return id === Type.List || id === Type.LargeList || id === Type.FixedSizeList
}

/** Gives the type of a list's elements; variant for anything else. */
export function elementType(type: DataType): DataType {
  return isList(type) ? ((type.children[0] as Field | undefined)?.type ?? types.variant) : types.variant
}

/**
 * Gives a short, stable name of a type, for `explain`, error messages and cache keys.
 *
 * @example typeName(types.int64) // 'int64'
 */
export function typeName(type: DataType): string {
  if (type instanceof ReferenceType) return `${type.referenceKind}(${type.collection})`
  if (isVariant(type)) return 'variant'
  if (type instanceof BrainFloatType) return 'bfloat16'
  switch (type.typeId) {
    case Type.Dictionary:
      return typeName(valueType(type))
    case Type.List:
    case Type.LargeList:
      return `list<${typeName(elementType(type))}>`
    case Type.FixedSizeList:
      return `list<${typeName(elementType(type))}, ${(type as FixedSizeList).listSize}>`
    case Type.Struct:
      return `struct<${type.children.map((child) => `${child.name}: ${typeName(child.type)}`).join(', ')}>`
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp
      return `timestamp(${TIME_UNIT_NAMES[unit]}${timezone ? `, ${timezone}` : ''})`
    }
    default:
      return type.toString().toLowerCase()
  }
}

const TIME_UNIT_NAMES: Record<TimeUnit, string> = { 0: 's', 1: 'ms', 2: 'us', 3: 'ns' }

/** Tells whether two types hold the same values. Dictionaries count as their value type. */
export function typesEqual(left: DataType, right: DataType): boolean {
  return left === right || typeName(left) === typeName(right)
}

/**
 * Finds the narrowest type that holds the values of both, as arithmetic, unions and comparisons need it:
 * integers widen, integer with float gives float64, null gives the other, anything else unlike gives variant.
 */
export function commonType(left: DataType, right: DataType): DataType {
  if (typesEqual(left, right)) return left
  if (left.typeId === Type.Null) return right
  if (right.typeId === Type.Null) return left
  if (isInteger(left) && isInteger(right)) return commonInteger(left as Int64, right as Int64)
  if (isNumeric(left) && isNumeric(right)) return types.float64
  if (isText(left) && isText(right)) return types.utf8
  return types.variant
}

function commonInteger(left: Int64, right: Int64): DataType {
  const signed = left.isSigned || right.isSigned
  if (!signed)
    return [types.uint8, types.uint16, types.uint32, types.uint64].find(
      (type) => type.bitWidth >= Math.max(left.bitWidth, right.bitWidth),
    ) as DataType
  const bits = Math.max(signedBits(left), signedBits(right))
  return [types.int8, types.int16, types.int32].find((type) => type.bitWidth >= bits) ?? types.int64
}

function signedBits(type: Int64): number {
  return type.isSigned ? type.bitWidth : type.bitWidth * 2
}

/** Makes a field with a stable id in its metadata, and the extension name where the type needs one. */
export function makeField(
  name: string,
  type: DataType,
  options: { nullable?: boolean; fieldId?: number } = {},
): Field {
  const metadata = new Map<string, string>()
  if (options.fieldId !== undefined) metadata.set(FIELD_ID_KEY, String(options.fieldId))
  if (isVariant(type)) metadata.set(EXTENSION_NAME_KEY, VARIANT_EXTENSION)
  return new Field(name, type, options.nullable ?? true, metadata)
}

/** Reads the stable id of a field, or `undefined` where it carries none. */
export function fieldIdOf(field: Field): number | undefined {
  const text = field.metadata.get(FIELD_ID_KEY)
  return text === undefined ? undefined : Number(text)
}

/** Makes the type of text columns that are dictionary-encoded in storage. */
export function dictionaryOf(type: DataType = types.utf8): DataType {
  return new Dictionary(type, types.int32, null, false) as unknown as DataType
}

/** Names types that callers build themselves. */
export type { DataType, Field, List }
