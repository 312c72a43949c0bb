/**
 * Reads and writes the ZIP files that NumPy calls `.npz`: members are stored as they are or deflated, sizes of 64 bits
 * are read from their extra fields. Encrypted members and those in several files are refused.
 *
 * | part | bytes | fields used |
 * |---|---|---|
 * | member | `50 4b 03 04`, 30 and name and extra | sizes of name and extra; the bytes follow |
 * | directory | `50 4b 01 02`, 46 and name, extra and comment, each member | method, CRC32, sizes, place of the member |
 * | end | `50 4b 05 06`, 22 and comment | count and place of the directory |
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { SheafError } from '@sheafdb/core'

const LOCAL = 0x04034b50
const DIRECTORY = 0x02014b50
const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const LOCAL_BYTES = 30
const DIRECTORY_BYTES = 46
const END_BYTES = 22
const LONGEST_COMMENT = 65_535
const FULL_16 = 0xffff
const FULL_32 = 0xffffffff

/** Is a member of a ZIP file. */
export type ZipMember = { readonly name: string; read(): Uint8Array }

/** Lists the members of a ZIP file that is in memory. @throws `CORRUPT` */
export function readZip(bytes: Buffer): ZipMember[] {
  try {
    return members(bytes)
  } catch (cause) {
    if (cause instanceof RangeError) throw damaged('it ends too early', cause)
    throw cause
  }
}

function members(bytes: Buffer): ZipMember[] {
  const found: ZipMember[] = []
  let { count, at } = findDirectory(bytes)
  for (; count > 0; count -= 1) {
    if (bytes.readUInt32LE(at) !== DIRECTORY) throw damaged('its directory cannot be read')
    const nameBytes = bytes.readUInt16LE(at + 28)
    const extraBytes = bytes.readUInt16LE(at + 30)
    const extra = bytes.subarray(
      at + DIRECTORY_BYTES + nameBytes,
      at + DIRECTORY_BYTES + nameBytes + extraBytes,
    )
    const [size, packedSize, place] = wideFields(extra, [
      bytes.readUInt32LE(at + 24),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt32LE(at + 42),
    ]) as [number, number, number]
    const member: Member = {
      name: bytes.toString('utf8', at + DIRECTORY_BYTES, at + DIRECTORY_BYTES + nameBytes),
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      checksum: bytes.readUInt32LE(at + 16),
      size,
      packedSize,
      place,
    }
    if (!member.name.endsWith('/')) found.push({ name: member.name, read: () => readMember(bytes, member) })
    at += DIRECTORY_BYTES + nameBytes + extraBytes + bytes.readUInt16LE(at + 32)
  }
  return found
}

type Member = {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly checksum: number
  readonly size: number
  readonly packedSize: number
  readonly place: number
}

function findDirectory(bytes: Buffer): { count: number; at: number } {
  const least = Math.max(0, bytes.length - END_BYTES - LONGEST_COMMENT)
  for (let at = bytes.length - END_BYTES; at >= least; at -= 1) {
    if (bytes.readUInt32LE(at) !== END) continue
    const count = bytes.readUInt16LE(at + 10)
    const place = bytes.readUInt32LE(at + 16)
    if (count !== FULL_16 && place !== FULL_32) return { count, at: place }
    if (at < 20 || bytes.readUInt32LE(at - 20) !== LOCATOR_64) return { count, at: place }
    const wide = Number(bytes.readBigUInt64LE(at - 12))
    if (bytes.readUInt32LE(wide) !== END_64) throw damaged('its directory cannot be found')
    return {
      count: Number(bytes.readBigUInt64LE(wide + 32)),
      at: Number(bytes.readBigUInt64LE(wide + 48)),
    }
  }
  throw damaged('it has no directory')
}

/** Replaces numbers that did not fit 32 bits by those of the extra field 1, in their order. */
function wideFields(extra: Buffer, fields: readonly number[]): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let from = at + 4
    return fields.map((field) => {
      if (field !== FULL_32) return field
      from += 8
      return Number(extra.readBigUInt64LE(from - 8))
    })
  }
  return [...fields]
}

function readMember(bytes: Buffer, member: Member): Uint8Array {
  const { name, place, packedSize, size } = member
  if (place + LOCAL_BYTES > bytes.length || bytes.readUInt32LE(place) !== LOCAL)
    throw damaged(`"${name}" is not where the directory says`)
  if ((member.flags & 1) === 1)
    throw new SheafError('UNSUPPORTED', `The file has members under a password. Unpack it first: "${name}"`)
  const start = place + LOCAL_BYTES + bytes.readUInt16LE(place + 26) + bytes.readUInt16LE(place + 28)
  if (start + packedSize > bytes.length) throw damaged(`"${name}" goes past its end`)
  const content = unpack(bytes.subarray(start, start + packedSize), member)
  if (content.length !== size || crc32(content) !== member.checksum)
    throw damaged(`"${name}" does not have its checksum`)
  return content
}

function unpack(packed: Buffer, { name, method, size }: Member): Uint8Array {
  if (method === 0) return packed
  if (method !== 8)
    throw new SheafError(
      'UNSUPPORTED',
      `The file has members of the method ${method}. Pack it anew: "${name}"`,
    )
  try {
    // One byte more than is told: a member that grows past its size is refused, not unpacked for ever.
    return inflateRawSync(packed, { maxOutputLength: size + 1 })
  } catch (cause) {
    throw damaged(`"${name}" cannot be unpacked`, cause)
  }
}

function damaged(what: string, cause?: unknown): SheafError {
  return new SheafError('CORRUPT', `The ZIP file is damaged: ${what}. Get another copy.`, { cause })
}

/** Lays out a ZIP file of members that are stored as they are. @throws `LIMIT` past 4 GiB or 65,534 members */
export function layOutZip(
  files: readonly { readonly name: string; readonly parts: readonly Uint8Array[] }[],
): Uint8Array[] {
  const out: Uint8Array[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, parts } of files) {
    const encoded = Buffer.from(name)
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    const checksum = parts.reduce((sum, part) => crc32(part, sum), 0)
    if (at + size >= FULL_32 || files.length >= FULL_16)
      throw new SheafError('LIMIT', 'A file of NumPy arrays takes up to 4 GiB. Use exportSafetensors.')
    const fields = commonFields(checksum, size, encoded.length)
    const local = Buffer.concat([uint32(LOCAL), fields, encoded])
    directory.push(
      Buffer.concat([uint32(DIRECTORY), uint16(20), fields, Buffer.alloc(10), uint32(at), encoded]),
    )
    out.push(local, ...parts)
    at += local.length + size
  }
  const entries = Buffer.concat(directory)
  const count = uint16(files.length)
  const end = [uint32(END), Buffer.alloc(4), count, count, uint32(entries.length), uint32(at), uint16(0)]
  return [...out, entries, Buffer.concat(end)]
}

/** Gives the fields that a member and its entry in the directory share: names in UTF-8, stored, of 1 January 1980. */
function commonFields(checksum: number, size: number, nameBytes: number): Buffer {
  const start = [uint16(20), uint16(0x800), uint16(0), uint16(0), uint16(0x21)]
  return Buffer.concat([...start, uint32(checksum), uint32(size), uint32(size), uint16(nameBytes), uint16(0)])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
