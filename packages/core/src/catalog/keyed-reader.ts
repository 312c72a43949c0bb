import type { Value } from '../types/value.ts'

/** Bounds a range of keys: from `lower` (left out where `lowerOpen`) up to `upper` (left out where `upperOpen`). */
export type KeyRangeBounds = {
  readonly lower?: Uint8Array
  readonly lowerOpen?: boolean
  readonly upper?: Uint8Array
  readonly upperOpen?: boolean
  readonly descending?: boolean
}

/** Stands on one row after the other, in the order of keys. What it gives of a row is good until it moves on. */
export type KeyedCursor = {
  /** Goes to the next row; false where there is none. */
  next(): boolean
  /** Gives the bytes of the key: a view of the store's memory. */
  key(): Uint8Array
  /** Reads one of the fields that the reader was made for. */
  value(field: number): Value
}

/**
 * Reads rows of a table whose key is one field of bytes: at once, without a plan and without making columns of them.
 * A reader over a store sees its last commit at each call; one over a snapshot or a transaction what these see.
 */
export type KeyedReader = {
  /** Gives the place of the row of a key, to be read by `value`; `null` where there is none. */
  find(key: Uint8Array): KeyedRow | null
  /** Reads the rows of a range in the order of keys. What is committed meanwhile is not seen. */
  range(bounds: KeyRangeBounds): KeyedCursor
}

/** Is a row that a {@link KeyedReader} found. It is used again by the reader's next call. */
export type KeyedRow = {
  value(field: number): Value
  readonly rowId: number
}
