/** Says that a query cannot be expressed by the common plan with DuckDB's exact meaning: it runs in DuckDB whole. */
export class NotNative extends Error {
  override readonly name = 'NotNative'
}

/** Gives up lowering a query natively; the reason is shown by `explain`. */
export function notNative(reason: string): never {
  throw new NotNative(reason)
}
