import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
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

/** Reads the batches of an Arrow IPC file or stream. @throws `CORRUPT` where it is none */
export async function* readArrowFile(path: string): AsyncGenerator<ArrowBatch, void, undefined> {
  try {
    const reader = await RecordBatchReader.from(createReadStream(path))
    await reader.open()
    const fields = reader.schema.fields.map((field) => field.name)
    for await (const batch of reader)
      yield { schema: reader.schema, fields, batch: recordBatchToBatch(batch) }
  } catch (error) {
    if (error instanceof SheafError) throw error
    throw new SheafError('CORRUPT', `The file is no Arrow IPC file that can be read: ${path}`, {
      cause: error,
      path,
    })
  }
}

/** Writes batches as an Arrow IPC file. */
export async function writeArrowFile(
  path: string,
  output: readonly PlanField[],
  batches: readonly Batch[],
): Promise<void> {
  const schema = schemaOf(output)
  const writer = new RecordBatchFileWriter()
  writer.reset(undefined, schema)
  for (const batch of batches) writer.write(batchToRecordBatch(batch, schema))
  writer.finish()
  const file = await open(path, 'w')
  try {
    await file.writeFile(await writer.toUint8Array())
  } finally {
    await file.close()
  }
}
