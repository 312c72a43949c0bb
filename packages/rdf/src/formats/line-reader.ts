import { NamedNodeTerm, type Term } from '../layout/term.ts'
import { blankNodeOf, literalOf } from './line-terms.ts'

/**
 * Takes what a line reader finds: `id` looks a token up or notes it with the term that it stands for, `quad` takes the
 * four ids of a quad, `other` a line that is not of the plain form.
 */
export type LineTarget = {
  /** Gives the number that stands for a token; `undefined` where the token is new. */
  readonly known: (token: string) => number | undefined
  /** Notes a new token with its term and gives the number that stands for it. */
  readonly note: (token: string, term: Term) => number
  readonly quad: (subject: number, predicate: number, object: number, graph: number) => void
  /** Takes a line that needs a full parser: comments, escapes, triple terms, directives, and all that is wrong. */
  readonly other: (line: string) => void
  /** The number of the graph of triples without one. */
  readonly defaultGraph: number
}

const LT = 0x3c
const QUOTE = 0x22
const UNDERSCORE = 0x5f
const DOT = 0x2e
const AT = 0x40
const CARET = 0x5e

const IRI_TEXT = String.raw`<[A-Za-z][A-Za-z0-9+.-]*:[^\u0000-\u0020<>"{}|^\u0060\\]*>`
const IRI = new RegExp(`^${IRI_TEXT}$`)
const BLANK = /^_:[A-Za-z0-9]+$/
const TAG_TEXT = '[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*'
const PLAIN_LITERAL = new RegExp(String.raw`^"[^"\\\n\r]*"(?:@${TAG_TEXT}|\^\^${IRI_TEXT})?$`)

/**
 * Reads lines of N-Triples and N-Quads in their plain form (no escapes, no comments), each token checked once and then
 * known by its text. Everything else goes, line by line, to a full parser.
 *
 * @see RDF 1.1 N-Quads
 */
export class LineReader {
  readonly #target: LineTarget
  readonly #blankPrefix: string
  readonly #allowsGraph: boolean
  #text = ''
  #at = 0
  #end = 0

  constructor(target: LineTarget, options: { readonly blankPrefix: string; readonly allowsGraph: boolean }) {
    this.#target = target
    this.#blankPrefix = options.blankPrefix
    this.#allowsGraph = options.allowsGraph
  }

  /** Reads the whole lines of a text; gives what follows the last line end. */
  read(text: string, isLast: boolean): string {
    this.#text = text
    let start = 0
    while (start < text.length) {
      let end = text.indexOf('\n', start)
      if (end === -1) {
        if (!isLast) return text.slice(start)
        end = text.length
      }
      this.#at = start
      this.#end = end
      if (!this.#line()) {
        const line = text.slice(start, end)
        if (!/^\s*$/.test(line)) this.#target.other(line)
      }
      start = end + 1
    }
    return ''
  }

  /** Reads one line; false where it is not of the plain form. */
  #line(): boolean {
    const subject = this.#node()
    if (subject === undefined) return false
    const predicate = this.#iri()
    if (predicate === undefined) return false
    const object = this.#object()
    if (object === undefined) return false
    let graph: number | undefined = this.#target.defaultGraph
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#at) !== DOT) {
      graph = this.#allowsGraph ? this.#node() : undefined
      if (graph === undefined) return false
      this.#skipSpace()
      if (this.#text.charCodeAt(this.#at) !== DOT) return false
    }
    this.#at += 1
    this.#skipSpace()
    if (this.#at < this.#end) return false
    this.#target.quad(subject, predicate, object, graph)
    return true
  }

  /** Skips spaces, tabs, and the carriage return of a line end. */
  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at)
      if (this.#at >= this.#end || (unit !== 0x20 && unit !== 0x09 && unit !== 0x0d)) return
      this.#at += 1
    }
  }

  #node(): number | undefined {
    this.#skipSpace()
    const unit = this.#text.charCodeAt(this.#at)
    if (unit === LT) return this.#iri()
    return unit === UNDERSCORE ? this.#blank() : undefined
  }

  #iri(): number | undefined {
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#at) !== LT) return undefined
    const close = this.#text.indexOf('>', this.#at)
    if (close === -1 || close >= this.#end) return undefined
    const token = this.#text.slice(this.#at, close + 1)
    this.#at = close + 1
    const known = this.#target.known(token)
    if (known !== undefined) return known
    return IRI.test(token) ? this.#target.note(token, new NamedNodeTerm(token.slice(1, -1))) : undefined
  }

  #blank(): number | undefined {
    let end = this.#at
    while (end < this.#end && !isSpace(this.#text.charCodeAt(end))) end += 1
    const token = this.#text.slice(this.#at, end)
    this.#at = end
    const known = this.#target.known(token)
    if (known !== undefined) return known
    return BLANK.test(token) ? this.#target.note(token, blankNodeOf(token, this.#blankPrefix)) : undefined
  }

  #object(): number | undefined {
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#at) !== QUOTE) return this.#node()
    const start = this.#at
    const close = this.#text.indexOf('"', start + 1)
    if (close === -1 || close >= this.#end) return undefined
    let end = close + 1
    const mark = this.#text.charCodeAt(end)
    if (mark === AT) while (end < this.#end && !isSpace(this.#text.charCodeAt(end))) end += 1
    else if (mark === CARET) {
      end = this.#text.indexOf('>', end) + 1
      if (end === 0 || end > this.#end) return undefined
    }
    const token = this.#text.slice(start, end)
    this.#at = end
    const known = this.#target.known(token)
    if (known !== undefined) return known
    if (token.endsWith('angString>')) return undefined
    return PLAIN_LITERAL.test(token) ? this.#target.note(token, literalOf(token)) : undefined
  }
}

const isSpace = (unit: number): boolean => unit === 0x20 || unit === 0x09 || unit === 0x0d
