import type { Value } from '@sheafdb/core'
import { EJSON } from 'bson'
import { mongoError } from '../language/errors.ts'
import { parseFilter } from '../language/parser-filter.ts'
import type { Filter } from '../language/syntax.ts'
import type { CollectionOptions, IndexDefinition } from '../layout/table.ts'
import { compileContext } from '../semantics/expression.ts'
import { compileFilter } from '../semantics/match.ts'
import { matchSupport } from '../semantics/match-support.ts'
import { expandPath } from '../semantics/path.ts'
import { type Document, keyOf } from '../semantics/value.ts'

/** Is a document that a write is about. */
export type Target = { readonly rowId: number; readonly document: Document }

/** Is what the check of uniqueness reads of the collection. */
export type UniqueSource = {
  readonly find: (filter: Filter) => Promise<Target[]>
  /** Rows that are being replaced, which do not count. */
  readonly replaced: ReadonlySet<number>
}

/** Gives the filter of a partial index. */
export function partialFilter({ partial }: IndexDefinition): Filter | null {
  return partial === null ? null : parseFilter(EJSON.parse(partial, { relaxed: true }))
}

/** Checks that documents keep unique indexes unique. @throws DuplicateKey */
export async function checkUnique(
  options: CollectionOptions,
  documents: readonly Document[],
  source: UniqueSource,
): Promise<void> {
  for (const index of options.indexes ?? []) {
    if (index.unique) await checkIndex(index, documents, source)
  }
}

async function checkIndex(
  index: IndexDefinition,
  documents: readonly Document[],
  source: UniqueSource,
): Promise<void> {
  const keysOf = indexKeys(index)
  const taken = new Map<Value, Document>()
  for (const document of documents) addKeys(index, taken, document, keysOf(document))
  if (taken.size === 0) return
  const [first] = index.key
  const path = (first as readonly [string, unknown])[0].split('.')
  const values = documents.flatMap((document) => expandPath(document, path))
  // An empty array has the key of what is missing.
  if (values.includes(undefined)) values.push([])
  const wanted: Filter = {
    kind: 'field',
    path,
    condition: { kind: 'in', values: values.map((value) => value ?? null), patterns: [] },
  }
  for (const { rowId, document } of await source.find(wanted)) {
    if (!source.replaced.has(rowId) && keysOf(document).some((key) => taken.has(key))) throw duplicate(index)
  }
}

function addKeys(
  index: IndexDefinition,
  taken: Map<Value, Document>,
  document: Document,
  keys: readonly Value[],
): void {
  for (const key of keys) {
    const other = taken.get(key)
    if (other !== undefined && other !== document) throw duplicate(index)
    taken.set(key, document)
  }
}

function duplicate(index: IndexDefinition): Error {
  return mongoError(
    11000,
    `A document with this value exists already in a unique index. Change it: ${index.name}`,
  )
}

/** Makes the function that gives the keys of a document in an index: several where it has an array. */
function indexKeys(index: IndexDefinition): (document: Document) => Value[] {
  const filter = partialFilter(index)
  const covers = filter === null ? () => true : compileFilter(filter, matchSupport(compileContext()))
  const paths = index.key.map(([path]) => path.split('.'))
  return (document) => {
    if (!covers(document)) return []
    const values = paths.map((path) => expandPath(document, path))
    if (index.sparse && values.every((list) => list.every((value) => value === undefined))) return []
    const combined = values.reduce<Value[][]>(
      (keys, list) =>
        keys.flatMap((key) => (list.length === 0 ? [null] : list).map((value) => [...key, value ?? null])),
      [[]],
    )
    return [...new Set(combined.map(keyOf))]
  }
}

/** Checks that the documents there are keep a new index unique. @throws DuplicateKey */
export function checkNewIndex(index: IndexDefinition, documents: readonly Document[]): void {
  const keysOf = indexKeys(index)
  const taken = new Map<Value, Document>()
  for (const document of documents) addKeys(index, taken, document, keysOf(document))
}
