/** Reads documents of files and streams into a collection, and writes them out. */
import { type Batch, columnReader, type ModelContext, SheafError, type StructColumn } from '@sheafdb/core'
import { type JsonSource, readJson, sourceSize } from '../formats/read-json.ts'
import { type JsonFormat, jsonPieces, writeFileWhole } from '../formats/write-json.ts'
import type { Lowered } from '../language/lower.ts'
import type { Document } from '../semantics/value.ts'
import type { ExportOptions, ImportOptions } from './types.ts'

const BATCH_SIZE = 10_000

/** Inserts the documents of a source, a transaction for each batch; gives their count. */
export async function importDocuments(
  source: JsonSource,
  options: ImportOptions,
  insert: (documents: readonly Document[]) => Promise<unknown>,
): Promise<number> {
  const { batchSize = BATCH_SIZE, signal, onProgress } = options
  const total = onProgress === undefined ? undefined : await sourceSize(source)
  let count = 0
  for await (const { documents, bytesRead } of readJson(source, batchSize)) {
    requireGoingOn(signal)
    await insert(documents)
    count += documents.length
    onProgress?.({ done: bytesRead, total, documents: count })
  }
  return count
}

function requireGoingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new SheafError('ABORTED', 'The work was aborted. What was written before stays.', {
      cause: signal.reason,
    })
}

/** Writes the documents of a plan to a file; gives their count. */
export async function exportDocuments(
  context: ModelContext,
  path: string,
  { lowered, options }: { readonly lowered: Lowered; readonly options: ExportOptions },
): Promise<number> {
  const { signal, onProgress, format = formatOf(path) } = options
  let count = 0
  async function* batches(): AsyncGenerator<Document[]> {
    for await (const batch of context.batches(lowered.plan, signal === undefined ? {} : { signal })) {
      const documents = documentsOf(batch)
      yield documents
      count += documents.length
      onProgress?.({ done: count, total: undefined, documents: count })
    }
  }
  await writeFileWhole(path, jsonPieces(batches(), format), signal)
  return count
}

function formatOf(path: string): JsonFormat {
  return path.endsWith('.json') ? 'json' : 'ndjson'
}

function documentsOf({ columns, selection, length }: Batch): Document[] {
  const read = columnReader(columns[0] as StructColumn)
  if (selection === null) return Array.from({ length }, (_, row) => read(row) as Document)
  return Array.from(selection, (row) => read(row) as Document)
}
