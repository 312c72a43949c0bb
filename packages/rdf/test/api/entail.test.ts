import { openStore } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

const PREFIXES = `@prefix : <http://e/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
  @prefix owl: <http://www.w3.org/2002/07/owl#> .`

async function entailed(
  turtle: string,
  rules: 'rdfs' | 'owl-rl',
  asks: readonly string[],
): Promise<boolean[]> {
  const store = await openStore(':memory:', { models: [rdf()] })
  try {
    const dataset = store.rdf('kb')
    await dataset.load(`${PREFIXES} ${turtle}`, { format: 'turtle' })
    await dataset.entail({ rules })
    expect((await dataset.entail({ rules })).inserted).toBe(0)
    const answers: boolean[] = []
    for (const ask of asks) answers.push(await dataset.query(`PREFIX : <http://e/> ASK { ${ask} }`).boolean())
    return answers
  } finally {
    await store.close()
  }
}

describe('entailment', () => {
  it('follows subclasses, subproperties, domains and ranges', async () => {
    const turtle = `:Cat rdfs:subClassOf :Mammal . :Mammal rdfs:subClassOf :Animal . :hunts rdfs:subPropertyOf :meets ;
      rdfs:domain :Cat ; rdfs:range :Prey . :tom :hunts :jerry ; :age 3 . :age rdfs:range :Number .`
    expect(
      await entailed(turtle, 'rdfs', [
        ':tom a :Animal',
        ':tom :meets :jerry',
        ':jerry a :Prey',
        ':jerry a :Cat',
        ':meets a :Cat',
      ]),
    ).toEqual([true, true, true, false, false])
  })

  it('follows transitive, symmetric and inverse properties and equality', async () => {
    const turtle = `:in a owl:TransitiveProperty . :near a owl:SymmetricProperty . :in owl:inverseOf :holds .
      :a :in :b . :b :in :c . :a :near :d . :d owl:sameAs :e . :Town owl:equivalentClass :City . :a a :Town .`
    expect(
      await entailed(turtle, 'owl-rl', [
        ':a :in :c',
        ':d :near :a',
        ':c :holds :a',
        ':e :near :a',
        ':a a :City',
        ':c :in :a',
      ]),
    ).toEqual([true, true, true, true, true, false])
  })

  it('ends on circles', async () => {
    const turtle = ':A rdfs:subClassOf :B . :B rdfs:subClassOf :A . :x a :A . :p rdfs:subPropertyOf :p .'
    expect(await entailed(turtle, 'owl-rl', [':x a :B'])).toEqual([true])
  })

  it('reasons in one graph alone, and refuses rules that there are not', async () => {
    const store = await openStore(':memory:', { models: [rdf()] })
    const dataset = store.rdf('kb')
    await dataset.load(`${PREFIXES} :A rdfs:subClassOf :B . :x a :A .`, {
      format: 'turtle',
      graph: 'http://e/g',
    })
    await dataset.load(`${PREFIXES} :y a :A .`, { format: 'turtle' })
    expect(await dataset.entail({ graph: 'http://e/g' })).toMatchObject({ inserted: 1 })
    await expect(dataset.entail({ rules: 'all' as never })).rejects.toMatchObject({ code: 'ARGUMENT' })
    await expect(dataset.entail({ graph: 'a> b' })).rejects.toMatchObject({ code: 'ARGUMENT' })
    await store.close()
  })
})
