import { type Column, columnFromValues, columnValues, makeBatch, planField, types } from '@sheafdb/core'
import { describe, expect, test } from 'vitest'
import { codeDictionaries } from '../../src/duckdb/dictionary-codes.ts'

const ROWS = 8000

function dictionaryColumn(words: readonly string[], validity: Uint8Array | null = null): Column {
  return {
    layout: 'dictionary',
    type: types.utf8,
    length: ROWS,
    validity,
    codes: Uint8Array.from({ length: ROWS }, (_, row) => row % words.length),
    dictionary: columnFromValues(types.utf8, words),
  }
}

const output = [planField('word', types.utf8)]

describe('codeDictionaries', () => {
  test('gives batches of different dictionaries codes of one', () => {
    const batches = [
      ['a', 'b'],
      ['b', 'c', 'a'],
    ].map((words) => makeBatch([dictionaryColumn(words)], ROWS))
    const coded = codeDictionaries(batches, output)
    expect(String(coded.types.get(0))).toBe("ENUM('a', 'b', 'c')")
    expect(coded.batches.map((batch) => columnValues(batch.columns[0] as Column).slice(0, 3))).toEqual([
      [0, 1, 0],
      [1, 2, 0],
    ])
  })

  test('leaves text alone where a batch has no dictionary, or where there are few rows', () => {
    const plain = columnFromValues(types.utf8, new Array(ROWS).fill('x'))
    const mixed = [makeBatch([dictionaryColumn(['a'])], ROWS), makeBatch([plain], ROWS)]
    expect(codeDictionaries(mixed, output)).toEqual({ batches: mixed, types: new Map() })
    const few = [makeBatch([dictionaryColumn(['a'])], ROWS)]
    expect(codeDictionaries(few, output).batches).toBe(few)
  })
})
