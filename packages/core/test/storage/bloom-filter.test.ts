import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blockOf, hashKey, makeFilter, mayHold } from '../../src/storage/bloom-filter.ts'
import { compareValues, type Value } from '../../src/types/value.ts'

const holds = (filter: Uint8Array, hash: number): boolean =>
  mayHold(filter, blockOf(hash, filter.length), hash)

const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 12 }),
) as fc.Arbitrary<Value>

test('a filter holds every key that it was made of', () => {
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { maxLength: 300 }), (keys) => {
      const hashes = Uint32Array.from(keys, (key) => hashKey(key) as number)
      const filter = makeFilter(hashes)
      for (const key of keys) if (!holds(filter, hashKey(key) as number)) return false
      return true
    }),
  )
})

test('keys that compare equal hash alike', () => {
  const pairs: [Value, Value][] = [
    [0, -0],
    [7, 7n],
    [2 ** 53, 2n ** 53n],
    [Number.NaN, Number.NaN],
    [-(2 ** 63), -(2n ** 63n)],
  ]
  for (const [left, right] of pairs) {
    expect(compareValues(left, right)).toBe(0)
    expect(hashKey([left])).toBe(hashKey([right]))
    expect(hashKey(['a', left])).toBe(hashKey(['a', right]))
  }
  fc.assert(
    fc.property(value, value, (left, right) => {
      if (compareValues(left, right) === 0) expect(hashKey([left])).toBe(hashKey([right]))
    }),
  )
})

test('few keys that it was not made of seem to be there', () => {
  for (const keyOf of [(n: number) => [n], (n: number) => [`key ${n}`], (n: number) => [n % 100, n >> 3]]) {
    const filter = makeFilter(Uint32Array.from({ length: 20_000 }, (_, n) => hashKey(keyOf(n)) as number))
    let wrong = 0
    for (let n = 100_000; n < 120_000; n += 1) if (holds(filter, hashKey(keyOf(n)) as number)) wrong += 1
    expect(wrong).toBeLessThan(400)
  }
})

test('keys of other kinds have no hash', () => {
  expect(hashKey([new Date(0)])).toBeNull()
  expect(hashKey([1, { a: 1 }])).toBeNull()
})
