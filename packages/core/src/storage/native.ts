import { createRequire } from 'node:module'

/** Is the part of the system's C library that the store uses where `koffi` is installed. */
export type NativeLibrary = {
  /** Maps a file. Whoever writes into the map writes into pages of this process, never into the file. */
  map(descriptor: number, sizeBytes: number): Uint8Array | null
  /** Locks a file for this process alone; `false` where another holds it. */
  lockExclusive(descriptor: number): boolean
}

// Arrow tables are given to users without a copy: a write into a read-only map would end the process.
const PROT_READ_WRITE = 1 | 2
const MAP_PRIVATE = 2
const LOCK_EXCLUSIVE_NOW = 2 | 4

type Koffi = {
  load(path: string | null): { func(definition: string): (...args: unknown[]) => unknown }
  view(pointer: unknown, sizeBytes: number): ArrayBuffer
  address(pointer: unknown): bigint
}

let library: NativeLibrary | null | undefined

/** Gives the native library, or `null` where there is none for this machine. */
export function nativeLibrary(): NativeLibrary | null {
  if (library === undefined) library = loadNative()
  return library
}

function loadNative(): NativeLibrary | null {
  if (process.platform === 'win32') return null
  let koffi: Koffi
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi
  } catch {
    return null // An optional dependency: files are then read with pread and the lock is a file with a pid.
  }
  const libc = koffi.load(null)
  const mmap = libc.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)')
  const munmap = libc.func('int munmap(void *addr, size_t length)')
  const flock = libc.func('int flock(int fd, int operation)')
  const unmapped = new FinalizationRegistry<{ pointer: unknown; sizeBytes: number }>((map) => {
    munmap(map.pointer, map.sizeBytes)
  })
  return {
    map(descriptor, sizeBytes) {
      const pointer = mmap(null, sizeBytes, PROT_READ_WRITE, MAP_PRIVATE, descriptor, 0)
      if (pointer === null || BigInt.asIntN(64, koffi.address(pointer)) === -1n) return null
      const buffer = koffi.view(pointer, sizeBytes)
      // The map lives as long as any view of it.
      unmapped.register(buffer, { pointer, sizeBytes })
      return new Uint8Array(buffer)
    },
    lockExclusive: (descriptor) => flock(descriptor, LOCK_EXCLUSIVE_NOW) === 0,
  }
}
