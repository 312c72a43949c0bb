import { openStore } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

/** Loads a document by its bytes, and as a stream, which the full parser alone reads; gives both canonical forms. */
async function bothWays(document: string): Promise<readonly [string, string]> {
  const store = await openStore(':memory:', { models: [rdf()] })
  try {
    const [fast, full] = [store.rdf('fast'), store.rdf('full')]
    await fast.load(document, { format: 'turtle' })
    const stream = (async function* () {
      yield Buffer.from(document)
    })()
    await full.load(stream, { format: 'turtle' })
    expect(await fast.size()).toBe(await full.size())
    return [await fast.canonicalize(), await full.canonicalize()]
  } finally {
    await store.close()
  }
}

const PREFIXES =
  '@prefix : <http://e/> . @prefix x: <http://x/y#> .\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n'

describe('Turtle', () => {
  it.each([
    ':s :p :o , x:o ; x:q "text" , "text"@EN , "5"^^xsd:integer , "a"^^<http://e/type> . :t a :C .',
    ':s :p 1 , -1 , +1 , 1.5 , -.5 , 1e3 , 1.E-3 , true , false , 01 , 1.0 .\n:s :q 5 . :s :r 6.',
    ':s :p _:a , _:b . _:a :q _:b ; :r _:a; :t "x";; . _:c :p _:a.',
    '# a comment\n:s # one\n :p # two\n :o # three\n.',
    ':s :p "plain" . :s :q "esc\\"aped" . :s :r """long "text" """ . _:n :p :s . :s :p _:n .',
    ':s :p [ :q ( 1 2 ) ; :r _:n ] . _:n :p :o .',
    ':s :p x:a.b , :c\\-d , :%41 , :ö , : , x: . : x: : .',
    "@prefix : <http://other/> . :s :p 'single' , '''three''' .",
    '@prefix x: <http://one/> . x:s x:p x:o . @prefix x: <http://two/> . x:s x:p x:o .',
    ':s :p "ünï 🎉" , <http://e/ö> .',
    '<http://e/s><http://e/p><http://e/o>.:s a<http://e/C>.:s :p"x"@en,"y".',
    '@base <http://base/> . <a> <b> <c> .',
    ':a-b :c_d :e1 . :s :p "x"^^xsd:string , "x" .',
    'x:true :p true . :false :p false .',
    ':s :p "" , ""@en , ""^^xsd:string .',
  ])('is read the same by its bytes and in full: %s', async (document) => {
    const [fast, full] = await bothWays(PREFIXES + document)
    expect(fast).toBe(full)
    expect(fast).not.toBe('')
  })

  it.each([
    ':s :p :o',
    ':s :p .',
    ':s :p :o . :s "p" :o .',
    ':s unknown:p :o .',
    ':s :p "x . ',
    ':s :p tru .',
    ':s :p 1.2.3 .',
    ': :p',
  ])('is refused where it is wrong, and nothing is kept: %s', async (document) => {
    const store = await openStore(':memory:', { models: [rdf()] })
    const loading = store.rdf('kb').load(`${PREFIXES}:a :b :c .\n${document}`, { format: 'turtle' })
    await expect(loading).rejects.toMatchObject({ code: 'SYNTAX' })
    expect(await store.rdf('kb').query('SELECT * { ?s ?p ?o }').count()).toBe(0)
    await store.close()
  })
})
