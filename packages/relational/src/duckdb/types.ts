import {
  ARRAY,
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBArrayType,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
  FLOAT,
  INTEGER,
  LIST,
  SMALLINT,
  STRUCT,
  TIME,
  TIMESTAMP,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  TIMESTAMP_S,
  TIMESTAMPTZ,
  TINYINT,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api'
import { elementType, isVariant, makeField, types, valueType } from '@sheafdb/core'
import {
  type DataType,
  DateUnit,
  Decimal,
  FixedSizeList,
  type Float,
  type Int,
  List,
  Precision,
  Struct,
  TimeMicrosecond,
  type Timestamp,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  TimeUnit,
  Type,
} from 'apache-arrow'

const FLAT_ARROW_TYPES = new Map<DuckDBTypeId, DataType>([
  [DuckDBTypeId.BOOLEAN, types.bool],
  [DuckDBTypeId.TINYINT, types.int8],
  [DuckDBTypeId.SMALLINT, types.int16],
  [DuckDBTypeId.INTEGER, types.int32],
  [DuckDBTypeId.BIGINT, types.int64],
  [DuckDBTypeId.UTINYINT, types.uint8],
  [DuckDBTypeId.USMALLINT, types.uint16],
  [DuckDBTypeId.UINTEGER, types.uint32],
  [DuckDBTypeId.UBIGINT, types.uint64],
  [DuckDBTypeId.HUGEINT, new Decimal(0, 38, 128)],
  [DuckDBTypeId.FLOAT, types.float32],
  [DuckDBTypeId.DOUBLE, types.float64],
  [DuckDBTypeId.VARCHAR, types.utf8],
  [DuckDBTypeId.BLOB, types.binary],
  [DuckDBTypeId.DATE, types.date],
  [DuckDBTypeId.TIME, new TimeMicrosecond()],
  [DuckDBTypeId.TIMESTAMP, types.timestamp],
  [DuckDBTypeId.TIMESTAMP_S, new TimestampSecond()],
  [DuckDBTypeId.TIMESTAMP_MS, new TimestampMillisecond()],
  [DuckDBTypeId.TIMESTAMP_NS, new TimestampNanosecond()],
  [DuckDBTypeId.TIMESTAMP_TZ, new TimestampMicrosecond('UTC')],
  [DuckDBTypeId.SQLNULL, types.int32],
])

/** Names the field of a union's struct that says which of its members there is. */
export function tagOf({ memberTags }: DuckDBUnionType): string {
  let tag = 'tag'
  while (memberTags.includes(tag)) tag = `_${tag}`
  return tag
}

/**
 * Gives the Arrow type in which values of a DuckDB type are held. HUGEINT is Decimal128(38, 0), as in DuckDB's own
 * Arrow export; a MAP is a list of its entries, a UNION a struct of its tag and its members. Types without a counterpart
 * (UUID, INTERVAL, ENUM, BIT, TIMETZ, …) are held as their text.
 */
export function arrowTypeOf(type: DuckDBType): DataType {
  const flat = FLAT_ARROW_TYPES.get(type.typeId)
  if (flat !== undefined) return flat
  switch (type.typeId) {
    case DuckDBTypeId.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType
      return new Decimal(scale, width, 128)
    }
    case DuckDBTypeId.LIST:
      return new List(makeField('item', arrowTypeOf((type as DuckDBListType).valueType)))
    case DuckDBTypeId.ARRAY: {
      const { length, valueType: inner } = type as DuckDBArrayType
      return new FixedSizeList(length, makeField('item', arrowTypeOf(inner)))
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      return new Struct(
        entryNames.map((name, index) => makeField(name, arrowTypeOf(entryTypes[index] as DuckDBType))),
      )
    }
    case DuckDBTypeId.MAP: {
      const { keyType, valueType: inner } = type as DuckDBMapType
      const entry = new Struct([
        makeField('key', arrowTypeOf(keyType)),
        makeField('value', arrowTypeOf(inner)),
      ])
      return markHeld(new List(makeField('entries', entry)), 'map')
    }
    case DuckDBTypeId.UNION: {
      const union = type as DuckDBUnionType
      const members = union.memberTags.map((tag, index) =>
        makeField(tag, arrowTypeOf(union.memberTypes[index] as DuckDBType)),
      )
      return markHeld(new Struct([makeField(tagOf(union), types.utf8), ...members]), 'union')
    }
    default:
      return types.utf8
  }
}

