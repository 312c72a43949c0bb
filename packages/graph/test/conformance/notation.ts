/** Parses the notation of values in the compatibility kit's tables, see the README beside its scenarios. */
export type Expected =
  | { readonly kind: 'null' | 'true' | 'false' }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly Expected[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Expected> }
  | ExpectedNode
  | ExpectedRelationship
  | {
      readonly kind: 'path'
      readonly nodes: readonly ExpectedNode[]
      readonly steps: readonly ExpectedStep[]
    }

/** Is a node in the kit's notation. */
export type ExpectedNode = {
  readonly kind: 'node'
  readonly labels: readonly string[]
  readonly properties: ReadonlyMap<string, Expected>
}

/** Is a relationship in the kit's notation. */
export type ExpectedRelationship = {
  readonly kind: 'relationship'
  readonly type: string
  readonly properties: ReadonlyMap<string, Expected>
}

/** Is a step of a path: a relationship, and whether it points forward. */
export type ExpectedStep = { readonly relationship: ExpectedRelationship; readonly forward: boolean }

/** Parses one value. */
export function parseValue(text: string): Expected {
  const reader = new Reader(text)
  const value = reader.value()
  reader.end()
  return value
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  #skip(): void {
    while (this.#text[this.#at] === ' ') this.#at += 1
  }

  #take(symbol: string): boolean {
    this.#skip()
    if (!this.#text.startsWith(symbol, this.#at)) return false
    this.#at += symbol.length
    return true
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw new Error(`expected ${symbol} at ${this.#at} of ${this.#text}`)
  }

  end(): void {
    this.#skip()
    if (this.#at < this.#text.length) throw new Error(`unexpected text at ${this.#at} of ${this.#text}`)
  }

  #match(pattern: RegExp): string | null {
    this.#skip()
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) return null
    this.#at += found[0].length
    return found[0]
  }

  value(): Expected {
    this.#skip()
    const char = this.#text[this.#at]
    if (char === "'") return { kind: 'string', value: this.#string() }
    if (char === '[') return this.#listOrRelationship()
    if (char === '{') return { kind: 'map', entries: this.#map() }
    if (char === '(') return this.#node()
    if (char === '<') return this.#path()
    return this.#word()
  }

  #word(): Expected {
    const word = this.#match(/[^\s,\]})>:]+/y) ?? ''
    if (word === 'null' || word === 'true' || word === 'false') return { kind: word }
    if (word === 'NaN') return { kind: 'float', value: Number.NaN }
    if (word === 'Inf' || word === '-Inf')
      return { kind: 'float', value: word === 'Inf' ? Infinity : -Infinity }
    if (/^-?\d+$/.test(word)) return { kind: 'integer', value: BigInt(word) }
    return { kind: 'float', value: Number(word) }
  }

  #string(): string {
    this.#expect("'")
    let value = ''
    while (this.#text[this.#at] !== "'") {
      if (this.#at >= this.#text.length) throw new Error(`unclosed string in ${this.#text}`)
      if (this.#text[this.#at] === '\\' && /['\\]/.test(this.#text[this.#at + 1] ?? '')) this.#at += 1
      value += this.#text[this.#at]
      this.#at += 1
    }
    this.#at += 1
    return value
  }

  #listOrRelationship(): Expected {
    this.#expect('[')
    if (this.#take(':')) return this.#relationshipRest()
    const items: Expected[] = []
    if (this.#take(']')) return { kind: 'list', items }
    do items.push(this.value())
    while (this.#take(','))
    this.#expect(']')
    return { kind: 'list', items }
  }

  #relationshipRest(): ExpectedRelationship {
    const type = this.#name()
    this.#skip()
    const properties = this.#text[this.#at] === '{' ? this.#map() : new Map<string, Expected>()
    this.#expect(']')
    return { kind: 'relationship', type, properties }
  }

  #name(): string {
    if (this.#take('`')) {
      const end = this.#text.indexOf('`', this.#at)
      const name = this.#text.slice(this.#at, end)
      this.#at = end + 1
      return name
    }
    return this.#match(/[\p{L}\p{N}_]+/uy) ?? ''
  }

  #map(): ReadonlyMap<string, Expected> {
    this.#expect('{')
    const entries = new Map<string, Expected>()
    if (this.#take('}')) return entries
    do {
      const key = this.#name()
      this.#expect(':')
      entries.set(key, this.value())
    } while (this.#take(','))
    this.#expect('}')
    return entries
  }

  #node(): ExpectedNode {
    this.#expect('(')
    const labels: string[] = []
    while (this.#take(':')) labels.push(this.#name())
    this.#skip()
    const properties = this.#text[this.#at] === '{' ? this.#map() : new Map<string, Expected>()
    this.#expect(')')
    return { kind: 'node', labels, properties }
  }

  #path(): Expected {
    this.#expect('<')
    const nodes = [this.#node()]
    const steps: ExpectedStep[] = []
    while (!this.#take('>')) {
      const backward = this.#take('<-')
      if (!backward) this.#expect('-')
      this.#expect('[')
      this.#expect(':')
      const relationship = this.#relationshipRest()
      this.#expect(backward ? '-' : '->')
      steps.push({ relationship, forward: !backward })
      nodes.push(this.#node())
    }
    return { kind: 'path', nodes, steps }
  }
}

/** Makes the plain JavaScript value of a parameter. */
export function plainValue(expected: Expected): unknown {
  switch (expected.kind) {
    case 'null':
      return null
    case 'true':
    case 'false':
      return expected.kind === 'true'
    case 'integer':
      return Number.isSafeInteger(Number(expected.value)) ? Number(expected.value) : expected.value
    case 'float':
    case 'string':
      return expected.value
    case 'list':
      return expected.items.map(plainValue)
    case 'map':
      return Object.fromEntries([...expected.entries].map(([key, value]) => [key, plainValue(value)]))
    default:
      throw new Error(`a ${expected.kind} cannot be a parameter`)
  }
}
