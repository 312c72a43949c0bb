/** Names a set of rules. */
export type RuleSet = 'rdfs' | 'owl-rl'

type Rule = readonly [conclusion: string, premise: string]

const IS_NODE = 'FILTER(!isLiteral(?x))'

/** The rules of RDFS that give something: subclasses, subproperties, domains and ranges. @see RDF 1.2 Semantics, 9.2 */
const RDFS: readonly Rule[] = [
  ['?a rdfs:subClassOf ?c', '?a rdfs:subClassOf+ ?c FILTER(isIRI(?c) || isBlank(?c))'],
  ['?a rdfs:subPropertyOf ?c', '?a rdfs:subPropertyOf+ ?c'],
  ['?s ?q ?o', '?p rdfs:subPropertyOf ?q . ?s ?p ?o FILTER(?p != ?q && isIRI(?q))'],
  ['?s a ?c', '?p rdfs:domain ?c . ?s ?p ?o'],
  ['?x a ?c', `?p rdfs:range ?c . ?s ?p ?x ${IS_NODE}`],
  ['?x a ?b', '?a rdfs:subClassOf ?b . ?x a ?a FILTER(?a != ?b)'],
]

/** Rules of OWL 2 RL over triples alone. @see OWL 2 Web Ontology Language Profiles, 4.3 */
const OWL_RL: readonly Rule[] = [
  ['?y owl:sameAs ?x', `?x owl:sameAs ?y`],
  ['?x owl:sameAs ?z', '?x owl:sameAs ?y . ?y owl:sameAs ?z FILTER(?x != ?y && ?y != ?z)'],
  ['?y ?p ?o', '?x owl:sameAs ?y . ?x ?p ?o FILTER(?x != ?y)'],
  ['?s ?p ?y', '?x owl:sameAs ?y . ?s ?p ?x FILTER(?x != ?y)'],
  [
    '?x owl:sameAs ?y',
    `?p a owl:FunctionalProperty . ?s ?p ?x , ?y FILTER(?x != ?y && !isLiteral(?x) && !isLiteral(?y))`,
  ],
  ['?x owl:sameAs ?y', '?p a owl:InverseFunctionalProperty . ?x ?p ?o . ?y ?p ?o FILTER(?x != ?y)'],
  ['?x ?p ?s', `?p a owl:SymmetricProperty . ?s ?p ?x ${IS_NODE}`],
  ['?s ?p ?o', '?p a owl:TransitiveProperty . ?s ?p ?x . ?x ?p ?o'],
  ['?x ?q ?s', `?p owl:inverseOf ?q . ?s ?p ?x ${IS_NODE}`],
  ['?x ?p ?s', `?p owl:inverseOf ?q . ?s ?q ?x ${IS_NODE}`],
  ['?a rdfs:subClassOf ?b . ?b rdfs:subClassOf ?a', '?a owl:equivalentClass ?b'],
  ['?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p', '?p owl:equivalentProperty ?q'],
  ['?s a ?c', '?c owl:hasValue ?v ; owl:onProperty ?p . ?s ?p ?v'],
  ['?s ?p ?v', '?c owl:hasValue ?v ; owl:onProperty ?p . ?s a ?c'],
  ['?s a ?c', '?c owl:someValuesFrom ?d ; owl:onProperty ?p . ?s ?p ?o . ?o a ?d'],
  ['?x a ?d', `?c owl:allValuesFrom ?d ; owl:onProperty ?p . ?s a ?c ; ?p ?x ${IS_NODE}`],
]

const PREFIXES = `PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
`

function updateOf(rules: readonly Rule[], graph: string | undefined): string {
  const inside = (pattern: string) =>
    graph === undefined ? `{ ${pattern} }` : `{ GRAPH <${graph}> { ${pattern} } }`
  return PREFIXES + rules.map(([then, given]) => `INSERT ${inside(then)} WHERE ${inside(given)}`).join(' ;\n')
}

/** Gives the update that one round of a set of rules is, in a graph. */
export const ENTAILMENT_RULES: Readonly<Record<RuleSet, (graph: string | undefined) => string>> = {
  rdfs: (graph) => updateOf(RDFS, graph),
  'owl-rl': (graph) => updateOf([...RDFS, ...OWL_RL], graph),
}
