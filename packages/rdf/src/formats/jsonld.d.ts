/** Declares the part of jsonld that is used here: it comes without types. */
declare module 'jsonld' {
  type Options = {
    readonly base?: string
    readonly documentLoader?: (url: string) => Promise<never>
    readonly format?: string
    readonly useNativeTypes?: boolean
  }
  type JsonLdTerm = {
    readonly termType: 'NamedNode' | 'BlankNode' | 'Literal' | 'DefaultGraph'
    readonly value: string
    readonly datatype?: { readonly value: string }
    readonly language?: string
  }
  type JsonLdQuad = {
    readonly subject: JsonLdTerm
    readonly predicate: JsonLdTerm
    readonly object: JsonLdTerm
    readonly graph: JsonLdTerm
  }
  const jsonld: {
    toRDF(document: unknown, options: Options): Promise<readonly JsonLdQuad[]>
    fromRDF(nquads: string, options: Options): Promise<unknown>
  }
  // biome-ignore lint/style/noDefaultExport: the package has no other.
  export default jsonld
}
