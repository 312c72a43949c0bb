import { deserialize, serialize } from 'node:v8'
import { type DataType, Type } from 'apache-arrow'
import type { Batch, Column, NumberArray, Validity } from '../../types/column.ts'
import { makeBatch } from '../../types/column.ts'
import { assert } from '../../types/errors.ts'
import type { Value } from '../../types/value.ts'
import { decodeVariant, encodeVariant } from '../../types/variant/index.ts'
import { takeRows } from '../operators/steps.ts'

/**
 * Lays out a batch that is put aside on disk for the rest of its query: no version, since no other process reads it.
 * The parts of its columns follow each other, each one as
 *
 *   offset  size  field
 *   0       4     kind of the array (the index in ARRAYS; 255 for none)
 *   4       4     size in bytes, n
 *   8       n     bytes, then zeros up to a multiple of 8
 *
 * in the order in which `writeColumn` writes them; layouts and types are known from the column kept beside.
 */
type Part = { readonly kind: number; readonly bytes: Uint8Array }

const ARRAYS = [
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const
const NOTHING = 255
const HEADER_BYTES = 8

const LAYOUTS = ['flat', 'bit', 'bytes', 'dictionary', 'list', 'fixed', 'struct', 'boxed'] as const

/** Turns the rows of a batch to bytes. */
export function encodeBatch(batch: Batch): Uint8Array {
  const { selection } = batch
  const columns = selection === null ? batch.columns : takeRows(batch, selection)
  const length = selection === null ? batch.length : selection.length
  const parts: Part[] = []
  writeNumbers(parts, Uint32Array.of(length))
  for (const column of columns) writeColumn(parts, column)
  return joined(parts)
}

/** Reads a batch back. @throws where the bytes are not those of such a batch: check them first */
export function decodeBatch(bytes: Uint8Array, types: readonly DataType[]): Batch {
  const reader = new PartReader(bytes)
  const [length] = reader.numbers() as Uint32Array
  const columns = types.map((type) => readColumn(reader, type, length as number))
  return makeBatch(columns, length as number)
}

function joined(parts: readonly Part[]): Uint8Array {
  const padded = (size: number): number => (size + 7) & ~7
  const total = parts.reduce((sum, part) => sum + HEADER_BYTES + padded(part.bytes.length), 0)
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const part of parts) {
    view.setUint32(offset, part.kind, true)
    view.setUint32(offset + 4, part.bytes.length, true)
    bytes.set(part.bytes, offset + HEADER_BYTES)
    offset += HEADER_BYTES + padded(part.bytes.length)
  }
  return bytes
}

class PartReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    // Arrays of wide numbers need an aligned place.
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  numbers(): NumberArray | null {
    const kind = this.#view.getUint32(this.#offset, true)
    const size = this.#view.getUint32(this.#offset + 4, true)
    const start = this.#bytes.byteOffset + this.#offset + HEADER_BYTES
    this.#offset += HEADER_BYTES + ((size + 7) & ~7)
    if (kind === NOTHING) return null
    const NumbersOf = ARRAYS[kind]
    assert(NumbersOf !== undefined, 'a part of a batch on disk has a known kind')
    return new NumbersOf(this.#bytes.buffer as ArrayBuffer, start, size / NumbersOf.BYTES_PER_ELEMENT)
  }

  bytes(): Uint8Array {
    return this.numbers() as Uint8Array
  }
}

function writeNumbers(parts: Part[], array: NumberArray | null): void {
  if (array === null) parts.push({ kind: NOTHING, bytes: new Uint8Array(0) })
  else {
    const kind = ARRAYS.findIndex((candidate) => array instanceof candidate)
    parts.push({ kind, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) })
  }
}

