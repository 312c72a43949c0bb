import { encodeKeyPrefix, keyPrefixEnd, SheafError } from '@sheafdb/core'
import { checkKey, encodeEntryKey, type Key } from './key.ts'

/** Names a place under which keys are kept: the elements with which their arrays begin. */
export type SpacePath = readonly (Key | null)[]

/** Is a bound over encoded keys. */
export type KeyPredicate = readonly ['ge' | 'gt' | 'le' | 'lt', Uint8Array]

/** Is bounds of keys, as they are given. `gte` and `lte` take precedence over `gt` and `lt`. */
export type KeyBounds = {
  readonly gt?: Key
  readonly gte?: Key
  readonly lt?: Key
  readonly lte?: Key
}

/**
 * Maps keys to those that are stored and back. Under a path a key is stored as an array that begins with the path: an array
 * with its elements after it, any other key as one element.
 */
export class KeySpace {
  readonly path: SpacePath

  constructor(path: SpacePath) {
    this.path = path
    if (path.length > 0) checkKey([...path])
  }

  /** Gives the space below an element, or below several. @throws `TYPE`, `ARGUMENT` */
  below(path: Key): KeySpace {
    const added = Array.isArray(path) ? (path as SpacePath) : [path]
    if (added.length === 0) throw new SheafError('ARGUMENT', 'A sub-space needs a key under which it stands.')
    return new KeySpace([...this.path, ...added])
  }

  /** Gives the stored key. */
  pack(key: Key): Key {
    if (this.path.length === 0) return key
    checkKey(key)
    return Array.isArray(key) ? [...this.path, ...(key as SpacePath)] : [...this.path, key]
  }

  /** Gives the key that a stored one stands for. */
  unpack(stored: Key): Key {
    if (this.path.length === 0) return stored
    const rest = (stored as SpacePath).slice(this.path.length)
    const [only] = rest
    const isSingle = rest.length === 1 && !Array.isArray(only) && only !== null
    return isSingle ? (only as Key) : rest
  }

  /** Encodes bounds. @throws `TYPE` */
  bounds(bounds: KeyBounds): readonly KeyPredicate[] {
    const pairs = [
      ['gt', bounds.gte === undefined ? bounds.gt : undefined],
      ['ge', bounds.gte],
      ['lt', bounds.lte === undefined ? bounds.lt : undefined],
      ['le', bounds.lte],
    ] as const
    const given = pairs.flatMap(([operator, key]): KeyPredicate[] =>
      key === undefined ? [] : [[operator, encodeEntryKey(this.pack(key))]],
    )
    if (this.path.length === 0) return given
    const has = (...operators: readonly string[]) => given.some(([operator]) => operators.includes(operator))
    const within = startingWith(encodeKeyPrefix([...this.path])).filter(([operator]) =>
      operator === 'ge' ? !has('gt', 'ge') : !has('lt', 'le'),
    )
    return [...given, ...within]
  }

  /** Bounds the keys that begin with a text, with bytes or with the elements of an array. @throws `TYPE` */
  prefix(prefix: Key): readonly KeyPredicate[] {
    const checked = checkKey(prefix)
    if (this.path.length === 0 || Array.isArray(prefix))
      return startingWith(encodeKeyPrefix(this.pack(checked)))
    const [path, own] = [encodeKeyPrefix([...this.path]), encodeKeyPrefix(checked)]
    const whole = new Uint8Array(path.length + own.length)
    whole.set(path)
    whole.set(own, path.length)
    return startingWith(whole)
  }
}

function startingWith(from: Uint8Array): readonly KeyPredicate[] {
  const end = keyPrefixEnd(from)
  const start: KeyPredicate = ['ge', from]
  return end === null ? [start] : [start, ['lt', end]]
}
