import { deserialize, serialize } from 'node:v8'
import type { Value } from '../types/value.ts'

/** Encodes the values of a boxed column for the log. */
export function encodeBoxed(values: readonly Value[]): Uint8Array {
  return serialize(values)
}

/** Decodes what {@link encodeBoxed} gave. */
export function decodeBoxed(bytes: Uint8Array): Value[] {
  return deserialize(bytes) as Value[]
}
