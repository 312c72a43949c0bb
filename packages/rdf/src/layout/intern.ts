import { columnFromValues, type RowBatch, SheafError, types, type WriteTransaction } from '@sheafdb/core'
import { tripleValue } from './dictionary.ts'
import { numericValue } from './numeric-value.ts'
import { TERM_FIELDS, TermKind, termsTable } from './tables.ts'
import { STRING_NODE, type Term, termKey } from './term.ts'
import { idOfRow, inlineId } from './term-id.ts'
import { XSD_STRING } from './vocabulary.ts'

const MAX_REMEMBERED = 2 ** 20
const MAX_TRIPLE_TERM_DEPTH = 100

type Row = {
  readonly term: Term
  readonly key: string
}

/**
 * Gives terms their ids within one transaction, adding those that the dataset does not hold yet. It remembers what it
 * has given, so that a load asks the table once for each term.
 */
export class TermInterner {
  readonly #transaction: WriteTransaction
  readonly #table: string
  #known = new Map<string, number>()
  /** The ids of IRIs by their object, for readers that make one object an IRI. */
  #nodes = new Map<Term, number>()

  constructor(transaction: WriteTransaction, collection: string) {
    this.#transaction = transaction
    this.#table = termsTable(collection)
  }

  /** Gives the ids of terms, in their order. @throws `LIMIT` for triple terms nested too deep */
  intern(terms: readonly Term[], depth = 0): Float64Array {
    if (depth > MAX_TRIPLE_TERM_DEPTH)
      throw new SheafError(
        'LIMIT',
        `Triple terms may be nested ${MAX_TRIPLE_TERM_DEPTH} deep. Store less at once.`,
      )
    const ids = new Float64Array(terms.length)
    const places: number[] = []
    const fresh = new Map<string, Row>()
    const keys: string[] = []
    for (let index = 0; index < terms.length; index += 1) {
      const term = terms[index] as Term
      const inline = inlineId(term)
      if (inline !== undefined) {
        ids[index] = inline
        continue
      }
      const node = term.termType === 'NamedNode' ? this.#nodes.get(term) : undefined
      if (node !== undefined) {
        ids[index] = node
        continue
      }
      const key = termKey(term)
      const known = this.#known.get(key)
      if (known !== undefined) ids[index] = known
      else {
        places.push(index)
        keys.push(key)
        if (!fresh.has(key)) fresh.set(key, { term, key })
      }
    }
    if (fresh.size === 0) return ids
    const given = this.#insert([...fresh.values()], depth)
    for (let at = 0; at < places.length; at += 1)
      ids[places[at] as number] = given.get(keys[at] as string) as number
    return ids
  }

  #insert(rows: readonly Row[], depth: number): Map<string, number> {
    const batch = this.#batch(
      rows.map((row) => row.term),
      depth,
    )
    const { rowIds } = this.#transaction.insert(this.#table, batch, 'ignore')
    const given = new Map<string, number>()
    if (this.#known.size > MAX_REMEMBERED) this.#known = new Map()
    if (this.#nodes.size > MAX_REMEMBERED) this.#nodes = new Map()
    for (let index = 0; index < rows.length; index += 1) {
      const { key, term } = rows[index] as Row
      const id = idOfRow(rowIds[index] as number)
      given.set(key, id)
      if (term.termType === 'NamedNode') this.#nodes.set(term, id)
      this.#known.set(key, id)
    }
    return given
  }

  #batch(rows: readonly Term[], depth: number): RowBatch {
    const datatypes = this.#datatypes(rows, depth)
    const values: string[] = []
    const kinds: number[] = []
    const datatypeIds: number[] = []
    const languages: string[] = []
    const directions: string[] = []
    const numbers: (number | null)[] = []
    for (const term of rows) {
      const literal = term.termType === 'Literal' ? term : null
      values.push(term.termType === 'Quad' ? this.#tripleValue(term, depth) : term.value)
      kinds.push(kindOf(term))
      datatypeIds.push(literal === null ? 0 : (datatypes.get(literal.datatype.value) ?? 0))
      languages.push(literal?.language ?? '')
      directions.push(literal?.direction ?? '')
      numbers.push(literal === null ? null : numericValue(literal.value, literal.datatype.value))
    }
    return {
      fields: [...TERM_FIELDS],
      length: rows.length,
      columns: [
        columnFromValues(types.utf8, values),
        columnFromValues(types.uint8, kinds),
        columnFromValues(types.int64, datatypeIds),
        columnFromValues(types.utf8, languages),
        columnFromValues(types.utf8, directions),
        columnFromValues(types.float64, numbers),
      ],
    }
  }

  /** Gives the ids of the datatypes of literals; plain text and text in a language need none. */
  #datatypes(rows: readonly Term[], depth: number): Map<string, number> {
    const wanted = new Map<string, Term>()
    for (const term of rows) {
      if (term.termType !== 'Literal' || term.language !== '' || term.datatype === STRING_NODE) continue
      if (term.datatype.value !== XSD_STRING) wanted.set(term.datatype.value, term.datatype)
    }
    if (wanted.size === 0) return new Map()
    const ids = this.intern([...wanted.values()], depth + 1)
    return new Map([...wanted.keys()].map((iri, index) => [iri, ids[index] as number]))
  }

  #tripleValue(term: Extract<Term, { termType: 'Quad' }>, depth: number): string {
    const parts = [term.subject, term.predicate, term.object] as Term[]
    return tripleValue([...this.intern(parts, depth + 1)])
  }
}

function kindOf(term: Term): number {
  switch (term.termType) {
    case 'NamedNode':
      return TermKind.iri
    case 'BlankNode':
      return TermKind.blank
    case 'Literal':
      return TermKind.literal
    case 'Quad':
      return TermKind.triple
  }
}
