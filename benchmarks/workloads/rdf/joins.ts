import type { Workload } from '../../src/workload.ts'
import { LIBRARY, libraryTriples } from './library-triples.ts'
import { NETWORK, networkTriples } from './network-triples.ts'
import { type NamedQuery, querySet } from './query-set.ts'
import { SHOP, shopTriples } from './shop-triples.ts'

const TRIPLES = 1_000_000
const prefixed = (iri: string, queries: Readonly<Record<string, string>>): NamedQuery[] =>
  Object.entries(queries).map(([name, text]) => ({ name, text: `PREFIX v: <${iri}> ${text}` }))
const LABEL = '<http://www.w3.org/2000/01/rdf-schema#label>'

/** Stars with filters, joins with groups, orders with limits, optional parts, over a shop. */
export const rdfShop: Workload = querySet({
  name: 'rdf-shop',
  title: '1 M triples in the manner of BSBM: stars, filters, OPTIONAL, group, order by limit',
  asked: 10,
  document: () => shopTriples(TRIPLES),
  queries: prefixed(SHOP, {
    'star with filters': `SELECT ?product ?label { ?product a v:Product ; ${LABEL} ?label ;
      v:feature <http://shop.example/feature/3> ; v:weight ?weight ; v:height ?height FILTER(?weight > 1500 && ?height < 500) }`,
    'star with optional': `SELECT ?product ?weight ?depth { ?product v:feature <http://shop.example/feature/7> ; v:weight ?weight
      OPTIONAL { ?product v:depth ?depth } FILTER(?weight > 1000) }`,
    'join and group': `SELECT ?country (COUNT(?offer) AS ?offers) (AVG(?price) AS ?mean) { ?offer v:vendor ?vendor ; v:price ?price .
      ?vendor v:country ?country } GROUP BY ?country`,
    'order by limit':
      'SELECT ?offer ?price { ?offer a v:Offer ; v:price ?price } ORDER BY DESC(?price) ?offer LIMIT 10',
    'join, group, order, limit': `SELECT ?product (COUNT(?review) AS ?reviews) (AVG(?rating) AS ?mean) { ?review v:reviewFor ?product ;
      v:rating1 ?rating } GROUP BY ?product ORDER BY DESC(?reviews) ?product LIMIT 20`,
    'price range':
      'SELECT (COUNT(*) AS ?n) (MIN(?price) AS ?least) { ?offer v:price ?price FILTER(?price >= 100.5 && ?price < 900) }',
    'text filter': `SELECT ?product { ?product a v:Product ; ${LABEL} ?label FILTER(CONTAINS(?label, "jasper opal")) }`,
    'date filter': `SELECT (COUNT(*) AS ?n) { ?offer v:validTo ?day ; v:deliveryDays ?days
      FILTER(?day >= "2023-01-01"^^<http://www.w3.org/2001/XMLSchema#date> && ?days <= 3) }`,
  }),
})

/** Paths, stars and snowflakes over a network of users. */
export const rdfNetwork: Workload = querySet({
  name: 'rdf-network',
  title: '1 M triples in the manner of WatDiv: paths, stars, snowflakes',
  asked: 10,
  document: () => networkTriples(TRIPLES),
  queries: prefixed(NETWORK, {
    'path of 3': `SELECT (COUNT(*) AS ?n) { <http://network.example/user/5> v:follows ?b . ?b v:follows ?c . ?c v:likes ?product }`,
    'path with filter': `SELECT ?user ?product { ?user v:location <http://network.example/city/3> ; v:follows ?friend .
      ?friend v:likes ?product . ?product v:contentRating ?rating FILTER(?rating >= 17) }`,
    star: `SELECT ?user ?age ?city { ?user v:age ?age ; v:gender <http://network.example/gender/1> ; v:location ?city ;
      v:likes <http://network.example/product/11> }`,
    snowflake: `SELECT ?user ?name ?product ?genre { ?user v:location <http://network.example/city/9> ; v:givenName ?name ; v:age ?age ;
      v:likes ?product . ?product v:hasGenre ?genre ; v:language <http://network.example/language/2> FILTER(?age < 40) }`,
    'snowflake grouped': `SELECT ?genre (COUNT(DISTINCT ?user) AS ?users) { ?user v:bought ?product ; v:gender <http://network.example/gender/0> .
      ?product v:hasGenre ?genre ; v:contentRating ?rating FILTER(?rating > 12) } GROUP BY ?genre`,
    triangle: 'SELECT (COUNT(*) AS ?n) { ?a v:friendOf ?b . ?b v:friendOf ?c . ?c v:friendOf ?a }',
    'liked and bought': 'SELECT (COUNT(*) AS ?n) { ?a v:follows ?b . ?a v:likes ?p . ?b v:bought ?p }',
  }),
})

/** OPTIONAL with aggregates and MINUS over a library. */
export const rdfLibrary: Workload = querySet({
  name: 'rdf-library',
  title: '1 M triples in the manner of SP2Bench: OPTIONAL with aggregates, MINUS',
  asked: 10,
  document: () => libraryTriples(TRIPLES),
  queries: prefixed(LIBRARY, {
    'optional, counted': `SELECT ?year (COUNT(?document) AS ?all) (COUNT(?isbn) AS ?books) { ?document v:issued ?year
      OPTIONAL { ?document v:isbn ?isbn } } GROUP BY ?year`,
    'optional, not bound': `SELECT (COUNT(*) AS ?n) { ?document v:creator ?person OPTIONAL { ?document v:abstract ?abstract }
      FILTER(!BOUND(?abstract)) }`,
    minus: 'SELECT (COUNT(*) AS ?n) { ?document a v:Article MINUS { ?document v:abstract ?abstract } }',
  }),
})

/** OPTIONAL of two patterns, NOT EXISTS and joins of two documents, over a library in which Oxigraph ends in time. */
export const rdfLibraryExists: Workload = querySet({
  name: 'rdf-library-exists',
  title:
    '30 K triples in the manner of SP2Bench: NOT EXISTS, OPTIONAL of two patterns (Oxigraph is not linear here)',
  asked: 10,
  document: () => libraryTriples(30_000),
  queries: prefixed(LIBRARY, {
    'optional, summed': `SELECT ?journal (SUM(?number) AS ?sum) (COUNT(?cited) AS ?cites) { ?document v:journal ?journal ; v:number ?number
      OPTIONAL { ?document v:cites ?cited . ?cited v:isbn ?isbn } } GROUP BY ?journal`,
    'not exists': `SELECT (COUNT(*) AS ?n) { ?document a v:Article ; v:creator ?person
      FILTER NOT EXISTS { ?other v:creator ?person ; a v:Inproceedings } }`,
    'not exists, cited':
      'SELECT (COUNT(*) AS ?n) { ?document v:issued ?year FILTER NOT EXISTS { ?other v:cites ?document } }',
    'authors of old and new': `SELECT (COUNT(DISTINCT ?person) AS ?n) { ?a v:creator ?person ; v:issued ?early . ?b v:creator ?person ; v:issued ?late
      FILTER(?early < 1960 && ?late > 2015) }`,
  }),
})
