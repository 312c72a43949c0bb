/** Compares bytes of a buffer with a key, as `Buffer.compare` does, without a call into native code. */
export function compareKeyBytes(data: Uint8Array, start: number, end: number, key: Uint8Array): number {
  const shorter = Math.min(end - start, key.length)
  for (let at = 0; at < shorter; at += 1) {
    const difference = (data[start + at] as number) - (key[at] as number)
    if (difference !== 0) return difference
  }
  return end - start - key.length
}

/** Tells whether bytes of a buffer are a key. */
export function isKeyBytes(data: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (end - start !== key.length) return false
  // Keys that differ do so near their end more often than at their start.
  for (let at = key.length - 1; at >= 0; at -= 1) if (data[start + at] !== key[at]) return false
  return true
}

/** Hashes bytes: FNV-1a over them, its bits mixed at the end. */
export function hashKeyBytes(data: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (data[at] as number), 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
