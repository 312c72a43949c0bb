import { type Column, columnFromValues, type RowBatch, types } from '@sheafdb/core'
import { numericValue } from './numeric-value.ts'
import { TERM_FIELDS, TermKind } from './tables.ts'

const encoder = new TextEncoder()
const FIRST_CAPACITY = 1024

/** Is rows of text that grow, as Arrow keeps them: offsets and bytes. */
class TextRows {
  #offsets = new Int32Array(FIRST_CAPACITY)
  #data = new Uint8Array(FIRST_CAPACITY)
  length = 0

  addBytes(bytes: Uint8Array, start: number, end: number): void {
    const from = this.#offsets[this.length] as number
    const size = end - start
    this.#reserve(from + size)
    if (size < 64) for (let at = 0; at < size; at += 1) this.#data[from + at] = bytes[start + at] as number
    else this.#data.set(bytes.subarray(start, end), from)
    this.#offsets[this.length + 1] = from + size
    this.length += 1
  }

  addText(text: string): void {
    const bytes = text === '' ? this.#data : encoder.encode(text)
    this.addBytes(bytes, 0, text === '' ? 0 : bytes.length)
  }

  #reserve(size: number): void {
    if (size > this.#data.length) {
      const grown = new Uint8Array(Math.max(size, this.#data.length * 2))
      grown.set(this.#data)
      this.#data = grown
    }
    if (this.length + 2 > this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2)
      grown.set(this.#offsets)
      this.#offsets = grown
    }
  }

  get sizeBytes(): number {
    return this.#offsets[this.length] as number
  }

  column(): Column {
    const { length } = this
    return {
      layout: 'bytes',
      type: types.utf8,
      length,
      validity: null,
      offsets: this.#offsets.subarray(0, length + 1),
      data: this.#data,
    }
  }
}

/** Is the value of a term as a run of UTF-8. */
export type ValueBytes = { readonly bytes: Uint8Array; readonly start: number; readonly end: number }

/** Is what a literal has beside its value: the id of its datatype (0 for plain text and text in a language), … */
export type LiteralParts = {
  readonly datatype: number
  /** The IRI of the datatype, where it has an id. */
  readonly datatypeIri: string
  readonly language: string
  readonly direction: string
  /** The lexical form, where it may be a number. */
  readonly text: string
}

/** Gathers rows of the terms table in the form in which they are inserted. */
export class TermRows {
  #values = new TextRows()
  #languages = new TextRows()
  #directions = new TextRows()
  #kinds: number[] = []
  #datatypes: number[] = []
  #numbers: (number | null)[] = []

  /** Counts the rows. */
  get length(): number {
    return this.#kinds.length
  }

  /** Counts the bytes of values. */
  get sizeBytes(): number {
    return this.#values.sizeBytes
  }

  /** Adds an IRI, a blank node or a triple term. */
  add(kind: number, { bytes, start, end }: ValueBytes): void {
    this.#values.addBytes(bytes, start, end)
    this.#push(kind, null)
  }

  /** Adds a literal. */
  addLiteral({ bytes, start, end }: ValueBytes, literal: LiteralParts): void {
    this.#values.addBytes(bytes, start, end)
    this.#push(TermKind.literal, literal)
  }

  #push(kind: number, literal: LiteralParts | null): void {
    this.#kinds.push(kind)
    this.#datatypes.push(literal?.datatype ?? 0)
    this.#languages.addText(literal?.language ?? '')
    this.#directions.addText(literal?.direction ?? '')
    const isTyped = literal !== null && literal.datatype !== 0
    this.#numbers.push(isTyped ? numericValue(literal.text, literal.datatypeIri) : null)
  }

  /** Gives the rows gathered, and starts anew. */
  take(): RowBatch {
    const batch: RowBatch = {
      fields: [...TERM_FIELDS],
      length: this.length,
      columns: [
        this.#values.column(),
        columnFromValues(types.uint8, this.#kinds),
        columnFromValues(types.int64, this.#datatypes),
        this.#languages.column(),
        this.#directions.column(),
        columnFromValues(types.float64, this.#numbers),
      ],
    }
    this.#values = new TextRows()
    this.#languages = new TextRows()
    this.#directions = new TextRows()
    this.#kinds = []
    this.#datatypes = []
    this.#numbers = []
    return batch
  }
}
