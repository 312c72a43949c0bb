/** Declares the part of n3 that is used here: it comes without types. */
declare module 'n3' {
  import type * as RDF from '@rdfjs/types'

  export class Parser {
    constructor(options: {
      readonly format?: string
      readonly baseIRI?: string
      readonly factory?: unknown
      readonly blankNodePrefix?: string
    })
    parse(input: string): RDF.Quad[]
    parse(
      input: string | NodeJS.EventEmitter,
      onQuad: (error: Error | null, quad: RDF.Quad | null) => void,
    ): void
  }

  export class Writer {
    constructor(
      output: {
        write(text: string, encoding: unknown, done?: () => void): void
        end(done?: () => void): void
      },
      options: { readonly format?: string; readonly prefixes?: Readonly<Record<string, string>> },
    )
    addQuad(quad: RDF.Quad): void
    end(): void
  }
}
