import { readSync } from 'node:fs'
import { open, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { tensor } from '@sheafdb/tensor'
import type { Workload } from '../../src/workload.ts'

const TENSORS = 64
const TENSOR_BYTES = 16 << 20
const ITEMS = TENSOR_BYTES / 4
const FILE_BYTES = TENSORS * TENSOR_BYTES
const COLUMNS = 1024

async function writeFileOf(path: string, tensors: number): Promise<void> {
  const entries = Array.from({ length: tensors }, (_, at) => [
    `t${at}`,
    {
      dtype: 'F32',
      shape: [ITEMS / COLUMNS, COLUMNS],
      data_offsets: [at * TENSOR_BYTES, (at + 1) * TENSOR_BYTES],
    },
  ])
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const padded = Buffer.concat([header, Buffer.alloc((8 - (header.length % 8)) % 8, ' ')])
  const file = await open(path, 'w')
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(padded.length))
  await file.write(size)
  await file.write(padded)
  const values = new Float32Array(ITEMS).fill(0.5)
  for (let at = 0; at < tensors; at += 1) await file.write(values)
  await file.close()
  // As a file that was not written this very moment: what was is always read whole to be sure.
  await utimes(path, 1.6e9, 1.6e9)
}

async function attached(folder: string): Promise<{ readonly file: string; readonly store: string }> {
  const file = join(folder, 'model.safetensors')
  await writeFileOf(file, TENSORS)
  const own = join(folder, 'attached.sheaf')
  const store = await openStore(own, { models: [tensor()] })
  await store.tensor('model').attach(file)
  await store.close()
  return { file, store: own }
}

/** Opens a store with a file attached, and looks at one tensor. */
const first: Workload = {
  name: 'tensor-first',
  title: `open of a store with ${FILE_BYTES >> 20} MiB of safetensors attached, and the first of its ${TENSORS} tensors`,
  asked: { text: '5 ms', reached: (medians) => (medians.get('Sheaf') as number) <= 5 },
  runs: 9,
  warmups: 3,
  async prepare(folder) {
    const paths = await attached(folder)
    const file = await open(paths.file)
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          const store = await openStore(paths.store, { models: [tensor()], readOnly: true })
          const found = await store.tensor('model').get('t0')
          await store.close()
          return found?.values[5]
        },
      },
      {
        engine: 'Sheaf, the store being open',
        run: await (async () => {
          const store = await openStore(paths.store, { models: [tensor()], readOnly: true })
          return async () => (await store.tensor('model').get('t0'))?.values[5]
        })(),
      },
      {
        engine: 'one pread of its bytes',
        run: () => {
          const bytes = new Float32Array(ITEMS)
          readSync(file.fd, bytes, 0, TENSOR_BYTES, 8192)
          return bytes[5]
        },
        close: () => file.close(),
      },
    ]
  },
}

/** Adds up all elements of a file. */
const sumAll: Workload = {
  name: 'tensor-file-sum',
  title: `sum over all ${FILE_BYTES >> 20} MiB of an attached safetensors file`,
  asked: {
    text: 'the bandwidth of reading the file (preads into one buffer)',
    reached: (medians) => (medians.get('Sheaf') as number) <= 1.5 * (medians.get('reading alone') as number),
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const paths = await attached(folder)
    const store = await openStore(paths.store, { models: [tensor()], readOnly: true })
    const model = store.tensor('model')
    const file = await open(paths.file)
    const expected = (FILE_BYTES / 4) * 0.5
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          let total = 0
          for (let at = 0; at < TENSORS; at += 1)
            total += (await model.evaluate(`sum(t${at})`)).values[0] as number
          return total
        },
        close: () => store.close(),
      },
      {
        engine: 'reading alone',
        run: () => {
          const bytes = Buffer.allocUnsafe(TENSOR_BYTES)
          for (let at = 0; at < TENSORS; at += 1) readSync(file.fd, bytes, 0, TENSOR_BYTES, at * TENSOR_BYTES)
          return expected
        },
        close: () => file.close(),
      },
    ]
  },
  figures: (medians) => ({
    'Sheaf, rate': `${(FILE_BYTES / 1e6 / (medians.get('Sheaf') as number)).toFixed(1)} GB/s`,
  }),
}

