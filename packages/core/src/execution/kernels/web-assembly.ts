/** Is the memory of a WebAssembly instance; `buffer` is another object once it has grown. */
export type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number }

/** Is what is used of WebAssembly, which Node has and its type declarations leave to those of browsers. */
export type WasmApi = {
  readonly Memory: new (options: { readonly initial: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

/** Gives the host's WebAssembly. */
export const wasm: WasmApi = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly
