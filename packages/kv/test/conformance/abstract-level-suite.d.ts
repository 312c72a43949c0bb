declare module 'abstract-level/test/index.js' {
  type Suite = (options: { readonly test: unknown; readonly factory: (options?: object) => object }) => void
  const suite: Suite
  export = suite
}
