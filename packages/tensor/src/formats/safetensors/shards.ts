/**
 * Reads and writes models that are parted over several safetensors files, as Hugging Face parts them: an index,
 * `model.safetensors.index.json`, says in `weight_map` which file beside it holds which tensor.
 */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SheafError } from '@sheafdb/core'
import { withPath } from '../outside-file.ts'
import { writeBeside } from '../write-beside.ts'
import { openSafetensors, type SafetensorsFile, type TensorToWrite, writeSafetensors } from './file.ts'

/** Tells whether a path is that of an index rather than of a file of tensors. */
export function isShardIndex(path: string): boolean {
  return path.endsWith('.json')
}

/** Opens the files of a path: one, or those of an index; each tensor stands in one of them. @throws `CORRUPT`, `NOT_FOUND` */
export function openShards(path: string): SafetensorsFile[] {
  if (!isShardIndex(path)) return [openSafetensors(path)]
  const byFile = new Map<string, Set<string>>()
  for (const [tensor, file] of readIndex(path)) byFile.set(file, (byFile.get(file) ?? new Set()).add(tensor))
  const opened: SafetensorsFile[] = []
  try {
    for (const [name, wanted] of byFile) {
      const file = openSafetensors(join(dirname(path), name))
      opened.push(file)
      const found = new Set(file.tensors.map((tensor) => tensor.name))
      const missing = [...wanted].find((tensor) => !found.has(tensor))
      if (missing !== undefined) throw damaged(path, `"${name}" has no tensor "${missing}"`)
      opened[opened.length - 1] = { ...file, tensors: file.tensors.filter((each) => wanted.has(each.name)) }
    }
    return opened
  } catch (error) {
    for (const file of opened) file.close()
    throw error
  }
}

function readIndex(path: string): [string, string][] {
  const text = withPath(path, () => readFileSync(path, 'utf8'))
  let index: unknown
  try {
    index = JSON.parse(text)
  } catch (cause) {
    throw damaged(path, 'it is no JSON', cause)
  }
  const map = (index as { weight_map?: unknown } | null)?.weight_map
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw damaged(path, 'it has no weight_map')
  return Object.entries(map).map(([tensor, file]) => {
    // A file elsewhere than beside its index would let an index read any file of the machine.
    if (typeof file !== 'string' || file === '' || basename(file) !== file || /^\.+$/.test(file))
      throw damaged(path, `"${tensor}" is in no file beside it`)
    return [tensor, file]
  })
}

function damaged(path: string, what: string, cause?: unknown): SheafError {
  return new SheafError(
    'CORRUPT',
    `The index of a parted model is damaged: ${what}. Get another copy: ${path}`,
    {
      path,
      cause,
    },
  )
}

/** Writes tensors to files of at most so many bytes of elements (a larger tensor has one of its own), and their index. */
export function writeShards(
  path: string,
  tensors: readonly TensorToWrite[],
  options: { readonly maxShardBytes: number; readonly metadata: readonly (readonly [string, string])[] },
): void {
  const shards = partTensors(tensors, options.maxShardBytes)
  const stem = basename(path).replace(/(\.safetensors)?(\.index)?\.json$/, '')
  const number = (value: number) => String(value).padStart(5, '0')
  const map: [string, string][] = []
  shards.forEach((shard, at) => {
    const name = `${stem}-${number(at + 1)}-of-${number(shards.length)}.safetensors`
    writeSafetensors(join(dirname(path), name), shard, options.metadata)
    for (const tensor of shard) map.push([tensor.name, name])
  })
  const size = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const text = (value: unknown) => JSON.stringify(value)
  const entries = map.map(([tensor, file]) => `    ${text(tensor)}: ${text(file)}`)
  const json = `{\n  "metadata": { "total_size": ${size} },\n  "weight_map": {\n${entries.join(',\n')}\n  }\n}\n`
  // The index last: a reader finds all files that it names.
  writeBeside(path, [Buffer.from(json)])
}

function partTensors(tensors: readonly TensorToWrite[], maxBytes: number): TensorToWrite[][] {
  const shards: TensorToWrite[][] = [[]]
  let size = 0
  for (const tensor of tensors) {
    const last = shards[shards.length - 1] as TensorToWrite[]
    if (last.length > 0 && size + tensor.bytes.length > maxBytes) {
      shards.push([tensor])
      size = tensor.bytes.length
    } else {
      last.push(tensor)
      size += tensor.bytes.length
    }
  }
  return shards
}
