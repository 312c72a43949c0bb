/** Declares the part of rdf-canonize that is used here: it comes without types. */
declare module 'rdf-canonize' {
  const library: {
    canonize(
      input: string,
      options: {
        readonly algorithm: 'RDFC-1.0'
        readonly inputFormat: 'application/n-quads'
        readonly format: 'application/n-quads'
        readonly maxWorkFactor?: number
        readonly signal?: AbortSignal
      },
    ): Promise<string>
  }
  // biome-ignore lint/style/noDefaultExport: the package has no other.
  export default library
}
