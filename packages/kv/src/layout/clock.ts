/** Gives the time that expiry is measured by, in milliseconds since the epoch: the one place that reads a clock. */
export function currentTimeMs(): number {
  return Date.now()
}
