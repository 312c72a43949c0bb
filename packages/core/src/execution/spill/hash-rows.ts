import {
  type Batch,
  batchRowCount,
  type Column,
  columnReader,
  columnValues,
  isNullAt,
} from '../../types/column.ts'
import { groupKey, type Value } from '../../types/value.ts'

const words = new Uint32Array(2)
const double = new Float64Array(words.buffer)
const NULL_HASH = 0x9e3779b9

/** Hashes values so that equal ones, in the one order of all values, have equal hashes. */
export function hashValue(value: Value): number {
  const key = groupKey(value)
  switch (typeof key) {
    case 'number':
      return hashNumber(key)
    case 'boolean':
      return key ? 0x85ebca6b : 0xc2b2ae35
    case 'bigint':
      return hashText(String(key))
    case 'string':
      return hashText(key)
    default:
      return NULL_HASH
  }
}

function hashNumber(value: number): number {
  double[0] = value + 0
  return mixed((words[0] as number) ^ Math.imul(words[1] as number, 0x85ebca6b))
}

function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mixed(hash)
}

function mixed(hash: number): number {
  let next = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  next = Math.imul(next ^ (next >>> 15), 0x846ca68b)
  return next ^ (next >>> 16)
}

/** Hashes the keys of a batch's selected rows; `seed` makes another choice of parts at each level. */
export function hashRows(columns: readonly Column[], batch: Batch, seed: number): Uint32Array {
  const count = batchRowCount(batch)
  const hashes = new Uint32Array(count).fill(mixed(seed + 1))
  for (const column of columns) {
    const hashAt = columnHash(column)
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      hashes[at] = mixed(Math.imul(hashes[at] as number, 31) + hashAt(row))
    }
  }
  return hashes
}

function columnHash(column: Column): (row: number) => number {
  if (column.layout === 'dictionary') {
    const hashes = Int32Array.from(columnValues(column.dictionary), hashValue)
    return (row) => (isNullAt(column, row) ? NULL_HASH : (hashes[column.codes[row] as number] as number))
  }
  const isPlain =
    column.layout === 'flat' &&
    column.validity === null &&
    !(column.values instanceof BigInt64Array) &&
    !(column.values instanceof BigUint64Array)
  if (isPlain) {
    const values = column.values as Float64Array
    return (row) => hashNumber(values[row] as number)
  }
  const read = columnReader(column)
  return (row) => hashValue(read(row))
}
