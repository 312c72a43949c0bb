import { groupKey, type Value } from '../types/value.ts'
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
  return { values, token: keyToken(values) }
}