/** Gives a copy of an Arrow type that remembers that it holds the values of a MAP or a UNION. */
function markHeld(type: DataType, holds: 'map' | 'union'): DataType {
  return Object.create(type, { holds: { value: holds } }) as DataType
}

/** Tells whether values of a DuckDB type are held in an Arrow type that is not its own, so that SQL reads them by a cast. */
export function isHeld(type: DuckDBType): boolean {
  switch (type.typeId) {
    case DuckDBTypeId.HUGEINT:
      return true
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.DECIMAL:
      return false
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return isHeld((type as DuckDBListType).valueType)
    case DuckDBTypeId.STRUCT:
      return (type as DuckDBStructType).entryTypes.some(isHeld)
    default:
      return !FLAT_ARROW_TYPES.has(type.typeId)
  }
}

/** Gives the DuckDB type as which a column of an Arrow type is shown to DuckDB; variants as JSON text. */
export function duckTypeOf(columnType: DataType): DuckDBType {
  const type = valueType(columnType)
  if (isVariant(type)) return VARCHAR
  switch (type.typeId) {
    case Type.Bool:
      return BOOLEAN
    case Type.Int:
      return integerType(type as Int)
    case Type.Float:
      return (type as Float).precision === Precision.DOUBLE ? DOUBLE : FLOAT
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return BLOB
    case Type.Date:
      return (type as unknown as { unit: DateUnit }).unit === DateUnit.DAY ? DATE : TIMESTAMP_MS
    case Type.Time:
      return TIME
    case Type.Timestamp:
      return timestampType(type as Timestamp)
    case Type.Decimal: {
      const { precision, scale } = type as Decimal
      return DECIMAL(Math.min(precision, 38), scale)
    }
    case Type.List:
    case Type.LargeList:
      return LIST(duckTypeOf(elementType(type)))
    case Type.FixedSizeList:
      return ARRAY(duckTypeOf(elementType(type)), (type as FixedSizeList).listSize)
    case Type.Struct:
      return STRUCT(Object.fromEntries(type.children.map((field) => [field.name, duckTypeOf(field.type)])))
    case Type.Null:
      return INTEGER
    default:
      return VARCHAR
  }
}

function integerType({ bitWidth, isSigned }: Int): DuckDBType {
  if (isSigned)
    return bitWidth === 64 ? BIGINT : bitWidth === 32 ? INTEGER : bitWidth === 16 ? SMALLINT : TINYINT
  return bitWidth === 64 ? UBIGINT : bitWidth === 32 ? UINTEGER : bitWidth === 16 ? USMALLINT : UTINYINT
}

function timestampType({ unit, timezone }: Timestamp): DuckDBType {
  if (timezone) return TIMESTAMPTZ
  switch (unit) {
    case TimeUnit.SECOND:
      return TIMESTAMP_S
    case TimeUnit.MILLISECOND:
      return TIMESTAMP_MS
    case TimeUnit.MICROSECOND:
      return TIMESTAMP
    default:
      return TIMESTAMP_NS
  }
}

/** Gives a copy of an Arrow type that remembers the SQL type whose values it holds, such as UUID held as text. */
export function rememberSqlType(type: DataType, sqlType: string): DataType {
  return Object.create(type, { sqlType: { value: sqlType } }) as DataType
}

/** Gives the SQL type that an Arrow type remembers, or `undefined` where its values are of their own type. */
export function sqlTypeOf(type: DataType): string | undefined {
  return (type as { sqlType?: string }).sqlType
}

/** Writes a DuckDB type as SQL does: JSON by its name, a type of the user as what it stands for. */
export function sqlTypeName(type: DuckDBType): string {
  return type.alias === 'JSON' ? type.alias : type.toString()
}

/** Gives the Arrow type of a result column, remembering its SQL type where the Arrow type alone does not tell it. */
export function resultType(type: DuckDBType): DataType {
  const held = arrowTypeOf(type)
  return isHeld(type) || type.alias !== undefined ? rememberSqlType(held, sqlTypeName(type)) : held
}
