import { SheafError } from '../types/errors.ts'
import { type FileHandle, type FileLock, type FileSystem, fileError } from './file-system.ts'
import { MemoryFile } from './memory-file-system.ts'

/** Names the calls that a {@link FaultFileSystem} counts. */
export type FileCall =
  | 'makeFolder'
  | 'list'
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'syncFolder'
  | 'lock'

/** Says what happens to a call: it works, fails, half-works (a torn write), or ends the machine's power. */
export type Fault = 'none' | 'fail' | 'tear' | 'crash'

/** Says how much of what was never synced is found after a crash. */
export type CrashOutcome = 'lost' | 'kept' | 'torn'

type Inode = { readonly current: MemoryFile; synced: Uint8Array }

const SECTOR_BYTES = 512

/**
 * Keeps files in memory as a disk with a cache does: what was not synced, data and names alike, may be lost in a
 * crash. Each call is counted, and may be made to fail.
 *
 * @example const disk = new FaultFileSystem({ fault: (index) => (index === 7 ? 'crash' : 'none') })
 */
export class FaultFileSystem implements FileSystem {
  /** Counts calls so far. */
  callCount = 0
  /** Bytes that all files together may have. */
  capacityBytes: number
  /** Decides over each call. */
  fault: (index: number, call: FileCall, path: string) => Fault
  /** Resolves when a sync that was begun is done: other calls may come between. */
  delay: () => Promise<void>
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  readonly #folders = new Set<string>(['', '.'])
  readonly #locks = new Set<string>()
  #dead = false

  constructor(
    options: {
      readonly fault?: (index: number, call: FileCall, path: string) => Fault
      readonly capacityBytes?: number
      readonly delay?: () => Promise<void>
    } = {},
  ) {
    this.delay = options.delay ?? (() => Promise.resolve())
    this.fault = options.fault ?? (() => 'none')
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
  }

  /** Tells whether the power is gone. */
  get crashed(): boolean {
    return this.#dead
  }

