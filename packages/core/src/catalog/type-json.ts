import {
  Binary,
  Bool,
  type DataType,
  Date_,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  type Int,
  Interval,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  Null,
  Struct,
  Time,
  Timestamp,
  Type,
  Utf8,
} from 'apache-arrow'
import { BrainFloatType, isVariant, ReferenceType, types, VariantType } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'

/** Is an Arrow type as plain JSON, as the catalog's tables keep it: its name, then what the name leaves open. */
export type TypeJson = readonly [name: string, ...parameters: unknown[]]

/** Is an Arrow field as plain JSON. */
export type FieldJson = {
  readonly name: string
  readonly type: TypeJson
  readonly nullable: boolean
  readonly metadata?: Readonly<Record<string, string>>
}

/** Turns a type into JSON. @throws `UNSUPPORTED` for unions, which no table keeps */
export function typeToJson(type: DataType): TypeJson {
  if (type instanceof ReferenceType) return ['reference', type.referenceKind, type.collection]
  if (isVariant(type)) return ['variant']
  if (type instanceof BrainFloatType) return ['bfloat16']
  const any = type as unknown as Record<string, unknown>
  switch (type.typeId) {
    case Type.Null:
      return ['null']
    case Type.Bool:
      return ['bool']
    case Type.Int:
      return ['int', any.isSigned, any.bitWidth]
    case Type.Float:
      return ['float', any.precision]
    case Type.Utf8:
      return ['utf8']
    case Type.LargeUtf8:
      return ['large-utf8']
    case Type.Binary:
      return ['binary']
    case Type.LargeBinary:
      return ['large-binary']
    case Type.FixedSizeBinary:
      return ['fixed-size-binary', any.byteWidth]
    case Type.Date:
      return ['date', any.unit]
    case Type.Time:
      return ['time', any.unit, any.bitWidth]
    case Type.Timestamp:
      return ['timestamp', any.unit, any.timezone ?? null]
    case Type.Duration:
      return ['duration', any.unit]
    case Type.Interval:
      return ['interval', any.unit]
    case Type.Decimal:
      return ['decimal', any.scale, any.precision, any.bitWidth]
    default:
      return nestedToJson(type)
  }
}

function nestedToJson(type: DataType): TypeJson {
  const any = type as unknown as Record<string, unknown>
  const children = type.children?.map(fieldToJson)
  switch (type.typeId) {
    case Type.List:
      return ['list', children?.[0]]
    case Type.FixedSizeList:
      return ['fixed-size-list', any.listSize, children?.[0]]
    case Type.Struct:
      return ['struct', children]
    case Type.Map:
      return ['map', children?.[0], any.keysSorted ?? false]
    case Type.Dictionary:
      return ['dictionary', typeToJson(any.dictionary as DataType), typeToJson(any.indices as DataType)]
    default:
      throw new SheafError('UNSUPPORTED', `A table cannot keep this type. Use another: ${type.toString()}`)
  }
}

/** Turns a field into JSON. */
export function fieldToJson(field: Field): FieldJson {
  const json = { name: field.name, type: typeToJson(field.type), nullable: field.nullable }
  return field.metadata.size === 0 ? json : { ...json, metadata: Object.fromEntries(field.metadata) }
}

/** Makes a field from its JSON. */
export function fieldFromJson(json: FieldJson): Field {
  const metadata = json.metadata === undefined ? null : new Map(Object.entries(json.metadata))
  return new Field(json.name, typeFromJson(json.type), json.nullable, metadata)
}

const SIMPLE: Readonly<Record<string, () => DataType>> = {
  variant: () => new VariantType(),
  bfloat16: () => new BrainFloatType(),
  null: () => new Null(),
  bool: () => new Bool(),
  utf8: () => new Utf8(),
  'large-utf8': () => new LargeUtf8(),
  binary: () => new Binary(),
  'large-binary': () => new LargeBinary(),
}

const INTEGERS: readonly Int[] = [
  types.int8,
  types.int16,
  types.int32,
  types.int64,
  types.uint8,
  types.uint16,
  types.uint32,
  types.uint64,
]

/** Makes a type from its JSON. @throws `VERSION` for a type that this version does not know */
export function typeFromJson(json: TypeJson): DataType {
  const [name, first, second, third] = json as [string, never, never, never]
  const simple = SIMPLE[name]
  if (simple !== undefined) return simple()
  switch (name) {
    case 'reference':
      return new ReferenceType(first, second)
    case 'int':
      return INTEGERS.find((type) => type.isSigned === first && type.bitWidth === second) as DataType
    case 'float':
      return new Float(first)
    case 'fixed-size-binary':
      return new FixedSizeBinary(first)
    case 'date':
      return new Date_(first)
    case 'time':
      return new Time(first, second)
    case 'timestamp':
      return new Timestamp(first, second)
    case 'duration':
      return new Duration(first)
    case 'interval':
      return new Interval(first)
    case 'decimal':
      return new Decimal(first, second, third)
    case 'list':
      return new List(fieldFromJson(first))
    case 'fixed-size-list':
      return new FixedSizeList(first, fieldFromJson(second))
    case 'struct':
      return new Struct((first as readonly FieldJson[]).map(fieldFromJson))
    case 'map':
      return new Map_(fieldFromJson(first) as never, second)
    case 'dictionary':
      return new Dictionary(
        typeFromJson(first),
        typeFromJson(second) as never,
        null,
        false,
      ) as unknown as DataType
    default:
      throw new SheafError(
        'VERSION',
        `A newer Sheaf wrote this table. Use it to open the store: type ${name}`,
      )
  }
}
