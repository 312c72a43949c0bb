/** Declares the part of sparqljs that is used here: it comes without types. */
declare module 'sparqljs' {
  export class Parser {
    constructor(options?: { readonly baseIRI?: string })
    parse(text: string): unknown
  }
  export class Generator {
    stringify(query: unknown): string
  }
}
