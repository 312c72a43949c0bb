import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anyDocument, exactText } from '../random-documents.ts'

describe('files of documents', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sheaf-documents-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const open = () => openStore(':memory:', { models: [document()] })

  test.each(['json', 'ndjson'])('written as %s come back exactly', { timeout: 60_000 }, async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDocument, { maxLength: 12 }), async (list) => {
        const store = await open()
        const documents = list.map((item, _id) => ({ _id, text: '{"\\"}[', ...item }))
        if (documents.length > 0) await store.document('a').insertMany(documents)
        const path = join(folder, `random.${format}`)
        expect(await store.document('a').export(path)).toEqual({ exportedCount: documents.length })
        expect(await store.document('b').import({ path }, { batchSize: 5 })).toEqual({
          insertedCount: documents.length,
        })
        const found = await store
          .document('b')
          .find({}, { sort: { _id: 1 } })
          .rows()
        expect(found.map(exactText)).toEqual(documents.map(exactText))
        await store.close()
      }),
      { numRuns: 60 },
    )
  })

  test('are read in pieces cut anywhere, with progress', async () => {
    const store = await open()
    const text =
      '\ufeff[ {"_id": 1, "s": "é}{\\\\"} ,\n {"_id": 2, "n": {"deep": [{"$numberLong": "5"}]}} ]\n'
    const bytes = new TextEncoder().encode(text)
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte))
    const seen: number[] = []
    await store.document('c').import(pieces, {
      batchSize: 1,
      onProgress: ({ documents }) => seen.push(documents),
    })
    expect(seen).toEqual([1, 2])
    expect(await store.document('c').find({}).rows()).toEqual([
      { _id: 1, s: 'é}{\\' },
      { _id: 2, n: { deep: [5n] } },
    ])
    await store.close()
  })

  test('that are no JSON are refused with the number of the document', async () => {
    const store = await open()
    const c = store.document('c')
    await expect(c.import(['{"_id": 1}\n{"_id": oops}\n'])).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(c.import(['{"_id": 3}\n{"_id": 4'])).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(c.import(['[1, 2]'])).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(c.import(['}'])).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(c.import(['{"_id": {"$oid": "zz"}}'])).rejects.toMatchObject({ code: 'SYNTAX' })
    const path = join(folder, 'filtered.json')
    await c.insertMany([
      { _id: 7, x: 1 },
      { _id: 8, x: 2 },
    ])
    await c.export(path, { filter: { x: 2 } })
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual([{ _id: 8, x: 2 }])
    await writeFile(path, '')
    expect(await c.import({ path })).toEqual({ insertedCount: 0 })
    await store.close()
  })
})
