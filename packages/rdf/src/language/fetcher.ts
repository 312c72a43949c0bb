/** Says what is asked of the network. */
export type FetchRequest = {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** The query, for SERVICE. */
  readonly body?: string
}

/** Is a document that was fetched. */
export type FetchedDocument = { readonly body: string | Uint8Array; readonly contentType: string }

/** Is the part of a `Response` of the Fetch standard that is read. */
export type FetchResponse = {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

/**
 * Fetches a document for LOAD, or asks an endpoint for SERVICE. `globalThis.fetch` is one; one of your own may give the
 * document as `{ body, contentType }`.
 */
export type Fetcher = (iri: string, request: FetchRequest) => Promise<FetchedDocument | FetchResponse>
