import { describe, expect, it } from 'vitest'
import { readJsonLd, writeJsonLd } from '../../src/formats/json-ld.ts'
import { termKey } from '../../src/layout/term.ts'

const read = (document: unknown, baseIri?: string) =>
  readJsonLd(typeof document === 'string' ? document : JSON.stringify(document), {
    baseIri,
    blankPrefix: 'x',
  })

describe('JSON-LD', () => {
  it('is read with the context that it brings', async () => {
    const quads = await read(
      {
        '@context': {
          name: 'http://e/name',
          age: 'http://e/age',
          knows: { '@id': 'http://e/knows', '@type': '@id' },
        },
        '@id': 'ann',
        name: { '@value': 'Ann', '@language': 'EN' },
        age: 41,
        knows: '_:b',
      },
      'http://base/',
    )
    const keys = quads.map((quad) =>
      [quad.subject, quad.predicate, quad.object].map((term) => termKey(term as never)),
    )
    expect(keys.sort()).toEqual([
      ['<http://base/ann', '<http://e/age', '^http://www.w3.org/2001/XMLSchema#integer"41'],
      ['<http://base/ann', '<http://e/knows', expect.stringMatching(/^_x/)],
      ['<http://base/ann', '<http://e/name', '@en"Ann'],
    ])
  })

  it('fetches no context', async () => {
    await expect(read({ '@context': 'http://schema.org/', name: 'x' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('is refused where it is no JSON, no JSON-LD or nested too deep', async () => {
    await expect(read('{"a": }')).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(read({ '@id': 5, 'http://e/p': 1 })).rejects.toMatchObject({ code: 'SYNTAX' })
    const deep = `${'{"http://e/p":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    await expect(read(deep)).rejects.toMatchObject({ code: 'LIMIT' })
  })

  it('is written from N-Quads', async () => {
    const text = await writeJsonLd('<http://e/a> <http://e/p> "x" <http://e/g> .\n')
    expect(JSON.parse(text)).toEqual([
      { '@id': 'http://e/g', '@graph': [{ '@id': 'http://e/a', 'http://e/p': [{ '@value': 'x' }] }] },
    ])
  })
})
