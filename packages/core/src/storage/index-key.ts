import { encodeKeys, keyPrefixEnd } from '../types/key-encoding.ts'
import type { Value } from '../types/value.ts'

/**
 * Gives the bytes of `encodeKeys` as text of one character a byte: such texts compare with `<` as the bytes do, and
 * engines hold them as compactly. Most keys are plain text, which needs no encoder.
 */
export function keyText(values: readonly Value[]): string {
  let text = ''
  for (const value of values)
    text += typeof value === 'string' ? textKey(value) : bytesText(encodeKeys([value]))
  return text
}

/** Is ASCII without zero: what is its own encoding between the tag and the end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the encoding is made of them
const PLAIN = /^[\x01-\x7f]*$/

function textKey(value: string): string {
  return PLAIN.test(value) ? `\x30${value}\x00` : bytesText(encodeKeys([value]))
}

function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Gives the first text after all those that begin with a prefix; `null` where there is none. */
export function keyTextEnd(prefix: string): string | null {
  const end = keyPrefixEnd(Buffer.from(prefix, 'latin1'))
  return end === null ? null : bytesText(end)
}

/** Tells whether a number is kept as itself: not NaN, which sorts apart, and no integer past what a double holds. */
export function isPlainNumber(value: Value): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}
