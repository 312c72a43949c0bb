import { expect, test } from 'vitest'
import { SegmentCache } from '../../src/storage/segment-cache.ts'
import { nullColumn } from '../../src/types/column.ts'
import { types } from '../../src/types/data-type.ts'

const column = nullColumn(types.int32, 1)

test('a cache stays within its limit, and lets go what was not used for longest', () => {
  const cache = new SegmentCache(100)
  for (const key of ['a', 'b', 'c', 'd']) cache.set(key, column, 25)
  expect(cache.get('a')).toBe(column)
  cache.set('e', column, 25)
  expect(cache.sizeBytes).toBe(100)
  expect(['a', 'b', 'c', 'd', 'e'].map((key) => cache.get(key) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
    true,
  ])
})

test('a cache keeps what weighs nothing, and at least what came last', () => {
  const cache = new SegmentCache(10)
  cache.set('mapped', column, 0)
  cache.set('large', column, 50)
  expect(cache.get('large')).toBe(column)
  cache.set('larger', column, 60)
  expect([cache.get('mapped'), cache.get('large'), cache.get('larger')]).toEqual([column, undefined, column])
  expect(cache.sizeBytes).toBe(60)
  cache.delete('larger')
  expect(cache.sizeBytes).toBe(0)
})
