import { describe, expect, it } from 'vitest'
import { LineReader } from '../../src/formats/line-reader.ts'
import { type Term, termKey } from '../../src/layout/term.ts'

function read(text: string, chunkSize = text.length, allowsGraph = true) {
  const tokens = new Map<string, number>()
  const terms: Term[] = []
  const quads: string[][] = []
  const others: string[] = []
  const reader = new LineReader(
    {
      known: (token) => tokens.get(token),
      note: (token, term) => {
        tokens.set(token, terms.push(term))
        return terms.length
      },
      quad: (...ids) => quads.push(ids.map((id) => (id === 0 ? '' : termKey(terms[id - 1] as Term)))),
      other: (line) => others.push(line),
      defaultGraph: 0,
    },
    { blankPrefix: 'x', allowsGraph },
  )
  let rest = ''
  for (let at = 0; at < text.length; at += chunkSize)
    rest = reader.read(rest + text.slice(at, at + chunkSize), false)
  reader.read(rest, true)
  return { quads, others, terms }
}

const TEXT = '<a:s> <a:p> "text"@EN .\r\n_:b <a:p> <a:s> <a:g> .\n\n<a:s><a:p>"1"^^<a:t>.'

describe('the line reader', () => {
  it.each([TEXT.length, 1, 7])('reads plain lines in pieces of %i', (chunkSize) => {
    expect(read(TEXT, chunkSize)).toMatchObject({
      quads: [
        ['<a:s', '<a:p', '@en"text', ''],
        ['_xb', '<a:p', '<a:s', '<a:g'],
        ['<a:s', '<a:p', '^a:t"1', ''],
      ],
      others: [],
    })
  })

  it('makes each term once', () => {
    expect(read('<a:s> <a:p> <a:s> .\n<a:s> <a:p> <a:s> .').terms).toHaveLength(2)
  })

  it.each([
    '# a comment',
    '<a:s> <a:p> "a\\"b" .',
    '<s> <a:p> <a:o> .',
    '<a:s> <a:p> <a:o>',
    '<a:s> <a:p> "x"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .',
    '<a:s> "p" <a:o> .',
    '<a:s> <a:p> <a:o> . <a:s> <a:p> <a:o> .',
    '<a:s> <a:p> <<( <a:s> <a:p> <a:o> )>> .',
  ])('hands on what is not plain: %s', (line) => {
    expect(read(line)).toMatchObject({ quads: [], others: [line] })
  })

  it('takes no graph in N-Triples', () => {
    expect(read('<a:s> <a:p> <a:o> <a:g> .', 100, false).quads).toEqual([])
  })
})
