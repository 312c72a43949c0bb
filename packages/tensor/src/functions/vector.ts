import { type Column, type DataType, isDecimal, SheafError } from '@sheafdb/core'

/** Is a vector as functions compute with it. */
export type Numbers = ArrayLike<number>

/** Makes the reader of a vector of a type: a list of numbers, or a text of one in JSON, as RDF and documents hold them. */
export function numbersOf(type: DataType | undefined, name: string): (value: unknown) => Numbers {
  const item = type?.children?.[0]?.type
  const scale = item !== undefined && isDecimal(item) ? 10 ** (item as unknown as { scale: number }).scale : 1
  const read = (value: unknown): Numbers => {
    if (ArrayBuffer.isView(value) && !(value instanceof BigInt64Array || value instanceof BigUint64Array))
      return value as unknown as Numbers
    if (!Array.isArray(value) && !ArrayBuffer.isView(value))
      throw new SheafError('TYPE', `${name} takes lists of numbers. Give it lists.`)
    return Array.from(value as unknown as ArrayLike<unknown>, (each) => {
      if (typeof each === 'number' || typeof each === 'bigint') return Number(each) / scale
      if (typeof each === 'boolean') return Number(each)
      throw new SheafError('TYPE', `${name} takes lists of numbers without nulls. An element is none.`)
    })
  }
  return (value) => read(typeof value === 'string' ? listOf(value, name) : value)
}

function listOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SheafError('TYPE', `${name} takes lists of numbers, or texts of them in JSON.`, { cause })
  }
}

/** Is the elements of a column of vectors of one length, one after the other. */
export type VectorColumn = { readonly values: Float32Array | Float64Array; readonly size: number }

/** Gives the elements of a column whose vectors are floats of one length; `undefined` for any other. */
export function vectorColumn(column: Column): VectorColumn | undefined {
  if (column.layout !== 'fixed' || column.child.layout !== 'flat' || column.child.validity !== null)
    return undefined
  const { values } = column.child
  const isFloats = values instanceof Float32Array || values instanceof Float64Array
  return isFloats ? { values, size: column.size } : undefined
}
