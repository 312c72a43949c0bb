import type { Filter } from '../language/syntax.ts'
import { type CollectionOptions, type IndexDefinition, optionsOf } from '../layout/table.ts'
import type { CollectionWriter } from './writer.ts'

/** Documents that have expired are looked for this often at most, and when something is written. */
const SWEEP_MS = 60_000

/** Remembers when the collections of a store were last looked through for documents that have expired. */
export class ExpirySweeps {
  readonly #last = new Map<string, number>()

  /** Tells whether a collection is due, and takes it as looked through then. The first time only starts the clock. */
  isDue(collection: string, nowMs: number): boolean {
    const last = this.#last.get(collection)
    if (last !== undefined && nowMs - last < SWEEP_MS) return false
    this.#last.set(collection, nowMs)
    return last !== undefined
  }
}

function expiring({ indexes = [] }: CollectionOptions): readonly IndexDefinition[] {
  return indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds !== null)
}

/** Deletes the documents whose time is over by an index with `expireAfterSeconds`; gives their count. */
export async function removeExpired(writer: CollectionWriter, now: Date): Promise<number> {
  let count = 0
  for (const { key, expireAfterSeconds } of expiring(optionsOf(writer.definition))) {
    const [path] = key[0] as readonly [string, unknown]
    const last = new Date(now.getTime() - (expireAfterSeconds as number) * 1000)
    const filter: Filter = { kind: 'field', path: path.split('.'), condition: { kind: 'lte', value: last } }
    count += writer.delete(await writer.find({ filter, call: { variables: [], now } }))
  }
  return count
}
