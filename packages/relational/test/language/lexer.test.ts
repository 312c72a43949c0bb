import { describe, expect, test } from 'vitest'
import { tokenize } from '../../src/language/lexer.ts'

const texts = (sql: string) => tokenize(sql).map((token) => token.text)

describe('tokenize', () => {
  test('parts words, names, texts, numbers, parameters and symbols', () => {
    expect(texts(`SELECT "a ""b""", 'it''s', 1.5e3, $1, $name, ? FROM t WHERE x::INT<>2`)).toEqual([
      'SELECT',
      '"a ""b"""',
      ',',
      "'it''s'",
      ',',
      '1.5e3',
      ',',
      '$1',
      ',',
      '$name',
      ',',
      '?',
      'FROM',
      't',
      'WHERE',
      'x',
      '::',
      'INT',
      '<>',
      '2',
      '',
    ])
  })

  test('leaves comments out and keeps places', () => {
    const tokens = tokenize('a -- x; y\n/* ; */ b')
    expect(tokens.map((token) => [token.text, token.start])).toEqual([
      ['a', 0],
      ['b', 18],
      ['', 19],
    ])
  })

  test('reads dollar-quoted and escaped texts as one token', () => {
    expect(texts("$$a;'b$$ $x$ $$ $x$ E'\\'' ")).toEqual(["$$a;'b$$", '$x$ $$ $x$', "E'\\''", ''])
  })

  test('tells where a text was opened that never ends', () => {
    expect(() => tokenize("SELECT\n 'abc")).toThrow(
      expect.objectContaining({ code: 'SYNTAX', position: { offset: 8, line: 2, column: 2 } }),
    )
  })
})
