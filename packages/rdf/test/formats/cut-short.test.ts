import { isSheafError, openStore } from '@sheafdb/core'
import { expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

const TURTLE =
  '@prefix : <http://e/> . # a comment\n:s a :C ; :p "text"@en , "5"^^:t , -1.5e3 , true , _:b . <http://e/ö> :q """long""" .'
const LINES =
  '<http://e/s> <http://e/p> "text"@en <http://e/g> .\n_:b <http://e/p> "5"^^<http://e/t> . # a comment\n<http://e/ö> <http://e/p> _:c .'

it.each([
  ['turtle', TURTLE],
  ['n-quads', LINES],
])(
  'a document of %s that is cut short anywhere is read or refused, and refused changes nothing',
  async (format, document) => {
    const store = await openStore(':memory:', { models: [rdf()] })
    const bytes = Buffer.from(document)
    let refused = 0
    for (let length = 0; length < bytes.length; length += 1) {
      const dataset = store.rdf(`cut ${length}`)
      try {
        await dataset.load(bytes.subarray(0, length), { format })
      } catch (error) {
        if (!isSheafError(error, 'SYNTAX')) throw error
        refused += 1
        expect(await dataset.size()).toBe(0)
      }
    }
    expect(refused).toBeGreaterThan(bytes.length / 2)
    await store.close()
  },
)