  /** Gives the disk as the next process finds it where only this one ends: nothing is lost, nothing more is synced. */
  afterKill(): FaultFileSystem {
    const disk = new FaultFileSystem()
    for (const folder of this.#folders) disk.#folders.add(folder)
    disk.#names = new Map(this.#names)
    disk.#durableNames = new Map(this.#durableNames)
    return disk
  }

  /** Gives the disk as it is found after a crash now. */
  afterCrash(outcome: CrashOutcome, random: () => number = Math.random): FaultFileSystem {
    const disk = new FaultFileSystem()
    for (const folder of this.#folders) disk.#folders.add(folder)
    for (const [name, inode] of this.#survivingNames(outcome, random)) {
      const bytes = survivingBytes(inode, outcome, random)
      const file = new MemoryFile()
      file.write(0, bytes)
      const copy = { current: file, synced: bytes }
      disk.#names.set(name, copy)
      disk.#durableNames.set(name, copy)
    }
    return disk
  }

  /** Names that were made or removed since their folder was synced survive each for itself where a crash tears. */
  #survivingNames(outcome: CrashOutcome, random: () => number): Iterable<readonly [string, Inode]> {
    if (outcome === 'kept') return this.#names
    if (outcome === 'lost') return this.#durableNames
    const names = new Map<string, Inode>()
    for (const name of new Set([...this.#durableNames.keys(), ...this.#names.keys()])) {
      const inode = (random() < 0.5 ? this.#names : this.#durableNames).get(name)
      if (inode !== undefined) names.set(name, inode)
    }
    return names
  }

  /** Lists the paths of all files. */
  paths(): readonly string[] {
    return [...this.#names.keys()].sort()
  }

  /** Gives the size of a file. */
  sizeOf(path: string): number {
    return this.#inode('open', path).current.sizeBytes
  }

  /** Flips one bit of a file. */
  flipBit(path: string, bit: number): void {
    const { current } = this.#inode('open', path)
    current.bytes[bit >> 3] = (current.bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  }

  /** Cuts a file short. */
  cut(path: string, sizeBytes: number): void {
    this.#inode('open', path).current.truncate(sizeBytes)
  }

  #call(call: FileCall, path: string): Fault {
    if (this.#dead) throw fileError(call, path, new Error('the power is gone'))
    const fault = this.fault(this.callCount, call, path)
    this.callCount += 1
    if (fault === 'crash') this.#dead = true
    if (fault === 'crash' || fault === 'fail') throw fileError(call, path, new Error(`injected: ${fault}`))
    return fault
  }

  #inode(call: string, path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined)
      throw fileError(call, path, Object.assign(new Error('no such file'), { code: 'ENOENT' }))
    return inode
  }

  makeFolder(path: string): void {
    this.#call('makeFolder', path)
    const parts = path.split('/')
    for (let count = 1; count <= parts.length; count += 1) this.#folders.add(parts.slice(0, count).join('/'))
  }

  list(path: string): readonly string[] {
    this.#call('list', path)
    const prefix = `${path}/`
    const names = new Set<string>()
    for (const known of [...this.#names.keys(), ...this.#folders])
      if (known.startsWith(prefix)) names.add(known.slice(prefix.length).split('/')[0] as string)
    return [...names].sort()
  }

  exists(path: string): boolean {
    return this.#names.has(path) || this.#folders.has(path)
  }

  open(path: string, mode: 'read' | 'create' | 'update'): FileHandle {
    this.#call('open', path)
    if (mode === 'read') return this.#handle(path, this.#inode('open', path))
    const known = this.#names.get(path)
    if (known !== undefined) {
      if (mode === 'create') known.current.truncate(0)
      return this.#handle(path, known)
    }
    const inode = { current: new MemoryFile(), synced: new Uint8Array(0) }
    this.#names.set(path, inode)
    return this.#handle(path, inode)
  }

  #handle(path: string, inode: Inode): FileHandle {
    const disk = this
    const { current } = inode
    const sync = (): void => {
      disk.#call('sync', path)
      inode.synced = current.bytes.slice(0, current.sizeBytes)
    }
    return {
      path,
      get sizeBytes() {
        return current.sizeBytes
      },
      read(offset, sizeBytes) {
        disk.#call('read', path)
        if (offset + sizeBytes > current.sizeBytes)
          throw fileError('read', path, new Error('the file ends before'))
        return current.bytes.slice(offset, offset + sizeBytes)
      },
      write(offset, bytes) {
        disk.#write({ path, current, offset, bytes })
      },
      truncate(sizeBytes) {
        disk.#call('truncate', path)
        current.truncate(sizeBytes)
      },
      async sync() {
        disk.#call('sync', path)
        const bytes = current.bytes.slice(0, current.sizeBytes)
        await disk.delay()
        if (disk.#dead) throw fileError('sync', path, new Error('the power is gone'))
        inode.synced = bytes
      },
      syncNow: sync,
      map: () => null,
      close() {},
    }
  }

  #write(write: { path: string; current: MemoryFile; offset: number; bytes: Uint8Array }): void {
    const { path, current, offset, bytes } = write
    const fault = this.#call('write', path)
    if (fault === 'tear') {
      current.write(offset, bytes.subarray(0, bytes.length >> 1))
      throw fileError('write', path, new Error('injected: tear'))
    }
    const room = this.capacityBytes - this.#usedBytes()
    const growth = Math.max(0, offset + bytes.length - current.sizeBytes)
    if (growth > room) {
      current.write(offset, bytes.subarray(0, Math.max(0, bytes.length - (growth - room))))
      throw fileError('write', path, Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
    }
    current.write(offset, bytes)
  }

  #usedBytes(): number {
    let used = 0
    for (const { current } of this.#names.values()) used += current.sizeBytes
    return used
  }

  rename(from: string, to: string): void {
    this.#call('rename', from)
    const inode = this.#inode('rename', from)
    this.#names.delete(from)
    this.#names.set(to, inode)
  }

  remove(path: string): void {
    this.#call('remove', path)
    this.#names.delete(path)
  }

  removeFolder(path: string): void {
    this.#call('remove', path)
    this.#folders.delete(path)
  }

  syncFolder(path: string): void {
    this.#call('syncFolder', path)
    const inside = (name: string): boolean => name.slice(0, name.lastIndexOf('/')) === path
    for (const name of this.#durableNames.keys())
      if (inside(name) && !this.#names.has(name)) this.#durableNames.delete(name)
    for (const [name, inode] of this.#names) if (inside(name)) this.#durableNames.set(name, inode)
  }

  lock(path: string): FileLock {
    this.#call('lock', path)
    if (this.#locks.has(path)) throw new SheafError('LOCKED', `The store is locked: ${path}`, { path })
    this.#locks.add(path)
    return { release: () => void this.#locks.delete(path) }
  }
}

function survivingBytes({ current, synced }: Inode, outcome: CrashOutcome, random: () => number): Uint8Array {
  if (outcome === 'lost') return synced.slice()
  const now = current.bytes.slice(0, current.sizeBytes)
  if (outcome === 'kept') return now
  const size =
    random() < 0.5 ? now.length : Math.min(now.length, synced.length + Math.floor(random() * now.length))
  const found = new Uint8Array(size)
  found.set(synced.subarray(0, size))
  for (let at = 0; at < size; at += SECTOR_BYTES)
    if (random() < 0.6) found.set(now.subarray(at, Math.min(at + SECTOR_BYTES, size)), at)
  return found
}