const IMPORTED = 16

/** Imports a file of tensors of one shape, durably. */
const imported: Workload = {
  name: 'tensor-import',
  title: `import of ${(IMPORTED * TENSOR_BYTES) >> 20} MiB of safetensors into a FixedSizeList, durable`,
  asked: {
    text: '500 MB/s',
    reached: (medians) => (IMPORTED * TENSOR_BYTES) / 1e6 / ((medians.get('Sheaf') as number) / 1000) >= 500,
  },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const path = join(folder, 'model.safetensors')
    await writeFileOf(path, IMPORTED)
    let round = 0
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit',
        run: async () => {
          round += 1
          const store = await openStore(join(folder, `import-${round}.sheaf`), { models: [tensor()] })
          const model = store.tensor('model', { dtype: 'float32', shape: [ITEMS / COLUMNS, COLUMNS] })
          const { count } = await model.importSafetensors(path)
          await store.close()
          return count
        },
      },
    ]
  },
  figures: (medians) => ({
    rate: `${((IMPORTED * TENSOR_BYTES) / 1e6 / ((medians.get('Sheaf') as number) / 1000)).toFixed(0)} MB/s`,
  }),
}

const sliced = new Map<string, number>()

/** Takes parts of arrays: of a file that is attached, and of a Zarr array in chunks. */
const slices: Workload = {
  name: 'tensor-slice',
  title: `slice of 100 rows of one tensor of a ${FILE_BYTES >> 20} MiB file, and of a Zarr array in chunks of 256 x 1024`,
  asked: {
    text: 'bytes read = bytes asked for, chunk-rounded',
    reached: () =>
      sliced.get('safetensors') === 100 * COLUMNS * 4 &&
      (sliced.get('zarr') as number) <= 2 * 256 * COLUMNS * 4 + 4096,
  },
  runs: 5,
  warmups: 1,
  async prepare(folder) {
    const paths = await attached(folder)
    const store = await openStore(paths.store, { models: [tensor()] })
    const model = store.tensor('model')
    const chunked = store.tensor('chunked')
    const made = store.tensor('made')
    await made.putMany([
      { id: 'z', values: new Float32Array(ITEMS).fill(0.5), shape: [ITEMS / COLUMNS, COLUMNS] },
    ])
    await made.exportZarr(join(folder, 'z.zarr'), { chunks: [256, COLUMNS] })
    for (const name of ['zarr.json', 'c/0/0', 'c/15/0'])
      await utimes(join(folder, 'z.zarr/z', name), 1.6e9, 1.6e9)
    await chunked.attach(join(folder, 'z.zarr'))
    const counting = (name: string) => {
      sliced.set(name, 0)
      return (bytes: number) => sliced.set(name, (sliced.get(name) as number) + bytes)
    }
    return [
      {
        engine: 'Sheaf, safetensors',
        run: async () =>
          (await model.slice('2000:2100', { id: 't7', onRead: counting('safetensors') })).values.length,
        close: () => store.close(),
      },
      {
        engine: 'Sheaf, Zarr',
        run: async () =>
          (await chunked.slice('2000:2100', { id: 'z', onRead: counting('zarr') })).values.length,
      },
    ]
  },
  figures: () =>
    Object.fromEntries(
      [...sliced].map(([name, bytes]) => [`${name}, bytes read for ${100 * COLUMNS * 4}`, String(bytes)]),
    ),
}

/** Holds the workloads over files of tensors. */
export const tensorFiles: readonly Workload[] = [first, sumAll, imported, slices]
