/**
 * Reads and writes NumPy's `.npy`.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 6 | `93 4e 55 4d 50 59`, "\x93NUMPY" |
 * | 6 | 2 | version: major 1 (sizes of 16 bits), 2 (32 bits) or 3 (32 bits, the header in UTF-8), and minor 0 |
 * | 8 | 2 or 4 | n, the size of the header, little-endian |
 * | 10 or 12 | n | the header: a Python dictionary of `descr`, `fortran_order` and `shape`, padded with spaces, then a line feed |
 * | | | the elements |
 *
 * The elements begin at a multiple of 64 bytes in files that are written here. A file is valid where it holds at least
 * the bytes that dtype and shape say, as NumPy has it.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { SheafError } from '@sheafdb/core'
import { transpose } from '../../compute/nd-array.ts'
import { type DType, dtypeNamed } from '../../layout/dtype.ts'
import { bytesToValues, elementCount, valuesToBytes } from '../../layout/values.ts'
import type { FileArray } from '../file-array.ts'

const MAGIC = Buffer.from('\x93NUMPY', 'latin1')
const ALIGNMENT = 64
const MAX_AXES = 32
/** NumPy itself refuses longer headers unless told otherwise. */
const MAX_HEADER_BYTES = 10_000

const KINDS: Readonly<Record<string, DType>> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  c8: 'complex64',
}
const KIND_OF = new Map(Object.entries(KINDS).map(([kind, dtype]) => [dtype, kind]))

type Header = {
  readonly dtype: DType
  readonly isBigEndian: boolean
  readonly isColumnMajor: boolean
  readonly shape: readonly number[]
  readonly start: number
}

/** Reads an array out of the bytes of a file. @throws `CORRUPT`, `UNSUPPORTED` for elements that are no numbers */
export function readNpy(bytes: Uint8Array, name: string): FileArray {
  const header = readHeader(bytes, name)
  const dtype = dtypeNamed(header.dtype)
  const { shape, start } = header
  const size = (elementCount(shape) * dtype.bits) / 8
  if (!Number.isSafeInteger(size) || start + size > bytes.length)
    throw damaged(name, `its shape needs ${size} bytes, it has ${bytes.length - start}`)
  const own = Uint8Array.prototype.slice.call(bytes, start, start + size)
  if (header.isBigEndian) swapBytes(own, dtype.isPacked ? dtype.bits / 16 : dtype.bits / 8)
  if (!header.isColumnMajor || shape.length < 2)
    return { name, dtype: dtype.name, shape, values: bytesToValues(own, dtype) }
  if (dtype.isPacked) throw unsupported(name, `${dtype.name} in the order of columns`)
  const turned = transpose({ values: bytesToValues(own, dtype), shape: shape.toReversed() })
  return { name, dtype: dtype.name, shape, values: turned.values }
}

function readHeader(bytes: Uint8Array, name: string): Header {
  if (bytes.length < MAGIC.length + 4 || MAGIC.compare(bytes, 0, MAGIC.length) !== 0)
    throw damaged(name, 'it does not begin as NumPy files do')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[MAGIC.length] as number
  if (version < 1 || version > 3) throw damaged(name, `its version is ${version}`)
  const sizeBytes = version === 1 ? 2 : 4
  const from = MAGIC.length + 2 + sizeBytes
  if (bytes.length < from) throw damaged(name, 'it ends within its header')
  const size = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (size > MAX_HEADER_BYTES || from + size > bytes.length)
    throw damaged(name, `its header would have ${size} bytes`)
  const text = Buffer.from(bytes.subarray(from, from + size)).toString(version === 3 ? 'utf8' : 'latin1')
  return { ...parseDictionary(text.trim(), name), start: from + size }
}

const MEMBER = /^\s*(?:'(\w+)'|"(\w+)")\s*:\s*(True|False|'[^']*'|"[^"]*"|\([\d\s,L]*\)|\[.*\])\s*(,|$)/

function parseDictionary(text: string, name: string): Omit<Header, 'start'> {
  if (!text.startsWith('{') || !text.endsWith('}')) throw damaged(name, 'its header is no dictionary')
  const members = new Map<string, string>()
  for (let rest = text.slice(1, -1); rest.trim() !== ''; ) {
    const found = MEMBER.exec(rest)
    if (found === null) throw damaged(name, 'its header cannot be read')
    members.set((found[1] ?? found[2]) as string, found[3] as string)
    rest = rest.slice(found[0].length)
  }
  const [descr = '', order = '', shape = ''] = ['descr', 'fortran_order', 'shape'].map((key) =>
    members.get(key),
  )
  if (members.size !== 3 || !/^(True|False)$/.test(order) || !shape.startsWith('('))
    throw damaged(name, 'its header must have descr, fortran_order and shape')
  const sizes = shape.slice(1, -1).replaceAll('L', '').split(',').map((size) => size.trim()) // biome-ignore format: one chain
  if (sizes.at(-1) === '') sizes.pop()
  if (sizes.length > MAX_AXES || sizes.some((size) => !/^\d{1,15}$/.test(size)))
    throw damaged(name, `its shape cannot be read: ${shape}`)
  return { ...parseType(descr, name), isColumnMajor: order === 'True', shape: sizes.map(Number) }
}

function parseType(descr: string, name: string): Pick<Header, 'dtype' | 'isBigEndian'> {
  const found = /^['"]([<>|=])?([a-zA-Z]\d+)['"]$/.exec(descr)
  const dtype = found === null ? undefined : KINDS[found[2] as string]
  if (dtype === undefined) throw unsupported(name, `elements of the type ${descr}`)
  return { dtype, isBigEndian: found?.[1] === '>' }
}

function swapBytes(bytes: Uint8Array, size: number): void {
  if (size < 2) return
  for (let from = 0; from < bytes.length; from += size) bytes.subarray(from, from + size).reverse()
}

/** Writes an array as a file. @throws `UNSUPPORTED` for a dtype that NumPy has not */
export function writeNpy({ name, dtype, shape, values }: FileArray): Uint8Array[] {
  const kind = KIND_OF.get(dtype)
  if (kind === undefined)
    throw new SheafError('UNSUPPORTED', `NumPy has no type ${dtype}. Use exportSafetensors: "${name}"`)
  const order = kind.endsWith('1') ? '|' : '<'
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': ${tuple}, }`
  const before = MAGIC.length + 4
  const size = Math.ceil((before + text.length + 1) / ALIGNMENT) * ALIGNMENT - before
  const header = Buffer.alloc(before + size, ' ')
  MAGIC.copy(header)
  header.writeUInt16LE(1, MAGIC.length)
  header.writeUInt16LE(size, MAGIC.length + 2)
  header.write(text, before, 'latin1')
  header[header.length - 1] = 0x0a
  return [header, valuesToBytes(values, dtypeNamed(dtype))]
}

function damaged(name: string, what: string): SheafError {
  return new SheafError('CORRUPT', `The NumPy file is damaged: ${what}. Get another copy: "${name}"`)
}

function unsupported(name: string, what: string): SheafError {
  return new SheafError('UNSUPPORTED', `Only arrays of numbers are tensors, not ${what}: "${name}"`)
}
