import { openStore } from '@sheafdb/core'
import SHACLValidator from 'rdf-validate-shacl'
import { expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'

const SHAPES = `@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <http://e/> .
  @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
  :PersonShape a sh:NodeShape ; sh:targetClass :Person ;
    sh:property [ sh:path :name ; sh:minCount 1 ; sh:datatype xsd:string ] ,
      [ sh:path :age ; sh:maxCount 1 ; sh:minInclusive 0 ; sh:datatype xsd:integer ] .`

it('a dataset is checked against shapes, both read through their snapshots', async () => {
  const store = await openStore(':memory:', { models: [rdf()] })
  const [shapes, data] = [store.rdf('shapes'), store.rdf('data')]
  await shapes.load(SHAPES, { format: 'turtle' })
  await data.load(
    '@prefix : <http://e/> . :ann a :Person ; :name "Ann" ; :age 41 . :bob a :Person ; :age -3 .',
    {
      format: 'turtle',
    },
  )
  const [shapesThen, dataThen] = [shapes.snapshot(), data.snapshot()]
  const report = await new SHACLValidator(shapesThen as never).validate(dataThen as never)
  const found = report.results.map((result) => [result.focusNode?.value, result.path?.value]).sort()
  expect([report.conforms, found]).toEqual([
    false,
    [
      ['http://e/bob', 'http://e/age'],
      ['http://e/bob', 'http://e/name'],
    ],
  ])
  shapesThen.close()
  dataThen.close()
  await store.close()
})
