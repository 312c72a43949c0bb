import { describe, expect, it } from 'vitest'
import { NamedNodeTerm, stringLiteral, typedLiteral } from '../../src/layout/term.ts'
import { inlineId, inlineTerm, isInlineId } from '../../src/layout/term-id.ts'
import { XSD } from '../../src/layout/vocabulary.ts'

const carried: readonly (readonly [string, string])[] = [
  ['0', 'integer'],
  ['-1', 'integer'],
  ['140737488355327', 'integer'],
  ['-140737488355328', 'integer'],
  ['true', 'boolean'],
  ['false', 'boolean'],
  ['2024-02-29', 'date'],
  ['0001-01-01', 'date'],
  ['9999-12-31T23:59:59Z', 'dateTime'],
]

describe('term ids', () => {
  it.each(carried)('carry %s of xsd:%s and give it back as it was', (value, type) => {
    const id = inlineId(typedLiteral(value, XSD + type)) as number
    expect(isInlineId(id)).toBe(true)
    expect(Number.isSafeInteger(id)).toBe(true)
    expect(inlineTerm(id).equals(typedLiteral(value, XSD + type))).toBe(true)
  })

  it.each([
    ['01', 'integer'],
    ['+1', 'integer'],
    ['-0', 'integer'],
    ['140737488355328', 'integer'],
    ['1', 'boolean'],
    ['1.0', 'decimal'],
    ['2023-02-29', 'date'],
    ['2024-02-29Z', 'date'],
    ['2024-01-01T00:00:00', 'dateTime'],
    ['2024-01-01T24:00:00Z', 'dateTime'],
  ])('leave %s of xsd:%s to the dictionary, whose lexical form would not survive', (value, type) => {
    expect(inlineId(typedLiteral(value, XSD + type))).toBeUndefined()
  })

  it('leave IRIs and text to the dictionary', () => {
    expect(inlineId(new NamedNodeTerm('http://e/'))).toBeUndefined()
    expect(inlineId(stringLiteral('1'))).toBeUndefined()
  })

  it('stand in the order of the values', () => {
    const ids = ['-5', '0', '7', '1000000'].map(
      (value) => inlineId(typedLiteral(value, `${XSD}integer`)) as number,
    )
    expect([...ids].sort((left, right) => left - right)).toEqual(ids)
  })
})
