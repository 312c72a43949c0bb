import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { Decimal128, type Document, type DocumentApi, document, ObjectId } from '@sheafdb/document'
import fc from 'fast-check'
import { exactText } from '../random-documents.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', '\ud800', '\u0000', '💛', 'é'.repeat(40)),
)

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'name', 'items') },
  { weight: 2, arbitrary: text.filter((name) => name.isWellFormed()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'a.b', '$set', '', '0', '10', '_id '),
  },
)

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31), 2 ** 53, Number.MIN_VALUE),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
)

const scalar = fc.oneof(
  number,
  text,
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .uint8Array({ minLength: 12, maxLength: 12 })
    .map((bytes) => new ObjectId(Buffer.from(bytes).toString('hex'))),
  fc.constantFrom(/a+/i, /[^\n]/gsu, Decimal128.fromString('1.10'), Decimal128.fromString('-1E-6000')),
)

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4, withCrossShrink: false },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }) },
  ),
}))

const anyDocument = fc.dictionary(
  key.filter((name) => name !== '_id'),
  anyValue,
  { maxKeys: 8, noNullPrototype: true },
) as fc.Arbitrary<Document>

function digest(item: unknown): string {
  return createHash('sha1').update(exactText(item)).digest('base64url').slice(0, 12)
}

const BATCH = 10_000

/**
 * Writes random documents into a store on disk and reads them back: from memory and the log, from segments, after
 * compaction and after opening the store again.
 *
 * @throws Error naming the first document that came back otherwise
 */
export async function roundTrip(
  folder: string,
  {
    count,
    seed,
    onStep,
  }: { readonly count: number; readonly seed: number; readonly onStep?: (step: string) => void },
): Promise<void> {
  const path = join(folder, 'round-trip.sheaf')
  const open = (): Promise<Store & { readonly document: DocumentApi }> =>
    openStore(path, { models: [document()], durability: 'none' })
  const digests: string[] = []
  let store = await open()
  for (let start = 0; start < count; start += BATCH) {
    const numRuns = Math.min(BATCH, count - start)
    const documents = fc
      .sample(anyDocument, { numRuns, seed: seed + start })
      .map((item, at) =>
        Object.defineProperties({ _id: start + at } as Document, Object.getOwnPropertyDescriptors(item)),
      )
    digests.push(...documents.map(digest))
    await store.document('all').insertMany(documents)
  }
  const check = async (step: string): Promise<void> => {
    for (let start = 0; start < count; start += BATCH) await checkBatch(store, digests, start)
    onStep?.(`${step}: ${count} documents are the same`)
  }
  await check('as written')
  await store.close()
  store = await open()
  await check('opened again')
  await store.compact()
  await check('compacted')
  await store.close()
  store = await open()
  await check('compacted and opened again')
  await store.close()
}

async function checkBatch(
  store: { readonly document: DocumentApi },
  digests: readonly string[],
  start: number,
): Promise<void> {
  const end = Math.min(start + BATCH, digests.length)
  const filter = { _id: { $gte: start, $lt: end } }
  const found = await store
    .document('all')
    .find(filter, { sort: { _id: 1 } })
    .rows()
  if (found.length !== end - start)
    throw new Error(`${end - start - found.length} documents are lost from ${start}`)
  found.forEach((item, at) => {
    if (digest(item) !== digests[start + at])
      throw new Error(`Document ${start + at} came back otherwise: ${exactText(item)}`)
  })
}
