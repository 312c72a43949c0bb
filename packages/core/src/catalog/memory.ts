/** Accounts for what all running queries of a store keep beside what the store itself does. */
export type QueryMemory = {
  readonly limitBytes: number
  /** Takes bytes where they leave the given share of the limit for others; tells whether it did. */
  reserve(bytes: number, share: number): boolean
  release(bytes: number): void
}
