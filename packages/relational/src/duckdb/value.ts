import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  type DuckDBListType,
  DuckDBListValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
  type DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import { canonicalInteger, elementType, type Value } from '@sheafdb/core'
import { type DataType, type Decimal, type Field, Type } from 'apache-arrow'
import { tagOf } from './types.ts'

/** Turns a value that DuckDB gives into a value of the engine, in a column of an Arrow type. */
export function fromDuckValue(value: DuckDBValue, from: DuckDBType, to: DataType): Value {
  if (value === null || value === undefined) return null
  switch (from.typeId) {
    case DuckDBTypeId.HUGEINT:
      return value as bigint
    case DuckDBTypeId.DECIMAL:
      return (value as DuckDBDecimalValue).value
    case DuckDBTypeId.BLOB:
      return Uint8Array.from((value as DuckDBBlobValue).bytes)
    case DuckDBTypeId.DATE:
      return (value as DuckDBDateValue).days
    case DuckDBTypeId.TIME:
      return canonicalInteger((value as DuckDBTimeValue).micros)
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return canonicalInteger((value as DuckDBTimestampValue).micros)
    case DuckDBTypeId.TIMESTAMP_S:
      return canonicalInteger((value as DuckDBTimestampSecondsValue).seconds)
    case DuckDBTypeId.TIMESTAMP_MS:
      return canonicalInteger((value as DuckDBTimestampMillisecondsValue).millis)
    case DuckDBTypeId.TIMESTAMP_NS:
      return canonicalInteger((value as DuckDBTimestampNanosecondsValue).nanos)
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const inner = (from as DuckDBListType).valueType
      return (value as DuckDBListValue).items.map((item) => fromDuckValue(item, inner, elementType(to)))
    }
    case DuckDBTypeId.STRUCT:
      return structFrom(value as DuckDBStructValue, from as DuckDBStructType, to)
    case DuckDBTypeId.MAP:
      return to.typeId === Type.Utf8 ? duckText(value, from) : entriesFrom(value as DuckDBMapValue, from, to)
    case DuckDBTypeId.UNION:
      return to.typeId === Type.Utf8 ? duckText(value, from) : unionFrom(value as DuckDBUnionValue, from, to)
    default:
      if (typeof value === 'bigint') return to.typeId === Type.Utf8 ? String(value) : canonicalInteger(value)
      return typeof value === 'object' ? duckText(value, from) : value
  }
}

function structFrom(value: DuckDBStructValue, from: DuckDBStructType, to: DataType): Value {
  const struct: Record<string, Value> = Object.create(null)
  from.entryNames.forEach((name, index) => {
    const field = to.children[index]
    if (field === undefined) return
    struct[name] = fromDuckValue(
      value.entries[name] as DuckDBValue,
      from.entryTypes[index] as DuckDBType,
      field.type,
    )
  })
  return struct
}

function entriesFrom({ entries }: DuckDBMapValue, from: DuckDBType, to: DataType): Value {
  const { keyType, valueType } = from as DuckDBMapType
  const [keyField, valueField] = elementType(to).children as [Field, Field]
  return entries.map(({ key, value }) => ({
    key: fromDuckValue(key, keyType, keyField.type),
    value: fromDuckValue(value, valueType, valueField.type),
  }))
}

function unionFrom({ tag, value }: DuckDBUnionValue, from: DuckDBType, to: DataType): Value {
  const union = from as DuckDBUnionType
  const struct: Record<string, Value> = Object.create(null)
  for (const field of to.children) struct[field.name] = null
  struct[tagOf(union)] = tag
  const at = union.memberTags.indexOf(tag)
  const field = to.children.find((item) => item.name === tag)
  if (field !== undefined) struct[tag] = fromDuckValue(value, union.memberTypes[at] as DuckDBType, field.type)
  return struct
}

