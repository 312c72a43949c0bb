import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { afterAll, describe, expect, test } from 'vitest'
import { layOutSafetensors, openSafetensors } from '../../src/formats/safetensors/file.ts'
import { tensor } from '../../src/index.ts'
import { dtypeNamed } from '../../src/layout/dtype.ts'
import { valuesToBytes } from '../../src/layout/values.ts'

const suites = process.env['SHEAF_SUITES'] ?? join(import.meta.dirname, '../../../../../shared/suites')
const folder = join(suites, 'safetensors')
const work = mkdtempSync(join(tmpdir(), 'sheaf-safetensors-'))
afterAll(() => rmSync(work, { recursive: true }))

type Vector = {
  readonly name: string
  readonly hex: string
  readonly expect: 'ok' | 'error'
  readonly error?: string
  readonly alsoSerializesToThis?: boolean
}
type Golden = Readonly<
  Record<string, { readonly dtype: string; readonly shape: number[]; readonly hex: string }>
>

if (!existsSync(folder)) {
  test.skip(`the suite of safetensors is not at ${folder}: its vectors are those of the reference's own tests`, () => {})
} else {
  const vectors = JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8')) as readonly Vector[]

  describe('vectors of the reference', () => {
    test.each(vectors)('$name: $expect', async ({ hex, expect: verdict, error, alsoSerializesToThis }) => {
      const path = join(work, 'vector.safetensors')
      writeFileSync(path, Buffer.from(hex, 'hex'))
      if (verdict === 'error') {
        expect(() => openSafetensors(path)).toThrow(
          expect.objectContaining({
            code: 'CORRUPT',
            path,
            ...(error === undefined ? {} : { detail: error }),
          }),
        )
        return
      }
      const file = openSafetensors(path)
      const tensors = file.tensors.map((item) => ({ ...item, bytes: file.read(item) }))
      file.close()
      const store = await openStore(':memory:', { models: [tensor()] })
      const { count } = await store.tensor('read').importSafetensors(path)
      expect(count).toBe(tensors.length)
      for (const { name, shape } of tensors)
        expect((await store.tensor('read').get(name))?.shape).toEqual(shape)
      await store.close()
      if (alsoSerializesToThis === true)
        expect(Buffer.concat(layOutSafetensors(tensors, file.metadata)).toString('hex')).toBe(hex)
    })
  })

  describe('files of the reference', () => {
    const files: readonly [string, string][] = [
      ['all_numpy.safetensors', 'all_numpy.json'],
      ['bf16.safetensors', 'low_precision.json'],
      ['f8e4m3.safetensors', 'low_precision.json'],
      ['f8e5m2.safetensors', 'low_precision.json'],
    ]
    test.each(files)('%s is read, kept, attached and written back', async (name, golden) => {
      const path = join(folder, 'golden', name)
      const expected = JSON.parse(readFileSync(join(folder, 'golden', golden), 'utf8')) as Golden
      const store = await openStore(':memory:', { models: [tensor()] })
      await store.tensor('kept').importSafetensors(path, { mode: 'both' })
      await store.tensor('attached').attach(path)
      const written = join(work, name)
      for (const collection of ['kept', 'attached']) {
        await store.tensor(collection).exportSafetensors(written)
        const file = openSafetensors(written)
        for (const item of file.tensors) {
          const wanted = expected[item.name]
          if (wanted === undefined) continue
          const found = await store.tensor(collection).get(item.name)
          if (found === undefined) throw new Error(`There is no ${item.name}`)
          expect(wanted.dtype.replace(/fn$/, '')).toBe(found.dtype)
          expect(found.shape).toEqual(wanted.shape)
          const bytes = valuesToBytes(found.values, dtypeNamed(found.dtype))
          expect(Buffer.from(bytes).toString('hex')).toBe(wanted.hex)
          expect(Buffer.from(file.read(item)).toString('hex')).toBe(wanted.hex)
        }
        expect(file.tensors.length).toBeGreaterThan(0)
        file.close()
      }
      await store.close()
    })
  })
}
