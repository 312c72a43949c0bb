import type { LineTarget } from '../formats/line-reader.ts'
import type { Term } from '../layout/term.ts'
import { DEFAULT_GRAPH_ID, inlineId } from '../layout/term-id.ts'
import type { QuadSink } from './writes.ts'

const BATCH_QUADS = 65_536
const MAX_TOKENS = 2 ** 20

/**
 * Takes quads as tokens of a document, known by their text. A token that is new stands for a negative number until
 * its batch is written; then it has the id of its term.
 */
export class TokenSink implements LineTarget {
  readonly #sink: QuadSink
  readonly #other: (line: string) => void
  readonly #onBatch: () => void
  readonly #ids = new Float64Array(BATCH_QUADS * 4)
  #count = 0
  #tokens = new Map<string, number>()
  #newTokens: string[] = []
  #newTerms: Term[] = []
  readonly defaultGraph: number

  constructor(
    sink: QuadSink,
    options: {
      /** The graph of triples that name none. */
      readonly graph: Term | null
      readonly other: (line: string) => void
      /** Is called after each batch; may throw to stop. */
      readonly onBatch: () => void
    },
  ) {
    this.#sink = sink
    this.#other = options.other
    this.#onBatch = options.onBatch
    this.defaultGraph = options.graph === null ? DEFAULT_GRAPH_ID : (sink.idsOf([options.graph])[0] as number)
  }

  known(token: string): number | undefined {
    return this.#tokens.get(token)
  }

  note(token: string, term: Term): number {
    const inline = inlineId(term)
    if (inline !== undefined) {
      this.#tokens.set(token, inline)
      return inline
    }
    this.#newTokens.push(token)
    this.#newTerms.push(term)
    const number = -this.#newTokens.length
    this.#tokens.set(token, number)
    return number
  }

  quad(subject: number, predicate: number, object: number, graph: number): void {
    const at = this.#count * 4
    this.#ids[at] = subject
    this.#ids[at + 1] = predicate
    this.#ids[at + 2] = object
    this.#ids[at + 3] = graph
    this.#count += 1
    if (this.#count === BATCH_QUADS) this.flush()
  }

  other(line: string): void {
    this.#other(line)
  }

  /** Writes what was taken. */
  flush(): void {
    const given = this.#sink.idsOf(this.#newTerms)
    for (let index = 0; index < given.length; index += 1)
      this.#tokens.set(this.#newTokens[index] as string, given[index] as number)
    const ids = this.#ids.slice(0, this.#count * 4)
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number
      if (id < 0) ids[at] = given[-id - 1] as number
    }
    this.#sink.taken += this.#count
    this.#sink.addIds({ count: this.#count, ids })
    this.#count = 0
    this.#newTokens = []
    this.#newTerms = []
    if (this.#tokens.size > MAX_TOKENS) this.#tokens = new Map()
    this.#onBatch()
  }
}
