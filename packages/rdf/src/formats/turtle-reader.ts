import type { Term } from '../layout/term.ts'
import { languageLiteral, typedLiteral } from '../layout/term.ts'
import { EMPTY_HASH, hashBytes, TokenTable } from '../layout/token-table.ts'
import { RDF_NS, XSD_BOOLEAN, XSD_DECIMAL, XSD_DOUBLE, XSD_INTEGER } from '../layout/vocabulary.ts'
import { ByteScanner, byteClasses, NONE, type TokenTerms } from './byte-scanner.ts'

/** Takes the triples that a Turtle reader finds, as tokens of their terms. */
export type TurtleTarget = {
  readonly terms: TokenTerms & { readonly tokenOf: (term: Term) => number }
  readonly quad: (subject: number, predicate: number, object: number, graph: number) => void
  /** The token of the graph of triples without one. */
  readonly defaultGraph: number
}

/** Says where the plain part of a document ended, and the prefixes that were declared up to there. */
export type TurtleRest = { readonly offset: number; readonly prefixes: ReadonlyMap<string, string> }

const LT = 0x3c
const GT = 0x3e
const QUOTE = 0x22
const UNDERSCORE = 0x5f
const DOT = 0x2e
const COMMA = 0x2c
const SEMICOLON = 0x3b
const COLON = 0x3a
const HASH = 0x23
const AT = 0x40
const CARET = 0x5e

