import { SheafError } from '../errors.ts'
import { isExtensionValue, VALUE_KEY, type Value } from '../value.ts'

/**
 * Lays out values that have no Parquet primitive as a variant of type `binary`, which other readers show as bytes:
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | mark `F5 53 48 46` (never the start of UTF-8 text) |
 * | 4 | 1 | length k of the kind's name |
 * | 5 | k | name of the kind, UTF-8; empty for plain bytes that happen to start with the mark |
 * | 5 + k | rest | what the kind's `encode` gave |
 */
const MARK = [0xf5, 0x53, 0x48, 0x46] as const
const HEADER_SIZE = MARK.length + 1

/** Tells how values of one kind go to bytes and back. `kind` is the first element of the value's `VALUE_KEY`. */
export type VariantExtension = {
  readonly kind: string
  readonly encode: (value: never) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Value
}

const extensions = new Map<string, VariantExtension>()

/**
 * Makes values of a kind storable in variant columns. Registering the same extension twice is harmless.
 *
 * @throws `ALREADY_EXISTS` where another extension has the kind
 */
export function registerVariantExtension(extension: VariantExtension): void {
  const known = extensions.get(extension.kind)
  if (known !== undefined && known !== extension) {
    throw new SheafError(
      'ALREADY_EXISTS',
      `A kind of values is registered already. Choose another name: ${extension.kind}`,
    )
  }
  extensions.set(extension.kind, extension)
}

/** Encodes a value of {@link ValueKind.other}. @throws `TYPE` where its kind is not registered */
export function encodeExtension(value: Value): Uint8Array {
  const kind = extensionKind(value)
  const extension = extensions.get(kind)
  if (extension === undefined) {
    throw new SheafError('TYPE', `A value's kind cannot be stored. Register its extension first: ${kind}`)
  }
  return markBytes(kind, extension.encode(value as never))
}

function extensionKind(value: Value): string {
  if (isExtensionValue(value)) return value[VALUE_KEY][0]
  if (typeof value === 'string') return 'utf-16'
  if (typeof value === 'bigint') return 'integer'
  return value instanceof RegExp ? 'regexp' : 'invalid-date'
}

/** Tells whether bytes start like an encoded extension, so that plain bytes must be told apart from it. */
export function startsWithMark(bytes: Uint8Array): boolean {
  return bytes.length >= MARK.length && MARK.every((byte, index) => bytes[index] === byte)
}

/** Puts the header of a kind before bytes; an empty kind for bytes as they are. */
export function markBytes(kind: string, bytes: Uint8Array): Uint8Array {
  const name = Buffer.from(kind)
  const marked = new Uint8Array(HEADER_SIZE + name.length + bytes.length)
  marked.set(MARK)
  marked[MARK.length] = name.length
  marked.set(name, HEADER_SIZE)
  marked.set(bytes, HEADER_SIZE + name.length)
  return marked
}

/** Decodes the payload of a binary variant: bytes, or the extension that they hold. The bytes are copied. */
export function decodeBytes(bytes: Uint8Array): Value {
  if (!startsWithMark(bytes)) return Uint8Array.from(bytes)
  const length = bytes[MARK.length] ?? 0
  const kind = Buffer.from(bytes.subarray(HEADER_SIZE, HEADER_SIZE + length)).toString()
  const payload = Uint8Array.from(bytes.subarray(HEADER_SIZE + length))
  if (kind === '') return payload
  const extension = extensions.get(kind)
  if (extension === undefined) {
    throw new SheafError(
      'UNSUPPORTED',
      `A stored value's kind is not known here. Open the store with the model that wrote it: ${kind}`,
    )
  }
  try {
    return extension.decode(payload)
  } catch (cause) {
    throw new SheafError('CORRUPT', `A stored value cannot be read. Restore its file: ${kind}`, { cause })
  }
}

registerVariantExtension({
  kind: 'regexp',
  encode: (value: RegExp) => Buffer.from(`${value.flags}/${value.source}`),
  decode: (bytes) => {
    const text = Buffer.from(bytes).toString()
    const slash = text.indexOf('/')
    return new RegExp(text.slice(slash + 1), text.slice(0, slash))
  },
})

registerVariantExtension({
  kind: 'integer',
  encode: (value: bigint) => Buffer.from(value.toString(16)),
  decode: (bytes) => {
    const text = Buffer.from(bytes).toString()
    return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
  },
})

registerVariantExtension({
  kind: 'utf-16',
  encode: (value: string) => Buffer.from(value, 'utf16le'),
  decode: (bytes) => Buffer.from(bytes).toString('utf16le'),
})

registerVariantExtension({
  kind: 'invalid-date',
  encode: () => new Uint8Array(0),
  decode: () => new Date(Number.NaN),
})
