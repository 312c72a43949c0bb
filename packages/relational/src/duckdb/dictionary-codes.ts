import { type DuckDBType, ENUM } from '@duckdb/node-api'
import {
  type Batch,
  type Column,
  columnValues,
  type DictionaryColumn,
  type PlanField,
  types,
} from '@sheafdb/core'
import { Type } from 'apache-arrow'

/** More values than this make an ENUM that costs more to build than its codes save. */
const MAX_VALUES = 65_535
/** Fewer rows than this are written as text as fast. */
const MIN_ROWS = 10_000

/** Is batches whose dictionary columns are codes of one ENUM a column, and the types of those columns. */
export type CodedBatches = {
  readonly batches: readonly Batch[]
  readonly types: ReadonlyMap<number, DuckDBType>
}

/**
 * Turns text columns that are dictionary-encoded in every batch into codes of one dictionary a column, so that DuckDB
 * is given numbers instead of text.
 */
export function codeDictionaries(batches: readonly Batch[], output: readonly PlanField[]): CodedBatches {
  const enums = new Map<number, DuckDBType>()
  const rowCount = batches.reduce((sum, batch) => sum + batch.length, 0)
  if (rowCount < MIN_ROWS) return { batches, types: enums }
  const coded = batches.map((batch) => [...batch.columns])
  output.forEach((field, index) => {
    if (field.type.typeId !== Type.Utf8) return
    const columns = batches.map((batch) => batch.columns[index] as Column)
    if (!columns.every((column) => column.layout === 'dictionary')) return
    const joined = joinDictionaries(columns as readonly DictionaryColumn[])
    if (joined === undefined) return
    enums.set(index, ENUM(joined.values))
    joined.columns.forEach((column, batch) => {
      ;(coded[batch] as Column[])[index] = column
    })
  })
  if (enums.size === 0) return { batches, types: enums }
  return {
    batches: batches.map((batch, index) => ({ ...batch, columns: coded[index] as Column[] })),
    types: enums,
  }
}

type Joined = { readonly values: readonly string[]; readonly columns: readonly Column[] }

function joinDictionaries(columns: readonly DictionaryColumn[]): Joined | undefined {
  const codes = new Map<string, number>()
  const maps = new Map<Column, Uint32Array>()
  for (const { dictionary } of columns) {
    if (maps.has(dictionary)) continue
    if (dictionary.length > MAX_VALUES) return undefined
    const map = new Uint32Array(dictionary.length)
    columnValues(dictionary).forEach((value, index) => {
      const text = value as string
      let code = codes.get(text)
      if (code === undefined) {
        code = codes.size
        codes.set(text, code)
      }
      map[index] = code
    })
    maps.set(dictionary, map)
  }
  if (codes.size === 0 || codes.size > MAX_VALUES) return undefined
  return {
    values: [...codes.keys()],
    columns: columns.map((column) => recode(column, maps.get(column.dictionary) as Uint32Array, codes.size)),
  }
}

function recode({ codes, length, validity }: DictionaryColumn, map: Uint32Array, valueCount: number): Column {
  const values = valueCount <= 0xff ? new Uint8Array(length) : new Uint16Array(length)
  for (let row = 0; row < length; row += 1) values[row] = map[codes[row] as number] ?? 0
  return { layout: 'flat', type: types.uint16, length, validity, values }
}
