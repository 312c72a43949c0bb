import { SheafError, type WriteTransaction } from '@sheafdb/core'
import { tripleValue } from './dictionary.ts'
import { TermKind, termsTable } from './tables.ts'
import { type LiteralTerm, type QuadTerm, STRING_NODE, type Term } from './term.ts'
import { DEFAULT_GRAPH_ID, idOfRow, inlineId } from './term-id.ts'
import { TermRows } from './term-rows.ts'
import { hashBytes, TokenTable } from './token-table.ts'
import { XSD_STRING } from './vocabulary.ts'

const MAX_TRIPLE_TERM_DEPTH = 100
const MAX_PENDING_ROWS = 2 ** 18
const MAX_TOKENS = 2 ** 24
const MAX_TOKEN_BYTES = 2 ** 30

const encoder = new TextEncoder()

/** Is the token of the default graph. */
export const DEFAULT_GRAPH_TOKEN = 0

/**
 * Gives the terms of a load small numbers, their tokens, and adds those that the dataset does not hold to its terms,
 * many at once. A token is the text of a term as N-Triples writes it, without what closes an IRI: `<http://…`, `_:label`,
 * `"text"`, `"text"@tag`, `"text"^^<datatype>`; text with quotation marks, which N-Triples escapes, starts with `'`.
 */
export class TermLoader {
  readonly #transaction: WriteTransaction
  readonly #table: string
  readonly #blankPrefix: string
  #tokens = new TokenTable()
  /** The id of each token; NaN where its row is not inserted yet. */
  #ids = new Float64Array(2 ** 12)
  #rows = new TermRows()
  /** The token of each row that is not inserted yet. */
  #pending: number[] = []
  /** Tokens that stand for the term of another one: a datatype spelled out, a tag in upper case. */
  #aliases: (readonly [alias: number, token: number])[] = []
  #nodes = new Map<Term, number>()
  /** False where the dataset may hold a term whose token is new. */
  #allTermsAreKnown: boolean

  constructor(transaction: WriteTransaction, collection: string, blankPrefix: string) {
    this.#transaction = transaction
    this.#table = termsTable(collection)
    this.#blankPrefix = blankPrefix
    this.#allTermsAreKnown = transaction.snapshot.source(this.#table).statistics().rowCount === 0
    this.#addDefaultGraph()
  }

