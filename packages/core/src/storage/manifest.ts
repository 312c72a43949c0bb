/**
 * The manifest: which files are live. Replaced as a whole: written under a temporary name, synced, renamed to
 * `MANIFEST-<number>`, the folder synced; then the one before is removed. The highest number is the one that counts,
 * so a crash at any point leaves the old one or the new one. Beside it lies `MANIFEST-<number>.copy`, the same bytes,
 * written and synced before: for repair, where the manifest is damaged later.
 *
 * | offset | size | field                                  |
 * |--------|------|----------------------------------------|
 * | 0      | 8    | `SHEAFMAN`                             |
 * | 8      | 4    | format version (1)                     |
 * | 12     | 4    | CRC32C of the bytes from 16 on         |
 * | 16     | 8    | size of the text in bytes              |
 * | 24     |      | JSON of {@link Manifest}, UTF-8        |
 */
import { isSheafError, SheafError } from '../types/errors.ts'
import { crc32c } from './checksum.ts'
import { type FileSystem, readFile } from './file-system.ts'
import type { SegmentEntry } from './segment-writer.ts'

const MAGIC = 'SHEAFMAN'
const FORMAT_VERSION = 1
const HEADER_BYTES = 24

/** Says which files are live, and from where the log is to be read. */
export type Manifest = {
  readonly number: number
  /** All commits up to this one are in the segments; later ones are in the log. */
  readonly commit: number
  /** The first log file to be read. */
  readonly log: number
  /** Snapshots older than this commit cannot be opened: what they would see may be gone. */
  readonly oldest: number
  readonly tables: readonly ManifestTable[]
  /** When commits within the retention were made: `[commit, milliseconds since the epoch]`, some of them. */
  readonly times?: readonly (readonly [number, number])[]
}

/** Says what is live of a table. */
export type ManifestTable = {
  readonly id: number
  readonly nextRowId: number
  readonly segments: readonly SegmentEntry[]
}

function manifestPath(folder: string, number: number): string {
  return `${folder}/MANIFEST-${number}`
}

function listManifests(fileSystem: FileSystem, folder: string): readonly number[] {
  return fileSystem
    .list(folder)
    .filter((name) => /^MANIFEST-\d+$/.test(name))
    .map((name) => Number(name.slice('MANIFEST-'.length)))
    .sort((left, right) => left - right)
}

/** The copy is for repair alone: where the manifest itself is damaged, nothing else says all that it says. */
function copyPath(folder: string, number: number): string {
  return `${folder}/MANIFEST-${number}.copy`
}

async function writeFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const handle = fileSystem.open(path, 'create')
  try {
    handle.write(0, bytes)
    await handle.sync()
  } finally {
    handle.close()
  }
}

/** Gives the number of the manifest that counts, 0 for a store that has none yet. */
export function manifestNumber(fileSystem: FileSystem, folder: string): number {
  return listManifests(fileSystem, folder).at(-1) ?? 0
}

/** Writes a manifest and makes it the one that counts. */
export async function writeManifest(
  fileSystem: FileSystem,
  folder: string,
  manifest: Manifest,
): Promise<void> {
  const text = new TextEncoder().encode(JSON.stringify(manifest))
  const bytes = new Uint8Array(HEADER_BYTES + text.length)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  view.setUint32(8, FORMAT_VERSION, true)
  view.setBigUint64(16, BigInt(text.length), true)
  bytes.set(text, HEADER_BYTES)
  view.setUint32(12, crc32c(bytes.subarray(16)), true)
  const temporary = `${folder}/MANIFEST.new`
  await writeFile(fileSystem, copyPath(folder, manifest.number), bytes)
  await writeFile(fileSystem, temporary, bytes)
  fileSystem.rename(temporary, manifestPath(folder, manifest.number))
  fileSystem.syncFolder(folder)
}

/** Removes the manifests before the one that counts. */
export function removeOldManifests(fileSystem: FileSystem, folder: string, current: number): void {
  for (const number of listManifests(fileSystem, folder))
    if (number < current) fileSystem.remove(manifestPath(folder, number))
  for (const name of fileSystem.list(folder))
    if (/^MANIFEST-\d+\.copy$/.test(name) && name !== `MANIFEST-${current}.copy`)
      fileSystem.remove(`${folder}/${name}`)
}

/** Checks the copy of the manifest that counts; stores of former versions have none. @throws `CORRUPT`, `VERSION` */
export function checkManifestCopy(fileSystem: FileSystem, folder: string): void {
  const path = copyPath(folder, manifestNumber(fileSystem, folder))
  if (fileSystem.exists(path)) decodeManifest(fileSystem, path)
}

/** Reads the newest copy of a manifest that is sound; `null` where there is none. @throws `VERSION` */
export function readManifestCopy(fileSystem: FileSystem, folder: string): Manifest | null {
  const names = fileSystem.list(folder).filter((name) => /^MANIFEST-\d+\.copy$/.test(name))
  const number = (name: string): number => Number.parseInt(name.slice('MANIFEST-'.length), 10)
  for (const name of names.sort((left, right) => number(right) - number(left))) {
    try {
      return decodeManifest(fileSystem, `${folder}/${name}`)
    } catch (error) {
      if (!isSheafError(error, 'CORRUPT')) throw error
    }
  }
  return null
}

/** Reads the manifest that counts; `null` for a store that has none yet. @throws `CORRUPT`, `VERSION` */
export function readManifest(fileSystem: FileSystem, folder: string): Manifest | null {
  const number = listManifests(fileSystem, folder).at(-1)
  if (number === undefined) return null
  return decodeManifest(fileSystem, manifestPath(folder, number))
}

function decodeManifest(fileSystem: FileSystem, path: string): Manifest {
  const bytes = readFile(fileSystem, path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length))
  if (
    bytes.length < HEADER_BYTES ||
    magic !== MAGIC ||
    view.getUint32(12, true) !== crc32c(bytes.subarray(16))
  )
    throw new SheafError(
      'CORRUPT',
      `The manifest is damaged. Run repairStore(), or restore the store from a backup: ${path} at byte 0`,
      {
        path,
        offset: 0,
      },
    )
  if (view.getUint32(8, true) > FORMAT_VERSION)
    throw new SheafError('VERSION', `A newer Sheaf wrote this store. Use it to open the store: ${path}`, {
      path,
    })
  return JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_BYTES))) as Manifest
}
