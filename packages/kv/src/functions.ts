import { decodeKey, type FunctionDefinition, types } from '@sheafdb/core'
import { currentTimeMs } from './layout/clock.ts'
import type { Key } from './layout/key.ts'
import { KeySpace } from './layout/key-space.ts'
import { decodeValue } from './layout/value-encoding.ts'

/** Decodes a stored key: `kv.key(key)`. */
const key: FunctionDefinition = {
  name: 'kv.key',
  nulls: 'strict',
  type: () => types.variant,
  evaluator: () => (bytes) => decodeKey(bytes as Uint8Array),
}

/** Decodes a stored key of a sub-space, whose path has so many elements: `kv.subkey(key, 2)`. */
const subkey: FunctionDefinition = {
  name: 'kv.subkey',
  nulls: 'strict',
  type: () => types.variant,
  evaluator: () => (bytes, depth) => {
    const space = new KeySpace(new Array<string>(depth as number).fill(''))
    return space.unpack(decodeKey(bytes as Uint8Array) as Key)
  },
}

/** Decodes a stored value: `kv.value(tag, value)`. */
const value: FunctionDefinition = {
  name: 'kv.value',
  nulls: 'strict',
  nullable: () => true,
  type: () => types.variant,
  evaluator: () => (tag, bytes) => decodeValue(tag as number, bytes as Uint8Array),
}

/** Tells whether an entry that expires is there still: `kv.alive(expiry)`. Generated code reads the same clock. */
const alive: FunctionDefinition = {
  name: 'kv.alive',
  nulls: 'strict',
  volatile: true,
  type: () => types.bool,
  evaluator: () => (expiry) => (expiry as number) > currentTimeMs(),
  compile: ([expiry]) => `(${expiry} > Date.now())`,
}

/** Holds the functions that plans over entries call. */
export const kvFunctions: readonly FunctionDefinition[] = [key, subkey, value, alive]
