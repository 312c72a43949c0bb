import { type FileHandle, open } from 'node:fs/promises'
import {
  type Batch,
  batchToRecordBatch,
  type PlanField,
  recordBatchToBatch,
  SheafError,
  schemaOf,
} from '@sheafdb/core'
import { RecordBatchFileWriter, RecordBatchReader, type Schema } from 'apache-arrow'

/** Is a batch of an Arrow file and the names of its columns. */
export type ArrowBatch = {
  readonly schema: Schema
  readonly fields: readonly string[]
  readonly batch: Batch
}

const ARROW_NAME = /\.(arrow|arrows|ipc|feather)$/i

/** Tells whether a name has the ending of an Arrow IPC file. */
export function isArrowName(name: string): boolean {
  return ARROW_NAME.test(name)
}

function fileError(error: unknown, path: string): SheafError {
  if (error instanceof SheafError) return error
  return new SheafError('CORRUPT', `The file is no Arrow IPC file that can be read: ${path}`, {
    cause: error,
    path,
  })
}

/** Reads the schema of an Arrow IPC file or stream. @throws `IO`, `CORRUPT` */
export async function readArrowSchema(path: string): Promise<Schema> {
  const file = await openFile(path)
  try {
    const reader = await RecordBatchReader.from(file.createReadStream())
    await reader.open()
    return requireSchema(reader.schema)
  } catch (error) {
    throw fileError(error, path)
  } finally {
    await file.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw new SheafError('IO', `The file cannot be read. Check its path: ${path}`, { cause: error, path })
  }
}

/** A file that is cut short before its schema has none. */
function requireSchema(schema: Schema | undefined): Schema {
  if (schema === undefined) throw new TypeError('there is no schema')
  return schema
}

/** Reads the batches of an Arrow IPC file or stream. @throws `IO`, `CORRUPT` */
export async function* readArrowFile(path: string): AsyncGenerator<ArrowBatch, void, undefined> {
  const file = await openFile(path)
  try {
    const reader = await RecordBatchReader.from(file.createReadStream())
    await reader.open()
    const schema = requireSchema(reader.schema)
    const fields = schema.fields.map((field) => field.name)
    for await (const batch of reader)
      if (batch.numRows > 0) yield { schema, fields, batch: recordBatchToBatch(batch) }
  } catch (error) {
    throw fileError(error, path)
  } finally {
    await file.close()
  }
}

/** Gives what the writer wrote, piece by piece, instead of keeping it. */
class PieceWriter extends RecordBatchFileWriter {
  readonly #pieces: Uint8Array[] = []

  protected override _write(chunk: ArrayBufferView | ArrayBufferLike | string): this {
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : ArrayBuffer.isView(chunk)
          ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
          : new Uint8Array(chunk)
    if (bytes.byteLength > 0) {
      this.#pieces.push(bytes)
      this._position += bytes.byteLength
    }
    return this
  }

  /** Writes what came since the last call to a file. */
  async flush(file: FileHandle): Promise<void> {
    const pieces = this.#pieces.splice(0)
    if (pieces.length > 0) await file.write(Buffer.concat(pieces))
  }
}

/** Writes batches as an Arrow IPC file as they come: one batch is held at a time. Gives the count of rows. */
export async function writeArrowFile(
  path: string,
  output: readonly PlanField[],
  batches: AsyncIterable<Batch>,
): Promise<number> {
  const schema = schemaOf(output)
  const file = await open(path, 'w')
  try {
    const writer = new PieceWriter()
    writer.reset(undefined, schema)
    let rows = 0
    for await (const batch of batches) {
      const record = batchToRecordBatch(batch, schema)
      rows += record.numRows
      writer.write(record)
      await writer.flush(file)
    }
    writer.finish()
    await writer.flush(file)
    return rows
  } finally {
    await file.close()
  }
}
