import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Document } from '../semantics/value.ts'
import { toExtendedJson } from './extended-json.ts'

/** Names the forms in which documents are written: a line each, or one array. */
export type JsonFormat = 'ndjson' | 'json'

/** Gives documents as text, piece by piece; values that JSON has not in MongoDB's Extended JSON. */
export async function* jsonPieces(
  batches: AsyncIterable<readonly Document[]>,
  format: JsonFormat,
): AsyncGenerator<string> {
  let count = 0
  if (format === 'json') yield '['
  for await (const documents of batches) {
    const texts = documents.map((document) => JSON.stringify(toExtendedJson(document)))
    if (format === 'ndjson') yield texts.map((text) => `${text}\n`).join('')
    else if (texts.length > 0) yield `${count > 0 ? ',\n' : '\n'}${texts.join(',\n')}`
    count += documents.length
  }
  if (format === 'json') yield '\n]\n'
}

/** Writes text to a file, which is there whole or not at all. */
export async function writeFileWhole(
  path: string,
  pieces: AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${path}.part`
  try {
    await pipeline(
      Readable.from(pieces),
      createWriteStream(part),
      ...(signal === undefined ? [] : [{ signal }]),
    )
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
