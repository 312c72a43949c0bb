import { VALUE_KEY, type Value } from '@sheafdb/core'

/** Gives the values of a class their key of order and equality: the name of their kind first. */
export function defineValueKey<Self extends object>(
  prototype: Self,
  key: (self: Self) => readonly [kind: string, ...key: Value[]],
): void {
  Object.defineProperty(prototype, VALUE_KEY, {
    get(this: Self) {
      return key(this)
    },
  })
}
