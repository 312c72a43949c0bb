import { isUtf8 } from 'node:buffer'
import type { TermLoader } from '../layout/term-loader.ts'
import { EMPTY_HASH } from '../layout/token-table.ts'

/** Is what finds and adds terms by the bytes of their tokens. */
export type TokenTerms = Pick<TermLoader, 'find' | 'addIri' | 'addBlank' | 'addText' | 'addLiteral'>

const LT = 0x3c
const GT = 0x3e
const UNDERSCORE = 0x5f
const COLON = 0x3a

/** Says that no token of the plain form is here. */
export const NONE = -1

/** Marks bytes that are a character of ASCII. */
export const ASCII = 1
/** Marks bytes that are part of a longer character. */
export const WIDE = 2

/** Makes a table of the bytes that a token may hold: 1 for ASCII, 2 for parts of longer characters, 0 for none. */
export function byteClasses(isAllowed: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x80 ? WIDE : isAllowed(byte) ? ASCII : 0))
}

/** Tells which bytes an IRI holds without escapes. */
export const IRI_BYTES: Uint8Array = byteClasses(
  (byte) => byte > 0x20 && byte !== 0x7f && !'<>"{}|^`\\'.includes(String.fromCharCode(byte)),
)
const LABEL_BYTES = byteClasses((byte) => /[A-Za-z0-9]/.test(String.fromCharCode(byte)))
const ENDS_LABEL = new Set(Array.from(' \t\r\n;,', (sign) => sign.charCodeAt(0)))
const SCHEME = /^<[A-Za-z][A-Za-z0-9+.-]*:/

/** Scans IRIs and blank nodes in bytes, each hashed as it is scanned and found by its bytes. */
export class ByteScanner {
  readonly terms: TokenTerms
  bytes: Uint8Array = new Uint8Array(0)
  at = 0

  constructor(terms: TokenTerms) {
    this.terms = terms
  }

  /** Gives bytes as text. */
  decode(start: number, end: number): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, end - start).toString('utf8')
  }

  /** Tells whether bytes are whole characters: such as are none go to the full parser, which replaces them. */
  isText(start: number, end: number, kinds: number): boolean {
    return (kinds & WIDE) === 0 || isUtf8(this.bytes.subarray(start, end))
  }

  /** Tells whether an IRI, `<http://…`, is absolute. */
  isAbsolute(start: number, end: number): boolean {
    return SCHEME.test(this.decode(start, Math.min(end, start + 40)))
  }

  /** Scans an absolute IRI; NONE where none of the plain form is here. */
  iri(): number {
    const bytes = this.bytes
    const start = this.at
    let hash = Math.imul(EMPTY_HASH ^ LT, 0x01000193)
    let at = start + 1
    let byte = bytes[at] as number
    let kinds = 0
    // Past the end of the bytes there is no kind, which is not above 0 either.
    for (let kind = IRI_BYTES[byte] as number; kind > 0; kind = IRI_BYTES[byte] as number) {
      hash = Math.imul(hash ^ byte, 0x01000193)
      kinds |= kind
      at += 1
      byte = bytes[at] as number
    }
    if (byte !== GT) return NONE
    this.at = at + 1
    const { terms } = this
    const known = terms.find(hash, bytes, start, at)
    if (known !== NONE) return known
    return this.isAbsolute(start, at) && this.isText(start, at, kinds)
      ? terms.addIri(hash, bytes, start, at)
      : NONE
  }

  /** Scans a blank node with a plain label; NONE where there is none. */
  blank(): number {
    const bytes = this.bytes
    const start = this.at
    if (bytes[start + 1] !== COLON) return NONE
    let hash = Math.imul(Math.imul(EMPTY_HASH ^ UNDERSCORE, 0x01000193) ^ COLON, 0x01000193)
    let at = start + 2
    let byte = bytes[at] as number
    while (LABEL_BYTES[byte] === ASCII) {
      hash = Math.imul(hash ^ byte, 0x01000193)
      at += 1
      byte = bytes[at] as number
    }
    if (at === start + 2 || !ENDS_LABEL.has(byte)) return NONE
    this.at = at
    const { terms } = this
    const known = terms.find(hash, bytes, start, at)
    return known === NONE ? terms.addBlank(hash, bytes, start, at) : known
  }
}
