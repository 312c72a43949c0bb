import { closeSync, ftruncateSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { SheafError } from '../types/errors.ts'
import { type FileLock, fileError } from './file-system.ts'
import { nativeLibrary } from './native.ts'

/**
 * Locks a file for this process. With the native library it is an `flock`, which ends with its holder whatever
 * happens to it; the file's text (pid, start time) only names the holder. Without it the text is the lock, and
 * one whose process lives no more is taken over.
 *
 * @throws `LOCKED`, naming the holder
 */
export function lockFile(path: string): FileLock {
  const native = nativeLibrary()
  return native === null
    ? lockByText(path)
    : lockByDescriptor(path, (descriptor) => native.lockExclusive(descriptor))
}

function lockByDescriptor(path: string, lock: (descriptor: number) => boolean): FileLock {
  const descriptor = openLock(path, 'a+')
  if (!lock(descriptor)) {
    closeSync(descriptor)
    throw lockedError(path)
  }
  ftruncateSync(descriptor)
  writeSync(descriptor, holderText(), 0)
  return { release: () => closeSync(descriptor) }
}

function lockByText(path: string): FileLock {
  try {
    return takeText(path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw fileError('lock', path, error)
  }
  if (holderLives(path)) throw lockedError(path)
  unlinkSync(path)
  return takeText(path)
}

function takeText(path: string): FileLock {
  const descriptor = openSync(path, 'wx')
  writeSync(descriptor, holderText(), 0)
  closeSync(descriptor)
  return { release: () => unlinkSync(path) }
}

function openLock(path: string, flags: string): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    throw fileError('lock', path, error)
  }
}

function holderText(): string {
  return `${process.pid} ${startTime(process.pid) ?? ''}\n`
}

function readHolder(path: string): { readonly pid: number; readonly started: string } {
  const [pid, started] = readFileSync(path, 'utf8').trim().split(' ')
  return { pid: Number(pid), started: started ?? '' }
}

/** Reads when a process started, in clock ticks since the machine did: tells a reused pid from its first owner. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined // No /proc on this system: the pid alone must do.
  }
}

function holderLives(path: string): boolean {
  const { pid, started } = readHolder(path)
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
  const now = startTime(pid)
  return started === '' || now === undefined || now === started
}

function lockedError(path: string): SheafError {
  let pid = 'unknown'
  try {
    pid = String(readHolder(path).pid)
  } catch {
    // The holder may be between taking the lock and writing its name.
  }
  return new SheafError(
    'LOCKED',
    `Another process has the store open for writing. Close it there, or open with readOnly: process ${pid}`,
    { path, detail: pid },
  )
}
