import { SheafError } from '@sheafdb/core'

/** Is a value of a header's JSON: objects as entries, so that a name given twice is seen; numbers as they are written. */
export type HeaderValue =
  | string
  | { readonly number: string }
  | { readonly literal: 'true' | 'false' | 'null' }
  | readonly HeaderValue[]
  | HeaderObject

/** Is an object of a header's JSON. */
export type HeaderObject = { readonly entries: ReadonlyMap<string, HeaderValue> }

const MAX_DEPTH = 32
const SPACE = /[ \t\n\r]*/y
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LITERAL = /true|false|null/y

/**
 * Reads JSON as a header of a file of tensors may have it: RFC 8259, names of an object different from each other.
 * `JSON.parse` would round large numbers and take the last of two equal names.
 *
 * @throws `CORRUPT`
 */
export function parseHeaderJson(text: string): HeaderValue {
  const reader = new HeaderJsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

class HeaderJsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): HeaderValue {
    if (depth > MAX_DEPTH) throw this.#error('it is nested too deep')
    this.#take(SPACE)
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      default:
        return this.#word()
    }
  }

  end(): void {
    this.#take(SPACE)
    if (this.#at < this.#text.length) throw this.#error('it goes on after its end')
  }

  #object(depth: number): HeaderObject {
    const entries = new Map<string, HeaderValue>()
    this.#items('}', () => {
      const name = this.#string()
      if (entries.has(name)) throw this.#error(`the name ${JSON.stringify(name)} stands there twice`)
      this.#symbol(':')
      entries.set(name, this.value(depth + 1))
    })
    return { entries }
  }

  #array(depth: number): HeaderValue[] {
    const items: HeaderValue[] = []
    this.#items(']', () => items.push(this.value(depth + 1)))
    return items
  }

  #items(end: string, item: () => void): void {
    this.#at += 1
    this.#take(SPACE)
    if (this.#text[this.#at] === end) {
      this.#at += 1
      return
    }
    for (;;) {
      this.#take(SPACE)
      item()
      this.#take(SPACE)
      const next = this.#text[this.#at]
      this.#at += 1
      if (next === end) return
      if (next !== ',') throw this.#error(`a comma or ${end} is missing`)
    }
  }

  #symbol(symbol: string): void {
    this.#take(SPACE)
    if (this.#text[this.#at] !== symbol) throw this.#error(`a ${symbol} is missing`)
    this.#at += 1
  }

  #string(): string {
    const token = this.#take(STRING)
    if (token === '') throw this.#error('a text is missing or damaged')
    try {
      return JSON.parse(token) as string
    } catch {
      throw this.#error('a text holds an unknown escape or a control character')
    }
  }

  #word(): HeaderValue {
    const number = this.#take(NUMBER)
    if (number !== '') return { number }
    const literal = this.#take(LITERAL)
    if (literal === '') throw this.#error('a value is missing')
    return { literal: literal as 'true' | 'false' | 'null' }
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += token.length
    return token
  }

  #error(what: string): SheafError {
    return new SheafError(
      'CORRUPT',
      `The header of the file is no JSON: ${what}, at character ${this.#at}.`,
      {
        detail: 'InvalidHeaderDeserialization',
      },
    )
  }
}
