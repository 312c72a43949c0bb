import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SheafLevel } from '../../src/level/level.ts'

test('a Level database keeps its entries on disk, with encodings and sublevels', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sheaf-level-'))
  try {
    const path = join(folder, 'level.sheaf')
    const first = new SheafLevel(path, { valueEncoding: 'json' })
    const own = first.sublevel<string, { n: number }>('own', { valueEncoding: 'json' })
    await own.batch([
      { type: 'put', key: 'b', value: { n: 2 } },
      { type: 'put', key: 'a', value: { n: 1 } },
    ])
    await first.close()
    const second = new SheafLevel(path)
    const again = second.sublevel<string, { n: number }>('own', { valueEncoding: 'json' })
    expect(await again.iterator().all()).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ])
    await second.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
