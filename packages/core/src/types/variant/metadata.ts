/**
 * Reads and writes the metadata of variants: the dictionary of key names.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | bits 0-3 version (1), bit 4 names sorted and unique, bits 6-7 width of a number minus one |
 * | 1 | w | count n of names |
 * | 1 + w | (n + 1) w | offsets of the names, little endian, from the end of this list |
 * | ... | | names, UTF-8 |
 *
 * @see https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
 */
import { SheafError } from '../errors.ts'
import { sizeError } from './limits.ts'

const VERSION = 1

/** Gives each key a small number, in the order in which keys are first met. */
export class KeyDictionary {
  readonly #ids = new Map<string, number>()
  readonly #names: string[] = []

  /** Gives the id of a key, a new one for a new key. @throws `VALUE` for a key that is not well-formed text */
  idOf(key: string): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    if (!key.isWellFormed()) {
      throw new SheafError('VALUE', 'A key has half a surrogate pair. Use keys of well-formed text.')
    }
    const id = this.#names.length
    this.#names.push(key)
    this.#ids.set(key, id)
    return id
  }

  /** Encodes the dictionary. */
  encode(): Uint8Array {
    return encodeMetadata(this.#names)
  }
}

/** Gives the least count of bytes, 1 to 4, that holds an unsigned number. */
export function byteWidth(value: number): number {
  if (value < 0x100) return 1
  if (value < 0x1_0000) return 2
  if (value < 0x100_0000) return 3
  if (value < 0x1_0000_0000) return 4
  throw sizeError()
}

function encodeMetadata(names: readonly string[]): Uint8Array {
  const texts = names.map((name) => Buffer.from(name))
  const sizeBytes = texts.reduce((sum, text) => sum + text.length, 0)
  const width = byteWidth(Math.max(sizeBytes, names.length))
  const start = 1 + width * (names.length + 2)
  const bytes = Buffer.alloc(start + sizeBytes)
  bytes[0] = VERSION | ((width - 1) << 6)
  bytes.writeUIntLE(names.length, 1, width)
  let at = 0
  texts.forEach((text, index) => {
    bytes.set(text, start + at)
    at += text.length
    bytes.writeUIntLE(at, 1 + width * (index + 2), width)
  })
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

const decoded = new WeakMap<Uint8Array, readonly string[]>()

/** Decodes the names of a metadata; remembered by the identity of the array. @throws `CORRUPT` */
export function decodeMetadata(metadata: Uint8Array): readonly string[] {
  let names = decoded.get(metadata)
  if (names === undefined) {
    names = readNames(metadata)
    decoded.set(metadata, names)
  }
  return names
}

function readNames(metadata: Uint8Array): readonly string[] {
  const header = metadata[0] ?? 0
  if ((header & 15) !== VERSION) throw metadataError('its version is not 1')
  const width = (header >> 6) + 1
  const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length)
  const read = (offset: number): number => {
    if (offset + width > bytes.length) throw metadataError('it ends too early')
    return bytes.readUIntLE(offset, width)
  }
  const count = read(1)
  const start = 1 + width * (count + 2)
  if (start > bytes.length) throw metadataError('it ends too early')
  const names: string[] = []
  for (let index = 0; index < count; index += 1) {
    const from = start + read(1 + width * (index + 1))
    const to = start + read(1 + width * (index + 2))
    if (from > to || to > bytes.length) throw metadataError('an offset is out of range')
    names.push(bytes.toString('utf8', from, to))
  }
  return names
}

function metadataError(why: string): SheafError {
  return new SheafError('CORRUPT', `The metadata of a variant cannot be read. Restore the file: ${why}`)
}
