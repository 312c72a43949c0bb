import { describe, expect, it } from 'vitest'
import { readLines } from '../../src/formats/read.ts'
import { TokenTable } from '../../src/layout/token-table.ts'

/** Reads a document, showing each token by its bytes. */
async function read(document: string | Uint8Array, format: 'nquads' | 'ntriples' = 'nquads') {
  const tokens = new TokenTable()
  tokens.add(0, new Uint8Array(0), 0, 0)
  const shown = ['']
  const quads: string[][] = []
  const others: string[] = []
  const add = (hash: number, bytes: Uint8Array, start: number, end: number): number => {
    shown.push(Buffer.from(bytes.subarray(start, end)).toString())
    return tokens.add(hash, bytes, start, end)
  }
  const target = {
    terms: {
      find: (hash: number, bytes: Uint8Array, start: number, end: number) =>
        tokens.find(hash, bytes, start, end),
      addIri: add,
      addBlank: add,
      addText: add,
      addLiteral: (hash: number, run: { bytes: Uint8Array; start: number; end: number }) =>
        add(hash, run.bytes, run.start, run.end),
    },
    quad: (...numbers: number[]) => quads.push(numbers.map((number) => shown[number] as string)),
    other: (line: string) => others.push(line),
    defaultGraph: 0,
    checkpoint: () => undefined,
  }
  await readLines(document, { format, baseIri: undefined, blankPrefix: 'x' }, target)
  return { quads, others, shown }
}

const TEXT = '<a:s> <a:p> "text"@EN .\r\n_:b <a:p> <a:s> <a:g> .\n\n<a:s><a:p>"1"^^<a:t>.'
const QUADS = [
  ['<a:s', '<a:p', '"text"@EN', ''],
  ['_:b', '<a:p', '<a:s', '<a:g'],
  ['<a:s', '<a:p', '"1"^^<a:t>', ''],
]

describe('the reader of plain lines', () => {
  it('reads lines of text, the last one without an end', async () => {
    expect(await read(TEXT)).toMatchObject({ quads: QUADS, others: [] })
  })

  it('reads bytes', async () => {
    expect(await read(new TextEncoder().encode(TEXT))).toMatchObject({ quads: QUADS, others: [] })
  })

  it('gives each token once', async () => {
    expect((await read('<a:s> <a:p> <a:s> .\n<a:s> <a:p> <a:s> .')).shown).toHaveLength(3)
  })

  it('reads characters beyond ASCII', async () => {
    const { quads } = await read('<a:ö> <a:p> "日本 🎉" .')
    expect(quads).toEqual([['<a:ö', '<a:p', '"日本 🎉"', '']])
  })

  it('hands on bytes that are no characters', async () => {
    const bytes = Buffer.from('<a:s> <a:p> "?" .\n')
    bytes[13] = 0xff
    expect(await read(bytes)).toMatchObject({ quads: [], others: ['<a:s> <a:p> "\uFFFD" .'] })
  })

  it.each([
    '# a comment',
    '<a:s> <a:p> "a\\"b" .',
    '<s> <a:p> <a:o> .',
    '<a:s> <a:p> <a:o>',
    '<a:s> <a:p> "x"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .',
    '<a:s> <a:p> "x"^^<t> .',
    '<a:s> <a:p> "x"@1 .',
    '<a:s> "p" <a:o> .',
    '_:a_b <a:p> <a:o> .',
    '<a:s> <a:p> <a:o> . <a:s> <a:p> <a:o> .',
    '<a:s> <a:p> <<( <a:s> <a:p> <a:o> )>> .',
  ])('hands on what is not plain: %s', async (line) => {
    expect(await read(line)).toMatchObject({ quads: [], others: [line] })
  })

  it('takes no graph in N-Triples', async () => {
    expect((await read('<a:s> <a:p> <a:o> <a:g> .', 'ntriples')).quads).toEqual([])
  })
})
