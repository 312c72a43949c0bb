import { type DataType, SheafError, types } from '@sheafdb/core'

const ATTRIBUTE_TYPES: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ['string', types.utf8],
  ['utf8', types.utf8],
  ['text', types.utf8],
  ['boolean', types.bool],
  ['bool', types.bool],
  ['number', types.float64],
  ['float64', types.float64],
  ['double', types.float64],
  ['float32', types.float32],
  ['integer', types.int64],
  ['int', types.int64],
  ['int64', types.int64],
  ['int32', types.int32],
  ['int16', types.int16],
  ['int8', types.int8],
  ['uint64', types.uint64],
  ['uint32', types.uint32],
  ['uint16', types.uint16],
  ['uint8', types.uint8],
  ['binary', types.binary],
  ['bytes', types.binary],
  ['date', types.variant],
  ['timestamp', types.variant],
  ['object', types.variant],
  ['array', types.variant],
  ['any', types.variant],
])

/** Finds the column type of an attribute's declared type. @throws `ARGUMENT` */
export function attributeType(name: string): DataType {
  const type = ATTRIBUTE_TYPES.get(name)
  if (type !== undefined) return type
  throw new SheafError(
    'ARGUMENT',
    `There is no such type of attribute. Use one of ${[...ATTRIBUTE_TYPES.keys()].join(', ')}: ${String(name)}`,
  )
}

/** Is what is known of a tensor beside its elements. */
export type Attributes = Readonly<Record<string, unknown>>
