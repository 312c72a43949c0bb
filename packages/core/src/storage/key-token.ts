import { groupKey, type Value } from '../types/value.ts'
import { hashKeyBytes } from './key-bytes.ts'
import type { KeyToken, SearchKey } from './part.ts'

/** Makes the primitive that stands for a key in a map: equal for exactly the keys that compare equal. */
export function keyToken(values: readonly Value[]): KeyToken {
  if (values.length === 1) return groupKey(values[0])
  let token = ''
  for (const value of values) {
    const part = groupKey(value)
    token += typeof part === 'string' ? `${part.length}:${part}` : `${String(part)};`
  }
  return token
}

/** Makes a key to search for. */
export function searchKey(values: readonly Value[]): SearchKey {
  const [first] = values
  return values.length === 1 && first instanceof Uint8Array
    ? new BytesKey(first)
    : { values, token: keyToken(values) }
}

/** Is a key of one field of bytes: parts that keep such keys find them by their hash. */
export class BytesKey implements SearchKey {
  readonly bytes: Uint8Array
  readonly hash: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.hash = hashKeyBytes(bytes, 0, bytes.length)
  }

  get values(): readonly Value[] {
    return [this.bytes]
  }

  get token(): KeyToken {
    return groupKey(this.bytes)
  }
}
