import { VALUE_KEY, type Value } from '@sheafdb/core'
import { ObjectId } from 'bson'

const KIND = 'objectId'

/**
 * Lets ObjectIds of the `bson` package take part in the store's order, grouping and encoding. ObjectIds of other
 * copies of that package are told by their `_bsontype` and converted when they are written.
 */
export function installObjectId(): void {
  if (Object.hasOwn(ObjectId.prototype, VALUE_KEY)) return
  Object.defineProperty(ObjectId.prototype, VALUE_KEY, {
    get(this: ObjectId): readonly [string, Uint8Array] {
      return [KIND, this.id]
    },
  })
}

/** Tells how ObjectIds are stored: their 12 bytes. */
export const objectIdExtension: {
  readonly kind: string
  readonly encode: (value: ObjectId) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Value
} = {
  kind: KIND,
  encode: (value) => Uint8Array.from(value.id),
  decode: (bytes) => new ObjectId(bytes),
}

/** Tells whether a value is an ObjectId of any copy of the `bson` package. */
export function isObjectId(value: Value): value is ObjectId {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value instanceof ObjectId || (value as { _bsontype?: unknown })._bsontype === 'ObjectId')
  )
}

/** Gives an ObjectId of this copy of the `bson` package. */
export function asObjectId(value: ObjectId): ObjectId {
  return value instanceof ObjectId ? value : new ObjectId((value as { toHexString(): string }).toHexString())
}

/** Gives the time in an ObjectId: its first four bytes are signed seconds. */
export function timeOfObjectId(value: ObjectId): Date {
  return new Date(Buffer.from(value.id).readInt32BE(0) * 1000)
}
