import { deserialize } from 'node:v8'
import type { DataType, Field } from 'apache-arrow'
import { typeFromJson } from '../catalog/type-json.ts'
import {
  type BytesColumn,
  boxedColumn,
  type Column,
  columnReader,
  type DictionaryColumn,
  type NumberArray,
  nullColumn,
} from '../types/column.ts'
import { valueType } from '../types/data-type.ts'
import { brainsToFloats, halvesToFloats } from '../types/half.ts'
import { NUMBER_KINDS, type NumberArrayConstructor } from './column-codec.ts'
import type { PhysicalNode } from './physical-column.ts'

/** Gives the buffers of a column one after the other, checked and decompressed; `null` for an empty one. */
export type BufferSource = {
  next(): Uint8Array | null
  dictionary(number: number): Column
}

/**
 * Makes the column of a node out of its buffers. Variants come as the struct in which they are shredded, which
 * `readShreddedPath` and `unshredVariants` read.
 */
export function readPhysical(
  node: PhysicalNode,
  type: DataType,
  length: number,
  source: BufferSource,
): Column {
  if (node.layout === 'null') return nullColumn(type, length)
  const own = node.encoding === 'variant' ? typeFromJson(node.type) : valueType(type)
  const validity = source.next()
  switch (node.layout) {
    case 'flat':
      return {
        layout: 'flat',
        type: own,
        length,
        validity,
        values: flatValues(node, source.next(), length),
      }
    case 'bit':
      return {
        layout: 'bit',
        type: own,
        length,
        validity,
        values: source.next() ?? new Uint8Array((length + 7) >> 3),
      }
    case 'bytes': {
      const offsets = int32(source.next(), length + 1)
      const bytes: BytesColumn = {
        layout: 'bytes',
        type: own,
        length,
        validity,
        offsets,
        data: source.next() ?? new Uint8Array(0),
      }
      return node.encoding === 'opaque' ? opaqueColumn(type, bytes) : bytes
    }
    case 'dictionary': {
      const codes = numbers(node.kind as number, source.next(), length) as DictionaryColumn['codes']
      const dictionary = source.dictionary(node.dictionary as number)
      return { layout: 'dictionary', type: own, length, validity, codes, dictionary }
    }
    case 'list': {
      const offsets = int32(source.next(), length + 1)
      const child = readChild(node, own, 0, offsets[length] as number, source)
      return { layout: 'list', type: own, length, validity, offsets, child }
    }
    case 'fixed': {
      const size = node.size as number
      const child = readChild(node, own, 0, length * size, source)
      return { layout: 'fixed', type: own, length, validity, size, child }
    }
    case 'struct': {
      const children = (node.children ?? []).map((_, index) => readChild(node, own, index, length, source))
      return { layout: 'struct', type: own, length, validity, children }
    }
    case 'decimal':
      return decimalColumn(own, { length, validity, words: node.size as number, bytes: source.next() })
  }
}

function readChild(
  node: PhysicalNode,
  type: DataType,
  index: number,
  length: number,
  source: BufferSource,
): Column {
  const child = (node.children ?? [])[index] as PhysicalNode
  const field = type.children[index] as Field | undefined
  const column = readPhysical(child, field?.type ?? typeFromJson(child.type), length, source)
  return column
}

function numbers(kind: number, bytes: Uint8Array | null, length: number): NumberArray {
  const make = NUMBER_KINDS[kind] as NumberArrayConstructor
  if (bytes === null) return new (make as unknown as new (length: number) => NumberArray)(length)
  return new make(bytes.buffer, bytes.byteOffset, length)
}

function flatValues(node: PhysicalNode, bytes: Uint8Array | null, length: number): NumberArray {
  const values = numbers(node.kind as number, bytes, length)
  if (node.encoding === 'float16') return halvesToFloats(values as Uint16Array)
  return node.encoding === 'bfloat16' ? brainsToFloats(values as Uint16Array) : values
}

function int32(bytes: Uint8Array | null, length: number): Int32Array {
  return bytes === null ? new Int32Array(length) : new Int32Array(bytes.buffer, bytes.byteOffset, length)
}

function opaqueColumn(type: DataType, bytes: BytesColumn): Column {
  const read = columnReader(bytes)
  const values = Array.from({ length: bytes.length }, (_, index) => {
    const value = read(index)
    return value === null ? null : deserialize(value as Uint8Array)
  })
  return boxedColumn(type, values)
}

function decimalColumn(
  type: DataType,
  stored: {
    readonly length: number
    readonly validity: Uint8Array | null
    readonly words: number
    readonly bytes: Uint8Array | null
  },
): Column {
  const { length, validity, words, bytes } = stored
  const raw =
    bytes === null
      ? new BigUint64Array(length * words)
      : new BigUint64Array(bytes.buffer, bytes.byteOffset, length * words)
  const values = Array.from({ length }, (_, index) => {
    if (validity !== null && (((validity[index >> 3] as number) >> (index & 7)) & 1) === 0) return null
    let value = 0n
    for (let word = words - 1; word >= 0; word -= 1)
      value = (value << 64n) | (raw[index * words + word] as bigint)
    return BigInt.asIntN(words * 64, value)
  })
  return boxedColumn(type, values)
}
