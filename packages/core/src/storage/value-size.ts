import type { Value } from '../types/value.ts'

/** Is what any value on the heap costs: a pointer and a header. */
const BASE_BYTES = 24
const DEEPEST = 8

/** Estimates the bytes that a value takes on the heap: nobody can ask the runtime. Long arrays are sampled. */
export function valueSize(value: Value, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return BASE_BYTES + value.length
    case 'object':
      if (value === null) return 8
      if (ArrayBuffer.isView(value)) return BASE_BYTES * 4 + value.byteLength
      if (depth === DEEPEST) return BASE_BYTES * 4
      if (Array.isArray(value)) return arraySize(value, depth)
      return objectSize(value, depth)
    default:
      return BASE_BYTES
  }
}

const SAMPLED_ITEMS = 16

function arraySize(array: readonly Value[], depth: number): number {
  let sampled = 0
  const count = Math.min(array.length, SAMPLED_ITEMS)
  for (let index = 0; index < count; index += 1) sampled += 8 + valueSize(array[index], depth + 1)
  return BASE_BYTES * 2 + (count === 0 ? 0 : (sampled / count) * array.length)
}

function objectSize(object: object, depth: number): number {
  let size = BASE_BYTES * 2
  for (const value of object instanceof Map ? object.values() : Object.values(object))
    size += 16 + valueSize(value, depth + 1)
  return size
}