  #addDefaultGraph(): void {
    const bytes = new Uint8Array(0)
    this.#note(hashBytes(bytes, 0, 0), { bytes, start: 0, end: 0 }, DEFAULT_GRAPH_ID)
  }

  /** Counts the tokens. */
  get size(): number {
    return this.#tokens.size
  }

  /** Tells whether the tokens should be forgotten soon, with `reset`. */
  get isFull(): boolean {
    return this.#tokens.size > MAX_TOKENS || this.#tokens.sizeBytes > MAX_TOKEN_BYTES
  }

  /** Forgets all tokens. Call `flush` and take the ids before. */
  reset(): void {
    this.#tokens = new TokenTable()
    this.#nodes = new Map()
    this.#allTermsAreKnown = false
    this.#addDefaultGraph()
  }

  /** Finds a token by its bytes and their hash; -1 where it is new. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#tokens.find(hash, bytes, start, end)
  }

  /** Adds the new token of an IRI, `<http://…` without its end. */
  addIri(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#addRow(hash, { bytes, start, end }, () =>
      this.#rows.add(TermKind.iri, { bytes, start: start + 1, end }),
    )
  }

  /** Adds the new token of a blank node, `_:label`. */
  addBlank(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const label = new TextDecoder().decode(bytes.subarray(start + 2, end))
    const value = encoder.encode(this.#blankPrefix + label)
    return this.#addRow(hash, { bytes, start, end }, () =>
      this.#rows.add(TermKind.blank, { bytes: value, start: 0, end: value.length }),
    )
  }

  /** Adds the new token of plain text, `"text"`. */
  addText(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#addRow(hash, { bytes, start, end }, () =>
      this.#rows.addLiteral({ bytes, start: start + 1, end: end - 1 }, PLAIN_TEXT),
    )
  }

  /** Adds the new token of a literal. */
  addLiteral(hash: number, { bytes, start, end }: Run, term: LiteralTerm): number {
    const id = inlineId(term)
    if (id !== undefined) return this.#note(hash, { bytes, start, end }, id)
    const plain = encoder.encode(literalToken(term))
    const plainHash = hashBytes(plain, 0, plain.length)
    const known = this.#tokens.find(plainHash, plain, 0, plain.length)
    const isPlain = plainHash === hash && sameBytes(plain, { bytes, start, end })
    if (known !== -1) return this.#alias(hash, { bytes, start, end }, known)
    const token = this.#addRow(plainHash, { bytes: plain, start: 0, end: plain.length }, () =>
      this.#addLiteralRow(term),
    )
    return isPlain ? token : this.#alias(hash, { bytes, start, end }, token)
  }

  #addLiteralRow(term: LiteralTerm): void {
    const { value, language, direction } = term
    const bytes = encoder.encode(value)
    const isTyped = language === '' && term.datatype !== STRING_NODE && term.datatype.value !== XSD_STRING
    const datatype = isTyped ? this.#idOf(term.datatype) : 0
    const parts = { datatype, datatypeIri: term.datatype.value, language, direction, text: value }
    this.#rows.addLiteral({ bytes, start: 0, end: bytes.length }, parts)
  }

  #alias(hash: number, run: Run, token: number): number {
    const id = this.#ids[token] as number
    const alias = this.#note(hash, run, id)
    if (Number.isNaN(id)) this.#aliases.push([alias, token])
    return alias
  }

  #addRow(hash: number, run: Run, add: () => void): number {
    add()
    const token = this.#note(hash, run, Number.NaN)
    this.#pending.push(token)
    if (this.#pending.length >= MAX_PENDING_ROWS) this.flush()
    return token
  }

  #note(hash: number, { bytes, start, end }: Run, id: number): number {
    const token = this.#tokens.add(hash, bytes, start, end)
    if (token >= this.#ids.length) {
      const grown = new Float64Array(this.#ids.length * 2)
      grown.set(this.#ids)
      this.#ids = grown
    }
    this.#ids[token] = id
    return token
  }

  /** Gives the token of a term of any form. @throws `LIMIT` for triple terms nested too deep */
  tokenOf(term: Term, depth = 0): number {
    if (term.termType === 'NamedNode') {
      const known = this.#nodes.get(term)
      if (known !== undefined) return known
    }
    if (term.termType === 'Quad') return this.#tripleToken(term, depth)
    const text = term.termType === 'Literal' ? literalToken(term) : this.#nodeToken(term)
    const bytes = encoder.encode(text)
    const end = bytes.length
    const hash = hashBytes(bytes, 0, end)
    let token = this.#tokens.find(hash, bytes, 0, end)
    if (token === -1) token = this.#addTerm(hash, bytes, term)
    if (term.termType === 'NamedNode') this.#nodes.set(term, token)
    return token
  }

  #nodeToken(term: Exclude<Term, LiteralTerm | QuadTerm>): string {
    if (term.termType === 'NamedNode') return `<${term.value}`
    const prefix = this.#blankPrefix
    return term.value.startsWith(prefix) ? `_:${term.value.slice(prefix.length)}` : `_ ${term.value}`
  }

  #addTerm(hash: number, bytes: Uint8Array, term: Exclude<Term, QuadTerm>): number {
    if (term.termType === 'Literal') {
      const id = inlineId(term)
      if (id !== undefined) return this.#note(hash, { bytes, start: 0, end: bytes.length }, id)
      return this.#addRow(hash, { bytes, start: 0, end: bytes.length }, () => this.#addLiteralRow(term))
    }
    const kind = term.termType === 'NamedNode' ? TermKind.iri : TermKind.blank
    const value = encoder.encode(term.value)
    return this.#addRow(hash, { bytes, start: 0, end: bytes.length }, () =>
      this.#rows.add(kind, { bytes: value, start: 0, end: value.length }),
    )
  }

  #tripleToken(term: QuadTerm, depth: number): number {
    if (depth > MAX_TRIPLE_TERM_DEPTH)
      throw new SheafError(
        'LIMIT',
        `Triple terms may be nested ${MAX_TRIPLE_TERM_DEPTH} deep. Store less at once.`,
      )
    const tokens = ([term.subject, term.predicate, term.object] as Term[]).map((part) =>
      this.tokenOf(part, depth + 1),
    )
    if (tokens.some((token) => Number.isNaN(this.#ids[token]))) this.flush()
    const value = tripleValue(tokens.map((token) => this.#ids[token] as number))
    const bytes = encoder.encode(`(${value}`)
    const hash = hashBytes(bytes, 0, bytes.length)
    const known = this.#tokens.find(hash, bytes, 0, bytes.length)
    if (known !== -1) return known
    return this.#addRow(hash, { bytes, start: 0, end: bytes.length }, () =>
      this.#rows.add(TermKind.triple, { bytes, start: 1, end: bytes.length }),
    )
  }

  /** Gives the id of a term now, which few terms need. */
  #idOf(term: Term): number {
    const token = this.tokenOf(term)
    if (Number.isNaN(this.#ids[token])) this.flush()
    return this.#ids[token] as number
  }

  /** Inserts the rows of new terms. */
  flush(): void {
    if (this.#pending.length === 0) return
    const pending = this.#pending
    this.#pending = []
    const mode = this.#allTermsAreKnown ? 'unchecked' : 'ignore'
    const { rowIds } = this.#transaction.insert(this.#table, this.#rows.take(), mode)
    for (let at = 0; at < pending.length; at += 1)
      this.#ids[pending[at] as number] = idOfRow(rowIds[at] as number)
    for (const [alias, token] of this.#aliases) this.#ids[alias] = this.#ids[token] as number
    this.#aliases = []
  }

  /** Gives the ids of all tokens. Call `flush` before. */
  ids(): Float64Array {
    return this.#ids.subarray(0, this.#tokens.size)
  }
}

const PLAIN_TEXT = { datatype: 0, datatypeIri: XSD_STRING, language: '', direction: '', text: '' }

type Run = { readonly bytes: Uint8Array; readonly start: number; readonly end: number }

/** Writes a literal as its token: datatypes only where they are not that of plain text, tags in lower case. */
function literalToken(term: LiteralTerm): string {
  const { value, language, direction } = term
  const mark = value.includes('"') ? `'${value.length}` : ''
  if (language !== '') return `${mark}"${value}"@${language}${direction === '' ? '' : `--${direction}`}`
  const { value: datatype } = term.datatype
  return datatype === XSD_STRING ? `${mark}"${value}"` : `${mark}"${value}"^^<${datatype}>`
}

function sameBytes(left: Uint8Array, { bytes, start, end }: Run): boolean {
  if (left.length !== end - start) return false
  for (let at = 0; at < left.length; at += 1) if (left[at] !== bytes[start + at]) return false
  return true
}
