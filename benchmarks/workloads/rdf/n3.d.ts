/** Declares the part of n3 that is compared with: it comes without types. */
declare module 'n3' {
  export class Parser {
    constructor(options: { readonly format: string })
    parse(input: string): readonly object[]
  }
  export class Store {
    constructor(quads: readonly object[])
    readonly size: number
    match(
      subject: unknown,
      predicate: unknown,
      object: unknown,
    ): Iterable<{ readonly object: { value: string } }>
  }
}