function writeColumn(parts: Part[], column: Column): void {
  writeNumbers(parts, Uint32Array.of(LAYOUTS.indexOf(column.layout), column.length))
  if (column.layout === 'boxed') {
    writeBoxed(parts, column.values)
    return
  }
  writeNumbers(parts, column.validity)
  switch (column.layout) {
    case 'flat':
      writeNumbers(parts, column.values.subarray(0, column.length))
      return
    case 'bit':
      writeNumbers(parts, column.values)
      return
    case 'bytes': {
      const start = column.offsets[0] as number
      const end = column.offsets[column.length] as number
      writeNumbers(
        parts,
        column.offsets.subarray(0, column.length + 1).map((offset) => offset - start),
      )
      writeNumbers(parts, column.data.subarray(start, end))
      return
    }
    case 'dictionary':
      writeNumbers(parts, column.codes.subarray(0, column.length))
      writeColumn(parts, column.dictionary)
      return
    case 'list':
      writeNumbers(parts, column.offsets.subarray(0, column.length + 1))
      writeColumn(parts, column.child)
      return
    case 'fixed':
      writeNumbers(parts, Uint32Array.of(column.size))
      writeColumn(parts, column.child)
      return
    case 'struct':
      for (const child of column.children) writeColumn(parts, child)
  }
}

function readColumn(reader: PartReader, type: DataType, known: number): Column {
  const [layoutAt, length] = reader.numbers() as Uint32Array
  const layout = LAYOUTS[layoutAt as number]
  assert(layout !== undefined && (length as number) >= 0 && known >= 0, 'a column on disk has a known layout')
  const own = { type, length: length as number }
  if (layout === 'boxed') return { layout, ...own, values: readBoxed(reader) }
  const validity = reader.numbers() as Validity
  const base = { ...own, validity }
  switch (layout) {
    case 'flat':
      return { layout, ...base, values: reader.numbers() as NumberArray }
    case 'bit':
      return { layout, ...base, values: reader.bytes() }
    case 'bytes':
      return { layout, ...base, offsets: reader.numbers() as Int32Array, data: reader.bytes() }
    case 'dictionary': {
      const codes = reader.numbers() as Int32Array
      return { layout, ...base, codes, dictionary: readColumn(reader, type, known) }
    }
    case 'list': {
      const offsets = reader.numbers() as Int32Array
      return { layout, ...base, offsets, child: readColumn(reader, childType(type), known) }
    }
    case 'fixed': {
      const [size] = reader.numbers() as Uint32Array
      return { layout, ...base, size: size as number, child: readColumn(reader, childType(type), known) }
    }
    case 'struct':
      return {
        layout,
        ...base,
        children: type.children.map((field) => readColumn(reader, field.type, known)),
      }
  }
}

function childType(type: DataType): DataType {
  const child = type.children[0]
  assert(child !== undefined && type.typeId !== Type.Struct, 'a list on disk has a type of elements')
  return child.type
}

/** Plain values go by the runtime's own serialisation; those of documents and extensions as variants. */
function writeBoxed(parts: Part[], values: readonly Value[]): void {
  if (values.every(isPlain)) {
    writeNumbers(parts, Uint8Array.of(0))
    writeNumbers(parts, Uint8Array.from(serialize(values)))
    return
  }
  writeNumbers(parts, Uint8Array.of(1))
  const encoded = values.map((value) => {
    if (isPlain(value)) return value
    const { metadata, value: bytes } = encodeVariant(value)
    return { metadata: Uint8Array.from(metadata), bytes: Uint8Array.from(bytes) }
  })
  writeNumbers(parts, Uint8Array.from(serialize(encoded)))
}

function isPlain(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return true
  return value instanceof Map ? [...value].every(([key, item]) => isPlain(key) && isPlain(item)) : false
}

function readBoxed(reader: PartReader): Value[] {
  const [isEncoded] = reader.bytes()
  const values = deserialize(reader.bytes()) as Value[]
  if (isEncoded === 0) return values
  return values.map((value) => {
    if (isPlain(value)) return value
    const { metadata, bytes } = value as { metadata: Uint8Array; bytes: Uint8Array }
    return decodeVariant(metadata, bytes)
  })
}
