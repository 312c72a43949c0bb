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

  #partAfterDot(): string {
    const { kind, name } = this.next
    if (kind === 'quoted' && name === '') throw this.error('A name with a letter in it is expected here')
    return this.name()
  }

  /** Takes the name of a relation; the catalog and the schemas `main` and `temp` are left out. */
  relation(): RelationName {
    const offset = this.next.start
    const parts = [this.name()]
    while (this.takes('.')) parts.push(this.#partAfterDot())
    if (parts.length > 2) parts.splice(0, parts.length - 2)
    const isMain = parts.length > 1 && /^(main|temp|memory)$/i.test(parts[0] as string)
    if (isMain) parts.shift()
    const [schema] = parts.length > 1 ? parts : []
    return {
      name: parts.join('.'),
      offset,
      ...(schema === undefined ? {} : { schema }),
      ...(isMain ? { isMain } : {}),
    }
  }

  /** Takes `(name, …)`. */
  names(): string[] {
    this.expect('(')
    const names = [this.name()]
    while (this.takes(',')) names.push(this.name())
    this.expect(')')
    return names
  }

  /** Takes the rest of the statement as it stands. */
  rest(): Piece {
    const { start } = this.next
    let end = start
    while (!this.isDone) end = this.advance().end
    if (end === start) throw this.error('More is expected here')
    return { text: this.text.slice(start, end), offset: start }
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

  /** Gives the text from a place to the token that was taken last. */
  pieceFrom(start: number): Piece {
    const last = this.#tokens[this.#at - 1]
    return { text: this.text.slice(start, last?.end ?? start), offset: start }
  }

  /** Takes what stands in brackets. */
  brackets(): Piece {
    this.expect('(')
    const piece = this.sees(')') ? { text: '', offset: this.next.start } : this.until()
    this.expect(')')
    return piece
  }
}
