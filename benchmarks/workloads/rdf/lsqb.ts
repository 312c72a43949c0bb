import type { Workload } from '../../src/workload.ts'
import { FORUM, forumTriples } from './forum-triples.ts'
import { querySet } from './query-set.ts'

const count = (pattern: string) => `PREFIX : <${FORUM}> SELECT (COUNT(*) AS ?n) { ${pattern} }`

/** The nine queries of the Labelled Subgraph Query Benchmark, in SPARQL. */
export const rdfLsqb: Workload = querySet({
  name: 'rdf-lsqb',
  title: 'the nine LSQB queries over 150 people and their messages, sum',
  asked: 5,
  runs: 2,
  document: () => forumTriples(150),
  queries: [
    count(`?country a :Country . ?city :isPartOf ?country . ?person :isLocatedIn ?city . ?forum :hasMember ?person ;
      :containerOf ?post . ?comment :replyOf ?post ; :hasTag ?tag . ?tag :hasType ?class`),
    count('?a :knows ?b . ?comment :hasCreator ?a ; :replyOf ?post . ?post :hasCreator ?b ; a :Post'),
    count(`?country a :Country . ?x :isPartOf ?country . ?y :isPartOf ?country . ?z :isPartOf ?country .
      ?a :isLocatedIn ?x ; :knows ?b . ?b :isLocatedIn ?y ; :knows ?c . ?c :isLocatedIn ?z ; :knows ?a`),
    count(
      '?message :hasTag ?tag ; :hasCreator ?creator . ?liker :likes ?message . ?comment :replyOf ?message',
    ),
    count('?message :hasTag ?one . ?comment :replyOf ?message ; :hasTag ?other FILTER(?one != ?other)'),
    count('?a :knows ?b . ?b :knows ?c . ?c :hasInterest ?tag FILTER(?a != ?c)'),
    count(`?message :hasTag ?tag ; :hasCreator ?creator OPTIONAL { ?liker :likes ?message }
      OPTIONAL { ?comment :replyOf ?message }`),
    count(`?message :hasTag ?one . ?comment :replyOf ?message ; :hasTag ?other FILTER(?one != ?other)
      FILTER NOT EXISTS { ?comment :hasTag ?one }`),
    count(`?a :knows ?b . ?b :knows ?c . ?c :hasInterest ?tag FILTER(?a != ?c)
      FILTER NOT EXISTS { ?a :knows ?c }`),
  ].map((text, at) => ({ name: `q${at + 1}`, text })),
})
