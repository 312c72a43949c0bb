import { Field, List, Struct } from 'apache-arrow'
import { type BytesColumn, type Column, isNullAt, type StructColumn } from '../column.ts'
import { childNamed } from './unshred.ts'

/**
 * Gives the typed values of a shredded group as a column of their own: lists of numbers or texts, and of objects as
 * structs in which null stands for a missing key too. Keys without a column are left out.
 *
 * @returns `undefined` where a value is of another type
 */
export function plainColumn(group: StructColumn): Column | undefined {
  const typed = childNamed(group, 'typed_value')
  if (typed === undefined || !isWholeTyped(group, typed)) return undefined
  if (typed.layout === 'list') {
    const child = plainColumn(typed.child as StructColumn)
    if (child === undefined) return undefined
    return { ...typed, type: new List(new Field('item', child.type, true)), child }
  }
  if (typed.layout === 'struct') return plainStruct(typed)
  return typed.layout === 'boxed' ? undefined : typed
}

function plainStruct(typed: StructColumn): Column | undefined {
  const fields: Field[] = []
  const children: Column[] = []
  for (const [index, { name }] of typed.type.children.entries()) {
    const child = plainColumn(typed.children[index] as StructColumn)
    if (child === undefined) return undefined
    fields.push(new Field(name, child.type, true))
    children.push(child)
  }
  return { ...typed, type: new Struct(fields), children }
}

const ENCODED_NULL = 0

/** Tells whether the rows without a typed value are missing or null. */
function isWholeTyped(group: StructColumn, typed: Column): boolean {
  const value = childNamed(group, 'value') as BytesColumn | undefined
  if (value === undefined) return true
  const { offsets, data } = value
  for (let row = 0; row < value.length; row += 1) {
    const start = offsets[row] as number
    const end = offsets[row + 1] as number
    if (start === end || !isNullAt(typed, row) || isNullAt(value, row)) continue
    if (end - start !== 1 || data[start] !== ENCODED_NULL) return false
  }
  return true
}
