import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Column, columnReader, type StructColumn } from '../../../src/types/column.ts'
import { typeName } from '../../../src/types/data-type.ts'
import { isSheafError } from '../../../src/types/errors.ts'
import {
  isShreddedVariant,
  readShreddedPath,
  shreddedReader,
  shredVariants,
  unshredVariants,
} from '../../../src/types/variant/index.ts'
import { anyValue, exactText, similarDocument } from './random-value.ts'

function pathValues(column: StructColumn, path: readonly string[]): readonly unknown[] {
  const read = readShreddedPath(column, { path, read: getPath })
  if (read === undefined) throw new Error('not answered')
  const at = columnReader(read)
  return Array.from({ length: read.length }, (_, row) => at(row))
}

function getPath(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
    if (value instanceof Date || value instanceof Uint8Array || value instanceof RegExp) return null
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

/** Gives a column as storage maps it: its bytes as Buffers. */
function withBuffers(column: Column): Column {
  const copy: Record<string, unknown> = { ...column }
  for (const [key, part] of Object.entries(column) as [string, unknown][]) {
    if (part instanceof Uint8Array) copy[key] = Buffer.from(part)
    if (key === 'children') copy[key] = (part as readonly Column[]).map(withBuffers)
    if (key === 'child' || key === 'dictionary') copy[key] = withBuffers(part as Column)
  }
  return copy as Column
}

describe('shredding', () => {
  test('gives back random values exactly', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 8 }), (values) => {
        const column = shredVariants(values)
        expect(isShreddedVariant(column.type)).toBe(true)
        expect(exactText(unshredVariants(column))).toBe(exactText(values))
      }),
      { numRuns: 1000 },
    )
  })

  test('gives back similar documents exactly, with generated code and without', () => {
    fc.assert(
      fc.property(fc.array(similarDocument, { maxLength: 40 }), (values) => {
        const column = shredVariants(values)
        expect(exactText(unshredVariants(column))).toBe(exactText(values))
        const read = shreddedReader(column, { generateCode: false })
        expect(exactText(values.map((_, row) => read(row)))).toBe(exactText(values))
      }),
      { numRuns: 300 },
    )
  })

  test('gives back values exactly under any cap of paths', () => {
    fc.assert(
      fc.property(fc.array(similarDocument, { maxLength: 20 }), fc.nat(8), (values, maximumPaths) => {
        expect(exactText(unshredVariants(shredVariants(values, { maximumPaths })))).toBe(exactText(values))
      }),
    )
  })

  test('reads a path as the documents have it', () => {
    const paths = [
      ['id'],
      ['score'],
      ['big'],
      ['address', 'city'],
      ['address'],
      ['items', 'sku'],
      ['tags'],
      ['nope', 'x'],
      ['a'],
    ]
    fc.assert(
      fc.property(fc.array(similarDocument, { maxLength: 30 }), fc.constantFrom(...paths), (values, path) => {
        const expected = values.map((value) => getPath(value, path) ?? null)
        expect(exactText(pathValues(shredVariants(values), path))).toBe(exactText(expected))
      }),
      { numRuns: 500 },
    )
  })

  test('types what fits and promotes integers beside doubles', () => {
    const rows = Array.from({ length: 10 }, (_, index) => ({
      int: index,
      mixed: index % 2 === 0 ? index : index + 0.5,
      text: 'x',
      flag: true,
      when: new Date(index),
      big: 1n,
    }))
    const column = shredVariants(rows)
    const typeAt = (path: string, typed = false): string => {
      const found = readShreddedPath(column, { path: [path], typed })
      return found === undefined ? 'missing' : typeName(found.type)
    }
    expect(['int', 'mixed', 'text', 'flag'].map((path) => typeAt(path))).toEqual([
      'int32',
      'float64',
      'utf8',
      'bool',
    ])
    expect(typeAt('when')).toBe('variant')
    expect(typeAt('when', true)).toBe('timestamp(us, UTC)')
    expect(typeAt('big', true)).toBe('int64')
  })

  test('keeps a path typed where a row in another key order is encoded whole', () => {
    const rows: object[] = Array.from({ length: 10 }, (_, index) => ({ a: index, b: `t${index % 2}` }))
    rows.push({ b: 'odd', a: 99.5 })
    const column = shredVariants(rows)
    expect(exactText(unshredVariants(column))).toBe(exactText(rows))
    expect(readShreddedPath(column, { path: ['a'] })?.type.toString()).toBe('Float64')
    expect(pathValues(column, ['a'])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99.5])
    expect(readShreddedPath(column, { path: ['b'] })?.layout).toBe('dictionary')
    expect(pathValues(column, ['b']).at(-1)).toBe('odd')
  })

  test('does not change the column when odd values are patched into a path, though its buffers are Buffers', () => {
    // `slice` of a Buffer shares its bytes: patching once marked rows of the stored column itself.
    const rows = Array.from({ length: 100 }, (_, index) => ({
      n: index % 20 === 0 ? 'x' : index,
      f: index % 9 !== 0,
    }))
    const column = withBuffers(shredVariants(rows)) as StructColumn
    for (let time = 0; time < 2; time += 1) {
      expect(pathValues(column, ['n'])).toEqual(rows.map(({ n }) => n))
      expect(exactText(unshredVariants(column))).toBe(exactText(rows))
    }
  })

  test('does not answer a path through arrays without a reader', () => {
    expect(readShreddedPath(shredVariants([{ a: [{ b: 1 }] }]), { path: ['a', 'b'] })).toBeUndefined()
    const late = [{ a: { b: 1 } }, { a: { b: 2 } }, { a: [{ b: 3 }] }]
    expect(readShreddedPath(shredVariants(late), { path: ['a', 'b'] })).toBeUndefined()
  })

  test('takes 10,000 different keys and keeps the common ones typed', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => ({ n: index, [`k${index}`]: index, m: 'x' }))
    const column = shredVariants(rows)
    expect(exactText(unshredVariants(column))).toBe(exactText(rows))
    expect(readShreddedPath(column, { path: ['n'] })?.type.toString()).toBe('Int32')
  })

  test('refuses a value nested 10,000 deep with LIMIT', () => {
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level += 1) deep = level % 2 === 0 ? [deep] : { deep }
    for (const maximumPaths of [0, 1024]) {
      let failure: unknown
      try {
        shredVariants([deep], { maximumPaths })
      } catch (error) {
        failure = error
      }
      expect(isSheafError(failure, 'LIMIT')).toBe(true)
    }
  })
})
