import type { Value } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { parseFilter } from '../language/parser-filter.ts'
import { isPlain } from '../language/parser-values.ts'
import type { UpdateSyntax } from '../language/syntax.ts'
import { copyValue, storedValue } from '../layout/stored-value.ts'
import { getKey } from '../semantics/value.ts'
import { callSettings } from './calls.ts'
import type { BulkOperation, BulkWriteResult } from './types.ts'
import { type CollectionWriter, replacementSyntax, updateSyntax } from './writer.ts'

type Counts = {
  insertedCount: number
  matchedCount: number
  modifiedCount: number
  deletedCount: number
  upsertedCount: number
  readonly insertedIds: Record<number, Value>
  readonly upsertedIds: Record<number, Value>
}

/** Runs the steps of a bulk write in order. */
export async function runBulk(
  writer: CollectionWriter,
  operations: readonly BulkOperation[],
): Promise<BulkWriteResult> {
  if (!Array.isArray(operations) || operations.length === 0)
    throw mongoError(2, 'bulkWrite takes an array of operations. Give it one or more.')
  const counts: Counts = {
    insertedCount: 0,
    matchedCount: 0,
    modifiedCount: 0,
    deletedCount: 0,
    upsertedCount: 0,
    insertedIds: {},
    upsertedIds: {},
  }
  for (const [index, operation] of operations.entries()) await runOne(writer, operation, { index, counts })
  return { acknowledged: true, ...counts }
}

async function runOne(
  writer: CollectionWriter,
  operation: BulkOperation,
  { index, counts }: { readonly index: number; readonly counts: Counts },
): Promise<void> {
  const [[name, parts] = ['', undefined], ...more] = isPlain(operation) ? Object.entries(operation) : []
  if (!isPlain(parts) || more.length > 0) throw mongoError(9, 'A step of bulkWrite is an object of one call.')
  switch (name) {
    case 'insertOne': {
      const [inserted] = await writer.insert([parts.document])
      counts.insertedCount += 1
      counts.insertedIds[index] = copyValue(getKey(inserted as never, '_id'))
      break
    }
    case 'updateOne':
    case 'updateMany':
      await change(writer, parts, updateSyntax(parts.update), { index, counts, one: name === 'updateOne' })
      break
    case 'replaceOne':
      await change(writer, parts, replacementSyntax(parts.replacement), { index, counts, one: true })
      break
    case 'deleteOne':
    case 'deleteMany': {
      const filter = parseFilter(storedValue(parts.filter))
      const call = callSettings(undefined)
      const targets = await writer.find({ filter, call, ...(name === 'deleteOne' ? { limit: 1 } : {}) })
      counts.deletedCount += writer.delete(targets)
      break
    }
    default:
      throw mongoError(9, `bulkWrite has no such call. Check its spelling: ${name}`)
  }
}

async function change(
  writer: CollectionWriter,
  parts: Readonly<Record<string, unknown>>,
  update: UpdateSyntax,
  { index, counts, one }: { readonly index: number; readonly counts: Counts; readonly one: boolean },
): Promise<void> {
  const outcome = await writer.update({
    filter: parseFilter(storedValue(parts.filter)),
    call: callSettings(parts.let),
    update,
    upsert: parts.upsert === true,
    ...(parts.arrayFilters === undefined ? {} : { arrayFilters: storedValue(parts.arrayFilters) }),
    ...(one ? { limit: 1 } : {}),
  })
  counts.matchedCount += outcome.matched.length
  counts.modifiedCount += outcome.modifiedCount
  if (outcome.upserted !== null) {
    counts.upsertedCount += 1
    counts.upsertedIds[index] = copyValue(getKey(outcome.upserted, '_id'))
  }
}