const NAME_BYTES = byteClasses((byte) => /[\w-]/.test(String.fromCharCode(byte)))
const NUMBER_BYTES = byteClasses((byte) => /[\d+\-.eE]/.test(String.fromCharCode(byte)))
const TEXT_BYTES = byteClasses((byte) => byte !== QUOTE && byte !== 0x5c && byte !== 0x0a && byte !== 0x0d)
const TAG = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/
const PREFIX =
  /^(?:@prefix|prefix)\s+((?:[A-Za-z](?:[\w-]*[\w])?)?):\s*<([A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|^`\\]*)>/i
const LOCAL = /^(?:\w[\w-]*)?$/
const TYPE = new TextEncoder().encode(`<${RDF_NS}type`)

const NUMBERS: readonly (readonly [RegExp, string])[] = [
  [/^[+-]?\d+$/, XSD_INTEGER],
  [/^[+-]?\d*\.\d+$/, XSD_DECIMAL],
  [/^[+-]?(?:\d+\.\d*|\.?\d+)[eE][+-]?\d+$/, XSD_DOUBLE],
]

/**
 * Reads Turtle in its plain form: prefixes, IRIs, prefixed names, labelled blank nodes, numbers, booleans, and text of
 * one line without escapes. At the first statement that holds anything else it stops, and says where: the rest of the
 * document is for a full parser. Terms are found by the bytes that stand for them, names before they are expanded.
 *
 * @see RDF 1.2 Turtle
 */
export class TurtleReader extends ByteScanner {
  readonly #target: TurtleTarget
  readonly #prefixes = new Map<string, string>()
  /** The tokens of names, numbers and typed text, by the bytes that stand for them in this document. */
  #names = new TokenTable()
  #nameTokens: number[] = []
  /** The triples of the statement that is read; they count when it is whole. */
  #statement: number[] = []

  constructor(target: TurtleTarget) {
    super(target.terms)
    this.#target = target
  }

  /** Reads a document as far as it is plain; `null` where that is all of it. */
  read(bytes: Uint8Array): TurtleRest | null {
    this.bytes = bytes
    this.at = 0
    for (;;) {
      this.#skip()
      const start = this.at
      if (start >= bytes.length) return null
      this.#statement = []
      if (!(this.#directive() || this.#triples())) return { offset: start, prefixes: this.#prefixes }
      this.#emit()
    }
  }

  #emit(): void {
    const statement = this.#statement
    const { defaultGraph } = this.#target
    for (let at = 0; at < statement.length; at += 3)
      this.#target.quad(
        statement[at] as number,
        statement[at + 1] as number,
        statement[at + 2] as number,
        defaultGraph,
      )
  }

  /** Skips white space and comments. */
  #skip(): void {
    const { bytes } = this
    for (;;) {
      const byte = bytes[this.at]
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) this.at += 1
      else if (byte === HASH) {
        const end = bytes.indexOf(0x0a, this.at)
        this.at = end === -1 ? bytes.length : end + 1
      } else return
    }
  }

  #directive(): boolean {
    const byte = this.bytes[this.at]
    if (byte !== AT && byte !== 0x50 && byte !== 0x70) return false
    const text = this.decode(this.at, Math.min(this.bytes.length, this.at + 1000))
    const found = PREFIX.exec(text)
    if (found === null) return false
    const [all, name = '', iri = ''] = found
    const start = this.at
    this.at += Buffer.byteLength(all)
    if (byte === AT) {
      this.#skip()
      if (this.bytes[this.at] !== DOT) {
        this.at = start
        return false
      }
      this.at += 1
    }
    if (this.#prefixes.get(name) !== iri) {
      this.#prefixes.set(name, iri)
      this.#names = new TokenTable()
      this.#nameTokens = []
    }
    return true
  }

  #triples(): boolean {
    const subject = this.#node()
    if (subject === NONE) return false
    for (;;) {
      this.#skip()
      const predicate = this.#verb()
      if (predicate === NONE || !this.#objects(subject, predicate)) return false
      // Semicolons may repeat, and may stand before the end.
      while (this.bytes[this.at] === SEMICOLON) {
        this.at += 1
        this.#skip()
        if (this.bytes[this.at] !== SEMICOLON && this.bytes[this.at] !== DOT) break
      }
      if (this.bytes[this.at] !== DOT) continue
      this.at += 1
      return true
    }
  }

  /** Reads objects and the sign after them: a semicolon or the end. */
  #objects(subject: number, predicate: number): boolean {
    for (;;) {
      this.#skip()
      const object = this.#object()
      if (object === NONE) return false
      this.#statement.push(subject, predicate, object)
      this.#skip()
      const byte = this.bytes[this.at]
      if (byte === SEMICOLON || byte === DOT) return true
      if (byte !== COMMA) return false
      this.at += 1
    }
  }

  #node(): number {
    const byte = this.bytes[this.at]
    if (byte === LT) return this.iri()
    return byte === UNDERSCORE ? this.blank() : this.#name()
  }

  #verb(): number {
    const { bytes, at } = this
    if (bytes[at] === LT) return this.iri()
    const next = bytes[at + 1] as number
    if (bytes[at] === 0x61 && (next === LT || next <= 0x20)) {
      this.at += 1
      return this.#iriToken(TYPE, TYPE.length)
    }
    return this.#name()
  }

  #object(): number {
    const byte = this.bytes[this.at] as number
    if (byte === LT) return this.iri()
    if (byte === QUOTE) return this.#text()
    if (byte === UNDERSCORE) return this.blank()
    return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === DOT
      ? this.#number()
      : this.#name(true)
  }

  #iriToken(bytes: Uint8Array, end: number): number {
    const hash = hashBytes(bytes, 0, end)
    const known = this.terms.find(hash, bytes, 0, end)
    return known === NONE ? this.terms.addIri(hash, bytes, 0, end) : known
  }

  /** Finds the end of a name from a place on: dots belong to it where more of it follows. */
  #nameEnd(from: number): number {
    const { bytes } = this
    let at = from
    while (NAME_BYTES[bytes[at] as number] === 1) at += 1
    return at
  }

  /** Reads a prefixed name, or where they may stand `true` and `false`. */
  #name(allowsBoolean = false): number {
    const { bytes, at: start } = this
    const colon = this.#nameEnd(start)
    if (bytes[colon] !== COLON) return allowsBoolean ? this.#boolean(start, colon) : NONE
    const end = this.#nameEnd(colon + 1)
    const after = bytes[end] as number
    // A dot, a colon, an escape or a letter beyond ASCII may go on with the name.
    if (after === COLON || after === 0x25 || after === 0x5c || after >= 0x80) return NONE
    if (after === DOT && isNamePart(bytes[end + 1])) return NONE
    return this.#cached(start, end, () => {
      const prefix = this.#prefixes.get(this.decode(start, colon))
      const local = this.decode(colon + 1, end)
      if (prefix === undefined || !LOCAL.test(local)) return NONE
      const iri = Buffer.from(`<${prefix}${local}`)
      return this.#iriToken(iri, iri.length)
    })
  }

  #boolean(start: number, end: number): number {
    const text = this.decode(start, Math.min(end, start + 6))
    if ((text !== 'true' && text !== 'false') || end === start) return NONE
    return this.#cached(start, end, () => this.#target.terms.tokenOf(typedLiteral(text, XSD_BOOLEAN)))
  }

  /** Gives the token of a run of bytes, found out once. */
  #cached(start: number, end: number, find: () => number): number {
    const { bytes } = this
    let hash = EMPTY_HASH
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    let name = this.#names.find(hash, bytes, start, end)
    if (name === NONE) {
      const token = find()
      if (token === NONE) return NONE
      name = this.#names.add(hash, bytes, start, end)
      this.#nameTokens[name] = token
    }
    this.at = end
    return this.#nameTokens[name] as number
  }

  #number(): number {
    const { bytes, at: start } = this
    let end = start
    while (NUMBER_BYTES[bytes[end] as number] === 1) end += 1
    if (bytes[end - 1] === DOT) end -= 1
    if (NAME_BYTES[bytes[end] as number] === 1) return NONE
    return this.#cached(start, end, () => {
      const text = this.decode(start, end)
      const type = NUMBERS.find(([form]) => form.test(text))?.[1]
      return type === undefined ? NONE : this.#target.terms.tokenOf(typedLiteral(text, type))
    })
  }

  #text(): number {
    const { bytes, at: start } = this
    let at = start + 1
    let kinds = 0
    for (
      let kind = TEXT_BYTES[bytes[at] as number];
      kind !== undefined && kind > 0;
      kind = TEXT_BYTES[bytes[at] as number]
    ) {
      kinds |= kind
      at += 1
    }
    if (bytes[at] !== QUOTE || (at === start + 1 && bytes[at + 1] === QUOTE)) return NONE
    const close = at + 1
    const mark = bytes[close]
    if (mark === AT) return this.#tagged(start, close)
    if (mark === CARET) return this.#typed(start, close)
    const hash = hashBytes(bytes, start, close)
    const known = this.terms.find(hash, bytes, start, close)
    this.at = close
    if (known !== NONE) return known
    return this.isText(start, close, kinds) ? this.terms.addText(hash, bytes, start, close) : NONE
  }

  #tagged(start: number, close: number): number {
    const end = this.#nameEnd(close + 1)
    return this.#cached(start, end, () => {
      const tag = this.decode(close + 1, end)
      if (!TAG.test(tag)) return NONE
      return this.#target.terms.tokenOf(languageLiteral(this.decode(start + 1, close - 1), tag))
    })
  }

  #typed(start: number, close: number): number {
    const { bytes } = this
    if (bytes[close + 1] !== CARET) return NONE
    const isIri = bytes[close + 2] === LT
    const end = isIri ? bytes.indexOf(GT, close) + 1 : this.#typeNameEnd(close + 2)
    if (end <= 0) return NONE
    return this.#cached(start, end, () => {
      const value = this.decode(start + 1, close - 1)
      const datatype = isIri ? absoluteIri(this.decode(close + 3, end - 1)) : this.#expanded(close + 2, end)
      if (datatype === undefined || datatype.endsWith('angString')) return NONE
      return this.#target.terms.tokenOf(typedLiteral(value, datatype))
    })
  }

  #typeNameEnd(start: number): number {
    const colon = this.#nameEnd(start)
    if (this.bytes[colon] !== COLON) return NONE
    const end = this.#nameEnd(colon + 1)
    const after = this.bytes[end] as number
    if (after === COLON || after === 0x25 || after === 0x5c || after >= 0x80) return NONE
    return after === DOT && isNamePart(this.bytes[end + 1]) ? NONE : end
  }

  #expanded(start: number, end: number): string | undefined {
    const [name = '', local = ''] = this.decode(start, end).split(':')
    const prefix = this.#prefixes.get(name)
    return prefix === undefined || !LOCAL.test(local) ? undefined : prefix + local
  }
}

const isNamePart = (byte: number | undefined): boolean =>
  byte !== undefined &&
  (NAME_BYTES[byte] !== 0 || byte === DOT || byte === COLON || byte === 0x25 || byte === 0x5c)

const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|^`\\]*$/
const absoluteIri = (iri: string): string | undefined => (ABSOLUTE.test(iri) ? iri : undefined)
