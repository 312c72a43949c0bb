/** Reads documents from JSON, a line each or as one array, from files and streams of any length. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { SheafError } from '@sheafdb/core'
import type { Document } from '../semantics/value.ts'
import { fromExtendedJson } from './extended-json.ts'

/** Is where documents are read from: a file, or text or bytes in pieces. */
export type JsonSource =
  | { readonly path: string }
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>

/** Is a run of documents, and how many bytes were read up to its end. */
export type DocumentBatch = { readonly documents: readonly Document[]; readonly bytesRead: number }

/** Gives the size of a source, where it is known before it is read. */
export async function sourceSize(source: JsonSource): Promise<number | undefined> {
  return 'path' in source ? (await stat(source.path)).size : undefined
}

/**
 * Reads documents in batches. Values in MongoDB's Extended JSON (`{ "$date": … }`) are those values. The text is an
 * array of objects, or objects one after the other, a line each most often.
 *
 * @throws `SYNTAX` naming the document that is no JSON, `LIMIT` for one that is too long
 */
export async function* readJson(source: JsonSource, batchSize: number): AsyncGenerator<DocumentBatch> {
  const splitter = new ObjectSplitter()
  const decoder = new TextDecoder()
  let documents: Document[] = []
  let bytesRead = 0
  let count = 0
  const pieces = 'path' in source ? createReadStream(source.path, { highWaterMark: 1 << 20 }) : source
  for await (const piece of pieces) {
    const isText = typeof piece === 'string'
    bytesRead += isText ? Buffer.byteLength(piece) : piece.length
    for (const text of splitter.add(isText ? piece : decoder.decode(piece, { stream: true }))) {
      count += 1
      documents.push(parseDocument(text, count))
      if (documents.length < batchSize) continue
      yield { documents, bytesRead }
      documents = []
    }
  }
  for (const text of splitter.add(decoder.decode())) documents.push(parseDocument(text, count + 1))
  splitter.finish()
  if (documents.length > 0) yield { documents, bytesRead }
}

function parseDocument(text: string, number: number): Document {
  try {
    return fromExtendedJson(JSON.parse(text)) as Document
  } catch (cause) {
    if (cause instanceof SheafError) throw cause
    throw new SheafError(
      'SYNTAX',
      `Document ${number} is no valid JSON. Correct it: ${(cause as Error).message}`,
      { cause },
    )
  }
}

const LONGEST = 64 * 2 ** 20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const BETWEEN = /^[\s,[\]\ufeff]*$/

/** Cuts text into the objects at its top, whatever stands around them. */
class ObjectSplitter {
  /** How many objects were found. */
  count = 0
  #text = ''
  #at = 0
  #start = -1
  #depth = 0
  #quoted = false
  #between = 0

  /** Adds text; gives the objects that end in it. */
  add(text: string): string[] {
    const found: string[] = []
    this.#text += text
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at)
      if (this.#quoted) {
        if (code === BACKSLASH) this.#at += 1
        else if (code === QUOTE) this.#quoted = false
      } else if (code === QUOTE) this.#quoted = true
      else if (code === OPEN) this.#open()
      else if (code === CLOSE && this.#close()) found.push(this.#text.slice(this.#start, this.#at + 1))
    }
    this.#forget()
    return found
  }

  #open(): void {
    if (this.#depth === 0) {
      this.#checkBetween(this.#at)
      this.#start = this.#at
      this.count += 1
    }
    this.#depth += 1
  }

  #close(): boolean {
    this.#depth -= 1
    if (this.#depth < 0) throw this.#error()
    this.#between = this.#at + 1
    return this.#depth === 0
  }

  #checkBetween(end: number): void {
    if (!BETWEEN.test(this.#text.slice(this.#between, end))) throw this.#error()
  }

  #error(): SheafError {
    return new SheafError(
      'SYNTAX',
      `Documents are objects, a line each or in one array. Something else stands after document ${this.count}.`,
    )
  }

  /** Lets the text go that was read. */
  #forget(): void {
    const keep = this.#depth === 0 ? this.#between : this.#start
    if (this.#text.length - keep > LONGEST)
      throw new SheafError(
        'LIMIT',
        `Document ${this.count} is too long. Keep documents under ${LONGEST} letters.`,
      )
    this.#text = this.#text.slice(keep)
    this.#at -= keep
    this.#start -= keep
    this.#between = Math.max(0, this.#between - keep)
  }

  /** Checks that nothing is left over. @throws `SYNTAX` */
  finish(): void {
    if (this.#depth > 0 || this.#quoted)
      throw new SheafError('SYNTAX', `Document ${this.count} has no end. The text is cut off.`)
    this.#checkBetween(this.#text.length)
  }
}
