import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api'
import { type Column, columnReader, columnValues, type NumberArray, valueType } from '@sheafdb/core'
import { Type } from 'apache-arrow'
import { toDuckValue } from './value.ts'

type VectorBuffers = { readonly items?: NumberArray; readonly dataView?: DataView }

/** Says which rows of a column go into a chunk: `count` of them from `at`, of the selection where there is one. */
export type RowRange = { readonly at: number; readonly count: number; readonly selection: Uint32Array | null }

/** Writes rows of a column into a vector of a chunk whose row count is set. */
export function writeColumn(chunk: DuckDBDataChunk, index: number, column: Column, rows: RowRange): void {
  const vector = chunk.getColumnVector(index)
  if (column.layout === 'flat' && writesFlat(column, vector)) writeFlat(vector, column, rows)
  else if (column.layout === 'bit') writeBits(vector, column, rows)
  else if (column.layout === 'dictionary') writeDictionary(vector, column, rows)
  else writeValues(vector, column, rows)
  vector.flush()
}

type Flat = Extract<Column, { layout: 'flat' }>

function writesFlat(column: Flat, vector: DuckDBVector): boolean {
  const { items } = vector as unknown as VectorBuffers
  return items !== undefined && (isWide(items) || !isWide(column.values))
}

function isWide(values: NumberArray): boolean {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
}

function writeFlat(vector: DuckDBVector, column: Flat, { at, count, selection }: RowRange): void {
  const items = (vector as unknown as VectorBuffers).items as Float64Array
  const values = column.values as Float64Array
  if (isWide(items) !== isWide(values))
    widen(items as unknown as BigInt64Array, values, { at, count, selection })
  else if (selection === null) items.set(values.subarray(at, at + count))
  else for (let row = 0; row < count; row += 1) items[row] = values[selection[at + row] as number] as number
  writeNulls(vector, column.validity, { at, count, selection })
}

function widen(items: BigInt64Array, values: ArrayLike<number>, { at, count, selection }: RowRange): void {
  for (let row = 0; row < count; row += 1)
    items[row] = BigInt(values[selection === null ? at + row : (selection[at + row] as number)] as number)
}

function writeNulls(
  vector: DuckDBVector,
  validity: Uint8Array | null,
  { at, count, selection }: RowRange,
): void {
  if (validity === null) return
  const { validity: target } = vector as unknown as {
    validity: { setItemValid(index: number, valid: boolean): void }
  }
  for (let row = 0; row < count; row += 1) {
    const from = selection === null ? at + row : (selection[at + row] as number)
    if ((((validity[from >> 3] as number) >> (from & 7)) & 1) === 0) target.setItemValid(row, false)
  }
}

function writeBits(vector: DuckDBVector, column: Extract<Column, { layout: 'bit' }>, rows: RowRange): void {
  const view = (vector as unknown as VectorBuffers).dataView as DataView
  const { at, count, selection } = rows
  for (let row = 0; row < count; row += 1) {
    const from = selection === null ? at + row : (selection[at + row] as number)
    view.setUint8(row, ((column.values[from >> 3] as number) >> (from & 7)) & 1)
  }
  writeNulls(vector, column.validity, rows)
}

function writeDictionary(
  vector: DuckDBVector,
  column: Extract<Column, { layout: 'dictionary' }>,
  { at, count, selection }: RowRange,
): void {
  const type = valueType(column.type)
  const plain = type.typeId === Type.Utf8
  const values = columnValues(column.dictionary)
  const { codes, validity } = column
  for (let row = 0; row < count; row += 1) {
    const from = selection === null ? at + row : (selection[at + row] as number)
    const isNull = validity !== null && (((validity[from >> 3] as number) >> (from & 7)) & 1) === 0
    const value = isNull ? null : values[codes[from] as number]
    vector.setItem(row, (plain ? value : toDuckValue(value, type)) as never)
  }
}

function writeValues(vector: DuckDBVector, column: Column, { at, count, selection }: RowRange): void {
  const read = columnReader(column)
  const type = valueType(column.type)
  for (let row = 0; row < count; row += 1)
    vector.setItem(
      row,
      toDuckValue(read(selection === null ? at + row : (selection[at + row] as number)), type) as never,
    )
}
