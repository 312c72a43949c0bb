import { seededRandom } from '../flights-data.ts'

/** Gathers generated triples as lines of N-Triples, and draws the random choices that they are made of. */
export class TripleWriter {
  readonly #lines: string[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** Counts the triples written. */
  get count(): number {
    return this.#lines.length
  }

  /** Writes a triple of whole terms. */
  add(subject: string, predicate: string, object: string): void {
    this.#lines.push(`${subject} ${predicate} ${object} .`)
  }

  /** Draws an integer from 0 up to `limit`, without it. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  /** Draws an integer from 0 up to `limit`, low ones far more often than high ones. */
  skewed(limit: number): number {
    return Math.floor(this.#random() ** 3 * limit)
  }

  /** Tells whether an event of a probability happens. */
  happens(probability: number): boolean {
    return this.#random() < probability
  }

  /** Gives the document. */
  text(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

const XSD = 'http://www.w3.org/2001/XMLSchema#'

/** Writes an IRI. */
export const iri = (value: string): string => `<${value}>`
/** Writes a literal of a datatype of XML Schema. */
export const typed = (value: number | string, type: string): string => `"${value}"^^<${XSD}${type}>`
/** Writes a literal of plain text. */
export const text = (value: string): string => `"${value}"`
/** Is rdf:type. */
export const TYPE = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>'
/** Is rdfs:label. */
export const LABEL = '<http://www.w3.org/2000/01/rdf-schema#label>'

/** Writes a day of the years from 2000 on. */
export function day(number: number): string {
  return new Date(946_684_800_000 + number * 86_400_000).toISOString().slice(0, 10)
}

const WORDS =
  'amber birch cobalt dune ember fjord grove harbour inlet jasper kelp larch moss north opal pine'.split(' ')

/** Draws some words. */
export function sentence(writer: TripleWriter, length: number): string {
  return Array.from({ length }, () => WORDS[writer.below(WORDS.length)]).join(' ')
}
