import type { SpillFile, SpillSpace } from '../catalog/spill.ts'
import { SheafError } from '../types/errors.ts'
import { crc32c } from './checksum.ts'
import type { FileHandle, FileSystem } from './file-system.ts'

/**
 * Keeps what running queries put aside: files in the folder `temporary` of the store, each a row of frames
 *
 *   offset  size  field
 *   0       n     bytes of the frame
 *
 * whose places, sizes and checksums (CRC32C) are known to the process alone that wrote them. Nothing is synced: a crash
 * leaves files that the next opening removes.
 */
export class SpillFolder implements SpillSpace {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  #count = 0
  #isMade = false
  readonly #open = new Set<OpenSpillFile>()

  constructor(fileSystem: FileSystem, storeFolder: string) {
    this.#fileSystem = fileSystem
    this.#folder = `${storeFolder}/${FOLDER}`
  }

  createFile(): SpillFile {
    if (!this.#isMade) this.#fileSystem.makeFolder(this.#folder)
    this.#isMade = true
    this.#count += 1
    const file = new OpenSpillFile(this.#fileSystem, `${this.#folder}/${this.#count}.rows`, () =>
      this.#open.delete(file),
    )
    this.#open.add(file)
    return file
  }

  /** Removes all files of this process, and those that a crash left. */
  clear(): void {
    for (const file of [...this.#open]) file.remove()
    const names = this.#fileSystem.list(this.#folder)
    for (const name of names) this.#fileSystem.remove(`${this.#folder}/${name}`)
    if (this.#isMade || names.length > 0) this.#fileSystem.removeFolder(this.#folder)
    this.#isMade = false
  }
}

const FOLDER = 'temporary'

type Frame = { readonly offset: number; readonly sizeBytes: number; readonly checksum: number }

class OpenSpillFile implements SpillFile {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #frames: Frame[] = []
  readonly #forget: () => void
  #handle: FileHandle | null = null
  #end = 0

  constructor(fileSystem: FileSystem, path: string, forget: () => void) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#forget = forget
  }

  get count(): number {
    return this.#frames.length
  }

  append(bytes: Uint8Array): void {
    this.#handle ??= this.#fileSystem.open(this.#path, 'create')
    this.#handle.write(this.#end, bytes)
    this.#frames.push({ offset: this.#end, sizeBytes: bytes.length, checksum: crc32c(bytes) })
    this.#end += bytes.length
  }

  read(index: number): Uint8Array {
    const frame = this.#frames[index]
    if (frame === undefined || this.#handle === null)
      throw new SheafError(
        'CLOSED',
        'The rows that a query put aside are gone: the store was closed. Run it again.',
      )
    const bytes = this.#handle.read(frame.offset, frame.sizeBytes)
    if (crc32c(bytes) !== frame.checksum)
      throw new SheafError(
        'CORRUPT',
        `What a query put aside on disk came back changed. Check the disk, and run the query again: ${this.#path}`,
        { path: this.#path, offset: frame.offset },
      )
    return bytes
  }

  remove(): void {
    this.#forget()
    if (this.#handle === null) return
    this.#handle.close()
    this.#handle = null
    this.#fileSystem.remove(this.#path)
  }
}
