import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isSheafError, SheafError } from '@sheafdb/core'
import { gather } from '../../compute/nd-array.ts'
import { type DType, dtypeNamed, type TensorValues } from '../../layout/dtype.ts'

/** Is an array of a Zarr store, read whole, in the order of rows. */
export type ZarrArray = {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly values: TensorValues
}

type Chunks = {
  readonly data: Iterable<number | bigint | boolean> & { readonly length: number }
  readonly shape: readonly number[]
  readonly stride: readonly number[]
}

const NUMBERS: ReadonlySet<string> = new Set([
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float16',
  'float32',
  'float64',
])

const MAX_DEPTH = 32

/** Finds the arrays of a folder, as paths inside it; `''` where the folder itself is one. @throws `NOT_FOUND` */
export function zarrArrays(path: string): string[] {
  if (!existsSync(path))
    throw new SheafError('NOT_FOUND', `There is no such folder. Check the path: ${path}`, { path })
  const found: string[] = []
  walk(path, '', found, 0)
  if (found.length > 0) return found.sort()
  throw new SheafError(
    'CORRUPT',
    `The folder holds no Zarr array (.zarray or zarr.json). Check the path: ${path}`,
    {
      path,
    },
  )
}

function walk(root: string, inside: string, found: string[], depth: number): void {
  if (isArray(join(root, inside))) {
    found.push(inside)
    return
  }
  if (depth === MAX_DEPTH) return
  for (const entry of readdirSync(join(root, inside), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    walk(root, inside === '' ? entry.name : `${inside}/${entry.name}`, found, depth + 1)
  }
}

/** Tells whether a folder is an array, of either version. @throws `CORRUPT` */
function isArray(folder: string): boolean {
  if (existsSync(join(folder, '.zarray'))) return true
  const path = join(folder, 'zarr.json')
  if (!existsSync(path)) return false
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { node_type?: unknown } | null)?.node_type === 'array'
  } catch (cause) {
    throw new SheafError('CORRUPT', `The metadata of a Zarr node is no JSON. Get another copy: ${path}`, {
      cause,
      path,
    })
  }
}

/** Reads an array; `null` where its elements are no numbers. @throws `MISSING_DEPENDENCY`, `CORRUPT`, `UNSUPPORTED` */
export async function readZarr(path: string, inside: string): Promise<ZarrArray | null> {
  const zarr = await load()
  try {
    const root = zarr.root(new zarr.FileSystemStore(path))
    const array = await zarr.open(inside === '' ? root : root.resolve(inside), { kind: 'array' })
    if (!NUMBERS.has(array.dtype)) return null
    const name = inside === '' ? basename(path).replace(/\.zarr$/, '') : inside
    const dtype = array.dtype as DType
    if (array.shape.includes(0))
      return { name, dtype, shape: array.shape, values: new (dtypeNamed(dtype).makeArray)(0) }
    const read = (await zarr.get(array)) as Chunks | number | bigint | boolean
    const chunks: Chunks = typeof read === 'object' ? read : { data: [read] as never, shape: [], stride: [] }
    return { name, ...inRows(chunks, dtype) }
  } catch (error) {
    throw readError(join(path, inside), error)
  }
}

/** Puts elements in the order of rows, whatever order they were stored in. */
function inRows({ data, shape, stride }: Chunks, dtype: DType): Omit<ZarrArray, 'name'> {
  const values = new (dtypeNamed(dtype).makeArray)(data.length)
  let at = 0
  for (const value of data) {
    values[at] = (typeof value === 'boolean' ? Number(value) : value) as never
    at += 1
  }
  return { dtype, ...gather(values, { shape, strides: stride, offset: 0 }) }
}

async function load(): Promise<
  typeof import('zarrita') & { FileSystemStore: typeof import('@zarrita/storage/fs').default }
> {
  try {
    const [zarr, { default: FileSystemStore }] = await Promise.all([
      import('zarrita'),
      import('@zarrita/storage/fs'),
    ])
    return { ...zarr, FileSystemStore }
  } catch (cause) {
    throw new SheafError(
      'MISSING_DEPENDENCY',
      'Zarr is read by the package zarrita. Install zarrita and @zarrita/storage.',
      {
        cause,
      },
    )
  }
}

function readError(path: string, error: unknown): SheafError {
  if (isSheafError(error)) return error
  const { name = '', message = String(error) } = error as Error
  const code = /Unsupported|UnknownCodec/.test(name)
    ? 'UNSUPPORTED'
    : /NotFound/.test(name)
      ? 'NOT_FOUND'
      : 'CORRUPT'
  return new SheafError(
    code,
    `The Zarr array cannot be read. Check it with another tool (${message}): ${path}`,
    {
      cause: error,
      path,
    },
  )
}
