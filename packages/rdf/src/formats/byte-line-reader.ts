import { EMPTY_HASH } from '../layout/token-table.ts'
import { ASCII, ByteScanner, byteClasses, IRI_BYTES, NONE, type TokenTerms } from './byte-scanner.ts'
import { literalOf } from './line-terms.ts'

/** Takes what a line reader finds. */
export type LineTarget = {
  readonly terms: TokenTerms
  readonly quad: (subject: number, predicate: number, object: number, graph: number) => void
  /** Takes a line that needs a full parser: comments, escapes, triple terms, directives, and all that is wrong. */
  readonly other: (line: string) => void
  /** The token of the graph of triples without one. */
  readonly defaultGraph: number
}

const NEWLINE = 0x0a
const LT = 0x3c
const GT = 0x3e
const QUOTE = 0x22
const UNDERSCORE = 0x5f
const DOT = 0x2e
const AT = 0x40
const CARET = 0x5e

const TEXT_BYTES = byteClasses((byte) => byte !== QUOTE && byte !== 0x5c && byte !== NEWLINE && byte !== 0x0d)
const TAG_BYTES = byteClasses((byte) => /[A-Za-z0-9-]/.test(String.fromCharCode(byte)))

const ABSOLUTE_IRI = /^<[A-Za-z][A-Za-z0-9+.-]*:[^<>^]*>$/
const TAG = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/

/**
 * Reads the bytes of N-Triples and N-Quads in their plain form (no escapes, no comments): each token is hashed as it is
 * scanned and found by its bytes; only new ones are looked at closely. Everything else goes, line by line, to a full
 * parser.
 *
 * @see RDF 1.2 N-Quads
 */
export class ByteLineReader extends ByteScanner {
  readonly #target: LineTarget
  readonly #allowsGraph: boolean

  constructor(target: LineTarget, options: { readonly allowsGraph: boolean }) {
    super(target.terms)
    this.#target = target
    this.#allowsGraph = options.allowsGraph
  }

  /** Reads bytes that end with a line end. */
  read(bytes: Uint8Array): void {
    this.bytes = bytes
    let start = 0
    while (start < bytes.length) {
      this.at = start
      if (this.#line()) {
        start = this.at
        continue
      }
      const end = bytes.indexOf(NEWLINE, start)
      const line = new TextDecoder().decode(bytes.subarray(start, end))
      if (!/^\s*$/.test(line)) this.#target.other(line)
      start = end + 1
    }
  }

  /** Reads one line and its end; false where it is not of the plain form. */
  #line(): boolean {
    const bytes = this.bytes
    this.#skipSpace()
    const subject = this.#node()
    if (subject === NONE) return false
    this.#skipSpace()
    if (bytes[this.at] !== LT) return false
    const predicate = this.iri()
    if (predicate === NONE) return false
    this.#skipSpace()
    const object = bytes[this.at] === QUOTE ? this.#literal() : this.#node()
    if (object === NONE) return false
    let graph = this.#target.defaultGraph
    this.#skipSpace()
    if (bytes[this.at] !== DOT) {
      graph = this.#allowsGraph ? this.#node() : NONE
      if (graph === NONE) return false
      this.#skipSpace()
      if (bytes[this.at] !== DOT) return false
    }
    this.at += 1
    this.#skipSpace()
    if (bytes[this.at] !== NEWLINE) return false
    this.at += 1
    this.#target.quad(subject, predicate, object, graph)
    return true
  }

  /** Skips spaces, tabs, and the carriage return of a line end. */
  #skipSpace(): void {
    const bytes = this.bytes
    for (;;) {
      const byte = bytes[this.at]
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return
      this.at += 1
    }
  }

  #node(): number {
    const byte = this.bytes[this.at]
    if (byte === LT) return this.iri()
    return byte === UNDERSCORE ? this.blank() : NONE
  }

  #literal(): number {
    const bytes = this.bytes
    const start = this.at
    let hash = Math.imul(EMPTY_HASH ^ QUOTE, 0x01000193)
    let at = start + 1
    let byte = bytes[at] as number
    let kinds = 0
    for (let kind = TEXT_BYTES[byte] as number; kind > 0; kind = TEXT_BYTES[byte] as number) {
      hash = Math.imul(hash ^ byte, 0x01000193)
      kinds |= kind
      at += 1
      byte = bytes[at] as number
    }
    if (byte !== QUOTE) return NONE
    hash = Math.imul(hash ^ QUOTE, 0x01000193)
    at += 1
    const close = at
    byte = bytes[at] as number
    if (byte === AT) {
      for (let isPart = true; isPart; isPart = TAG_BYTES[byte] === ASCII) {
        hash = Math.imul(hash ^ byte, 0x01000193)
        at += 1
        byte = bytes[at] as number
      }
    } else if (byte === CARET) {
      if (bytes[at + 1] !== CARET || bytes[at + 2] !== LT) return NONE
      for (let isPart = true; isPart; isPart = byte === CARET || byte === LT || IRI_BYTES[byte] !== 0) {
        hash = Math.imul(hash ^ byte, 0x01000193)
        kinds |= IRI_BYTES[byte] as number
        at += 1
        byte = bytes[at] as number
      }
      if (byte !== GT) return NONE
      hash = Math.imul(hash ^ byte, 0x01000193)
      at += 1
    }
    this.at = at
    const known = this.terms.find(hash, bytes, start, at)
    if (known !== NONE) return known
    return this.isText(start, at, kinds) ? this.#newLiteral(hash, { start, close, end: at }) : NONE
  }

  #newLiteral(
    hash: number,
    run: { readonly start: number; readonly close: number; readonly end: number },
  ): number {
    const { start, close, end } = run
    if (close === end) return this.terms.addText(hash, this.bytes, start, end)
    const token = this.decode(start, end)
    const mark = this.decode(close, end)
    if (mark.startsWith('@') && !TAG.test(mark.slice(1))) return NONE
    if (mark.startsWith('^') && (!ABSOLUTE_IRI.test(mark.slice(2)) || mark.endsWith('angString>')))
      return NONE
    return this.terms.addLiteral(hash, { bytes: this.bytes, start, end }, literalOf(token))
  }
}
