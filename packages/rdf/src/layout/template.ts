import type * as RDF from '@rdfjs/types'
import { BlankNodeTerm, DEFAULT_GRAPH, freshLabel, fromRdfTerm, QuadTerm, type Term } from './term.ts'

/** Is a quad of a template: variables take their values from a solution, blank nodes are new ones each time. */
export type QuadTemplate = {
  readonly subject: RDF.Term
  readonly predicate: RDF.Term
  readonly object: RDF.Term
  readonly graph: RDF.Term
}

/** Makes quads of solutions, as the templates of CONSTRUCT, INSERT and DELETE say. */
export class Template {
  readonly #quads: readonly QuadTemplate[]
  readonly #places: ReadonlyMap<string, number>
  #blanks = new Map<string, BlankNodeTerm>()

  /** `variables` names the values of a solution in their order. */
  constructor(quads: readonly QuadTemplate[], variables: readonly string[]) {
    this.#quads = quads
    this.#places = new Map(variables.map((name, index) => [name, index]))
  }

  /** Gives the quads of a solution; those with an unbound variable or a term where it cannot stand are left out. */
  quads(solution: readonly (Term | null)[]): QuadTerm[] {
    this.#blanks = new Map()
    const made: QuadTerm[] = []
    for (const quad of this.#quads) {
      const [subject, predicate, object] = [quad.subject, quad.predicate, quad.object].map((term) =>
        this.#term(term, solution),
      )
      const graph = quad.graph.termType === 'DefaultGraph' ? DEFAULT_GRAPH : this.#term(quad.graph, solution)
      if (!subject || !object || predicate?.termType !== 'NamedNode' || !graph) continue
      if (subject.termType === 'Literal' || subject.termType === 'Quad') continue
      if (
        graph.termType !== 'DefaultGraph' &&
        graph.termType !== 'NamedNode' &&
        graph.termType !== 'BlankNode'
      )
        continue
      made.push(new QuadTerm(subject, predicate, object as RDF.Quad_Object, graph))
    }
    return made
  }

  #term(term: RDF.Term, solution: readonly (Term | null)[]): Term | null {
    switch (term.termType) {
      case 'Variable': {
        const place = this.#places.get(term.value)
        return place === undefined ? null : (solution[place] ?? null)
      }
      case 'BlankNode': {
        let blank = this.#blanks.get(term.value)
        if (blank === undefined) {
          blank = new BlankNodeTerm(`t${process.pid}x${freshLabel()}`)
          this.#blanks.set(term.value, blank)
        }
        return blank
      }
      case 'Quad': {
        const parts = [term.subject, term.predicate, term.object].map((part) => this.#term(part, solution))
        const [subject, predicate, object] = parts
        if (!subject || predicate?.termType !== 'NamedNode' || !object) return null
        if (subject.termType === 'Literal') return null
        return new QuadTerm(subject as RDF.Quad_Subject, predicate, object as RDF.Quad_Object)
      }
      default:
        return fromRdfTerm(term)
    }
  }
}

/** Names the variables of templates. */
export function templateVariables(quads: readonly QuadTemplate[]): string[] {
  const names = new Set<string>()
  const visit = (term: RDF.Term): void => {
    if (term.termType === 'Variable') names.add(term.value)
    else if (term.termType === 'Quad')
      for (const part of [term.subject, term.predicate, term.object]) visit(part)
  }
  for (const quad of quads)
    for (const term of [quad.subject, quad.predicate, quad.object, quad.graph]) visit(term)
  return [...names]
}
