import { sourceError } from '@sheafdb/core'
import type { Token } from '../lexer.ts'
import type { Piece, RelationName } from '../statement.ts'

/** Walks the tokens of one statement. */
export class Cursor {
  readonly text: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string, tokens: readonly Token[]) {
    this.text = text
    this.#tokens = tokens
  }

  /** The token that comes next. */
  get next(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token
  }

  /** The token `count` places after the next. */
  peek(count: number): Token {
    return this.#tokens[Math.min(this.#at + count, this.#tokens.length - 1)] as Token
  }

  advance(): Token {
    const token = this.next
    if (token.kind !== 'end') this.#at += 1
    return token
  }

  get isDone(): boolean {
    return this.next.kind === 'end'
  }

  /** Tells whether words or symbols come next. */
  sees(...keys: string[]): boolean {
    return keys.every((key, index) => this.peek(index).key === key)
  }

  /** Takes words or symbols where they come next. */
  takes(...keys: string[]): boolean {
    if (!this.sees(...keys)) return false
    this.#at += keys.length
    return true
  }

  /** @throws `SYNTAX` where something else comes next */
  expect(...keys: string[]): void {
    for (const key of keys) if (!this.takes(key)) throw this.error(`${key} is expected here`)
  }

  /** Makes an error about the next token. */
  error(sentence: string): Error {
    return sourceError('SYNTAX', `${sentence}. Correct the statement.`, {
      text: this.text,
      offset: this.next.start,
      detail: 'Parser Error',
    })
  }

  /** Takes a name. */
  name(): string {
    const token = this.next
    if (token.kind !== 'word' && token.kind !== 'quoted') throw this.error('A name is expected here')
    this.#at += 1
    return token.name
  }

  /** Takes the name of a relation; the schema `main` is left out. */
  relation(): RelationName {
    const offset = this.next.start
    const parts = [this.name()]
    while (this.takes('.')) parts.push(this.name())
    if (parts.length > 1 && parts[parts.length - 2]?.toLowerCase() === 'main')
      parts.splice(0, parts.length - 1)
    return { name: parts.join('.'), offset }
  }

  /** Takes `(name, …)`. */
  names(): string[] {
    this.expect('(')
    const names = [this.name()]
    while (this.takes(',')) names.push(this.name())
    this.expect(')')
    return names
  }

  /** Takes everything up to one of the words outside of brackets, or to the end. */
  until(...keys: string[]): Piece {
    const start = this.next.start
    let end = start
    let depth = 0
    for (;;) {
      const token = this.next
      if (token.kind === 'end') break
      if (depth === 0 && (keys.includes(token.key) || token.key === ')')) break
      if (token.key === '(' || token.key === '[' || token.key === '{') depth += 1
      if (token.key === ')' || token.key === ']' || token.key === '}') depth -= 1
      end = token.end
      this.#at += 1
    }
    if (end === start) throw this.error('An expression is expected here')
    return { text: this.text.slice(start, end), offset: start }
  }

  /** Takes what stands in brackets. */
  brackets(): Piece {
    this.expect('(')
    const piece = this.sees(')') ? { text: '', offset: this.next.start } : this.until()
    this.expect(')')
    return piece
  }
}