/** Turns a value of the engine in a column of an Arrow type into one of DuckDB, of the type that `duckTypeOf` gives. */
export function toDuckValue(value: Value, type: DataType): DuckDBValue {
  if (value === null || value === undefined) return null
  switch (type.typeId) {
    case Type.Int:
      return (type as unknown as { bitWidth: number }).bitWidth === 64
        ? BigInt(value as number)
        : (value as number)
    case Type.Float:
      return Number(value)
    case Type.Bool:
    case Type.Utf8:
    case Type.LargeUtf8:
      return value as string
    case Type.Binary:
    case Type.LargeBinary:
    case Type.FixedSizeBinary:
      return new DuckDBBlobValue(value as Uint8Array)
    case Type.Decimal: {
      const { precision, scale } = type as Decimal
      return new DuckDBDecimalValue(BigInt(value as bigint), Math.min(precision, 38), scale)
    }
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
      return temporalToDuck(value as number | bigint, type)
    case Type.List:
    case Type.LargeList:
      return new DuckDBListValue(Array.from(value as Value[], (item) => toDuckValue(item, elementType(type))))
    case Type.FixedSizeList:
      return new DuckDBArrayValue(
        Array.from(value as Value[], (item) => toDuckValue(item, elementType(type))),
      )
    case Type.Struct:
      if (isVariantValue(type)) return jsonText(value)
      return structToDuck(value as Record<string, Value>, type)
    default:
      return jsonText(value)
  }
}

function isVariantValue(type: DataType): boolean {
  return 'isVariant' in type
}

function structToDuck(value: Record<string, Value>, type: DataType): DuckDBValue {
  const entries: Record<string, DuckDBValue> = {}
  for (const field of type.children) {
    Object.defineProperty(entries, field.name, {
      value: toDuckValue(value[field.name], field.type),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return new DuckDBStructValue(entries)
}

function temporalToDuck(value: number | bigint, type: DataType): DuckDBValue {
  if (type.typeId === Type.Date)
    return type.ArrayType === Int32Array
      ? new DuckDBDateValue(Number(value))
      : new DuckDBTimestampMillisecondsValue(BigInt(value))
  if (type.typeId === Type.Time) return new DuckDBTimeValue(BigInt(value))
  const { unit, timezone } = type as unknown as { unit: number; timezone?: string | null }
  const units = BigInt(value)
  if (timezone) return new DuckDBTimestampTZValue(units)
  if (unit === 0) return new DuckDBTimestampSecondsValue(units)
  if (unit === 1) return new DuckDBTimestampMillisecondsValue(units)
  return unit === 2 ? new DuckDBTimestampValue(units) : new DuckDBTimestampNanosecondsValue(units)
}

/** Renders a variant's value as JSON text; text itself as a JSON string would be, so that DuckDB's JSON functions read it. */
function jsonText(value: Value): string {
  if (typeof value === 'string') return value
  return (
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)) ?? 'null'
  )
}

const QUOTED_TEXT = /^$|^\s|\s$|[[\]{}(),'":=]|^null$/i

/** Writes a value as DuckDB does when it casts it to text, so that SQL reads it back from there. */
function duckText(value: DuckDBValue, type: DuckDBType): string {
  if (value === null || value === undefined) return 'NULL'
  switch (type.typeId) {
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      const entries = (value as DuckDBMapValue).entries.map(
        ({ key, value: item }) => `${insideText(key, keyType)}=${insideText(item, valueType)}`,
      )
      return `{${entries.join(', ')}}`
    }
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const { valueType } = type as DuckDBListType
      return `[${(value as DuckDBListValue).items.map((item) => insideText(item, valueType)).join(', ')}]`
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      const { entries } = value as DuckDBStructValue
      return `{${entryNames
        .map(
          (name, index) =>
            `'${name}': ${insideText(entries[name] as DuckDBValue, entryTypes[index] as DuckDBType)}`,
        )
        .join(', ')}}`
    }
    case DuckDBTypeId.UNION: {
      const { tag, value: item } = value as DuckDBUnionValue
      const index = (type as DuckDBUnionType).memberTags.indexOf(tag)
      return duckText(item, (type as DuckDBUnionType).memberTypes[index] as DuckDBType)
    }
    default:
      return String(value)
  }
}

const NESTED: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.MAP,
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.UNION,
])

function insideText(value: DuckDBValue, type: DuckDBType): string {
  const text = duckText(value, type)
  if (value === null || NESTED.has(type.typeId) || !QUOTED_TEXT.test(text)) return text
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
