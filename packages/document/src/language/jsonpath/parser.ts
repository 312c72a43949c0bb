/** Parses JSONPath (RFC 9535). */
import { syntaxError } from '../errors.ts'
import type {
  CallSyntax,
  ComparableSyntax,
  LogicalSyntax,
  PathComparison,
  PathQuery,
  Segment,
  Selector,
} from './syntax.ts'

const MAX_DEPTH = 100

/** Parses a query. @throws `SYNTAX` with the place of what is wrong */
export function parseJsonPath(text: string): PathQuery {
  const parser = new Parser(text)
  return parser.query()
}

const NAME = /[A-Za-z_\u{80}-\u{D7FF}\u{E000}-\u{10FFFF}][\w\u{80}-\u{D7FF}\u{E000}-\u{10FFFF}]*/uy
const INTEGER = /(?:0|-?[1-9]\d*)/y
const NUMBER = /(?:-?0|-?[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const FUNCTION = /[a-z][a-z_0-9]*(?=\()/y
const OPERATOR = /==|!=|<=|>=|<|>/y
const KEYWORD = /true|false|null/y

/** Tells what the arguments of a function are and what it gives. */
const FUNCTIONS: Readonly<
  Record<
    CallSyntax['name'],
    { readonly args: readonly ('value' | 'nodes')[]; readonly gives: 'value' | 'truth' }
  >
> = {
  length: { args: ['value'], gives: 'value' },
  count: { args: ['nodes'], gives: 'value' },
  value: { args: ['nodes'], gives: 'value' },
  match: { args: ['value', 'value'], gives: 'truth' },
  search: { args: ['value', 'value'], gives: 'truth' },
}

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  query(): PathQuery {
    if (!this.#take('$')) throw this.#error("A JSONPath starts with '$'. Add it.")
    const segments = this.#segments()
    if (this.#at < this.#text.length) throw this.#error('A JSONPath has text after its end. Remove it.')
    return { from: 'root', segments }
  }

  #error(message: string): Error {
    return syntaxError(message, { text: this.#text, offset: this.#at })
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) return null
    this.#at += found[0].length
    return found[0]
  }

  #space(): void {
    this.#match(SPACE)
  }

  #require(token: string): void {
    if (!this.#take(token)) throw this.#error(`A JSONPath misses a part here. Add it: ${token}`)
  }

  #segments(): Segment[] {
    const segments: Segment[] = []
    for (;;) {
      const before = this.#at
      this.#space()
      const segment = this.#segment()
      if (segment === null) {
        this.#at = before
        return segments
      }
      segments.push(segment)
    }
  }

  #segment(): Segment | null {
    if (this.#take('..')) {
      if (this.#text[this.#at] === '[') return { descends: true, selectors: this.#bracket() }
      return { descends: true, selectors: [this.#shorthand()] }
    }
    if (this.#take('.')) return { descends: false, selectors: [this.#shorthand()] }
    return this.#text[this.#at] === '[' ? { descends: false, selectors: this.#bracket() } : null
  }

  #shorthand(): Selector {
    if (this.#take('*')) return { kind: 'wildcard' }
    const name = this.#match(NAME)
    if (name === null) throw this.#error("A name, '*' or '[' must follow. Quote other names in brackets.")
    return { kind: 'name', name }
  }

  #bracket(): Selector[] {
    this.#require('[')
    const selectors: Selector[] = []
    do {
      this.#space()
      selectors.push(this.#selector())
      this.#space()
    } while (this.#take(','))
    this.#require(']')
    return selectors
  }

  #selector(): Selector {
    const next = this.#text[this.#at]
    if (next === "'" || next === '"') return { kind: 'name', name: this.#string() }
    if (this.#take('*')) return { kind: 'wildcard' }
    if (this.#take('?')) {
      this.#space()
      return { kind: 'filter', condition: this.#or() }
    }
    return this.#indexOrSlice()
  }

  #indexOrSlice(): Selector {
    const start = this.#integer()
    const before = this.#at
    this.#space()
    if (!this.#take(':')) {
      this.#at = before
      if (start === null)
        throw this.#error('A selector is a name, an index, a slice, * or a filter. Write one.')
      return { kind: 'index', index: start }
    }
    this.#space()
    const end = this.#integer()
    const beforeStep = this.#at
    this.#space()
    if (!this.#take(':')) {
      this.#at = beforeStep
      return { kind: 'slice', start, end, step: 1 }
    }
    this.#space()
    return { kind: 'slice', start, end, step: this.#integer() ?? 1 }
  }

  #integer(): number | null {
    const text = this.#match(INTEGER)
    if (text === null) return null
    const number = Number(text)
    if (!Number.isSafeInteger(number)) throw this.#error('An index is too large. Use one below 2^53.')
    if (/\d/.test(this.#text[this.#at] ?? ''))
      throw this.#error('An index has no leading zeros. Remove them.')
    return number
  }

  #string(): string {
    const quote = this.#text[this.#at] as string
    this.#at += 1
    let value = ''
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) throw this.#error('A quoted text has no end. Close it.')
      if (char === quote) {
        this.#at += 1
        if (!value.isWellFormed())
          throw this.#error('A text holds half of a surrogate pair. Write both halves.')
        return value
      }
      if (char < ' ') throw this.#error('A quoted text holds a control character. Escape it.')
      value += char === '\\' ? this.#escape(quote) : char
      if (char !== '\\') this.#at += 1
    }
  }

  #escape(quote: string): string {
    const char = this.#text[this.#at + 1]
    const plain = char === quote ? quote : ESCAPES.get(char ?? '')
    if (plain !== undefined) {
      this.#at += 2
      return plain
    }
    const hex = /^u[0-9a-fA-F]{4}/.exec(this.#text.slice(this.#at + 1, this.#at + 6))
    if (hex === null) throw this.#error('A quoted text has an unknown escape. Correct it.')
    this.#at += 6
    return String.fromCharCode(Number.parseInt(hex[0].slice(1), 16))
  }

  #or(): LogicalSyntax {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH)
      throw this.#error(`A filter is nested too deep. Use at most ${MAX_DEPTH} levels.`)
    const parts = [this.#and()]
    while (this.#operator('||')) parts.push(this.#and())
    this.#depth -= 1
    return parts.length === 1 ? (parts[0] as LogicalSyntax) : { kind: 'or', parts }
  }

  #and(): LogicalSyntax {
    const parts = [this.#basic()]
    while (this.#operator('&&')) parts.push(this.#basic())
    return parts.length === 1 ? (parts[0] as LogicalSyntax) : { kind: 'and', parts }
  }

  #operator(token: string): boolean {
    const before = this.#at
    this.#space()
    if (this.#take(token)) {
      this.#space()
      return true
    }
    this.#at = before
    return false
  }

  #basic(): LogicalSyntax {
    if (this.#take('!')) {
      this.#space()
      return { kind: 'not', part: this.#text[this.#at] === '(' ? this.#group() : this.#test() }
    }
    return this.#text[this.#at] === '(' ? this.#group() : this.#comparisonOrTest()
  }

  #group(): LogicalSyntax {
    this.#require('(')
    this.#space()
    const condition = this.#or()
    this.#space()
    this.#require(')')
    return condition
  }

  #test(): LogicalSyntax {
    return this.#asTest(this.#comparable())
  }

  #asTest(item: ComparableSyntax): LogicalSyntax {
    if (item.kind === 'query') return { kind: 'exists', query: item.query }
    if (item.kind === 'call' && FUNCTIONS[item.call.name].gives === 'truth')
      return { kind: 'test', call: item.call }
    throw this.#error('A value alone is no condition. Compare it with another.')
  }

  #comparisonOrTest(): LogicalSyntax {
    const left = this.#comparable()
    const before = this.#at
    this.#space()
    const operator = this.#match(OPERATOR) as PathComparison | null
    if (operator === null) {
      this.#at = before
      return this.#asTest(left)
    }
    this.#checkValue(left)
    this.#space()
    const right = this.#comparable()
    this.#checkValue(right)
    return { kind: 'comparison', operator, left, right }
  }

  /** A side of a comparison is one value. */
  #checkValue(item: ComparableSyntax): void {
    if (item.kind === 'query' && !isSingular(item.query))
      throw this.#error('A query in a comparison leads to one node at most. Use names and indexes alone.')
    if (item.kind === 'call' && FUNCTIONS[item.call.name].gives !== 'value')
      throw this.#error(`The function ${item.call.name} gives no value to compare. Use it as a condition.`)
  }

  #comparable(): ComparableSyntax {
    const next = this.#text[this.#at]
    if (next === "'" || next === '"') return { kind: 'literal', value: this.#string() }
    if (next === '@' || next === '$') {
      this.#at += 1
      return { kind: 'query', query: { from: next === '@' ? 'current' : 'root', segments: this.#segments() } }
    }
    const name = this.#match(FUNCTION)
    if (name !== null) return { kind: 'call', call: this.#call(name) }
    const keyword = this.#match(KEYWORD)
    if (keyword !== null) return { kind: 'literal', value: JSON.parse(keyword) as boolean | null }
    const number = this.#match(NUMBER)
    if (number !== null && !/[\d\w]/.test(this.#text[this.#at] ?? ''))
      return { kind: 'literal', value: Number(number) }
    throw this.#error('A query, a function or a constant must stand here. Write one.')
  }

  #call(name: string): CallSyntax {
    const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name as CallSyntax['name']] : undefined
    if (definition === undefined)
      throw this.#error(`There is no function of this name. Check its spelling: ${name}`)
    this.#require('(')
    const args: ComparableSyntax[] = []
    this.#space()
    if (!this.#take(')')) {
      do {
        this.#space()
        args.push(this.#comparable())
        this.#space()
      } while (this.#take(','))
      this.#require(')')
    }
    if (args.length !== definition.args.length)
      throw this.#error(
        `The function ${name} takes ${definition.args.length} arguments. It got ${args.length}.`,
      )
    for (const [at, wanted] of definition.args.entries()) {
      const arg = args[at] as ComparableSyntax
      if (wanted === 'value') this.#checkValue(arg)
      else if (arg.kind !== 'query') throw this.#error(`The function ${name} takes a query. Give it one.`)
    }
    return { name: name as CallSyntax['name'], args }
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['/', '/'],
  ['\\', '\\'],
])

/** Tells whether a query leads to one node at most. */
function isSingular({ segments }: PathQuery): boolean {
  return segments.every(({ descends, selectors }) => {
    const [only, ...more] = selectors
    return !descends && more.length === 0 && (only?.kind === 'name' || only?.kind === 'index')
  })
}
