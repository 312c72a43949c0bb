import type * as RDF from '@rdfjs/types'
import fc from 'fast-check'
import { dataFactory } from '../../src/index.ts'

const { namedNode, literal, quad, defaultGraph } = dataFactory
const NODES = ['a', 'b', 'c', 'd', 'e']
const PREDICATES = ['p', 'q', 'r']
const XSD = 'http://www.w3.org/2001/XMLSchema#'

const iri = (name: string) => namedNode(`http://e/${name}`)
const node = fc.constantFrom(...NODES)
const predicate = fc.constantFrom(...PREDICATES)
const value = fc.oneof(
  { weight: 3, arbitrary: node.map((name): RDF.Term => iri(name)) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 3 })
      .map((n): RDF.Term => literal(String(n), namedNode(`${XSD}integer`))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('1.0', '2.5').map((n): RDF.Term => literal(n, namedNode(`${XSD}decimal`))),
  },
  { weight: 1, arbitrary: fc.constantFrom('x', 'y').map((text): RDF.Term => literal(text)) },
)
const graphName = fc.constantFrom('', '', '', 'g1', 'g2')
/** Makes small datasets over few nodes, in three graphs. */
export const quads: fc.Arbitrary<readonly RDF.Quad[]> = fc.array(
  fc
    .tuple(node, predicate, value, graphName)
    .map(([s, p, o, g]) => quad(iri(s), iri(p), o as RDF.Quad_Object, g === '' ? defaultGraph() : iri(g))),
  { maxLength: 40 },
) as never

const variable = fc.constantFrom('?a', '?b', '?c', '?d')
const constantNode = fc.constantFrom(...NODES, 'unknown').map((name) => `:${name}`)
const subject = fc.oneof({ weight: 4, arbitrary: variable }, { weight: 1, arbitrary: constantNode })
const object = fc.oneof(
  { weight: 5, arbitrary: variable },
  { weight: 1, arbitrary: constantNode },
  { weight: 1, arbitrary: fc.constantFrom('1', '2.5', '"x"', '7') },
)
const verb = fc.oneof(
  { weight: 6, arbitrary: predicate.map((name) => `:${name}`) },
  { weight: 1, arbitrary: variable },
)
const path = fc.oneof(
  predicate.map((name) => `:${name}+`),
  predicate.map((name) => `:${name}*`),
  predicate.map((name) => `:${name}?`),
  fc.tuple(predicate, predicate).map(([p, q]) => `(:${p}/:${q})+`),
  fc.tuple(predicate, predicate).map(([p, q]) => `(:${p}|^:${q})`),
  fc.tuple(predicate, predicate).map(([p, q]) => `(:${p}|:${q})*`),
  fc.tuple(predicate, predicate).map(([p, q]) => `!(:${p}|^:${q})`),
  predicate.map((name) => `^:${name}/:q`),
)
const triple = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(subject, verb, object).map((parts) => `${parts.join(' ')} .`) },
  { weight: 1, arbitrary: fc.tuple(subject, path, object).map((parts) => `${parts.join(' ')} .`) },
)
const triples = fc.array(triple, { minLength: 1, maxLength: 3 }).map((all) => all.join(' '))
const comparison = fc
  .tuple(
    variable,
    fc.constantFrom('=', '!=', '<', '>'),
    fc.oneof(variable, fc.constantFrom('1', '"x"', ':a', '2.5')),
  )
  .map((parts) => parts.join(' '))
const condition = fc.oneof(
  comparison,
  variable.map((name) => `bound(${name})`),
  fc.tuple(comparison, comparison).map(([left, right]) => `${left} || ${right}`),
  fc.tuple(comparison, comparison).map(([left, right]) => `!(${left} && ${right})`),
)

const parts = fc.letrec<{ group: string; part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    triples,
    tie('group').map((inner) => `OPTIONAL { ${inner} }`),
    fc.tuple(tie('group'), condition).map(([inner, test]) => `OPTIONAL { ${inner} FILTER(${test}) }`),
    fc.tuple(tie('group'), tie('group')).map(([left, right]) => `{ ${left} } UNION { ${right} }`),
    tie('group').map((inner) => `MINUS { ${inner} }`),
    fc.tuple(triples, fc.boolean()).map(([inner, not]) => `FILTER ${not ? 'NOT ' : ''}EXISTS { ${inner} }`),
    fc.tuple(triples, comparison).map(([inner, test]) => `FILTER EXISTS { ${inner} FILTER(${test}) }`),
    condition.map((test) => `FILTER(${test})`),
    fc
      .tuple(
        variable,
        fc.array(fc.constantFrom(':a', ':b', '1', 'UNDEF', ':unknown'), { minLength: 1, maxLength: 3 }),
      )
      .map(([name, all]) => `VALUES ${name} { ${all.join(' ')} }`),
    fc
      .tuple(fc.constantFrom(':g1', ':g2', '?g'), tie('group'))
      .map(([name, inner]) => `GRAPH ${name} { ${inner} }`),
    fc
      .tuple(fc.constantFrom('?a ?b', '?c', '?b ?d'), triples)
      .map(([names, inner]) => `{ SELECT DISTINCT ${names} { ${inner} } }`),
    triples.map((inner) => `{ ${inner} }`),
  ),
  group: fc
    .tuple(triples, fc.array(tie('part'), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest].join(' ')),
}))

/** Makes group graph patterns: triples, paths, OPTIONAL, UNION, MINUS, EXISTS, FILTER, VALUES, GRAPH, subqueries. */
export const group: fc.Arbitrary<string> = parts.group
