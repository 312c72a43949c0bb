/** Writes the messages of Arrow's IPC format, through the metadata classes that apache-arrow has for them. */
import {
  Binary,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Int,
  List,
  type Schema,
  Struct,
  Type,
  Uint16,
} from 'apache-arrow'
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file'
import {
  BodyCompression,
  BufferRegion,
  DictionaryBatch,
  FieldNode,
  Message,
  RecordBatch,
} from 'apache-arrow/ipc/metadata/message'
import { typeFromJson } from '../catalog/type-json.ts'
import type { PhysicalNode } from './physical-column.ts'

const ZSTD = 1
const CONTINUATION = 0xffffffff

/** Makes the Arrow type of a physical node, as other readers of the file see it. */
export function arrowType(node: PhysicalNode, dictionaries: readonly PhysicalNode[]): DataType {
  const type = typeFromJson(node.type)
  const child = (index: number): DataType =>
    arrowType((node.children ?? [])[index] as PhysicalNode, dictionaries)
  switch (node.layout) {
    case 'flat':
      if (node.encoding === 'bfloat16') return new Uint16()
      return type.typeId === Type.Int ? (integerType(node.kind as number) ?? type) : type
    case 'dictionary': {
      const values = typeFromJson((dictionaries[node.dictionary as number] as PhysicalNode).type)
      const keys = integerType(node.kind as number) as never
      return new Dictionary(values, keys, node.dictionary as number, false) as unknown as DataType
    }
    case 'list':
      return new List(new Field(type.children[0]?.name ?? 'item', child(0), true))
    case 'fixed':
      return new FixedSizeList(
        node.size as number,
        new Field(type.children[0]?.name ?? 'item', child(0), true),
      )
    case 'struct':
      return new Struct(
        type.children.map(
          (field, index) => new Field((field as Field).name, child(index), true, (field as Field).metadata),
        ),
      )
    case 'bytes':
      return node.encoding === 'opaque' ? new Binary() : type
    default:
      return type
  }
}

const INTEGER_KINDS: readonly (readonly [signed: boolean, width: 8 | 16 | 32 | 64] | null)[] = [
  [true, 8],
  [true, 16],
  [true, 32],
  [false, 8],
  [false, 16],
  [false, 32],
  null,
  null,
  null,
  null,
]

/** Gives the integer type of a narrow kind; of floats and of 64 bits the logical type is the one to use. */
function integerType(kind: number): DataType | null {
  const known = INTEGER_KINDS[kind] ?? null
  return known === null ? null : new Int(known[0], known[1])
}

/** Describes the body of a record batch: lengths and nulls of each node, places of each buffer. */
export type BatchShape = {
  readonly length: number
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[]
  readonly buffers: readonly { readonly offset: number; readonly sizeBytes: number }[]
  readonly bodyBytes: number
  readonly compressed: boolean
}

function recordBatch(shape: BatchShape): RecordBatch {
  return new RecordBatch(
    shape.length,
    shape.nodes.map((node) => new FieldNode(node.length, node.nullCount)),
    shape.buffers.map((buffer) => new BufferRegion(buffer.offset, buffer.sizeBytes)),
    shape.compressed ? new BodyCompression(ZSTD) : null,
  )
}

/** Makes the framed message of a schema. */
export function schemaMessage(schema: Schema): Uint8Array {
  return frame(Message.encode(Message.from(schema)))
}

/** Makes the framed message of a record batch; its body follows it in the file. */
export function batchMessage(shape: BatchShape): Uint8Array {
  return frame(Message.encode(Message.from(recordBatch(shape), shape.bodyBytes)))
}

/** Makes the framed message of a dictionary; its body follows it in the file. */
export function dictionaryMessage(id: number, shape: BatchShape): Uint8Array {
  return frame(Message.encode(Message.from(new DictionaryBatch(recordBatch(shape), id), shape.bodyBytes)))
}

/** Puts the continuation mark and the padded size before a message. */
function frame(message: Uint8Array): Uint8Array {
  const padded = (message.length + 7) & ~7
  const bytes = new Uint8Array(8 + padded)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, CONTINUATION, true)
  view.setInt32(4, padded, true)
  bytes.set(message, 8)
  return bytes
}

/** Is the end of the stream of messages. */
export const END_OF_STREAM: Uint8Array = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)

/** Is the magic at the beginning (padded to eight bytes) and at the end of an IPC file. */
export const IPC_MAGIC: Uint8Array = new TextEncoder().encode('ARROW1')

/** Is the place of a message in the file. */
export type MessageBlock = {
  readonly offset: number
  readonly headerBytes: number
  readonly bodyBytes: number
}

/** Makes the end of an IPC file: footer, its size, the magic. */
export function fileFooter(
  schema: Schema,
  batches: readonly MessageBlock[],
  dictionaries: readonly MessageBlock[],
): Uint8Array {
  const block = (each: MessageBlock): FileBlock =>
    new FileBlock(each.headerBytes, each.bodyBytes, each.offset)
  const footer = Footer.encode(new Footer(schema, undefined, batches.map(block), dictionaries.map(block)))
  const bytes = new Uint8Array(footer.length + 4 + IPC_MAGIC.length)
  bytes.set(footer)
  new DataView(bytes.buffer).setInt32(footer.length, footer.length, true)
  bytes.set(IPC_MAGIC, footer.length + 4)
  return bytes
}
