import { type SheafError, sourceError } from '@sheafdb/core'
import { type Token, tokenize } from './lexer.ts'
import { parseSlice } from './parser-slice.ts'
import type { BinaryOperator, Syntax } from './syntax.ts'

const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['<', '<=', '>', '>=', '==', '!='],
  ['+', '-'],
  ['*', '/', '%', '@'],
]
const MAX_DEPTH = 500

/**
 * Parses an expression over arrays: names, numbers, `+ - * / % ** @`, comparisons, calls `sum(a, axis=0)`, slices
 * `a[0:10, ::2]`, with Python's precedence.
 *
 * @throws `SYNTAX` with the position, `LIMIT` for nesting past 500 levels
 */
export function parseTensorExpression(text: string): Syntax {
  return new Parser(text).whole()
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  whole(): Syntax {
    const syntax = this.#binary(0)
    if (this.#next.kind !== 'end') throw this.#error(`Something is missing before ${this.#next.text}.`)
    return syntax
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #take(text: string): boolean {
    if (this.#next.kind !== 'symbol' || this.#next.text !== text) return false
    this.#at += 1
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#error(`A ${text} is missing.`)
  }

  #binary(level: number): Syntax {
    const operators = LEVELS[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    for (;;) {
      const { text, offset, kind } = this.#next
      const operator = operators.find((candidate) => kind === 'symbol' && candidate === text)
      if (operator === undefined) return left
      this.#at += 1
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1), offset }
    }
  }

  #unary(): Syntax {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.#error(`An expression is nested deeper than ${MAX_DEPTH} levels.`)
    const { offset } = this.#next
    const syntax = this.#take('-')
      ? { kind: 'negate' as const, operand: this.#unary(), offset }
      : this.#take('+')
        ? this.#unary()
        : this.#power()
    this.#depth -= 1
    return syntax
  }

  #power(): Syntax {
    const base = this.#postfix()
    const { offset } = this.#next
    return this.#take('**')
      ? { kind: 'binary', operator: '**', left: base, right: this.#unary(), offset }
      : base
  }

  #postfix(): Syntax {
    let array = this.#primary()
    for (;;) {
      const { offset } = this.#next
      if (this.#take('[')) array = { kind: 'slice', array, slices: parseSlice(this.#untilBracket()), offset }
      else if (this.#take('.')) {
        if (this.#next.text !== 'T') throw this.#error('After the point stands T, for the transpose.')
        this.#at += 1
        array = { kind: 'call', name: 'transpose', args: [array], options: new Map(), offset }
      } else return array
    }
  }

  /** Takes the text of a slice as it stands up to its bracket. */
  #untilBracket(): string {
    const start = this.#next.offset
    while (this.#next.text !== ']') {
      if (this.#next.kind === 'end') throw this.#error('A ] is missing.')
      this.#at += 1
    }
    const text = this.#text.slice(start, this.#next.offset)
    this.#at += 1
    return text
  }

  #primary(): Syntax {
    const { kind, text, offset } = this.#next
    if (this.#take('(')) {
      const inner = this.#binary(0)
      this.#expect(')')
      return inner
    }
    if (this.#take('[')) return { kind: 'list', items: this.#items(']'), offset }
    if (kind !== 'number' && kind !== 'name') throw this.#error('An array, a number or a call is missing.')
    this.#at += 1
    if (kind === 'number') return { kind: 'number', value: Number(text), offset }
    return this.#take('(') ? this.#call(text, offset) : { kind: 'name', name: text, offset }
  }

  #items(end: string): Syntax[] {
    const items: Syntax[] = []
    while (!this.#take(end)) {
      items.push(this.#binary(0))
      if (!this.#take(',') && this.#next.text !== end) throw this.#error(`A comma or ${end} is missing.`)
    }
    return items
  }

  #call(name: string, offset: number): Syntax {
    const args: Syntax[] = []
    const options = new Map<string, Syntax>()
    while (!this.#take(')')) {
      const option = this.#next
      if (option.kind === 'name' && this.#tokens[this.#at + 1]?.text === '=') {
        this.#at += 2
        options.set(option.text, this.#binary(0))
      } else args.push(this.#binary(0))
      if (!this.#take(',') && this.#next.text !== ')') throw this.#error('A comma or ) is missing.')
    }
    return { kind: 'call', name, args, options, offset }
  }

  #error(message: string): SheafError {
    const { offset } = this.#next
    return sourceError(message.includes('deeper') ? 'LIMIT' : 'SYNTAX', message, { text: this.#text, offset })
  }
}
