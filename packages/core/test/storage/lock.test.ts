import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'

/** Without the native library: the lock is the file's text. The other kind is in `transaction/processes.test.ts`. */
vi.mock('../../src/storage/native.ts', () => ({ nativeLibrary: () => null }))

const { lockFile } = await import('../../src/storage/real-lock.ts')
const folder = mkdtempSync(join(tmpdir(), 'sheaf-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a lock without the native library', () => {
  test('is held until it is released, and names its holder', () => {
    const path = join(folder, 'held')
    const lock = lockFile(path)
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} `))
    expect(() => lockFile(path)).toThrow(
      expect.objectContaining({ code: 'LOCKED', message: expect.stringContaining(`process ${process.pid}`) }),
    )
    lock.release()
    expect(existsSync(path)).toBe(false)
    lockFile(path).release()
  })

  test('is taken over from a process that lives no more', () => {
    const path = join(folder, 'stale')
    const { pid } = spawnSync(process.execPath, ['--version'])
    writeFileSync(path, `${pid} 1\n`)
    lockFile(path).release()
  })

  test.runIf(existsSync('/proc/self/stat'))(
    'is taken over from a process whose number another has now',
    () => {
      const path = join(folder, 'reused')
      writeFileSync(path, `${process.pid} 1\n`)
      lockFile(path).release()
    },
  )

  test('is taken over where its file says nothing', () => {
    const path = join(folder, 'empty')
    writeFileSync(path, '')
    lockFile(path).release()
  })
})
