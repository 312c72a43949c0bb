import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { describe, expect, test } from 'vitest'
import { tensor } from '../../src/index.ts'

const suites = process.env['SHEAF_SUITES'] ?? join(import.meta.dirname, '../../../../../shared/suites')
const folder = join(suites, 'zarr')

type Item = number | boolean | string | { readonly $big: string } | { readonly $f: string }
type Expected = Readonly<
  Record<string, { readonly shape: number[]; readonly dtype: string; readonly data: readonly Item[] }>
>

function numberOf(item: Item): number | bigint {
  if (typeof item !== 'object') return Number(item)
  return '$big' in item ? BigInt(item.$big) : Number(item.$f)
}

if (!existsSync(folder)) {
  test.skip(`the suite of Zarr is not at ${folder}: its arrays are those of zarrita's own tests`, () => {})
} else {
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected

  describe('arrays written by zarr-python', () => {
    test.each(Object.entries(expected))('%s', async (name, { shape, dtype, data }) => {
      const [version, ...inside] = name.split('/')
      const path = join(folder, 'fixtures', version as string, 'data.zarr', ...inside)
      const store = await openStore(':memory:', { models: [tensor()] })
      const read = store.tensor('read')
      if (!/^(bool|u?int|float)/.test(dtype)) {
        await expect(read.importZarr(path)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      } else {
        expect(await read.importZarr(path)).toEqual({ count: 1, skipped: [] })
        const found = await read.get(inside.at(-1) as string)
        expect([found?.dtype, found?.shape]).toEqual([dtype, shape])
        expect(Array.from(found?.values as ArrayLike<number | bigint>)).toEqual(data.map(numberOf))
      }
      await store.close()
    })

    test.each(['v2', 'v3'])('a whole group of %s, its arrays of text left out', async (version) => {
      const store = await openStore(':memory:', { models: [tensor()] })
      const all = store.tensor('all')
      const { count, skipped } = await all.importZarr(join(folder, 'fixtures', version, 'data.zarr'))
      expect(count).toBeGreaterThan(20)
      expect(skipped.length).toBeGreaterThan(0)
      expect(await all.count()).toBe(count)
      await store.close()
    })

    test.each(['v2', 'v3'])('ZIP files of %s, read and attached', async (version) => {
      const store = await openStore(':memory:', { models: [tensor()] })
      for (const kind of ['within', 'parent']) {
        const path = join(folder, 'fixtures', version, `data.zipped_from_${kind}.zarr.zip`)
        if (!existsSync(path)) continue
        const [read, attached] = [store.tensor(`read-${kind}`), store.tensor(`attached-${kind}`)]
        const { count } = await read.importZarr(path)
        expect(count).toBeGreaterThan(20)
        expect((await attached.attach(path)).count).toBe(count)
        const id = kind === 'within' ? '1d.chunked.i2' : 'data.zarr/1d.chunked.i2'
        expect((await attached.get(id))?.values).toEqual((await read.get(id))?.values)
        expect((await read.get(id))?.shape).toEqual([4])
      }
      await store.close()
    })
  })
}
