import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FaultFileSystem } from '../../src/storage/fault-file-system.ts'
import { type FileSystem, readFile } from '../../src/storage/file-system.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { realFileSystem } from '../../src/storage/real-file-system.ts'

const folder = mkdtempSync(join(tmpdir(), 'sheaf-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SYSTEMS: readonly (readonly [string, FileSystem, string])[] = [
  ['real', realFileSystem(), folder],
  ['memory', new MemoryFileSystem(), 'root'],
  ['fault-injecting', new FaultFileSystem(), 'root'],
]

describe.each(SYSTEMS)('the %s file system', (_, system, root) => {
  test('reads what was written, in place and at the end', async () => {
    system.makeFolder(`${root}/a/b`)
    const handle = system.open(`${root}/a/b/file`, 'create')
    handle.write(0, Uint8Array.of(1, 2, 3))
    handle.write(2, Uint8Array.of(9, 10))
    await handle.sync()
    expect(handle.sizeBytes).toBe(4)
    expect([...handle.read(1, 3)]).toEqual([2, 9, 10])
    expect(() => handle.read(2, 3)).toThrow(expect.objectContaining({ code: 'IO' }))
    handle.truncate(1)
    handle.close()
    system.syncFolder(`${root}/a/b`)
    expect([...readFile(system, `${root}/a/b/file`)]).toEqual([1])
    const update = system.open(`${root}/a/b/file`, 'update')
    update.write(1, Uint8Array.of(7))
    update.close()
    expect([...readFile(system, `${root}/a/b/file`)]).toEqual([1, 7])
  })

  test('maps a file where it can', () => {
    const handle = system.open(`${root}/mapped`, 'create')
    handle.write(
      0,
      Uint8Array.from({ length: 10_000 }, (__, at) => at),
    )
    const map = handle.map()
    handle.close()
    if (map !== null) expect([map.length, map[0], map[300]]).toEqual([10_000, 0, 44])
  })

  test('lists, renames and removes', () => {
    system.makeFolder(`${root}/c`)
    for (const name of ['y', 'x']) system.open(`${root}/c/${name}`, 'create').close()
    expect(system.list(`${root}/c`)).toEqual(['x', 'y'])
    system.rename(`${root}/c/x`, `${root}/c/z`)
    system.remove(`${root}/c/y`)
    system.remove(`${root}/c/y`)
    expect(system.list(`${root}/c`)).toEqual(['z'])
    expect(system.exists(`${root}/c/z`)).toBe(true)
    expect(system.exists(`${root}/c/y`)).toBe(false)
    expect(system.list(`${root}/nowhere`)).toEqual([])
  })

  test('says which file is not there', () => {
    expect(() => system.open(`${root}/none`, 'read')).toThrow(
      expect.objectContaining({ code: 'IO', detail: 'ENOENT', path: `${root}/none` }),
    )
  })

  test('gives a lock to one holder at a time', () => {
    const lock = system.lock(`${root}/LOCK`)
    expect(() => system.lock(`${root}/LOCK`)).toThrow(expect.objectContaining({ code: 'LOCKED' }))
    lock.release()
    system.lock(`${root}/LOCK`).release()
  })
})

describe('a disk that loses power', () => {
  test('keeps what was synced, names and bytes', async () => {
    const disk = new FaultFileSystem()
    disk.makeFolder('f')
    const handle = disk.open('f/kept', 'create')
    handle.write(0, Uint8Array.of(1))
    await handle.sync()
    disk.syncFolder('f')
    handle.write(1, Uint8Array.of(2))
    disk.open('f/unnamed', 'create').write(0, Uint8Array.of(3))
    expect([...readFile(disk.afterCrash('lost'), 'f/kept')]).toEqual([1])
    expect(disk.afterCrash('lost').paths()).toEqual(['f/kept'])
    expect([...readFile(disk.afterCrash('kept'), 'f/kept')]).toEqual([1, 2])
    expect(disk.afterCrash('kept').paths()).toEqual(['f/kept', 'f/unnamed'])
  })
})
