import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { withPath } from './outside-file.ts'

/** Writes a file beside its place, then moves it there: a reader sees the old one or the new one whole. */
export function writeBeside(path: string, parts: readonly Uint8Array[]): void {
  const beside = `${path}.${process.pid}.part`
  withPath(path, () => {
    const descriptor = openSync(beside, 'w')
    try {
      for (const part of parts) writeWhole(descriptor, part)
      fsyncSync(descriptor)
    } catch (error) {
      rmSync(beside, { force: true })
      throw error
    } finally {
      closeSync(descriptor)
    }
    renameSync(beside, path)
  })
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done)
}
