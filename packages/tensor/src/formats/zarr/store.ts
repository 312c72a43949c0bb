import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { SheafError } from '@sheafdb/core'
import { type OutsideFile, openOutside } from '../outside-file.ts'

/** Is the packages that read Zarr. */
export type Library = typeof import('zarrita') & {
  readonly FileSystemStore: typeof import('@zarrita/storage/fs').default
  readonly ZipFileStore: typeof import('@zarrita/storage/zip').default
}

type Key = `/${string}`
type Range = { readonly offset: number; readonly length: number } | { readonly suffixLength: number }

/** Reads the files of a Zarr store by their names. */
export type ZarrStore = {
  get(key: Key): Promise<Uint8Array | undefined>
  getRange(key: Key, range: Range): Promise<Uint8Array | undefined>
}

/** Is an open store. */
export type OpenZarr = {
  readonly zarr: Library
  readonly store: ZarrStore
  /** Counts the bytes that were read. */
  bytesRead(): number
  /** Finds the arrays, as paths inside the store. */
  nodes(): Promise<string[]>
}

const MAX_DEPTH = 32

/** Opens a folder or a ZIP file. @throws `MISSING_DEPENDENCY`, `NOT_FOUND` */
export async function openZarr(path: string): Promise<OpenZarr> {
  if (!existsSync(path))
    throw new SheafError('NOT_FOUND', `There is no such folder. Check the path: ${path}`, { path })
  const zarr = await load()
  const opened = statSync(path).isDirectory() ? openFolder(zarr, path) : await openZip(zarr, path)
  let bytes = 0
  const counted = (read: Uint8Array | undefined) => {
    bytes += read?.length ?? 0
    return read
  }
  const store: ZarrStore = {
    get: async (key) => counted(await opened.store.get(key)),
    getRange: async (key, range) => counted(await opened.store.getRange(key, range)),
  }
  return { zarr, store, bytesRead: () => bytes, nodes: () => arraysAmong(path, store, opened.names()) }
}

type Opened = { readonly store: ZarrStore; names(): Iterable<string> }

function openFolder(zarr: Library, path: string): Opened {
  return {
    store: new zarr.FileSystemStore(path) as unknown as ZarrStore,
    names: () => metadataUnder(path, '', 0),
  }
}

/** Names the files of metadata in a folder: below an array there are none. */
function* metadataUnder(root: string, inside: string, depth: number): Generator<string> {
  const entries = readdirSync(join(root, inside), { withFileTypes: true })
  const names = new Set(entries.map((entry) => entry.name))
  const under = (name: string) => (inside === '' ? name : `${inside}/${name}`)
  if (names.has('.zarray')) yield under('.zarray')
  else {
    if (names.has('zarr.json')) yield under('zarr.json')
    if (depth === MAX_DEPTH) return
    for (const entry of entries)
      if (entry.isDirectory() && !(names.has('zarr.json') && entry.name === 'c'))
        yield* metadataUnder(root, under(entry.name), depth + 1)
  }
}

async function openZip(zarr: Library, path: string): Promise<Opened> {
  let names: string[] = []
  const reader = {
    getLength: async () => withFile(path, (file) => file.sizeBytes),
    read: async (offset: number, length: number) => withFile(path, (file) => file.read(offset, length)),
  }
  const store = new zarr.ZipFileStore(reader as never, {
    transformEntries: (entries) => {
      names = Object.keys(entries)
      return entries
    },
  }) as unknown as ZarrStore
  try {
    // The directory is read with the first question.
    await store.get('/zarr.json')
  } catch (cause) {
    throw new SheafError('CORRUPT', `The ZIP file cannot be read. Get another copy: ${path}`, { cause, path })
  }
  return { store, names: () => names }
}

function withFile<Result>(path: string, work: (file: OutsideFile) => Result): Result {
  const file = openOutside(path)
  try {
    return work(file)
  } finally {
    file.close()
  }
}

async function arraysAmong(path: string, store: ZarrStore, names: Iterable<string>): Promise<string[]> {
  const found: string[] = []
  for (const name of names) {
    const isOld = name === '.zarray' || name.endsWith('/.zarray')
    const isNew = name === 'zarr.json' || name.endsWith('/zarr.json')
    if (isOld || (isNew && (await isArray(path, store, name))))
      found.push(name.slice(0, Math.max(0, name.lastIndexOf('/'))))
  }
  return found
}

/** Tells whether metadata of version 3 is that of an array. @throws `CORRUPT` */
async function isArray(path: string, store: ZarrStore, name: string): Promise<boolean> {
  const bytes = await store.get(`/${name}`)
  try {
    const metadata = JSON.parse(Buffer.from(bytes ?? []).toString()) as { node_type?: unknown } | null
    return metadata?.node_type === 'array'
  } catch (cause) {
    throw new SheafError(
      'CORRUPT',
      `The metadata of a Zarr node is no JSON. Get another copy: ${join(path, name)}`,
      { cause, path },
    )
  }
}

async function load(): Promise<Library> {
  try {
    const [zarr, { default: FileSystemStore }, { default: ZipFileStore }] = await Promise.all([
      import('zarrita'),
      import('@zarrita/storage/fs'),
      import('@zarrita/storage/zip'),
    ])
    return { ...zarr, FileSystemStore, ZipFileStore }
  } catch (cause) {
    throw new SheafError(
      'MISSING_DEPENDENCY',
      'Zarr is read by the package zarrita. Install zarrita and @zarrita/storage.',
      { cause },
    )
  }
}

/**
 * Sums up an array's files, to know them again. Behind an `@` stands how they were, their sizes and times: where these
 * are as in a `known` checksum, that is given back and nothing is read.
 *
 * @throws `NOT_FOUND` where the array is gone
 */
export async function zarrChecksum(path: string, inside: string, known = ''): Promise<string> {
  const files = filesOf(path, inside)
  let stamp = 0
  let isSettled = true
  for (const name of files)
    withFile(name, (file) => {
      isSettled &&= file.stamp !== ''
      stamp = crc32(`${name.slice(path.length)}:${file.stamp};`, stamp)
    })
  const place = isSettled ? `@${hex(stamp)}:${files.length}` : ''
  if (place !== '' && known.endsWith(place)) return known
  let sum = 0
  for (const name of files)
    withFile(name, (file) => {
      sum = crc32(`${name.slice(path.length)}:${file.sizeBytes};`, sum)
      for (let at = 0; at < file.sizeBytes; at += PART_BYTES)
        sum = crc32(file.read(at, Math.min(PART_BYTES, file.sizeBytes - at)), sum)
    })
  return `zarr:${hex(sum)}${place}`
}

const PART_BYTES = 1 << 22

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function filesOf(path: string, inside: string): string[] {
  const root = join(path, inside)
  const kind = statSync(path, { throwIfNoEntry: false })
  if (kind?.isFile() === true) return [path]
  if (kind === undefined || !existsSync(root))
    throw new SheafError('NOT_FOUND', `There is no such folder. Check the path: ${root}`, { path: root })
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
