/** Is a file of what a query put aside: frames of bytes, read back by the order in which they were written. */
export type SpillFile = {
  /** Counts the frames. */
  readonly count: number
  /** @throws `IO`, `NO_SPACE` */
  append(bytes: Uint8Array): void
  /** @throws `IO`, `CORRUPT` where the bytes came back changed, `CLOSED` */
  read(index: number): Uint8Array
  /** Removes the file; more than once is harmless. */
  remove(): void
}

/** Is where a query puts aside what it may not hold in memory. */
export type SpillSpace = { createFile(): SpillFile }
